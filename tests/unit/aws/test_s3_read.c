#include "aws/s3_read.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"
#include "support/random.h"

enum { OBJECT_BYTES = 100, PART_BYTES = 10 };

static struct ps_arena process;
static struct ps_arena arena; /* what tests collect */
static struct ps_call_client *client;
static const struct ps_deadline NO_DEADLINE = { 0 };
static const struct ps_span KEY = PS_SPAN_INIT("a b/app.log");

/* -- an object that a server gives in ranges ----------------------------------------------------------------------- */

/* What the server is to do wrong, once for each request it is asked for. */
enum trouble {
    GOOD,
    BUSY,      /* 503 */
    CUT,       /* half of the body */
    DROPPED,   /* no answer */
    SHORT,     /* fewer bytes than asked for, as the headers say */
    CHEATED,   /* other bytes than the headers say: one more, or half */
    MISPLACED, /* another range than asked for */
    LONG,      /* one byte more than asked for, as the headers say */
    TROUBLES,
};

struct server_object {
    char bytes[OBJECT_BYTES];
    const char *etag;
    uint64_t size;
    uint64_t held_first; /* the part that begins here is held back; UINT64_MAX: none */
    enum trouble (*trouble)(struct server_object *object, uint64_t first);
    struct random random;
    struct fake_http *server;
    uint8_t troubles[OBJECT_BYTES]; /* of requests that begin at this byte */
    size_t asked;                   /* times, for troubles that count them */
};

static struct server_object object;

static char *lasting(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Texts of answers, which must stay until the server ends. */
static char *lasting(const char *format, ...)
{
    static char texts[FAKE_HTTP_REQUESTS_MAX * 4][200];
    static size_t used;
    char *text = texts[used++ % (sizeof texts / sizeof texts[0])];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof texts[0], format, args);
    va_end(args);
    return text;
}

static void give_range(struct server_object *from, uint64_t first, uint64_t last, struct fake_http_reply *reply)
{
    reply->status = 206;
    reply->headers = lasting("Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\nETag: \"%s\"\r\n"
                             "Last-Modified: Wed, 12 Oct 2022 17:50:00 GMT\r\n",
                             first, last, from->size, from->etag);
    reply->body = ps_span_make(from->bytes + first, last - first + 1);
}

static void spoil(enum trouble trouble, uint64_t first, uint64_t last, struct fake_http_reply *reply)
{
    switch (trouble) {
    case BUSY:
        *reply = (struct fake_http_reply){ .status = 503 };
        break;
    case CUT:
        reply->end = FAKE_HTTP_CUT;
        break;
    case DROPPED:
        reply->end = FAKE_HTTP_DROP;
        break;
    case SHORT:
        give_range(&object, first, first + (last - first) / 2, reply);
        break;
    case CHEATED:
        reply->body.len = last + 1 < object.size ? reply->body.len + 1 : reply->body.len / 2;
        break;
    case MISPLACED:
        give_range(&object, first + 1 < last ? first + 1 : 0, last, reply);
        break;
    case LONG:
        give_range(&object, first, last + 1 < object.size ? last + 1 : last, reply);
        break;
    case GOOD:
    case TROUBLES:
        break;
    }
}

static void answer(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    struct server_object *from = context;
    struct ps_span range = fake_http_header(request, "Range");
    struct ps_span match = fake_http_header(request, "If-Match");
    uint64_t first = 0, last = from->size - 1;
    if (match.len > 0 && !ps_span_eq(match, ps_span_of(lasting("\"%s\"", from->etag)))) {
        *reply = (struct fake_http_reply){ .status = 412,
                                           .body = PS_SPAN("<Error><Code>PreconditionFailed</Code></Error>") };
        return;
    }
    bool more = false;
    range = ps_span_from(range, sizeof "bytes=" - 1);
    CHECK(ps_span_to_u64(ps_span_split(&range, '-', &more), &first) && ps_span_to_u64(range, &last));
    if (first >= from->size) {
        reply->status = 416;
        reply->body = ps_span_of(lasting(
            "<Error><Code>InvalidRange</Code><ActualObjectSize>%" PRIu64 "</ActualObjectSize></Error>", from->size));
        return;
    }
    if (last >= from->size) last = from->size - 1;
    give_range(from, first, last, reply);
    if (first == from->held_first) reply->end = FAKE_HTTP_HOLD;
    if (from->trouble != NULL) spoil(from->trouble(from, first), first, last, reply);
}

static const struct fake_http_step OBJECT_STEP[] = { { .method = "GET", .answer = answer, .context = &object } };

static void set_up(void)
{
    object = (struct server_object){ .etag = "e1", .size = OBJECT_BYTES, .held_first = UINT64_MAX };
    for (size_t i = 0; i < OBJECT_BYTES; i++)
        object.bytes[i] = (char)('0' + i % 71);
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static struct ps_s3_read *open_on(struct fake_http *server, uint32_t in_flight)
{
    const struct ps_s3_read_options options = { .part_bytes = PART_BYTES,
                                                .in_flight = in_flight,
                                                .request_timeout_ms = 5000 };
    struct ps_s3_read *read = NULL;
    char url[64];
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_ENDPOINT_URL_S3", url, 1);
    CHECK_OK(ps_s3_read_open(&process, client, &options, &read));
    return read;
}

static struct ps_s3_read_object named(const char *etag, uint64_t offset)
{
    return (struct ps_s3_read_object){
        .bucket = PS_SPAN_INIT("logs"), .key = KEY, .etag = ps_span_of(etag), .offset = offset
    };
}

struct outcome {
    enum ps_err err;
    enum ps_s3_read_end end;
    struct ps_span bytes;
    size_t parts;
};

static struct outcome read_all(struct ps_s3_read *read, const struct ps_s3_read_object *what,
                               const struct ps_deadline *deadline)
{
    struct outcome outcome = { 0 };
    struct ps_buf all;
    ps_buf_init(&all, &arena, 1 << 20);
    CHECK_OK(ps_s3_read_begin(read, deadline, what));
    for (;;) {
        struct ps_span bytes = PS_SPAN("");
        outcome.err = ps_s3_read_next(read, &bytes, &outcome.end);
        if (outcome.err != PS_OK || outcome.end != PS_S3_READ_GOES_ON) break;
        CHECK(bytes.len > 0 && bytes.len <= PART_BYTES);
        ps_buf_put(&all, bytes);
        outcome.parts++;
    }
    outcome.bytes = ps_buf_span(&all);
    return outcome;
}

static void expect_object(const struct outcome *outcome, uint64_t offset)
{
    CHECK_OK(outcome->err);
    CHECK_EQ(outcome->end, PS_S3_READ_DONE);
    CHECK_SPAN(outcome->bytes, ps_span_make(object.bytes + offset, object.size - offset));
}

static void an_object_comes_in_parts_in_order(void)
{
    for (uint32_t in_flight = 1; in_flight <= 8; in_flight++) {
        set_up();
        struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
        struct ps_s3_read *read = open_on(server, in_flight);
        struct ps_s3_read_object what = named("e1", 0);
        struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
        expect_object(&outcome, 0);
        CHECK_EQ(outcome.parts, 10);
        CHECK_EQ(ps_s3_read_size(read), 100);
        CHECK_EQ(ps_s3_read_modified_ms(read), INT64_C(1665597000000));
        CHECK_TEXT(ps_s3_read_etag(read), "e1");
        CHECK_EQ(fake_http_count(server), 10);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

static void each_request_names_range_etag_and_version(void)
{
    set_up();
    object.size = 25;
    struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
    struct ps_s3_read *read = open_on(server, 1);
    struct ps_s3_read_object what = named("e1", 3);
    what.version_id = PS_SPAN("v/1+");
    struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
    expect_object(&outcome, 3);
    static const char *const RANGES[] = { "bytes=3-12", "bytes=13-22", "bytes=23-24" };
    CHECK_EQ(fake_http_count(server), 3);
    for (size_t i = 0; i < 3; i++) {
        struct fake_http_request request = fake_http_request(server, i);
        CHECK_TEXT(request.target, "/logs/a%20b/app.log?versionId=v%2F1%2B");
        CHECK_TEXT(fake_http_header(&request, "Range"), RANGES[i]);
        CHECK_TEXT(fake_http_header(&request, "If-Match"), "\"e1\"");
        CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/s3/aws4_request")) != PS_SPAN_NONE);
    }
    CHECK_EQ(fake_http_request(server, 2).connection, 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void without_an_etag_the_first_answers_is_held_to(void)
{
    set_up();
    struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
    struct ps_s3_read *read = open_on(server, 3);
    struct ps_s3_read_object what = named("", 0);
    struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
    expect_object(&outcome, 0);
    CHECK_TEXT(ps_s3_read_etag(read), "e1");
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(fake_http_header(&request, "If-Match"), "");
    request = fake_http_request(server, 9);
    CHECK_TEXT(fake_http_header(&request, "If-Match"), "\"e1\"");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void parts_that_come_out_of_order_are_given_in_order(void)
{
    set_up();
    object.held_first = 10;
    struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
    struct ps_s3_read *read = open_on(server, 4);
    struct ps_s3_read_object what = named("e1", 0);
    struct ps_span bytes;
    enum ps_s3_read_end end = PS_S3_READ_GOES_ON;
    CHECK_OK(ps_s3_read_begin(read, &NO_DEADLINE, &what));
    CHECK_OK(ps_s3_read_next(read, &bytes, &end));
    CHECK_SPAN(bytes, ps_span_make(object.bytes, 10));
    for (size_t turns = 0; fake_http_count(server) < 4 && turns < 100000; turns++)
        ps_s3_read_pump(read);
    CHECK_EQ(fake_http_count(server), 4); /* the others were asked for inside of pump */
    fake_http_release(server);
    for (uint64_t offset = 10; offset < OBJECT_BYTES; offset += 10) {
        CHECK_OK(ps_s3_read_next(read, &bytes, &end));
        CHECK_SPAN(bytes, ps_span_make(object.bytes + offset, 10));
    }
    CHECK_OK(ps_s3_read_next(read, &bytes, &end));
    CHECK_EQ(end, PS_S3_READ_DONE);
    CHECK_OK(ps_s3_read_next(read, &bytes, &end));
    CHECK_EQ(end, PS_S3_READ_DONE);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* At most three at one byte: no part comes to its last attempt, in whatever order requests arrive. */
static enum trouble at_random(struct server_object *from, uint64_t first)
{
    if (from->troubles[first] == 3 || random_below(&from->random, 3) == 0) return GOOD;
    from->troubles[first]++;
    return (enum trouble)(1 + random_below(&from->random, TROUBLES - 1));
}

static void whatever_goes_wrong_on_the_way_every_byte_comes_once(void)
{
    for (uint64_t seed = 1; seed <= 12; seed++) {
        set_up();
        object.trouble = at_random;
        object.random.state = seed;
        object.size = 20 + random_below(&object.random, 40);
        uint64_t offset = random_below(&object.random, object.size);
        struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
        struct ps_s3_read *read = open_on(server, 1 + (uint32_t)random_below(&object.random, 8));
        struct ps_s3_read_object what = named(seed % 2 == 0 ? "e1" : "", offset);
        struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
        expect_object(&outcome, offset);
        if (outcome.end != PS_S3_READ_DONE) printf("# seed %" PRIu64 ": %s\n", seed, ps_err_note()->text);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

static enum trouble always_busy(struct server_object *from, uint64_t first)
{
    (void)from;
    (void)first;
    return BUSY;
}

static void what_stays_busy_is_given_up(void)
{
    set_up();
    object.trouble = always_busy;
    struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
    struct ps_s3_read *read = open_on(server, 4);
    struct ps_s3_read_object what = named("e1", 0);
    struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
    CHECK_ERR(outcome.err, PS_ERR_UNAVAILABLE);
    CHECK_EQ(outcome.end, PS_S3_READ_FAULT);
    CHECK_EQ(fake_http_count(server), 5);
    CHECK(strstr(ps_err_note()->text, "bucket logs: status 503") != NULL);
    struct ps_span bytes;
    CHECK_ERR(ps_s3_read_next(read, &bytes, &outcome.end), PS_ERR_UNAVAILABLE);
    CHECK_EQ(outcome.end, PS_S3_READ_FAULT);
    object.trouble = NULL;
    outcome = read_all(read, &what, &NO_DEADLINE);
    expect_object(&outcome, 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_wait_that_the_deadline_has_no_room_for_is_not_begun(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .status = 503, .headers = "Retry-After: 60\r\n" } },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_s3_read *read = open_on(server, 4);
    struct ps_s3_read_object what = named("e1", 0);
    int64_t now_ms = ps_clock_now_ms();
    struct ps_deadline deadline = ps_deadline_make(now_ms + 1000, now_ms, 0);
    struct outcome outcome = read_all(read, &what, &deadline);
    CHECK_ERR(outcome.err, PS_ERR_DEADLINE);
    CHECK(strstr(ps_err_note()->text, "status 503") != NULL);
    deadline = (struct ps_deadline){ .at_us = 1 };
    outcome = read_all(read, &what, &deadline);
    CHECK_ERR(outcome.err, PS_ERR_DEADLINE);
    CHECK_EQ(outcome.end, PS_S3_READ_FAULT);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void leaving_breaks_off_and_another_object_can_begin(void)
{
    set_up();
    object.held_first = 0;
    struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
    struct ps_s3_read *read = open_on(server, 4);
    struct ps_s3_read_object what = named("e1", 0);
    CHECK_OK(ps_s3_read_begin(read, &NO_DEADLINE, &what));
    for (size_t turns = 0; fake_http_count(server) < 1 && turns < 100000; turns++)
        ps_s3_read_pump(read);
    ps_s3_read_leave(read);
    what = named("e1", 50);
    struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
    expect_object(&outcome, 50);
    fake_http_release(server);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* -- an object that changes ---------------------------------------------------------------------------------------- */

static enum trouble change_at_the_third(struct server_object *from, uint64_t first)
{
    (void)first;
    if (++from->asked == 2) from->etag = "e2";
    return GOOD;
}

static void an_object_that_is_changed_meanwhile_is_told(void)
{
    set_up();
    object.trouble = change_at_the_third;
    struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
    struct ps_s3_read *read = open_on(server, 1);
    struct ps_s3_read_object what = named("", 0);
    struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
    CHECK_OK(outcome.err);
    CHECK_EQ(outcome.end, PS_S3_READ_CHANGED);
    CHECK_SPAN(outcome.bytes, ps_span_make(object.bytes, 20));
    CHECK_EQ(fake_http_count(server), 3);
    CHECK_EQ(fake_http_finish(server), 0);
}

#define RANGE(range) "Content-Range: bytes " range "\r\n"

static void an_answer_of_another_object_is_a_change(void)
{
    static const struct fake_http_reply SECOND[] = {
        { .status = 206, .headers = RANGE("10-14/15") "ETag: \"e2\"\r\n", .body = PS_SPAN_INIT("56789") },
        { .status = 206, .headers = RANGE("10-14/16") "ETag: \"e1\"\r\n", .body = PS_SPAN_INIT("56789") },
        { .status = 416, .body = PS_SPAN_INIT("<Error><Code>InvalidRange</Code></Error>") },
        { .status = 412 },
    };
    for (size_t i = 0; i < sizeof SECOND / sizeof SECOND[0]; i++) {
        const struct fake_http_step script[] = {
            { .reply = { .status = 206,
                         .headers = RANGE("0-9/15") "ETag: \"e1\"\r\n",
                         .body = PS_SPAN("0123456789") } },
            { .reply = SECOND[i] },
        };
        struct fake_http *server = fake_http_open(script, 2, false);
        struct ps_s3_read_object what = named("", 0);
        struct outcome outcome = read_all(open_on(server, 2), &what, &NO_DEADLINE);
        CHECK_OK(outcome.err);
        CHECK_EQ(outcome.end, PS_S3_READ_CHANGED);
        CHECK_TEXT(outcome.bytes, "0123456789");
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

/* -- the edges of an object ---------------------------------------------------------------------------------------- */

static void an_empty_object_is_done_at_once_and_known(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .header = "Range: bytes=0-9",
          .reply = { .status = 416, .body = PS_SPAN_INIT("<Error><Code>InvalidRange</Code></Error>") } },
        { .reply = { .status = 200, .headers = "ETag: \"e0\"\r\nLast-Modified: Wed, 12 Oct 2022 17:50:00 GMT\r\n" } },
    };
    struct fake_http *server = fake_http_open(SCRIPT, 2, false);
    struct ps_s3_read *read = open_on(server, 4);
    struct ps_s3_read_object what = named("", 0);
    struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
    CHECK_OK(outcome.err);
    CHECK_EQ(outcome.end, PS_S3_READ_DONE);
    CHECK_EQ(outcome.parts, 0);
    CHECK_EQ(ps_s3_read_size(read), 0);
    CHECK_TEXT(ps_s3_read_etag(read), "e0");
    CHECK_EQ(ps_s3_read_modified_ms(read), INT64_C(1665597000000));
    struct fake_http_request request = fake_http_request(server, 1);
    CHECK_TEXT(fake_http_header(&request, "Range"), "");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void who_begins_at_the_end_is_done(void)
{
    set_up();
    struct fake_http *server = fake_http_open(OBJECT_STEP, 1, true);
    struct ps_s3_read *read = open_on(server, 4);
    struct ps_s3_read_object what = named("e1", OBJECT_BYTES);
    struct outcome outcome = read_all(read, &what, &NO_DEADLINE);
    CHECK_OK(outcome.err);
    CHECK_EQ(outcome.end, PS_S3_READ_DONE);
    CHECK_EQ(outcome.bytes.len, 0);
    CHECK_EQ(ps_s3_read_size(read), OBJECT_BYTES);
    what = named("e1", OBJECT_BYTES + 1);
    outcome = read_all(read, &what, &NO_DEADLINE);
    CHECK_OK(outcome.err);
    CHECK_EQ(outcome.end, PS_S3_READ_CHANGED);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_server_without_ranges_serves_small_objects_only(void)
{
    static char large[64 << 10];
    memset(large, 'x', sizeof large);
    const struct {
        uint64_t offset;
        struct ps_span body;
        enum ps_err err;
    } cases[] = {
        { 0, PS_SPAN("0123456789"), PS_OK },
        { 0, PS_SPAN(""), PS_OK },
        { 0, PS_SPAN("0123456789a"), PS_ERR_BAD_CONFIG },
        { 0, ps_span_make(large, sizeof large), PS_ERR_BAD_CONFIG },
        { 5, PS_SPAN("01234"), PS_ERR_BAD_CONFIG },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct fake_http_step script[] = { { .reply = { .body = cases[i].body } } };
        struct fake_http *server = fake_http_open(script, 1, false);
        struct ps_s3_read_object what = named("", cases[i].offset);
        struct outcome outcome = read_all(open_on(server, 2), &what, &NO_DEADLINE);
        CHECK_ERR(outcome.err, cases[i].err);
        if (outcome.err == PS_OK) CHECK_SPAN(outcome.bytes, cases[i].body);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

/* -- refusals ------------------------------------------------------------------------------------------------------ */

#define CODE(code) "<?xml version=\"1.0\"?><Error><Code>" code "</Code><Message>SECRET</Message></Error>"
#define MARKER "x-amz-delete-marker: true\r\n"

static const struct refusal {
    int status;
    const char *headers, *body;
    enum ps_s3_read_end end;
    enum ps_err err;
    const char *note;
} REFUSALS[] = {
    { 404, NULL, CODE("NoSuchKey"), PS_S3_READ_GONE, PS_OK, NULL },
    { 404, NULL, CODE("NoSuchVersion"), PS_S3_READ_GONE, PS_OK, NULL },
    { 404, MARKER, CODE("NoSuchKey"), PS_S3_READ_DELETED, PS_OK, NULL },
    { 405, MARKER, CODE("MethodNotAllowed"), PS_S3_READ_DELETED, PS_OK, NULL },
    { 403, NULL, CODE("InvalidObjectState"), PS_S3_READ_ARCHIVED, PS_OK, NULL },
    { 412, NULL, CODE("PreconditionFailed"), PS_S3_READ_CHANGED, PS_OK, NULL },
    { 403, NULL, CODE("AccessDenied"), PS_S3_READ_FAULT, PS_ERR_DENIED, "s3:GetObject" },
    { 403, NULL, CODE("AccessDenied"), PS_S3_READ_FAULT, PS_ERR_DENIED, "s3:ListBucket" },
    { 403, NULL, CODE("SignatureDoesNotMatch"), PS_S3_READ_FAULT, PS_ERR_DENIED, "credentials refused" },
    { 400, NULL, CODE("ExpiredToken"), PS_S3_READ_FAULT, PS_ERR_DENIED, "status 400, ExpiredToken" },
    { 404, NULL, CODE("NoSuchBucket"), PS_S3_READ_FAULT, PS_ERR_BAD_CONFIG, "no such bucket" },
    { 301, NULL, CODE("PermanentRedirect"), PS_S3_READ_FAULT, PS_ERR_BAD_CONFIG, "another region" },
    { 307, NULL, "", PS_S3_READ_FAULT, PS_ERR_BAD_CONFIG, "another region" },
    { 404, NULL, "<html>not found</html>", PS_S3_READ_FAULT, PS_ERR_BAD_CONFIG, "no answer of S3's" },
    { 405, NULL, CODE("MethodNotAllowed"), PS_S3_READ_FAULT, PS_ERR_BAD_CONFIG, "status 405, MethodNotAllowed" },
};

static void each_refusal_has_its_end(void)
{
    for (size_t i = 0; i < sizeof REFUSALS / sizeof REFUSALS[0]; i++) {
        const struct refusal *refusal = &REFUSALS[i];
        const struct fake_http_step script[] = {
            { .reply = { .status = refusal->status, .headers = refusal->headers, .body = ps_span_of(refusal->body) } },
        };
        struct fake_http *server = fake_http_open(script, 1, false);
        struct ps_s3_read_object what = named("e1", 0);
        struct outcome outcome = read_all(open_on(server, 2), &what, &NO_DEADLINE);
        CHECK_ERR(outcome.err, refusal->err);
        if (!CHECK_EQ(outcome.end, refusal->end)) printf("# case %zu\n", i);
        if (refusal->note != NULL && !CHECK(strstr(ps_err_note()->text, refusal->note) != NULL))
            printf("# %s\n", ps_err_note()->text);
        CHECK(strstr(ps_err_note()->text, "SECRET") == NULL);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

/* The note of a throttled read takes a second and more, so this one stands alone. */
static void throttling_is_retried_with_patience(void)
{
    set_up();
    const struct fake_http_step script[] = {
        { .reply = { .status = 503, .body = PS_SPAN(CODE("SlowDown")) } },
        { .answer = answer, .context = &object },
    };
    object.size = 5;
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_s3_read_object what = named("e1", 0);
    struct outcome outcome = read_all(open_on(server, 2), &what, &NO_DEADLINE);
    expect_object(&outcome, 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void ended_credentials_are_read_again_once(void)
{
    set_up();
    object.size = 25;
    const struct fake_http_step script[] = {
        { .reply = { .status = 400, .body = PS_SPAN(CODE("ExpiredToken")) } },
        { .header = "X-Amz-Security-Token: fresh", .answer = answer, .context = &object },
        { .reply = { .status = 400, .body = PS_SPAN(CODE("ExpiredToken")) } },
    };
    struct fake_http *server = fake_http_open(script, 3, false);
    struct ps_s3_read *read = open_on(server, 1);
    struct ps_s3_read_object what = named("e1", 0);
    struct ps_span bytes;
    enum ps_s3_read_end end = PS_S3_READ_GOES_ON;
    setenv("AWS_SESSION_TOKEN", "fresh", 1);
    CHECK_OK(ps_s3_read_begin(read, &NO_DEADLINE, &what));
    CHECK_OK(ps_s3_read_next(read, &bytes, &end));
    CHECK_SPAN(bytes, ps_span_make(object.bytes, 10));
    setenv("AWS_SESSION_TOKEN", "fresher still", 1);
    CHECK_ERR(ps_s3_read_next(read, &bytes, &end), PS_ERR_DENIED);
    CHECK_EQ(end, PS_S3_READ_FAULT);
    CHECK_EQ(fake_http_finish(server), 0);
    unsetenv("AWS_SESSION_TOKEN");
}

static void what_cannot_be_asked_for_is_refused_before_it_is(void)
{
    struct fake_http *server = fake_http_open(NULL, 0, false);
    struct ps_s3_read *read = open_on(server, 1);
    struct ps_s3_read_object what = named("", 0);
    what.bucket = PS_SPAN("Logs");
    CHECK_ERR(ps_s3_read_begin(read, &NO_DEADLINE, &what), PS_ERR_BAD_CONFIG);
    what = named("", 0);
    what.key = PS_SPAN("");
    CHECK_ERR(ps_s3_read_begin(read, &NO_DEADLINE, &what), PS_ERR_REFUSED);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* -- memory -------------------------------------------------------------------------------------------------------- */

static void opening_fails_cleanly_without_memory(void)
{
    const struct ps_s3_read_options options = { .part_bytes = 4 << 20, .in_flight = 8, .request_timeout_ms = 1000 };
    struct ps_s3_read *read = NULL;
    PS_EACH_FAILURE(&process, ps_s3_read_open(&process, client, &options, &read));
}

int main(void)
{
    process = check_arena(512 << 20);
    arena = check_arena(64 << 20);
    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    unsetenv("AWS_SESSION_TOKEN");
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    if (!CHECK_OK(ps_call_client_open(&process, &options, &client))) return EXIT_FAILURE;
    RUN(an_object_comes_in_parts_in_order);
    RUN(each_request_names_range_etag_and_version);
    RUN(without_an_etag_the_first_answers_is_held_to);
    RUN(parts_that_come_out_of_order_are_given_in_order);
    RUN(whatever_goes_wrong_on_the_way_every_byte_comes_once);
    RUN(what_stays_busy_is_given_up);
    RUN(a_wait_that_the_deadline_has_no_room_for_is_not_begun);
    RUN(leaving_breaks_off_and_another_object_can_begin);
    RUN(an_object_that_is_changed_meanwhile_is_told);
    RUN(an_answer_of_another_object_is_a_change);
    RUN(an_empty_object_is_done_at_once_and_known);
    RUN(who_begins_at_the_end_is_done);
    RUN(a_server_without_ranges_serves_small_objects_only);
    RUN(each_refusal_has_its_end);
    RUN(throttling_is_retried_with_patience);
    RUN(ended_credentials_are_read_again_once);
    RUN(what_cannot_be_asked_for_is_refused_before_it_is);
    RUN(opening_fails_cleanly_without_memory);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
