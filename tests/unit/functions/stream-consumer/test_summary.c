#include "stream-consumer/summary.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/captured.h"
#include "support/check.h"

static struct summary sample(void)
{
    return (struct summary){
        .account = { .in = 15,
                     .verdicts = { [PS_VERDICT_STORED] = 1,
                                   [PS_VERDICT_DUPLICATE] = 2,
                                   [PS_VERDICT_FILTERED] = 3,
                                   [PS_VERDICT_DEAD] = 4,
                                   [PS_VERDICT_RETURNED] = 5 },
                     .control = 6,
                     .envelopes = 7,
                     .unparsed = 8,
                     .redacted = 9,
                     .event_bytes = 10 },
        .table = { .requests = 11,
                   .sent_bytes = 12,
                   .retried_items = 13,
                   .unprocessed = 14,
                   .throttled = 15,
                   .wait_us = 16500 },
        .events = { .published = 17,
                    .rejected = 18,
                    .undelivered = 19,
                    .stats = { .requests = 20,
                               .retried_entries = 21,
                               .sent_bytes = 22,
                               .throttled = 23,
                               .wait_us = 24000 } },
        .lag_ms = 25,
        .total_us = 26499,
    };
}

/* The one line that was written, as JSON; NULL when it is not exactly one. */
static json_t *write_line(enum ps_err err, bool cold)
{
    struct ps_log log = { .fd = captured_open(), .threshold = PS_LOG_INFO };
    struct ps_invocation inv = { .log = &log, .cold = cold, .now_ms = 1795255200000, .function_name = PS_SPAN("fn") };
    struct summary summary = sample();
    summary_write(&summary, &inv, PS_EVENT_MSK, err);
    size_t len = 0;
    char *text = captured_text(log.fd, &len);
    CHECK(len > 0 && memchr(text, '\n', len) == text + len - 1);
    json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    free(text);
    close(log.fd);
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
        { "RecordsIn", 15 },         { "RecordsStored", 1 },    { "RecordsDuplicate", 2 },
        { "RecordsFiltered", 3 },    { "RecordsDead", 4 },      { "RecordsReturned", 5 },
        { "RecordsUnparsed", 8 },    { "ControlMessages", 6 },  { "Envelopes", 7 },
        { "Redactions", 9 },         { "EventsPublished", 17 }, { "EventsRejected", 18 },
        { "EventsUndelivered", 19 }, { "Requests", 31 },        { "Retries", 34 },
        { "Unprocessed", 14 },       { "Throttles", 38 },       { "EventBytes", 10 },
        { "SentBytes", 34 },         { "LagMs", 25 },           { "WaitMs", 41 },
        { "TotalMs", 26 },           { "ColdStarts", 1 },
    };
    json_t *line = write_line(PS_OK, true);
    CHECK_OR_RETURN(line != NULL);
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++)
        CHECK_EQ(number(line, WANTED[i].name), WANTED[i].value);
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "source"))), "msk");
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "outcome"))), "ok");
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "message"))), "invocation_done");
    json_decref(line);
}

static void a_failed_invocation_names_its_error(void)
{
    json_t *line = write_line(PS_ERR_BAD_CONFIG, false);
    CHECK_OR_RETURN(line != NULL);
    CHECK_TEXT(ps_span_of(json_string_value(json_object_get(line, "outcome"))), ps_err_name(PS_ERR_BAD_CONFIG));
    CHECK_EQ(number(line, "ColdStarts"), 0);
    json_decref(line);
}

int main(void)
{
    RUN(each_count_stands_under_its_documented_name);
    RUN(a_failed_invocation_names_its_error);
    return check_finish();
}
