#include "record/detect.h"

#include <stdlib.h>

#include "support/check.h"

struct detect_case {
    const char *message;
    unsigned wanted; /* among what is found */
};

static const struct detect_case CASES[] = {
    { "{\"a\":1}", PS_DETECT_JSON },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"platform.report\"}", PS_DETECT_JSON | PS_DETECT_LAMBDA },
    { "{\"time\":\"2026-11-21T10:00:00.000Z\",\"type\":\"x\"}", PS_DETECT_JSON },
    { "REPORT RequestId: x", PS_DETECT_LAMBDA },
    { "TELEMETRY\tName: x", PS_DETECT_LAMBDA },
    { "[INFO]\t2026", PS_DETECT_LAMBDA },
    { "2026-11-21T10:00:00.000Z\tx", PS_DETECT_LAMBDA },
    { "https 2026-11-21T10:00:00.250000Z app", PS_DETECT_ALB },
    { "2 123456789010 eni-1235b8ca123456789 172.31.16.139", PS_DETECT_VPC_FLOW },
    { "10.0.0.1 - - [21/Nov/2026:10:00:00 +0000] \"GET", PS_DETECT_ACCESS },
    { "a=1 b=2", PS_DETECT_LOGFMT },
    { "text {\"a\":1}", PS_DETECT_JSON_INSIDE },
    { "text", 0 },
    { "", 0 },
};

static void first_bytes_tell_what_may_match(void)
{
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_record record = { .message = ps_span_of(CASES[i].message) };
        CHECK_EQ(ps_detect(&record), CASES[i].wanted);
        for (size_t len = 0; len < record.message.len; len++) {
            char *exact = malloc(len + (len == 0));
            memcpy(exact, CASES[i].message, len);
            struct ps_record prefix = { .message = { exact, len } };
            (void)ps_detect(&prefix);
            free(exact);
        }
    }
}

static void a_lambda_group_makes_every_text_a_candidate(void)
{
    struct ps_record record = { .message = PS_SPAN("text"), .log_group = PS_SPAN("/aws/lambda/f") };
    CHECK_EQ(ps_detect(&record), PS_DETECT_LAMBDA);
    CHECK(!ps_detect_lambda_group(PS_SPAN("/aws/lambda")));
}

static void request_ids_are_uuids(void)
{
    CHECK(ps_detect_uuid(PS_SPAN("79b4f56e-95b1-4643-9700-2807f4e68189")));
    CHECK(!ps_detect_uuid(PS_SPAN("79b4f56e-95b1-4643-9700-2807f4e6818")));
    CHECK(!ps_detect_uuid(PS_SPAN("79b4f56e-95b1-4643-9700-2807f4e6818g")));
    CHECK(!ps_detect_uuid(PS_SPAN("79b4f56e095b1-4643-9700-2807f4e68189")));
}

int main(void)
{
    RUN(first_bytes_tell_what_may_match);
    RUN(a_lambda_group_makes_every_text_a_candidate);
    RUN(request_ids_are_uuids);
    return check_finish();
}
