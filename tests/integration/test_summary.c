/* The log extractor's table before a real server that has no tables yet (AWS_ENDPOINT_URL_DYNAMODB and credentials from
 * the environment, see cases/dynamodb): what holds when several write, and that expressions and sizes are taken. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/functions/log-extractor/summaries.h"
#include "aws/dynamodb_query.h"
#include "log-extractor/mail_cap.h"
#include "scan/decode.h"

enum { THREADS = 4, PLACES = 10, MINUTE_MS = 60000 };

/* What each thread has of its own. */
struct lane {
    struct ps_arena arena;
    struct ps_call_client *client;
    struct summaries summaries;
    char request_id[8];
    size_t claimed, placed, held;
};

static struct lane lane;
static const struct ps_deadline NO_DEADLINE;

static void open_lane(struct lane *opened, size_t number)
{
    struct ps_call_client_options options = { .region = ps_span_of(getenv("AWS_REGION")), .needs_credentials = true };
    struct ps_dynamodb_table *table = NULL;
    *opened = (struct lane){ .arena = check_arena(64 << 20) };
    CHECK_OK(ps_call_client_open(&opened->arena, &options, &opened->client));
    CHECK_OK(ps_dynamodb_table_open(&opened->arena, opened->client, PS_SPAN("summaries"), 20000, &table));
    (void)snprintf(opened->request_id, sizeof opened->request_id, "r-%zu", number);
    opened->summaries = (struct summaries){ .table = table,
                                            .arena = &opened->arena,
                                            .deadline = &NO_DEADLINE,
                                            .patterns = &SUMMARIES_SET,
                                            .request_id = ps_span_of(opened->request_id),
                                            .now_ms = SUMMARIES_T0 };
}

static void close_lane(struct lane *opened)
{
    ps_call_client_close(opened->client);
    ps_arena_fini(&opened->arena);
}

static void create_table(void)
{
    static const char BODY[] =
        "{\"TableName\":\"summaries\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":[{\"AttributeName\":\"pk\","
        "\"KeyType\":\"HASH\"},{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],\"AttributeDefinitions\":["
        "{\"AttributeName\":\"pk\",\"AttributeType\":\"S\"},{\"AttributeName\":\"sk\",\"AttributeType\":\"S\"},"
        "{\"AttributeName\":\"day\",\"AttributeType\":\"S\"},{\"AttributeName\":\"modifiedMs\",\"AttributeType\":\"N\"}"
        "],"
        "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"day-index\",\"KeySchema\":[{\"AttributeName\":\"day\","
        "\"KeyType\":"
        "\"HASH\"},{\"AttributeName\":\"modifiedMs\",\"KeyType\":\"RANGE\"}],\"Projection\":{\"ProjectionType\":"
        "\"INCLUDE\",\"NonKeyAttributes\":[\"state\",\"reason\",\"severities\",\"lines\",\"bytes\",\"ttl\"]}}]}";
    char url[256];
    int url_len = snprintf(url, sizeof url, "%s/", getenv("AWS_ENDPOINT_URL_DYNAMODB"));
    const struct ps_call_target dynamodb = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("dynamodb") };
    const struct ps_call_options once = { .attempts_max = 1, .timeout_ms = 30000 };
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = { url, (size_t)url_len },
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.0") },
                                  { PS_SPAN("X-Amz-Target"), PS_SPAN("DynamoDB_20120810.CreateTable") } },
                     .header_count = 2,
                     .body = ps_span_of(BODY),
                     .response_bytes_max = 1 << 20 },
    };
    CHECK_OK(ps_call_run(lane.client, &lane.arena, &dynamodb, &once, &NO_DEADLINE, &exchange));
    CHECK_EQ(exchange.response.status, 200);
}

static struct ps_s3_object object_of(const char *key)
{
    return (struct ps_s3_object){ .bucket = PS_SPAN("logs"), .key = ps_span_of(key), .etag = PS_SPAN("e1") };
}

static struct summary get(const struct ps_s3_object *object)
{
    struct summary summary = { 0 };
    CHECK_OK(summary_get(&lane.summaries, object, &summary));
    return summary;
}

static bool put(const struct ps_s3_object *object, const struct summary *before, const struct summary *summary)
{
    bool done = false;
    CHECK_OK(summary_put(&lane.summaries, object, before, summary, &done));
    return done;
}

static void put_done(const struct ps_s3_object *object, int64_t modified_ms)
{
    struct summary none = { .state = SUMMARY_NONE };
    struct summary summary = summaries_sample(&lane.arena, SUMMARY_DONE);
    summary.modified_ms = modified_ms;
    CHECK(put(object, &none, &summary));
}

/* -- summaries ----------------------------------------------------------------------------------------------------- */

static void a_step_is_counted_once(void)
{
    struct ps_s3_object object = object_of("steps \"\xc3\xa9");
    struct summary none = get(&object);
    CHECK_EQ(none.state, SUMMARY_NONE);
    struct summary first = summaries_sample(&lane.arena, SUMMARY_PARTIAL);
    first.offset = 1000;
    first.restart = PS_SPAN("here");
    CHECK(put(&object, &none, &first));
    CHECK(!put(&object, &none, &first)); /* the first message again */
    struct summary read = get(&object);
    CHECK_EQ(read.state, SUMMARY_PARTIAL);
    CHECK_EQ(read.offset, 1000);
    CHECK_TEXT(read.restart, "here");
    struct summary second = read;
    second.offset = 2000;
    CHECK(put(&object, &read, &second));
    CHECK(!put(&object, &read, &second)); /* the continuation again */
    second.state = SUMMARY_DONE;
    CHECK(!put(&object, &first, &second));
    read = get(&object);
    CHECK(put(&object, &read, &second));
    CHECK_EQ(get(&object).state, SUMMARY_DONE);
    CHECK_EQ(get(&object).totals.counts[SUMMARIES_TIMEOUT].samples[0].fields[0].value.len, 2);
}

static void what_is_finished_does_not_change(void)
{
    struct ps_s3_object object = object_of("finished");
    put_done(&object, SUMMARIES_T0);
    struct summary none = { .state = SUMMARY_NONE };
    struct summary before = { .state = SUMMARY_PARTIAL, .offset = 2000 };
    struct summary dead = summaries_sample(&lane.arena, SUMMARY_DEAD);
    CHECK(!put(&object, &none, &dead));
    CHECK(!put(&object, &before, &dead));
    CHECK_EQ(get(&object).state, SUMMARY_DONE);
}

/* With keys, restart and samples as long as they can be. */
static void the_largest_item_is_taken(void)
{
    static char key[1024], restart[PS_DECODE_RESTART_BYTES_MAX], text[PS_SCAN_SAMPLE_BYTES_MAX];
    memset(key, 'k', sizeof key);
    memset(restart, 'r', sizeof restart);
    memset(text, 't', sizeof text);
    struct ps_s3_object object = { .bucket = { key, 63 }, .key = { key, sizeof key }, .etag = { key, sizeof key } };
    struct ps_patterns patterns = { .items = PS_ARENA_ARRAY(&lane.arena, struct ps_pattern, PS_PATTERNS_MAX),
                                    .count = PS_PATTERNS_MAX };
    struct summary none = { .state = SUMMARY_NONE };
    struct summary summary = { .state = SUMMARY_PARTIAL, .restart = { restart, sizeof restart } };
    struct summaries summaries = lane.summaries;
    summaries.patterns = &patterns;
    CHECK_OK(ps_scan_totals_make(&lane.arena, &patterns, &summary.totals));
    for (size_t i = 0; i < PS_PATTERNS_MAX; i++) {
        char *name = ps_arena_bytes(&lane.arena, PS_PATTERN_NAME_BYTES_MAX + 1);
        (void)snprintf(name, PS_PATTERN_NAME_BYTES_MAX + 1, "%064zu", i);
        patterns.items[i].name = ps_span_make(name, PS_PATTERN_NAME_BYTES_MAX);
        summary.totals.counts[i].lines = INT64_C(1) << 53;
        summary.totals.counts[i].sample_count = PS_PATTERN_SAMPLES_MAX;
        for (size_t j = 0; j < PS_PATTERN_SAMPLES_MAX; j++)
            summary.totals.counts[i].samples[j].text = ps_span_make(text, sizeof text);
    }
    bool done = false;
    CHECK_OK(summary_put(&summaries, &object, &none, &summary, &done));
    CHECK(done);
    struct summary read = { 0 };
    CHECK_OK(summary_get(&summaries, &object, &read));
    CHECK_EQ(read.restart.len, sizeof restart);
}

/* -- mails --------------------------------------------------------------------------------------------------------- */

static bool claim(const struct lane *own, const struct ps_s3_object *object)
{
    bool mine = false;
    CHECK_OK(summary_claim_mail(&own->summaries, object, &mine));
    return mine;
}

static void a_mail_is_claimed_given_back_and_settled(void)
{
    struct ps_s3_object object = object_of("mail");
    struct lane other;
    open_lane(&other, 77);
    CHECK(!claim(&lane, &object)); /* no summary yet */
    struct summary none = { .state = SUMMARY_NONE };
    struct summary partial = summaries_sample(&lane.arena, SUMMARY_PARTIAL);
    CHECK(put(&object, &none, &partial));
    CHECK(!claim(&lane, &object));
    struct summary done = summaries_sample(&lane.arena, SUMMARY_DONE);
    CHECK(put(&object, &partial, &done));
    CHECK(claim(&lane, &object));
    CHECK(claim(&lane, &object)); /* a try whose answer was lost */
    CHECK(!claim(&other, &object));
    CHECK_OK(summary_release_mail(&other.summaries, &object)); /* not its own */
    CHECK(!claim(&other, &object));
    CHECK_OK(summary_release_mail(&lane.summaries, &object));
    CHECK(claim(&other, &object));
    lane.summaries.now_ms += MINUTE_MS; /* the other one has died */
    CHECK(claim(&lane, &object));
    CHECK_OK(summary_settle_mail(&other.summaries, &object, false)); /* not its own any more */
    CHECK(!get(&object).mailed);
    CHECK_OK(summary_settle_mail(&lane.summaries, &object, true));
    CHECK(get(&object).mailed);
    other.summaries.now_ms += 10 * MINUTE_MS;
    CHECK(!claim(&other, &object));
    lane.summaries.now_ms = SUMMARIES_T0;
    close_lane(&other);
}

static void *claim_all(void *context)
{
    struct lane *own = context;
    for (int i = 0; i < PLACES; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "race-%d", i);
        struct ps_s3_object object = object_of(key);
        own->claimed += claim(own, &object);
    }
    return NULL;
}

static void *take_places(void *context)
{
    struct lane *own = context;
    const struct mail_cap cap = { own->summaries.table, &own->arena, &NO_DEADLINE, SUMMARIES_T0, PLACES };
    for (int i = 0; i < PLACES; i++) {
        struct mail_cap_place place;
        enum ps_err err = mail_cap_take(&cap, &place);
        while (err == PS_ERR_THROTTLED)
            err = mail_cap_take(&cap, &place);
        CHECK_OK(err);
        *(place.held ? &own->held : &own->placed) += 1;
    }
    return NULL;
}

static struct lane run_threads(void *(*thread)(void *))
{
    struct lane lanes[THREADS], sum = { 0 };
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        open_lane(&lanes[i], i);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, thread, &lanes[i]), 0);
    for (size_t i = 0; i < THREADS; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
        sum.claimed += lanes[i].claimed;
        sum.placed += lanes[i].placed;
        sum.held += lanes[i].held;
        close_lane(&lanes[i]);
    }
    return sum;
}

static void of_several_one_has_each_mail(void)
{
    for (int i = 0; i < PLACES; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "race-%d", i);
        struct ps_s3_object object = object_of(key);
        put_done(&object, SUMMARIES_T0);
    }
    CHECK_EQ(run_threads(claim_all).claimed, PLACES);
}

static void of_several_none_goes_over_the_cap(void)
{
    struct lane sum = run_threads(take_places);
    CHECK_EQ(sum.placed, PLACES);
    CHECK_EQ(sum.held, (THREADS - 1) * PLACES);
    const struct mail_cap later = { lane.summaries.table, &lane.arena, &NO_DEADLINE, SUMMARIES_T0 + 60 * MINUTE_MS,
                                    PLACES };
    struct mail_cap_place place;
    CHECK_OK(mail_cap_take(&later, &place));
    CHECK(!place.held);
    CHECK_EQ(place.held_before, (THREADS - 1) * PLACES);
    CHECK_OK(mail_cap_take(&later, &place));
    CHECK_EQ(place.held_before, 0);
}

/* -- the index ----------------------------------------------------------------------------------------------------- */

static char listed[256];

static enum ps_err on_row(void *context, struct ps_span item)
{
    (void)context;
    struct ps_span pk;
    size_t used = strlen(listed);
    PS_TRY(ps_dynamodb_item_text(&lane.arena, item, PS_SPAN("pk"), &pk));
    (void)snprintf(listed + used, sizeof listed - used, "%.*s|", PS_SPAN_ARG(pk));
    return PS_OK;
}

/* 1999-12-31, of which nothing else here is. */
static void a_day_lists_what_is_finished_the_newest_first(void)
{
    static const int64_t DAY_MS = INT64_C(946598400000);
    static const char *const KEYS[] = { "b", "c", "a" };
    struct ps_s3_object object = object_of("partial");
    struct summary none = { .state = SUMMARY_NONE };
    struct summary partial = summaries_sample(&lane.arena, SUMMARY_PARTIAL);
    partial.modified_ms = DAY_MS;
    CHECK(put(&object, &none, &partial));
    for (size_t i = 0; i < 3; i++) {
        object = object_of(KEYS[i]);
        put_done(&object, DAY_MS + (int64_t)i * 1000);
    }
    object = object_of("next day");
    put_done(&object, DAY_MS + 24 * 60 * (int64_t)MINUTE_MS);
    const struct ps_dynamodb_query query = { .table = PS_SPAN("summaries"),
                                             .index = PS_SPAN("day-index"),
                                             .index_key = PS_SPAN("day"),
                                             .pk = PS_SPAN("1999-12-31"),
                                             .limit = 10,
                                             .newest_first = true };
    CHECK_OK(ps_dynamodb_query(lane.client, &lane.arena, &NO_DEADLINE, &query, on_row, NULL));
    CHECK_TEXT(ps_span_of(listed), "logs/a|logs/c|logs/b|");
}

int main(void)
{
    open_lane(&lane, 99);
    create_table();
    RUN(a_step_is_counted_once);
    RUN(what_is_finished_does_not_change);
    RUN(the_largest_item_is_taken);
    RUN(a_mail_is_claimed_given_back_and_settled);
    RUN(of_several_one_has_each_mail);
    RUN(of_several_none_goes_over_the_cap);
    RUN(a_day_lists_what_is_finished_the_newest_first);
    close_lane(&lane);
    return check_finish();
}
