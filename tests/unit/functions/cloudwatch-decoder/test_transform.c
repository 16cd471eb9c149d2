#include "cloudwatch-decoder/transform.h"

#include <unistd.h>

#include "base/base64.h"
#include "base/json_read.h"
#include "event/reply.h"
#include "support/captured.h"
#include "support/check.h"

enum { EVENTS_MAX = 400, PUT_BACK_MAX = 4000, AT_ONCE = 10, ROUNDS_MAX = 400 };

static struct world {
    struct ps_arena process, arena;
    bool refuses; /* the stream that takes what is put back */
    struct ps_redact *redact;
    struct ps_log log;
    struct ps_span put_back[PUT_BACK_MAX]; /* base64, as the stream got them */
    size_t put_back_count;
    unsigned seen[EVENTS_MAX + 1]; /* events answered, by number */
    struct transform transform;
    struct ps_account account;
    struct ps_buf body;
} w;

/* The stream that takes what is put back. */
static enum ps_err put_back(void *context, uint64_t carrier, struct ps_span record)
{
    struct ps_buf copy;
    if (w.refuses) {
        transform_not_put_back(context, carrier);
        return PS_OK;
    }
    ps_buf_init(&copy, &w.process, 2 << 20);
    ps_base64_encode(&copy, record);
    CHECK(copy.err == PS_OK);
    if (w.put_back_count == PUT_BACK_MAX) PS_FAIL(PS_ERR_TOO_LARGE, "more is put back than this test can hold");
    w.put_back[w.put_back_count++] = ps_buf_span(&copy);
    return PS_OK;
}

static void start(void)
{
    w = (struct world){ .process = check_arena(256 << 20), .arena = check_arena(64 << 20) };
    w.log = (struct ps_log){ .fd = captured_open(), .threshold = PS_LOG_TRACE };
    CHECK_OK(ps_redact_open(&w.process, PS_SPAN("off"), PS_SPAN(""), &w.redact));
}

static void stop(void)
{
    ps_redact_close(w.redact);
    close(w.log.fd);
    ps_arena_fini(&w.process);
    ps_arena_fini(&w.arena);
}

/* -- events -------------------------------------------------------------------------------------------------------- */

/* An envelope of events first..last, each with a message of so many bytes, in base64. */
static struct ps_span envelope(unsigned first, unsigned last, size_t message_bytes)
{
    struct ps_buf plain, packed;
    ps_buf_init(&plain, &w.process, 1 << 20);
    ps_buf_put(&plain, PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"1\",\"logGroup\":\"g\",\"logEvents\":["));
    for (unsigned i = first; i <= last; i++) {
        ps_buf_printf(&plain, "%s{\"id\":\"%u\",\"timestamp\":0,\"message\":\"", i == first ? "" : ",", i);
        for (size_t n = 0; n < message_bytes; n++)
            ps_buf_byte(&plain, 'x');
        ps_buf_put(&plain, PS_SPAN("\"}"));
    }
    ps_buf_put(&plain, PS_SPAN("],\"logStream\":\"s\",\"subscriptionFilters\":[\"f\"]}"));
    struct ps_span text;
    CHECK_OK(ps_buf_finish(&plain, &text));
    ps_buf_init(&packed, &w.process, 2 << 20);
    ps_base64_encode(&packed, text);
    return ps_buf_span(&packed);
}

/* A Firehose event of these records. */
static struct ps_span firehose(const struct ps_span *data, size_t count)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &w.process, 8 << 20);
    ps_buf_put(&buf, PS_SPAN("{\"invocationId\":\"i\",\"deliveryStreamArn\":"
                             "\"arn:aws:firehose:eu-west-1:123456789012:deliverystream/logs\",\"records\":["));
    for (size_t i = 0; i < count; i++) {
        ps_buf_printf(&buf, "%s{\"recordId\":\"r%zu\",\"data\":\"", i == 0 ? "" : ",", i);
        ps_buf_put(&buf, data[i]);
        ps_buf_put(&buf, PS_SPAN("\"}"));
    }
    ps_buf_put(&buf, PS_SPAN("]}"));
    return ps_buf_span(&buf);
}

static enum ps_err try_run(struct ps_span payload, size_t bytes_max)
{
    struct ps_event event;
    const struct decode_options decode = { .redact = w.redact, .inflated_bytes_max = 1 << 20, .arena = &w.arena };
    CHECK_OK(ps_event_open(payload, &event));
    const struct transform_options options = { .decode = &decode,
                                               .log = &w.log,
                                               .bytes_max = bytes_max,
                                               .stream = transform_stream(&event),
                                               .context = &w.transform,
                                               .put_back = put_back };
    CHECK_SPAN(options.stream, PS_SPAN("logs"));
    w.account = (struct ps_account){ 0 };
    ps_buf_init(&w.body, &w.process, 8 << 20);
    PS_TRY(transform_run(&w.transform, &options, &event, &w.account));
    return transform_finish(&w.transform, &w.body);
}

static struct ps_span run(struct ps_span payload, size_t bytes_max)
{
    ps_arena_reset(&w.arena, 0);
    CHECK_OK(try_run(payload, bytes_max));
    CHECK(ps_account_balances(&w.account));
    CHECK_OK(ps_json_read_check(ps_buf_span(&w.body)));
    CHECK(w.body.len <= bytes_max);
    return ps_buf_span(&w.body);
}

/* Counts the events in the data of an answer. */
static void look_at_answer(struct ps_span body)
{
    for (ptrdiff_t at; (at = ps_span_find(body, PS_SPAN("\"data\":\""))) != PS_SPAN_NONE;) {
        body = ps_span_from(body, (size_t)at + 8);
        struct ps_span lines, data = ps_span_first(body, (size_t)ps_span_find_byte(body, '"'));
        CHECK_OK(ps_base64_decode(&w.process, data, &lines));
        CHECK_EQ(lines.data[lines.len - 1], '\n');
        while ((at = ps_span_find(lines, PS_SPAN("\"id\":\""))) != PS_SPAN_NONE) {
            uint64_t number = 0;
            lines = ps_span_from(lines, (size_t)at + 6);
            CHECK(ps_span_to_u64(ps_span_first(lines, (size_t)ps_span_find_byte(lines, '"')), &number));
            CHECK_OR_RETURN(number <= EVENTS_MAX);
            w.seen[number]++;
        }
    }
}

/* Runs what is put back, a few records at once, until nothing is; how many invocations that took. */
static size_t run_to_the_end(struct ps_span payload, size_t bytes_max)
{
    size_t taken = 0;
    for (size_t rounds = 1;; rounds++) {
        look_at_answer(run(payload, bytes_max));
        size_t count = w.put_back_count - taken < AT_ONCE ? w.put_back_count - taken : AT_ONCE;
        if (count == 0 || rounds == ROUNDS_MAX) return rounds;
        payload = firehose(&w.put_back[taken], count);
        taken += count;
    }
}

/* -- facts --------------------------------------------------------------------------------------------------------- */

static void each_record_is_answered_with_its_lines_in_order(void)
{
    start();
    const struct ps_span data[] = { envelope(1, 2, 1), PS_SPAN("eyJtZXNzYWdlVHlwZSI6IkNPTlRST0xfTUVTU0FHRSJ9"),
                                    PS_SPAN("!"), envelope(3, 3, 1) };
    struct ps_span body = run(firehose(data, 4), PS_REPLY_BYTES_MAX);
    look_at_answer(body);
    CHECK(ps_span_starts(body, PS_SPAN("{\"records\":[{\"recordId\":\"r0\",\"result\":\"Ok\",\"data\":\"")));
    CHECK(ps_span_find(body, PS_SPAN("{\"recordId\":\"r1\",\"result\":\"Dropped\"},"
                                     "{\"recordId\":\"r2\",\"result\":\"ProcessingFailed\"},"
                                     "{\"recordId\":\"r3\",\"result\":\"Ok\",\"data\":\"")) != PS_SPAN_NONE);
    CHECK_EQ(w.seen[1] + w.seen[2] + w.seen[3], 3);
    CHECK_EQ(w.account.in, 4);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_STORED], 3);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_RETURNED], 1);
    CHECK_EQ(w.put_back_count, 0);
    stop();
}

static void a_carrier_that_has_no_room_behind_others_comes_again_as_it_came(void)
{
    start();
    const struct ps_span data[] = { envelope(1, 2, 300), envelope(3, 4, 300) };
    struct ps_span body = run(firehose(data, 2), 2000);
    CHECK(ps_span_find(body, PS_SPAN("{\"recordId\":\"r1\",\"result\":\"Dropped\"}")) != PS_SPAN_NONE);
    CHECK_EQ(w.put_back_count, 1);
    CHECK_SPAN(w.put_back[0], data[1]);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_RETURNED], 2);
    stop();
}

static void a_smaller_envelope_is_the_same_but_for_its_events(void)
{
    start();
    const struct ps_span data[] = { envelope(1, 20, 100) };
    struct ps_span body = run(firehose(data, 1), 4000), piece;
    CHECK(ps_span_find(body, PS_SPAN("{\"recordId\":\"r0\",\"result\":\"Dropped\"}")) != PS_SPAN_NONE);
    CHECK_OR_RETURN(w.put_back_count > 1);
    CHECK_OK(ps_base64_decode(&w.process, w.put_back[0], &piece));
    CHECK_OK(ps_json_read_check(piece));
    CHECK(ps_span_starts(piece, PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"1\",\"logGroup\":\"g\","
                                        "\"logEvents\":[{\"id\":\"1\",")));
    CHECK(ps_span_ends(piece, PS_SPAN("\"}],\"logStream\":\"s\",\"subscriptionFilters\":[\"f\"]}")));
    stop();
}

static void putting_back_ends_and_every_event_is_answered_once(void)
{
    static const struct {
        unsigned carriers, events;
        size_t message_bytes, bytes_max;
    } CASES[] = {
        { 1, 100, 100, 4000 }, { 10, 10, 100, 4000 }, { 1, 400, 1, 2000 }, { 40, 10, 700, 9000 }, { 3, 2, 1000, 2000 },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        start();
        struct ps_span data[40];
        for (unsigned c = 0; c < CASES[i].carriers; c++)
            data[c] = envelope(c * CASES[i].events + 1, (c + 1) * CASES[i].events, CASES[i].message_bytes);
        size_t rounds = run_to_the_end(firehose(data, CASES[i].carriers), CASES[i].bytes_max);
        CHECK(rounds > 1 && rounds < ROUNDS_MAX);
        size_t once = 0;
        for (unsigned n = 0; n <= EVENTS_MAX; n++)
            once += w.seen[n] == 1;
        CHECK_EQ(once, CASES[i].carriers * CASES[i].events);
        stop();
    }
}

static void one_event_that_fits_no_answer_stays_with_firehose(void)
{
    start();
    const struct ps_span data[] = { envelope(1, 1, 5000), envelope(2, 2, 10) };
    struct ps_span body = run(firehose(data, 2), 3000);
    CHECK(ps_span_starts(body, PS_SPAN("{\"records\":[{\"recordId\":\"r0\",\"result\":\"ProcessingFailed\"},"
                                       "{\"recordId\":\"r1\",\"result\":\"Ok\"")));
    CHECK_EQ(w.put_back_count, 0);
    stop();
}

static void what_cannot_be_put_back_stays_with_firehose(void)
{
    start();
    w.refuses = true;
    const struct ps_span data[] = { envelope(1, 2, 300), envelope(3, 4, 300) };
    struct ps_span body = run(firehose(data, 2), 2000);
    CHECK(ps_span_find(body, PS_SPAN("{\"recordId\":\"r1\",\"result\":\"ProcessingFailed\"}")) != PS_SPAN_NONE);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_STORED], 2);
    CHECK_EQ(w.account.verdicts[PS_VERDICT_RETURNED], 2);
    stop();
}

static void too_little_memory_fails_a_carrier_or_the_answer_and_loses_nothing(void)
{
    start();
    const struct ps_span data[] = { envelope(1, 20, 100), envelope(21, 21, 10) };
    struct ps_span payload = firehose(data, 2);
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        ps_arena_reset(&w.arena, 0);
        w.arena.fail_countdown = n;
        enum ps_err err = try_run(payload, 4000);
        struct ps_span body = ps_buf_span(&w.body);
        bool failed = ps_span_find(body, PS_SPAN("ProcessingFailed")) != PS_SPAN_NONE;
        if (err == PS_OK && !failed) break;
        CHECK(err == PS_OK || err == PS_ERR_NO_MEMORY);
        failures++;
    }
    CHECK(failures > 5);
    CHECK(w.put_back_count > 0);
    stop();
}

int main(void)
{
    RUN(each_record_is_answered_with_its_lines_in_order);
    RUN(a_carrier_that_has_no_room_behind_others_comes_again_as_it_came);
    RUN(a_smaller_envelope_is_the_same_but_for_its_events);
    RUN(putting_back_ends_and_every_event_is_answered_once);
    RUN(one_event_that_fits_no_answer_stays_with_firehose);
    RUN(what_cannot_be_put_back_stays_with_firehose);
    RUN(too_little_memory_fails_a_carrier_or_the_answer_and_loses_nothing);
    return check_finish();
}
