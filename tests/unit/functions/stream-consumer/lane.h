/* The stream consumer's whole handler in a test, between payloads of payload.h and a double that plays DynamoDB and
 * EventBridge on loopback. The double does with an item or an entry what stands in it:
 *
 *   fate:left        the item is left unprocessed, each time
 *   fate:poison      a request that holds the item is refused as a whole: ValidationException
 *   fate:unpublished the entry fails with InternalFailure, each time
 *   fate:malformed   the entry fails with MalformedDetail
 *
 * and keeps the rest: the latest JSON of each row by its key, and each event's detail.id. One lane at a time. */
#ifndef LANE_H
#define LANE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "host/clock.h"
#include "lambda/handler.h"
#include "payload.h"
#include "support/captured.h"
#include "support/check.h"
#include "support/fake_http.h"
#include "support/random.h"

enum { LANE_KEPT_MAX = 512, LANE_BODY_BYTES_MAX = 4 << 20 };

extern const struct ps_handler ps_handler;

/* A key, and what is kept under it. Both on the heap. */
struct lane_kept {
    char *key, *value;
};

struct lane_set {
    struct lane_kept kept[LANE_KEPT_MAX];
    size_t count;
};

static struct lane {
    struct fake_http *server;
    struct fake_http_step step;
    struct ps_arena answers; /* stay until they have been sent */
    struct lane_set rows, events;
    struct random random; /* with a seed: the double has its moods */
    const char *refusal;  /* each request of DynamoDB is answered 400 with this exception */
    size_t batches, puts; /* requests of DynamoDB and EventBridge */
    struct ps_arena process, arena;
    void *settings, *state;
    struct ps_log log;
    int32_t time_ms; /* until the deadline of each invocation; 0: there is none; negative: it has passed */
    struct ps_span answer;
    char folder[64]; /* of dead letters */
} lane;

/* -- the double ---------------------------------------------------------------------------------------------------- */

static inline bool lane_holds(struct ps_span text, const char *what)
{
    return ps_span_find(text, ps_span_of(what)) != PS_SPAN_NONE;
}

static inline char *lane_text(struct ps_span span)
{
    char *copy = strndup(span.data, span.len);
    PS_ASSERT(copy != NULL);
    return copy;
}

static inline void lane_keep(struct lane_set *set, struct ps_span key, struct ps_span value)
{
    size_t at = 0;
    while (at < set->count && !ps_span_eq(ps_span_of(set->kept[at].key), key))
        at++;
    PS_ASSERT(at < LANE_KEPT_MAX);
    if (at == set->count)
        set->kept[set->count++].key = lane_text(key);
    else
        free(set->kept[at].value);
    set->kept[at].value = lane_text(value);
}

/* What stands between two texts, taken off the front of *rest; false when there is none. */
static inline bool lane_cut(struct ps_span *rest, const char *before, const char *after, struct ps_span *out)
{
    ptrdiff_t begin = ps_span_find(*rest, ps_span_of(before));
    if (begin == PS_SPAN_NONE) return false;
    struct ps_span from = ps_span_from(*rest, (size_t)begin + strlen(before));
    ptrdiff_t end = ps_span_find(from, ps_span_of(after));
    if (end == PS_SPAN_NONE) return false;
    *out = ps_span_first(from, (size_t)end);
    *rest = ps_span_from(from, (size_t)end);
    return true;
}

static inline bool lane_mood(uint64_t one_in)
{
    return lane.random.state != 0 && random_below(&lane.random, one_in) == 0;
}

static inline void lane_store(struct ps_span body, struct ps_buf *out)
{
    bool left = false;
    ps_buf_put(out, PS_SPAN("{\"UnprocessedItems\":{"));
    for (struct ps_span item; lane_cut(&body, "{\"PutRequest\":{\"Item\":", "}}}", &item);) {
        item.len += 2; /* the braces that are the item's own */
        if (lane_holds(item, "fate:left") || lane_mood(5)) {
            ps_buf_put(out, left ? PS_SPAN(",") : PS_SPAN("\"log-stream-logs\":["));
            ps_buf_printf(out, "{\"PutRequest\":{\"Item\":%.*s}}", PS_SPAN_ARG(item));
            left = true;
            continue;
        }
        struct ps_span rest = item;
        struct ps_span key = { NULL, 0 };
        CHECK(lane_cut(&rest, "{\"pk\":{\"S\":\"", "\"},\"ts\"", &key));
        lane_keep(&lane.rows, key, item);
    }
    ps_buf_put(out, left ? PS_SPAN("]}}") : PS_SPAN("}}"));
}

static inline void lane_publish(struct ps_span body, struct ps_buf *out)
{
    size_t failed = 0;
    ps_buf_put(out, PS_SPAN("{\"Entries\":["));
    struct ps_span rest = body;
    for (struct ps_span entry; lane_cut(&rest, "\"Detail\":\"{", "}\"", &entry);) {
        struct ps_span id = { NULL, 0 };
        struct ps_span from = entry;
        CHECK(lane_cut(&from, "\\\"id\\\":\\\"", "\\\"", &id));
        bool later = lane_holds(entry, "fate:unpublished") || lane_mood(5);
        bool never = lane_holds(entry, "fate:malformed");
        if (out->data[out->len - 1] != '[') ps_buf_byte(out, ',');
        if (later || never)
            ps_buf_printf(out, "{\"ErrorCode\":\"%s\",\"ErrorMessage\":\"m\"}",
                          never ? "MalformedDetail" : "InternalFailure");
        else
            ps_buf_put(out, PS_SPAN("{\"EventId\":\"e\"}"));
        if (!later && !never) lane_keep(&lane.events, id, entry);
        failed += later || never;
    }
    ps_buf_printf(out, "],\"FailedEntryCount\":%zu}", failed);
}

static inline void lane_answer(void *context, const struct fake_http_request *request, struct fake_http_reply *reply)
{
    (void)context;
    if (!ps_span_eq(request->method, PS_SPAN("POST"))) return;
    bool is_table = lane_holds(fake_http_header(request, "X-Amz-Target"), "BatchWriteItem");
    struct ps_buf out;
    ps_buf_init(&out, &lane.answers, LANE_BODY_BYTES_MAX);
    *(is_table ? &lane.batches : &lane.puts) += 1;
    reply->status = 200;
    if (lane_mood(8)) {
        reply->status = 503;
        return;
    }
    bool poisoned = is_table && lane_holds(request->body, "fate:poison");
    if (is_table && (poisoned || lane.refusal != NULL)) {
        reply->status = 400;
        ps_buf_printf(&out, "{\"__type\":\"com.amazonaws.dynamodb.v20120810#%s\",\"message\":\"SECRET\"}",
                      poisoned ? "ValidationException" : lane.refusal);
    } else if (is_table) {
        lane_store(request->body, &out);
    } else {
        lane_publish(request->body, &out);
    }
    if (lane_mood(10)) reply->end = FAKE_HTTP_DROP; /* done, and nobody knows */
    reply->body = ps_buf_span(&out);
}

/* -- the handler --------------------------------------------------------------------------------------------------- */

static inline void lane_set_settings(const char *const *pairs)
{
    for (const struct ps_config_item *item = ps_handler.settings; item->name != NULL; item++)
        unsetenv(item->name);
    for (; pairs != NULL && *pairs != NULL; pairs += 2)
        CHECK_EQ(setenv(pairs[0], pairs[1], 1), 0);
}

static inline void lane_open_handler(void)
{
    struct ps_span mistakes = { NULL, 0 };
    lane.settings = ps_arena_zeroed(&lane.process, ps_handler.settings_bytes);
    lane.state = ps_arena_zeroed(&lane.process, ps_handler.state_bytes);
    CHECK_OK(ps_config_read(ps_handler.settings, ps_handler.check, &lane.process, lane.settings, &mistakes));
    struct ps_init init = { .arena = &lane.process,
                            .log = &lane.log,
                            .settings = lane.settings,
                            .region = PS_SPAN("eu-central-1"),
                            .memory_bytes = 512u << 20 };
    CHECK_OK(ps_handler.init(&init, lane.state));
}

/* pairs: names and values of settings, ending with NULL; may be NULL. Dead letters go to a folder unless has_letters
 * is false. */
static inline void lane_open(const char *const *pairs, bool has_letters)
{
    lane = (struct lane){ .process = check_arena(512 << 20),
                          .arena = check_arena(512 << 20),
                          .answers = check_arena(1 << 30),
                          .folder = "/tmp/penstock-test-lane-XXXXXX" };
    lane.step = (struct fake_http_step){ .answer = lane_answer };
    lane.server = fake_http_open(&lane.step, 1, true);
    lane.log = (struct ps_log){ .fd = captured_open(), .threshold = PS_LOG_TRACE };
    CHECK(mkdtemp(lane.folder) != NULL);
    char url[64];
    (void)snprintf(url, sizeof url, "%.*s", PS_SPAN_ARG(fake_http_url(lane.server)));
    lane_set_settings(pairs);
    CHECK_EQ(setenv("AWS_ENDPOINT_URL", url, 1), 0);
    CHECK_EQ(setenv("AWS_ACCESS_KEY_ID", "AKID", 1), 0);
    CHECK_EQ(setenv("AWS_SECRET_ACCESS_KEY", "key", 1), 0);
    if (has_letters) CHECK_EQ(setenv("DEAD_LETTER_DIR", lane.folder, 1), 0);
    CHECK_EQ(setenv("PENSTOCK_LOCAL", "1", 1), 0);
    lane_open_handler();
}

static inline void lane_forget(struct lane_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->kept[i].key);
        free(set->kept[i].value);
    }
    set->count = 0;
}

static inline void lane_close(void)
{
    char command[128];
    ps_handler.drain(lane.state, NULL);
    CHECK_EQ(fake_http_finish(lane.server), 0);
    (void)snprintf(command, sizeof command, "rm -r %s", lane.folder);
    CHECK_EQ(system(command), 0);
    lane_forget(&lane.rows);
    lane_forget(&lane.events);
    close(lane.log.fd);
    ps_arena_fini(&lane.answers);
    ps_arena_fini(&lane.arena);
    ps_arena_fini(&lane.process);
}

/* One invocation; lane.answer is what it answered, until the next one. */
static inline enum ps_err lane_invoke(struct ps_span payload)
{
    int64_t now_ms = ps_clock_now_ms();
    struct ps_buf body;
    captured_clear(lane.log.fd);
    ps_arena_reset(&lane.arena, 64 << 20);
    struct ps_invocation inv = { .arena = &lane.arena,
                                 .log = &lane.log,
                                 .deadline = ps_deadline_make(lane.time_ms != 0 ? now_ms + lane.time_ms : 0, now_ms, 0),
                                 .now_ms = now_ms,
                                 .settings = lane.settings,
                                 .state = lane.state,
                                 .function_name = PS_SPAN("stream-consumer") };
    ps_buf_init(&body, &lane.arena, 1 << 20);
    struct ps_reply reply = { .body = &body };
    enum ps_err err = ps_handler.invoke(&inv, payload, &reply);
    lane.answer = ps_buf_span(&body);
    return err;
}

/* A count of the closing line. */
static inline uint64_t lane_count(const char *metric)
{
    char name[64];
    size_t len = 0;
    uint64_t count = UINT64_MAX;
    (void)snprintf(name, sizeof name, "\"%s\":", metric);
    char *text = captured_text(lane.log.fd, &len);
    struct ps_span rest = ps_span_make(text, len);
    ptrdiff_t at = ps_span_find(rest, ps_span_of(name));
    if (CHECK(at != PS_SPAN_NONE)) count = strtoull(text + at + strlen(name), NULL, 10);
    free(text);
    return count;
}

static inline bool lane_logged(const char *what)
{
    size_t len = 0;
    char *text = captured_text(lane.log.fd, &len);
    bool found = lane_holds(ps_span_make(text, len), what);
    free(text);
    return found;
}

/* The verdicts of the last invocation, which must be all there are. */
static inline void lane_check_books(uint64_t stored, uint64_t filtered, uint64_t dead, uint64_t returned)
{
    CHECK_EQ(lane_count("RecordsIn"), stored + filtered + dead + returned);
    CHECK_EQ(lane_count("RecordsStored"), stored);
    CHECK_EQ(lane_count("RecordsFiltered"), filtered);
    CHECK_EQ(lane_count("RecordsDead"), dead);
    CHECK_EQ(lane_count("RecordsReturned"), returned);
    CHECK_EQ(lane_count("RecordsDuplicate"), 0);
}

#endif
