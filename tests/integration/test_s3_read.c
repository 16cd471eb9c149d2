/* Reading S3 objects in ranges from a real server: AWS_ENDPOINT_URL and credentials come from the environment, see
 * tests/integration/cases/files-aws. Buckets and objects are made here.
 * Usage: test_s3_read ministack|moto, for the two check different things; or test_s3_read double SIZE-BYTES, which
 * reads the whole object of tests/tools/range_server. */
#include "aws/s3_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "host/clock.h"
#include "host/env.h"
#include "support/check.h"

enum { OBJECT_BYTES = 300000, PART_BYTES = 64 << 10 };

static struct ps_arena arena;
static struct ps_call_client *client;
static struct ps_s3_read *read_small;
static const struct ps_deadline NO_DEADLINE = { 0 };
static struct ps_span content;
static uint64_t whole_bytes; /* of the double's object */
static bool moto;            /* which does not say x-amz-delete-marker: what is deleted looks gone */

/* -- making things --------------------------------------------------------------------------------------------------
 */

/* One call; the version id it was answered with. */
static struct ps_span call(const char *method, const char *path, struct ps_span body)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("s3") };
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 20000 };
    struct ps_http_exchange exchange = {
        .request = { .method = method, .body = body, .response_bytes_max = 1 << 20, .keep = { "x-amz-version-id" } },
    };
    struct ps_buf url;
    ps_buf_init(&url, &arena, 1024);
    ps_buf_put(&url, ps_env_get("AWS_ENDPOINT_URL"));
    ps_buf_put(&url, ps_span_of(path));
    CHECK_OK(ps_buf_finish(&url, &exchange.request.url));
    CHECK_OK(ps_call_run(client, &arena, &target, &once, &NO_DEADLINE, &exchange));
    if (!CHECK(exchange.response.status / 100 == 2)) printf("# %s %s: %u\n", method, path, exchange.response.status);
    return exchange.response.kept[0];
}

static void make_content(void)
{
    char *bytes = ps_arena_bytes(&arena, OBJECT_BYTES);
    for (size_t i = 0; i < OBJECT_BYTES; i++)
        bytes[i] = (char)(i * 2654435761u >> 13);
    content = ps_span_make(bytes, OBJECT_BYTES);
}

/* -- reading --------------------------------------------------------------------------------------------------------
 */

static struct ps_s3_read_object named(const char *bucket, const char *key)
{
    return (struct ps_s3_read_object){ .bucket = ps_span_of(bucket), .key = ps_span_of(key) };
}

static enum ps_err read_all(const struct ps_s3_read_object *object, struct ps_span *out, enum ps_s3_read_end *end)
{
    struct ps_buf all;
    ps_buf_init(&all, &arena, 1 << 20);
    PS_TRY(ps_s3_read_begin(read_small, &NO_DEADLINE, object));
    for (*end = PS_S3_READ_GOES_ON; *end == PS_S3_READ_GOES_ON;) {
        struct ps_span bytes = PS_SPAN("");
        PS_TRY(ps_s3_read_next(read_small, &bytes, end));
        if (*end == PS_S3_READ_GOES_ON) ps_buf_put(&all, bytes);
    }
    return ps_buf_finish(&all, out);
}

static void expect(const struct ps_s3_read_object *object, enum ps_s3_read_end wanted, struct ps_span wanted_bytes)
{
    struct ps_span bytes = PS_SPAN("");
    enum ps_s3_read_end end = PS_S3_READ_GOES_ON;
    CHECK_OK(read_all(object, &bytes, &end));
    CHECK_EQ(end, wanted);
    CHECK(ps_span_eq(bytes, wanted_bytes));
}

static void an_object_is_read_in_ranges_from_any_offset(void)
{
    struct ps_s3_read_object object = named("penstock-files", "a b+c/\xc3\xbc.log");
    (void)call("PUT", "/penstock-files/a%20b%2Bc/%C3%BC.log", content);
    expect(&object, PS_S3_READ_DONE, content);
    CHECK_EQ(ps_s3_read_size(read_small), OBJECT_BYTES);
    CHECK(ps_s3_read_modified_ms(read_small) > ps_clock_now_ms() - 600000);
    CHECK_EQ(ps_s3_read_etag(read_small).len, 32);
    static char etag[32];
    memcpy(etag, ps_s3_read_etag(read_small).data, sizeof etag);
    object.etag = ps_span_make(etag, sizeof etag);
    object.offset = 123457;
    expect(&object, PS_S3_READ_DONE, ps_span_from(content, 123457));
    object.offset = OBJECT_BYTES - 1;
    expect(&object, PS_S3_READ_DONE, ps_span_from(content, OBJECT_BYTES - 1));
}

static void an_object_that_was_changed_is_told(void)
{
    struct ps_s3_read_object object = named("penstock-files", "a b+c/\xc3\xbc.log");
    object.etag = PS_SPAN("00000000000000000000000000000000");
    expect(&object, PS_S3_READ_CHANGED, PS_SPAN(""));
}

static void an_empty_object_is_done(void)
{
    const struct ps_s3_read_object object = named("penstock-files", "empty");
    (void)call("PUT", "/penstock-files/empty", PS_SPAN(""));
    expect(&object, PS_S3_READ_DONE, PS_SPAN(""));
    CHECK_EQ(ps_s3_read_size(read_small), 0);
    CHECK_TEXT(ps_s3_read_etag(read_small), "d41d8cd98f00b204e9800998ecf8427e");
}

static void what_is_not_there_is_gone(void)
{
    struct ps_s3_read_object object = named("penstock-files", "nothing");
    struct ps_span bytes;
    enum ps_s3_read_end end;
    expect(&object, PS_S3_READ_GONE, PS_SPAN(""));
    object = named("penstock-no-such-bucket", "nothing");
    CHECK_ERR(read_all(&object, &bytes, &end), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "NoSuchBucket") != NULL);
}

static void versions_and_delete_markers_are_told_apart(void)
{
    struct ps_s3_read_object object = named("penstock-versions", "app.log");
    (void)call("PUT", "/penstock-versions", PS_SPAN(""));
    (void)call("PUT", "/penstock-versions?versioning",
               PS_SPAN("<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                       "<Status>Enabled</Status></VersioningConfiguration>"));
    struct ps_span first = call("PUT", "/penstock-versions/app.log", PS_SPAN("one"));
    struct ps_span second = call("PUT", "/penstock-versions/app.log", PS_SPAN("second"));
    CHECK(first.len > 0 && second.len > 0);
    expect(&object, PS_S3_READ_DONE, PS_SPAN("second"));
    object.version_id = first;
    expect(&object, PS_S3_READ_DONE, PS_SPAN("one"));
    struct ps_span marker = call("DELETE", "/penstock-versions/app.log", PS_SPAN(""));
    expect(&object, PS_S3_READ_DONE, PS_SPAN("one"));
    object.version_id = PS_SPAN("");
    expect(&object, moto ? PS_S3_READ_GONE : PS_S3_READ_DELETED, PS_SPAN(""));
    object.version_id = marker;
    expect(&object, moto ? PS_S3_READ_GONE : PS_S3_READ_DELETED, PS_SPAN(""));
}

/* moto */
static void a_wrong_secret_is_denied(void)
{
    bool changed = false;
    const struct ps_s3_read_object object = named("penstock-files", "empty");
    struct ps_span bytes;
    enum ps_s3_read_end end;
    setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
    CHECK_OK(ps_call_refresh(client, &changed));
    CHECK_ERR(read_all(&object, &bytes, &end), PS_ERR_DENIED);
    if (!CHECK(strstr(ps_err_note()->text, "SignatureDoesNotMatch") != NULL)) printf("# %s\n", ps_err_note()->text);
}

/* -- the double ------------------------------------------------------------------------------------------------------
 */

/* Every line has its number, so that no byte can be missing, doubled or misplaced unseen. Parts are no multiples of a
 * line, so a line's head may be cut: then the number's last digits in the next part are not looked at. */
static bool is_in_place(struct ps_span bytes, uint64_t offset)
{
    enum { LINE_BYTES = 128, NUMBER_AT = 31, DIGITS = 19 };
    for (uint64_t at = (LINE_BYTES - offset % LINE_BYTES) % LINE_BYTES; at + LINE_BYTES <= bytes.len;
         at += LINE_BYTES) {
        uint64_t number = 0;
        if (!ps_span_to_u64(ps_span_make(bytes.data + at + NUMBER_AT, DIGITS), &number)) return false;
        if (number != (offset + at) / LINE_BYTES || bytes.data[at + LINE_BYTES - 1] != '\n') return false;
    }
    return true;
}

static void an_object_of_any_size_is_read_in_fixed_memory(void)
{
    enum { PART = 4 << 20, IN_FLIGHT = 4, BESIDE = 24 << 20 }; /* the program and its libraries */
    const struct ps_s3_read_options options = { .part_bytes = PART,
                                                .in_flight = IN_FLIGHT,
                                                .request_timeout_ms = 20000 };
    const struct ps_s3_read_object object = named("any", "object");
    struct ps_s3_read *read = NULL;
    uint64_t offset = 0, began_us = ps_clock_monotonic_us();
    enum ps_s3_read_end end = PS_S3_READ_GOES_ON;
    CHECK_OK(ps_s3_read_open(&arena, client, &options, &read));
    CHECK_OK(ps_s3_read_begin(read, &NO_DEADLINE, &object));
    for (struct ps_span bytes = PS_SPAN("");; offset += bytes.len) {
        CHECK_OK(ps_s3_read_next(read, &bytes, &end));
        if (end != PS_S3_READ_GOES_ON) break;
        if (!is_in_place(bytes, offset)) CHECK_EQ(offset, UINT64_MAX);
    }
    uint64_t took_us = ps_clock_monotonic_us() - began_us;
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    uint64_t cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    CHECK_EQ(end, PS_S3_READ_DONE);
    CHECK_EQ(offset, whole_bytes);
    CHECK(usage.ru_maxrss < (PART * IN_FLIGHT + BESIDE) / 1024);
    printf("# %" PRIu64 " bytes, %" PRIu64 " MB/s, %" PRIu64 " MB/s of processor time, peak RSS %ld KiB\n", offset,
           offset / (took_us + 1), offset / (cpu_us + 1), usage.ru_maxrss);
}

int main(int argc, char **argv)
{
    const char *server = argc > 1 ? argv[1] : "";
    moto = strcmp(server, "moto") == 0;
    arena = check_arena(256 << 20);
    const struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    const struct ps_s3_read_options small = { .part_bytes = PART_BYTES, .in_flight = 3, .request_timeout_ms = 20000 };
    if (!CHECK_OK(ps_call_client_open(&arena, &options, &client))) return EXIT_FAILURE;
    if (argc == 3 && strcmp(server, "double") == 0 && ps_span_to_u64(ps_span_of(argv[2]), &whole_bytes)) {
        RUN(an_object_of_any_size_is_read_in_fixed_memory);
    } else {
        if (!CHECK_OK(ps_s3_read_open(&arena, client, &small, &read_small))) return EXIT_FAILURE;
        make_content();
        (void)call("PUT", "/penstock-files", PS_SPAN(""));
        RUN(an_object_is_read_in_ranges_from_any_offset);
        RUN(an_object_that_was_changed_is_told);
        RUN(an_empty_object_is_done);
        RUN(what_is_not_there_is_gone);
        RUN(versions_and_delete_markers_are_told_apart);
        if (moto) RUN(a_wrong_secret_is_denied);
    }
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    return check_finish();
}
