#include "log-processor/summary.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/captured.h"
#include "support/check.h"

static struct summary sample(void)
{
    return (struct summary){
        .account = { .in = 21,
                     .verdicts = { [PS_VERDICT_STORED] = 1,
                                   [PS_VERDICT_DUPLICATE] = 2,
                                   [PS_VERDICT_FILTERED] = 3,
                                   [PS_VERDICT_JOINED] = 4,
                                   [PS_VERDICT_DEAD] = 5,
                                   [PS_VERDICT_RETURNED] = 6 },
                     .control = 7,
                     .envelopes = 8,
                     .refused_group = 9,
                     .unparsed = 10,
                     .redacted = 11,
                     .repaired = 12,
                     .cut = 13,
                     .retried = 14,
                     .requests = 15,
                     .event_bytes = 16,
                     .inflated_bytes = 17,
                     .sent_bytes = 18,
                     .spilled = 19 },
        .times = { .inflate_us = 1499, .process_us = 20000 },
        .sink = { .body_bytes = 20, .throttled = 22, .wait_us = 5000, .gzip_us = 2500 },
        .total_us = 30500,
    };
}

/* The one line that was written, as JSON; NULL when it is not exactly one. */
static json_t *write_line(const struct summary *summary, const struct ps_invocation *invocation, enum ps_err err)
{
    int fd = captured_open();
    struct ps_log log = *invocation->log;
    struct ps_invocation inv = *invocation;
    log.fd = fd;
    inv.log = &log;
    summary_write(summary, &inv, PS_EVENT_KINESIS, err);
    size_t len = 0;
    char *text = captured_text(fd, &len);
    CHECK(len > 0 && memchr(text, '\n', len) == text + len - 1);
    json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    close(fd);
    return line;
}

static uint64_t number(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    return json_is_integer(value) ? (uint64_t)json_integer_value(value) : UINT64_MAX;
}

static void each_count_stands_under_its_documented_name(void)
{
    static const struct {
        const char *name;
        uint64_t value;
    } WANTED[] = {
        { "RecordsIn", 21 },      { "RecordsStored", 1 },   { "RecordsDuplicate", 2 },
        { "RecordsFiltered", 3 }, { "RecordsJoined", 4 },   { "RecordsDead", 5 },
        { "RecordsReturned", 6 }, { "RecordsSpilled", 19 }, { "RecordsUnparsed", 10 },
        { "ControlMessages", 7 }, { "Envelopes", 8 },       { "EnvelopesRefused", 9 },
        { "Redactions", 11 },     { "Repairs", 12 },        { "Cuts", 13 },
        { "Requests", 15 },       { "Retries", 14 },        { "Throttles", 22 },
        { "EventBytes", 16 },     { "InflatedBytes", 17 },  { "BodyBytes", 20 },
        { "SentBytes", 18 },      { "InflateMs", 1 },       { "ProcessMs", 11 },
        { "GzipMs", 3 },          { "WaitMs", 5 },          { "TotalMs", 31 },
        { "ColdStarts", 1 },
    };
    struct ps_log log = { .threshold = PS_LOG_INFO };
    struct ps_invocation inv = { .log = &log, .cold = true, .now_ms = 1795255200000, .function_name = PS_SPAN("fn") };
    struct summary summary = sample();
    json_t *line = write_line(&summary, &inv, PS_OK);
    CHECK_OR_RETURN(line != NULL);
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++)
        CHECK_EQ(number(line, WANTED[i].name), WANTED[i].value);
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "source"))), "kinesis");
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "outcome"))), "ok");
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "message"))), "invocation_done");
    json_decref(line);
}

static void the_level_is_the_configured_one_so_that_lambda_keeps_the_line(void)
{
    static const char *const NAMES[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };
    struct summary summary = sample();
    for (int level = PS_LOG_TRACE; level <= PS_LOG_FATAL; level++) {
        for (int text = 0; text < 2; text++) {
            struct ps_log log = { .threshold = (enum ps_log_level)level, .text = text == 1 };
            struct ps_invocation inv = { .log = &log, .function_name = PS_SPAN("fn") };
            json_t *line = write_line(&summary, &inv, PS_OK);
            CHECK_OR_RETURN(line != NULL);
            CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "level"))), NAMES[level]);
            json_decref(line);
        }
    }
}

static void a_failed_invocation_names_its_error(void)
{
    struct ps_log log = { .threshold = PS_LOG_INFO };
    struct ps_invocation inv = { .log = &log, .function_name = PS_SPAN("fn") };
    struct summary summary = sample();
    json_t *line = write_line(&summary, &inv, PS_ERR_BAD_CONFIG);
    CHECK_OR_RETURN(line != NULL);
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "outcome"))), ps_err_name(PS_ERR_BAD_CONFIG));
    CHECK_EQ(number(line, "ColdStarts"), 0);
    json_decref(line);
}

/* Times are taken by different clocks' readings: a part may seem longer than the whole. */
static void no_time_is_ever_negative(void)
{
    struct ps_log log = { .threshold = PS_LOG_INFO };
    struct ps_invocation inv = { .log = &log, .function_name = PS_SPAN("fn") };
    struct summary summary = { .times = { .inflate_us = 10, .process_us = 5 }, .sink = { .wait_us = 100 } };
    json_t *line = write_line(&summary, &inv, PS_OK);
    CHECK_OR_RETURN(line != NULL);
    CHECK_EQ(number(line, "ProcessMs"), 0);
    json_decref(line);
}

int main(void)
{
    RUN(each_count_stands_under_its_documented_name);
    RUN(the_level_is_the_configured_one_so_that_lambda_keeps_the_line);
    RUN(a_failed_invocation_names_its_error);
    RUN(no_time_is_ever_negative);
    return check_finish();
}
