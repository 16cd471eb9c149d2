#include "record/parse_plain.h"

#include <stdlib.h>

#include "support/check.h"
#include "support/parsed.h"

struct plain_case {
    const char *input;
    enum ps_level level;
    int64_t time; /* after the event's stamp */
};

static const struct plain_case CASES[] = {
    { "2026-11-21 10:00:00,123 ERROR [main] com.x.Foo - it broke", PS_LEVEL_ERROR, 123 },
    { "2026-11-21T10:00:01Z INFO started", PS_LEVEL_INFO, 1000 },
    { "2026-11-21T10:00:01.5+00:00 [worker-1] WARN slow", PS_LEVEL_WARN, 1500 },
    { "[2026-11-21 10:00:02] ERROR: x", PS_LEVEL_ERROR, 2000 },
    { "INFO:root:hello", PS_LEVEL_INFO, 0 },
    { "[error] 12#12: *1 open() failed", PS_LEVEL_ERROR, 0 },
    { "<warn> x", PS_LEVEL_WARN, 0 },
    { "Error: cannot find module", PS_LEVEL_ERROR, 0 },
    { "[main] DEBUG a.b - x", PS_LEVEL_DEBUG, 0 },
    { "SEVERE: bad", PS_LEVEL_ERROR, 0 },
    { "an error occurred", PS_LEVEL_NONE, 0 },
    { "the level is now INFO and so on", PS_LEVEL_NONE, 0 },
    { "config loaded, fine", PS_LEVEL_NONE, 0 },
    { "E something", PS_LEVEL_NONE, 0 },
    { "\nERROR on the second line", PS_LEVEL_NONE, 0 },
    { "2020-11-21T10:00:01Z INFO of another year", PS_LEVEL_INFO, 0 },
    { "", PS_LEVEL_NONE, 0 },
};

static void the_head_of_a_line_tells_time_and_level(void)
{
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span input = ps_span_of(CASES[i].input);
        for (size_t len = 0; len <= input.len; len++) {
            struct ps_record record = parsed_record(ps_span_first(input, len));
            ps_parse_plain(&record, record.message);
            free((void *)(uintptr_t)record.message.data);
            if (len < input.len) continue;
            CHECK_EQ(record.time_ms - record.event_time_ms, CASES[i].time);
            if (!CHECK_EQ(record.level, CASES[i].level)) (void)CHECK_SPAN(input, PS_SPAN(""));
        }
    }
}

static void a_level_that_is_known_stays(void)
{
    struct ps_record record = { .message = PS_SPAN("INFO x"), .level = PS_LEVEL_FATAL };
    ps_parse_plain(&record, record.message);
    CHECK_EQ(record.level, PS_LEVEL_FATAL);
}

int main(void)
{
    RUN(the_head_of_a_line_tells_time_and_level);
    RUN(a_level_that_is_known_stays);
    return check_finish();
}
