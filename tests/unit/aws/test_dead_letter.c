#include "aws/dead_letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"
#include "support/fake_http.h"

static struct ps_arena arena;
static struct ps_call_client *client;
static char folder[] = "/tmp/penstock-test-letters-XXXXXX";

static const struct ps_deadline NO_DEADLINE = { 0 };
static const int64_t DAY_MS = 86400000;
static const int64_t NOON_MS = 1795262400000; /* 2026-11-21T12:00:00Z */

/* What a listing visited. */
struct seen {
    char keys[16][256];
    size_t count;
};

static enum ps_err see(void *context, struct ps_span key)
{
    struct seen *seen = context;
    if (seen->count == 16 || key.len >= 256) PS_FAIL(PS_ERR_TOO_LARGE, "too much to see");
    memcpy(seen->keys[seen->count], key.data, key.len);
    seen->keys[seen->count][key.len] = '\0';
    seen->count++;
    return PS_OK;
}

static struct ps_dead_letter_store *open_folder(const char *prefix)
{
    struct ps_dead_letter_store *store = NULL;
    const struct ps_dead_letter_options options = { .directory = ps_span_of(folder),
                                                    .prefix = ps_span_of(prefix),
                                                    .local = true };
    CHECK_OK(ps_dead_letter_open(&arena, NULL, &options, &store));
    return store;
}

static void a_letter_in_a_folder_is_put_listed_read_and_deleted(void)
{
    struct ps_dead_letter_store *store = open_folder("reader");
    struct seen seen = { 0 };
    struct ps_span body;
    CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("cwlogs|1|g|s|id"), PS_SPAN("{}\n")));
    CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
    CHECK_EQ(seen.count, 1);
    struct ps_span key = ps_span_of(seen.keys[0]);
    CHECK(ps_span_starts(key, PS_SPAN("reader/2026/11/21/")));
    CHECK(ps_span_ends(key, PS_SPAN(".jsonl")));
    CHECK_EQ(key.len, sizeof "reader/2026/11/21/" - 1 + 64 + sizeof ".jsonl" - 1);
    CHECK_OK(ps_dead_letter_get(store, &arena, key, &body));
    CHECK_TEXT(body, "{}\n");
    CHECK_OK(ps_dead_letter_delete(store, &arena, key));
    CHECK_OK(ps_dead_letter_delete(store, &arena, key));
    CHECK_ERR(ps_dead_letter_get(store, &arena, key, &body), PS_ERR_NOT_FOUND);
    seen.count = 0;
    CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
    CHECK_EQ(seen.count, 0);
}

static void the_same_letter_rewrites_its_object_and_another_does_not(void)
{
    struct ps_dead_letter_store *store = open_folder("same");
    struct seen seen = { 0 };
    for (int i = 0; i < 3; i++)
        CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("a"), PS_SPAN("bc")));
    CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
    CHECK_EQ(seen.count, 1);
    /* Bytes that move from coordinates to body make another letter. */
    CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("ab"), PS_SPAN("c")));
    CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("a"), PS_SPAN("bd")));
    seen.count = 0;
    CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
    CHECK_EQ(seen.count, 3);
}

static void a_listing_goes_from_the_oldest_day_to_the_newest(void)
{
    struct ps_dead_letter_store *store = open_folder("days/of/our");
    static const int64_t DAYS[] = { 0, -400, 40, -1, 1 };
    static const char *const WANTED[] = { "days/of/our/2025/10/17/", "days/of/our/2026/11/20/",
                                          "days/of/our/2026/11/21/", "days/of/our/2026/11/22/",
                                          "days/of/our/2026/12/31/" };
    struct seen seen = { 0 };
    for (size_t i = 0; i < 5; i++)
        CHECK_OK(
            ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS + DAYS[i] * DAY_MS, PS_SPAN("a"), PS_SPAN("b")));
    CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
    CHECK_EQ(seen.count, 5);
    for (size_t i = 0; i < 5; i++)
        CHECK(ps_span_starts(ps_span_of(seen.keys[i]), ps_span_of(WANTED[i])));
}

static void absurd_times_have_a_day_too(void)
{
    static const int64_t TIMES[] = { INT64_MIN, -1, INT64_MAX };
    static const char *const WANTED[] = { "absurd/1970/01/01/", "absurd/1970/01/01/", "absurd/9999/12/31/" };
    for (size_t i = 0; i < 3; i++) {
        struct ps_dead_letter_store *store = open_folder("absurd");
        struct seen seen = { 0 };
        CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, TIMES[i], PS_SPAN("a"), PS_SPAN("b")));
        CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
        CHECK_EQ(seen.count, 1);
        CHECK(ps_span_starts(ps_span_of(seen.keys[0]), ps_span_of(WANTED[i])));
        CHECK_OK(ps_dead_letter_delete(store, &arena, ps_span_of(seen.keys[0])));
    }
}

static void a_listing_sees_only_finished_letters_and_ends_with_its_visitor(void)
{
    struct ps_dead_letter_store *store = open_folder("strangers");
    struct seen seen = { 0 };
    char path[512];
    CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("a"), PS_SPAN("b")));
    CHECK_OK(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("a"), PS_SPAN("c")));
    static const char *const STRANGERS[] = { "strangers/2026/11/21/x.jsonl.unfinished-1",
                                             "strangers/2026/11/21/.x.jsonl", "strangers/2026/11/README",
                                             "strangers/notes.jsonl", "strangers/2026/11/21/a b.jsonl" };
    for (size_t i = 0; i < sizeof STRANGERS / sizeof STRANGERS[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, STRANGERS[i]);
        FILE *file = fopen(path, "w");
        CHECK_OR_RETURN(file != NULL);
        (void)fclose(file);
    }
    CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
    CHECK_EQ(seen.count, 2);
    seen.count = 15; /* room for one */
    CHECK_ERR(ps_dead_letter_list(store, &arena, see, &seen), PS_ERR_TOO_LARGE);
}

static void keys_from_outside_cannot_leave_the_folder(void)
{
    static const char *const KEYS[] = { "", "/etc/passwd", "../x", "a/../../x", "a//b", "a\nb", "a/" };
    struct ps_dead_letter_store *store = open_folder("fn");
    struct ps_span body;
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++) {
        CHECK_ERR(ps_dead_letter_get(store, &arena, ps_span_of(KEYS[i]), &body), PS_ERR_REFUSED);
        CHECK_ERR(ps_dead_letter_delete(store, &arena, ps_span_of(KEYS[i])), PS_ERR_REFUSED);
    }
}

static void a_folder_that_cannot_be_written_is_a_failure(void)
{
    struct ps_dead_letter_store *store = NULL;
    const struct ps_dead_letter_options options = { .directory = PS_SPAN("/proc/nowhere"),
                                                    .prefix = PS_SPAN("fn"),
                                                    .local = true };
    CHECK_OK(ps_dead_letter_open(&arena, NULL, &options, &store));
    CHECK_ERR(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("a"), PS_SPAN("b")), PS_ERR_SYSTEM);
}

static void options_are_checked(void)
{
    struct ps_dead_letter_store *store = NULL;
    struct ps_dead_letter_options options = { .prefix = PS_SPAN("fn") };
    CHECK_OK(ps_dead_letter_open(&arena, client, &options, &store));
    CHECK(store == NULL);
    options.directory = ps_span_of(folder);
    CHECK_ERR(ps_dead_letter_open(&arena, client, &options, &store), PS_ERR_BAD_CONFIG);
    options.local = true;
    options.bucket = PS_SPAN("letters");
    CHECK_ERR(ps_dead_letter_open(&arena, client, &options, &store), PS_ERR_BAD_CONFIG);
    options.directory = PS_SPAN("");
    options.bucket = PS_SPAN("No Bucket");
    CHECK_ERR(ps_dead_letter_open(&arena, client, &options, &store), PS_ERR_BAD_CONFIG);
    options.bucket = PS_SPAN("letters");
    static const char *const PREFIXES[] = { "", "/fn", "fn/", "../fn", "f n" };
    for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
        options.prefix = ps_span_of(PREFIXES[i]);
        CHECK_ERR(ps_dead_letter_open(&arena, client, &options, &store), PS_ERR_BAD_CONFIG);
    }
}

/* -- the bucket form ------------------------------------------------------------------------------------------- */

static struct ps_dead_letter_store *open_bucket(struct fake_http *server)
{
    char url[64];
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(server)));
    setenv("AWS_ENDPOINT_URL_S3", url, 1);
    struct ps_dead_letter_store *store = NULL;
    const struct ps_dead_letter_options options = { .bucket = PS_SPAN("letters"), .prefix = PS_SPAN("fn") };
    CHECK_OK(ps_dead_letter_open(&arena, client, &options, &store));
    return store;
}

static void a_letter_goes_to_the_bucket_even_within_the_reserve(void)
{
    /* sha256("1:ab") */
    const struct fake_http_step script[] = {
        { .reply = { .status = 503, .body = PS_SPAN("<Error><Code>SlowDown</Code></Error>") } },
        { .method = "PUT",
          .target = "/letters/fn/2026/11/21/78901c91d9fe6a7d0ea14356d6ccde1dffcfb02d97ef138182ba38e91bccc29d.jsonl" },
    };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_deadline deadline = ps_deadline_make(6000, 1000, 10000);
    CHECK_OK(ps_dead_letter_put(open_bucket(server), &arena, &deadline, NOON_MS, PS_SPAN("a"), PS_SPAN("b")));
    CHECK_TEXT(fake_http_request(server, 1).body, "b");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_refused_put_is_a_failure(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .status = 403, .body = PS_SPAN("<Error><Code>AccessDenied</Code></Error>") } },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    CHECK_ERR(ps_dead_letter_put(open_bucket(server), &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("a"), PS_SPAN("b")),
              PS_ERR_DENIED);
    CHECK(strstr(ps_err_note()->text, "AccessDenied") != NULL);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void all_pages_of_a_bucket_are_visited_and_the_arena_given_back(void)
{
    const struct fake_http_step script[] = {
        { .target = "/letters/?list-type=2&encoding-type=url&prefix=fn%2F",
          .reply = { .body = PS_SPAN("<ListBucketResult><IsTruncated>true</IsTruncated>"
                                     "<NextContinuationToken>t/1</NextContinuationToken><Key>fn/a.jsonl</Key>"
                                     "<Key>fn/README</Key></ListBucketResult>") } },
        { .target = "/letters/?list-type=2&encoding-type=url&prefix=fn%2F&continuation-token=t%2F1",
          .reply = { .body = PS_SPAN("<ListBucketResult><IsTruncated>false</IsTruncated><Key>fn/b.jsonl</Key>"
                                     "</ListBucketResult>") } },
    };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_dead_letter_store *store = open_bucket(server);
    struct seen seen = { 0 };
    size_t used = ps_arena_used(&arena);
    CHECK_OK(ps_dead_letter_list(store, &arena, see, &seen));
    CHECK_EQ(ps_arena_used(&arena), used);
    CHECK_EQ(seen.count, 2);
    CHECK_TEXT(ps_span_of(seen.keys[0]), "fn/a.jsonl");
    CHECK_TEXT(ps_span_of(seen.keys[1]), "fn/b.jsonl");
    CHECK_EQ(fake_http_finish(server), 0);
}

static enum ps_err open_put_and_list(void)
{
    struct ps_dead_letter_store *store = NULL;
    const struct ps_dead_letter_options options = { .directory = ps_span_of(folder),
                                                    .prefix = PS_SPAN("swept"),
                                                    .local = true };
    struct seen seen = { 0 };
    struct ps_span body;
    PS_TRY(ps_dead_letter_open(&arena, NULL, &options, &store));
    PS_TRY(ps_dead_letter_put(store, &arena, &NO_DEADLINE, NOON_MS, PS_SPAN("a"), PS_SPAN("b")));
    PS_TRY(ps_dead_letter_list(store, &arena, see, &seen));
    return ps_dead_letter_get(store, &arena, ps_span_of(seen.keys[0]), &body);
}

static void each_missing_piece_of_memory_is_reported(void)
{
    PS_EACH_FAILURE(&arena, open_put_and_list());
}

int main(void)
{
    arena = check_arena(4 << 20);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    unsetenv("AWS_ENDPOINT_URL");
    unsetenv("AWS_SESSION_TOKEN");
    const struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    if (mkdtemp(folder) == NULL || ps_call_client_open(&arena, &options, &client) != PS_OK) return EXIT_FAILURE;
    RUN(a_letter_in_a_folder_is_put_listed_read_and_deleted);
    RUN(the_same_letter_rewrites_its_object_and_another_does_not);
    RUN(a_listing_goes_from_the_oldest_day_to_the_newest);
    RUN(absurd_times_have_a_day_too);
    RUN(a_listing_sees_only_finished_letters_and_ends_with_its_visitor);
    RUN(keys_from_outside_cannot_leave_the_folder);
    RUN(a_folder_that_cannot_be_written_is_a_failure);
    RUN(options_are_checked);
    RUN(a_letter_goes_to_the_bucket_even_within_the_reserve);
    RUN(a_refused_put_is_a_failure);
    RUN(all_pages_of_a_bucket_are_visited_and_the_arena_given_back);
    RUN(each_missing_piece_of_memory_is_reported);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0) return EXIT_FAILURE; // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    return check_finish();
}
