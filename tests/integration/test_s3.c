/* S3 and dead letters against a real server: AWS_ENDPOINT_URL_S3 and credentials come from the environment (see
 * tests/integration/cases/aws). The bucket "penstock-letters" is made here. */
#include "aws/s3.h"

#include <stdio.h>
#include <stdlib.h>

#include "aws/dead_letter.h"
#include "base/buf.h"
#include "host/env.h"
#include "support/check.h"

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_call_client *client;
static struct ps_s3 *s3;

static const struct ps_deadline NO_DEADLINE = { 0 };
static const struct ps_s3_limits LIMITS = { .deadline = &NO_DEADLINE, .response_bytes_max = 16 << 20 };
static const int64_t NOON_MS = 1795262400000; /* 2026-11-21T12:00:00Z */

#define TEXT_PLAIN PS_SPAN("text/plain")

static uint32_t make_bucket(const char *name)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("s3") };
    const struct ps_call_options options = { .attempts_max = 1, .timeout_ms = 10000 };
    struct ps_http_exchange exchange = { .request = { .method = "PUT", .response_bytes_max = 4096 } };
    struct ps_buf url;
    ps_buf_init(&url, &arena, 512);
    ps_buf_put(&url, ps_env_get("AWS_ENDPOINT_URL_S3"));
    ps_buf_printf(&url, "/%s", name);
    if (ps_buf_finish(&url, &exchange.request.url) != PS_OK) return 0;
    if (ps_call_run(client, &arena, &target, &options, &NO_DEADLINE, &exchange) != PS_OK) return 0;
    return exchange.response.status;
}

static size_t count_keys(struct ps_span prefix, struct ps_span last_of_all, bool *in_order)
{
    size_t count = 0;
    struct ps_s3_page page;
    struct ps_span token = PS_SPAN(""), before = PS_SPAN("");
    do {
        if (!CHECK_OK(ps_s3_list(s3, &arena, &LIMITS, prefix, token, &page))) return 0;
        for (size_t i = 0; i < page.count; i++) {
            size_t shorter = before.len < page.keys[i].len ? before.len : page.keys[i].len;
            if (shorter > 0 && memcmp(before.data, page.keys[i].data, shorter) > 0) *in_order = false;
            before = page.keys[i];
        }
        count += page.count;
        token = page.next_token;
    } while (token.len > 0);
    CHECK_SPAN(before, last_of_all);
    return count;
}

static void an_object_of_any_name_is_put_read_listed_and_deleted(void)
{
    static const char *const KEYS[] = {
        "names/plain.jsonl",
        "names/a b+c%2F&<>'\".jsonl",
        "names/\xc3\xbc\xe2\x82\xac\xf0\x9f\x92\xa7.jsonl",
        "names/(*~!$,;=:@).jsonl",
    };
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        struct ps_span key = ps_span_of(KEYS[i]), body;
        bool in_order = true;
        CHECK_OK(ps_s3_put(s3, &arena, &LIMITS, key, TEXT_PLAIN, key));
        CHECK_OK(ps_s3_get(s3, &arena, &LIMITS, key, &body));
        CHECK_SPAN(body, key);
        CHECK_EQ(count_keys(PS_SPAN("names/"), key, &in_order), 1);
        CHECK_OK(ps_s3_delete(s3, &arena, &LIMITS, key));
        CHECK_ERR(ps_s3_get(s3, &arena, &LIMITS, key, &body), PS_ERR_NOT_FOUND);
    }
}

static void a_large_object_comes_back_whole(void)
{
    enum { BYTES = 6 << 20 };
    char *data = ps_arena_bytes(&arena, BYTES);
    CHECK_OR_RETURN(data != NULL);
    for (size_t i = 0; i < BYTES; i++)
        data[i] = (char)(i * 131 >> 5);
    struct ps_span body;
    CHECK_OK(ps_s3_put(s3, &arena, &LIMITS, PS_SPAN("large"), TEXT_PLAIN, ps_span_make(data, BYTES)));
    CHECK_OK(ps_s3_get(s3, &arena, &LIMITS, PS_SPAN("large"), &body));
    CHECK(ps_span_eq(body, ps_span_make(data, BYTES)));
    struct ps_s3_limits small = { .deadline = &NO_DEADLINE, .response_bytes_max = BYTES - 1 };
    CHECK_ERR(ps_s3_get(s3, &arena, &small, PS_SPAN("large"), &body), PS_ERR_TOO_LARGE);
}

static void a_listing_of_several_pages_is_whole_and_in_order(void)
{
    enum { COUNT = 1003 };
    char key[32];
    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(key, sizeof key, "pages/%05d", i);
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        CHECK_OK(ps_s3_put(s3, &arena, &LIMITS, ps_span_of(key), TEXT_PLAIN, PS_SPAN("x")));
        ps_arena_rewind(&arena, mark);
    }
    bool in_order = true;
    CHECK_EQ(count_keys(PS_SPAN("pages/"), PS_SPAN("pages/01002"), &in_order), COUNT);
    CHECK(in_order);
}

static void what_is_not_there_has_its_own_errors(void)
{
    struct ps_s3 *other = NULL;
    struct ps_span body;
    CHECK_ERR(ps_s3_get(s3, &arena, &LIMITS, PS_SPAN("nothing"), &body), PS_ERR_NOT_FOUND);
    CHECK_OK(ps_s3_delete(s3, &arena, &LIMITS, PS_SPAN("nothing")));
    CHECK_OK(ps_s3_open(&process, client, PS_SPAN("penstock-no-such-bucket"), &other));
    CHECK_ERR(ps_s3_put(other, &arena, &LIMITS, PS_SPAN("a"), TEXT_PLAIN, PS_SPAN("b")), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "NoSuchBucket") != NULL);
}

struct replay {
    struct ps_dead_letter_store *store;
    size_t visited;
    bool delete;
};

static enum ps_err visit(void *context, struct ps_span key)
{
    struct replay *replay = context;
    struct ps_span body;
    replay->visited++;
    PS_TRY(ps_dead_letter_get(replay->store, &arena, key, &body));
    CHECK(ps_span_starts(body, PS_SPAN("{\"n\":")));
    return replay->delete ? ps_dead_letter_delete(replay->store, &arena, key) : PS_OK;
}

static void dead_letters_are_kept_once_and_gone_after_replay(void)
{
    struct ps_dead_letter_store *store = NULL;
    const struct ps_dead_letter_options options = { .bucket = PS_SPAN("penstock-letters"),
                                                    .prefix = PS_SPAN("log-processor") };
    CHECK_OK(ps_dead_letter_open(&process, client, &options, &store));
    CHECK_OR_RETURN(store != NULL);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5; i++) {
            char body[32], coordinates[32];
            (void)snprintf(body, sizeof body, "{\"n\":%d}\n", i);
            (void)snprintf(coordinates, sizeof coordinates, "cwlogs/%d", i);
            CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS + i * (int64_t)86400000,
                                        ps_span_of(coordinates), ps_span_of(body)));
        }
    }
    struct replay replay = { .store = store };
    CHECK_OK(ps_dead_letter_list(store, &arena, visit, &replay));
    CHECK_EQ(replay.visited, 5);
    replay = (struct replay){ .store = store, .delete = true };
    CHECK_OK(ps_dead_letter_list(store, &arena, visit, &replay));
    replay = (struct replay){ .store = store };
    CHECK_OK(ps_dead_letter_list(store, &arena, visit, &replay));
    CHECK_EQ(replay.visited, 0);
}

int main(void)
{
    process = check_arena(1 << 20);
    arena = check_arena(64 << 20);
    const struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    if (!CHECK_OK(ps_call_client_open(&process, &options, &client))) return EXIT_FAILURE;
    if (!CHECK_EQ(make_bucket("penstock-letters"), 200)) return EXIT_FAILURE;
    if (!CHECK_OK(ps_s3_open(&process, client, PS_SPAN("penstock-letters"), &s3))) return EXIT_FAILURE;
    RUN(an_object_of_any_name_is_put_read_listed_and_deleted);
    RUN(a_large_object_comes_back_whole);
    RUN(a_listing_of_several_pages_is_whole_and_in_order);
    RUN(what_is_not_there_has_its_own_errors);
    RUN(dead_letters_are_kept_once_and_gone_after_replay);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
