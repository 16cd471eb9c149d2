/* Runs payloads through the log processor's pipeline in a test: settings from name=value texts, and an output that
 * keeps what it is given. Memory that cannot be had ends the program. */
#ifndef ROAD_H
#define ROAD_H

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/base64.h"
#include "log-processor/pipeline.h"
#include "log-processor/stages.h"
#include "support/check.h"

enum { ROAD_BYTES_MAX = 16 << 20, ROAD_LETTERS_MAX = 256, ROAD_DETAIL_BYTES = 200 };

/* Settings as the function would read them from an environment that holds these, and nothing else of ours. */
static inline struct settings road_settings(struct ps_arena *arena, const char *const *pairs)
{
    struct settings settings;
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++)
        unsetenv(item->name);
    for (; pairs != NULL && *pairs != NULL; pairs++) {
        char name[64];
        const char *equals = strchr(*pairs, '=');
        PS_ASSERT(equals != NULL && (size_t)(equals - *pairs) < sizeof name);
        memcpy(name, *pairs, (size_t)(equals - *pairs));
        name[equals - *pairs] = '\0';
        PS_ASSERT(setenv(name, equals + 1, 1) == 0);
    }
    CHECK_OK(ps_config_read(SETTINGS_ITEMS, NULL, arena, &settings, NULL));
    return settings;
}

struct road_letter {
    uint64_t tag;
    char detail[ROAD_DETAIL_BYTES]; /* of undecodable bytes, or the reason of a refused item */
    bool is_item;
};

/* What came out. */
struct road {
    struct ps_arena process; /* settings, pipeline, what is kept */
    struct ps_arena arena;   /* of one payload */
    struct settings settings;
    struct pipeline *pipeline;
    struct ps_account account;
    struct ps_buf kept; /* every committed item, one after the other */
    size_t item_begin;
    size_t item_bytes_max; /* a smaller buffer, to refuse items; 0: none */
    size_t fail_at;        /* the n-th commit fails; 0: never */
    size_t items;
    uint64_t tags[4096];
    struct road_letter letters[ROAD_LETTERS_MAX];
    size_t letter_count;
    char first[256];
    int64_t first_ms;
    size_t firsts;
};

static inline enum ps_err road_item_begin(void *context, struct ps_buf **buf)
{
    struct road *road = context;
    road->item_begin = road->kept.len;
    road->kept.cap = road->item_bytes_max > 0 ? road->kept.len + road->item_bytes_max : ROAD_BYTES_MAX;
    road->kept.bytes_max = road->kept.cap;
    *buf = &road->kept;
    return PS_OK;
}

static inline enum ps_err road_item_commit(void *context, uint64_t tag)
{
    struct road *road = context;
    if (road->items + 1 == road->fail_at) PS_FAIL(PS_ERR_UNAVAILABLE, "told to fail");
    PS_ASSERT(road->items < sizeof road->tags / sizeof road->tags[0]);
    road->tags[road->items++] = tag;
    ps_account_add(&road->account, PS_VERDICT_STORED, 1);
    return PS_OK;
}

static inline void road_item_rollback(void *context)
{
    struct road *road = context;
    road->kept.len = road->item_begin;
    road->kept.err = PS_OK;
}

static inline void road_keep_letter(struct road *road, uint64_t tag, const char *detail, bool is_item)
{
    PS_ASSERT(road->letter_count < ROAD_LETTERS_MAX);
    struct road_letter *letter = &road->letters[road->letter_count++];
    *letter = (struct road_letter){ .tag = tag, .is_item = is_item };
    strncpy(letter->detail, detail, sizeof letter->detail - 1);
}

static inline enum ps_err road_item_refused(void *context, uint64_t tag, const char *reason, struct ps_span item)
{
    struct road *road = context;
    CHECK(item.len > 0 && item.data[item.len - 1] == '\n');
    ps_account_add(&road->account, PS_VERDICT_DEAD, 1);
    road_keep_letter(road, tag, reason, true);
    return PS_OK;
}

static inline enum ps_err road_undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw,
                                           bool is_base64)
{
    (void)raw, (void)is_base64;
    road_keep_letter(context, tag, detail, false);
    return PS_OK;
}

static inline void road_first_record(void *context, struct ps_span coordinates, int64_t time_ms)
{
    struct road *road = context;
    PS_ASSERT(coordinates.len < sizeof road->first);
    if (coordinates.len > 0) memcpy(road->first, coordinates.data, coordinates.len);
    road->first[coordinates.len] = '\0';
    road->first_ms = time_ms;
    road->firsts++;
}

static inline struct pipeline_output road_output(struct road *road)
{
    return (struct pipeline_output){
        .context = road,
        .item_begin = road_item_begin,
        .item_commit = road_item_commit,
        .item_rollback = road_item_rollback,
        .item_refused = road_item_refused,
        .undecodable = road_undecodable,
        .first_record = road_first_record,
    };
}

/* Forgets what came out. */
static inline void road_clear(struct road *road)
{
    road->account = (struct ps_account){ 0 };
    road->kept.len = road->items = road->letter_count = road->firsts = 0;
    road->kept.err = PS_OK;
}

/* pairs: "NAME=value" texts, ended by NULL; or NULL. The road is large: let it be static. */
static inline void road_open(struct road *road, const char *const *pairs)
{
    memset(road, 0, sizeof *road);
    road->process = check_arena(128 << 20);
    road->arena = check_arena(512 << 20);
    road->settings = road_settings(&road->process, pairs);
    struct pipeline_options options = {
        .settings = &road->settings,
        .function_log_group = PS_SPAN("/aws/lambda/penstock"),
        .function_region = PS_SPAN("eu-central-1"),
    };
    CHECK_OK(pipeline_open(&road->process, &options, &road->pipeline));
    char *memory = ps_arena_bytes(&road->process, ROAD_BYTES_MAX);
    PS_ASSERT(memory != NULL);
    ps_buf_init_fixed(&road->kept, memory, ROAD_BYTES_MAX);
    road_clear(road);
}

static inline void road_close(struct road *road)
{
    ps_arena_fini(&road->process);
    ps_arena_fini(&road->arena);
}

/* Runs a whole Lambda payload. What it needs is taken back afterwards, what came out is added to what was there. */
static inline enum ps_err road_run(struct road *road, struct ps_span payload)
{
    struct ps_event event;
    PS_TRY(ps_event_open(payload, &event));
    struct pipeline_output output = road_output(road);
    struct pipeline_times times = { 0 };
    struct ps_arena_mark mark = ps_arena_mark(&road->arena);
    enum ps_err err = pipeline_run(road->pipeline, &road->arena, &event, &output, &road->account, &times);
    ps_arena_rewind(&road->arena, mark);
    return err;
}

/* {"awslogs":{"data":"<base64 of envelope>"}} on arena. */
static inline struct ps_span road_payload(struct ps_arena *arena, struct ps_span envelope)
{
    struct ps_buf buf;
    struct ps_span payload;
    ps_buf_init(&buf, arena, ROAD_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("{\"awslogs\":{\"data\":\""));
    ps_base64_encode(&buf, envelope);
    ps_buf_put(&buf, PS_SPAN("\"}}"));
    PS_ASSERT(ps_buf_finish(&buf, &payload) == PS_OK);
    return payload;
}

/* An envelope of events[begin..end), each a whole event object. */
static inline struct ps_span road_envelope(struct ps_arena *arena, const char *const *events, size_t begin, size_t end)
{
    struct ps_buf buf;
    struct ps_span envelope;
    ps_buf_init(&buf, arena, ROAD_BYTES_MAX);
    ps_buf_put(&buf,
               PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logGroup\":\"my-app/prod\","
                       "\"logStream\":\"web-1\",\"subscriptionFilters\":[\"f\"],\"logEvents\":["));
    for (size_t i = begin; i < end; i++) {
        if (i > begin) ps_buf_byte(&buf, ',');
        ps_buf_put(&buf, ps_span_of(events[i]));
    }
    ps_buf_put(&buf, PS_SPAN("]}"));
    PS_ASSERT(ps_buf_finish(&buf, &envelope) == PS_OK);
    return envelope;
}

static inline struct ps_span road_kept(const struct road *road)
{
    return ps_span_make(road->kept.data, road->kept.len);
}

#endif
