#include "summary.h"

#include "base/assert.h"
#include "record/item.h"
#include "summary_item.h"

enum {
    DAY_S = 86400,
    KEY_BYTES_MAX = PS_DYNAMODB_PK_BYTES_MAX, /* S3's names have 63 bytes, its keys 1,024 */
    /* A mail takes seconds; the message of a process that died comes again after minutes. */
    CLAIM_MS = 60000,
};

/* S3 calls it "null" where versions are suspended: the next object of the key is called so, too. */
bool summary_is_by_version(const struct ps_s3_object *object)
{
    return object->version_id.len > 0 && !ps_span_eq(object->version_id, PS_SPAN("null"));
}

static struct ps_span version_of(const struct ps_s3_object *object)
{
    struct ps_span version = summary_is_by_version(object) ? object->version_id : object->etag;
    return version.len > 0 ? version : PS_SPAN("-");
}

static enum ps_err make_key(struct ps_arena *arena, const struct ps_s3_object *object, struct ps_dynamodb_key *out)
{
    struct ps_buf pk;
    ps_buf_init(&pk, arena, KEY_BYTES_MAX);
    ps_buf_put(&pk, object->bucket);
    ps_buf_byte(&pk, '/');
    ps_buf_put(&pk, object->key);
    PS_TRY(ps_buf_finish(&pk, &out->pk));
    out->sk = version_of(object);
    return PS_OK;
}

static enum ps_err write_one(const struct summaries *summaries, const struct ps_dynamodb_write *write, bool *done)
{
    size_t refused = 0;
    PS_TRY(ps_dynamodb_write(summaries->table, summaries->arena, summaries->deadline, write, 1, &refused));
    *done = refused == 1;
    return PS_OK;
}

/* -- the summary --------------------------------------------------------------------------------------------------- */

enum ps_err summary_get(const struct summaries *summaries, const struct ps_s3_object *object, struct summary *out)
{
    struct summary none = { .state = SUMMARY_NONE };
    struct ps_dynamodb_key key;
    struct ps_span json;
    PS_TRY(make_key(summaries->arena, object, &key));
    PS_TRY(ps_dynamodb_get(summaries->table, summaries->arena, summaries->deadline, &key, &json));
    if (json.len > 0) return summary_item_read(summaries->arena, summaries->patterns, json, out);
    PS_TRY(ps_scan_totals_make(summaries->arena, summaries->patterns, &none.totals));
    *out = none;
    return PS_OK;
}

/* The item must still be as it was read. */
static enum ps_err set_condition(struct ps_arena *arena, const struct summary *before, struct ps_dynamodb_write *write)
{
    struct ps_item values;
    write->condition = PS_SPAN("attribute_not_exists(pk)");
    if (before->state == SUMMARY_NONE) return PS_OK;
    write->condition = PS_SPAN("#state = :before AND #offset = :read");
    write->names = PS_SPAN("{\"#state\":\"state\",\"#offset\":\"offset\"}");
    ps_item_begin(&values, arena);
    ps_item_put_text(&values, ":before", summary_item_state(before->state));
    ps_item_put_number(&values, ":read", (int64_t)before->offset);
    return ps_item_finish(&values, &write->values);
}

enum ps_err summary_put(const struct summaries *summaries, const struct ps_s3_object *object,
                        const struct summary *before, const struct summary *summary, bool *done)
{
    PS_ASSERT(before->state != SUMMARY_DONE);
    struct ps_arena *arena = summaries->arena;
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct ps_dynamodb_write write = { .kind = PS_DYNAMODB_PUT };
    int64_t ttl_s = summaries->ttl_days == 0 ? 0 : summaries->now_ms / 1000 + (int64_t)summaries->ttl_days * DAY_S;
    PS_TRY(make_key(arena, object, &write.key));
    PS_TRY(set_condition(arena, before, &write));
    PS_TRY(summary_item_write(arena, summaries->patterns, &write.key, ttl_s, summary, &write.item));
    PS_TRY(write_one(summaries, &write, done));
    ps_arena_rewind(arena, mark);
    return PS_OK;
}

/* -- its mail ------------------------------------------------------------------------------------------------------ */

enum ps_err summary_claim_mail(const struct summaries *summaries, const struct ps_s3_object *object, bool *mine)
{
    struct ps_item values;
    struct ps_dynamodb_write write = {
        .kind = PS_DYNAMODB_UPDATE,
        .update = PS_SPAN("SET mail = :claimed, mailMs = :now, mailBy = :me"),
        .condition = PS_SPAN("(#state = :done OR #state = :dead) AND (attribute_not_exists(mail) OR "
                             "(mail = :claimed AND (mailMs <= :old OR mailBy = :me)))"),
        .names = PS_SPAN("{\"#state\":\"state\"}"),
    };
    PS_TRY(make_key(summaries->arena, object, &write.key));
    ps_item_begin(&values, summaries->arena);
    ps_item_put_text(&values, ":claimed", PS_SPAN("claimed"));
    ps_item_put_text(&values, ":done", summary_item_state(SUMMARY_DONE));
    ps_item_put_text(&values, ":dead", summary_item_state(SUMMARY_DEAD));
    ps_item_put_text(&values, ":me", summaries->request_id);
    ps_item_put_number(&values, ":now", summaries->now_ms);
    ps_item_put_number(&values, ":old", summaries->now_ms - CLAIM_MS);
    PS_TRY(ps_item_finish(&values, &write.values));
    return write_one(summaries, &write, mine);
}

/* becomes: ":becomes" of update, if it has that. */
static enum ps_err end_claim(const struct summaries *summaries, const struct ps_s3_object *object,
                             struct ps_span update, struct ps_span becomes)
{
    struct ps_item values;
    struct ps_dynamodb_write write = {
        .kind = PS_DYNAMODB_UPDATE,
        .update = update,
        .condition = PS_SPAN("mail = :claimed AND mailBy = :me"),
    };
    bool done = false; /* else another has claimed it since, or an answer was lost */
    PS_TRY(make_key(summaries->arena, object, &write.key));
    ps_item_begin(&values, summaries->arena);
    ps_item_put_text(&values, ":claimed", PS_SPAN("claimed"));
    ps_item_put_text(&values, ":me", summaries->request_id);
    ps_item_put_text(&values, ":becomes", becomes);
    PS_TRY(ps_item_finish(&values, &write.values));
    return write_one(summaries, &write, &done);
}

enum ps_err summary_release_mail(const struct summaries *summaries, const struct ps_s3_object *object)
{
    return end_claim(summaries, object, PS_SPAN("REMOVE mail, mailMs, mailBy"), PS_SPAN(""));
}

enum ps_err summary_settle_mail(const struct summaries *summaries, const struct ps_s3_object *object, bool held)
{
    return end_claim(summaries, object, PS_SPAN("SET mail = :becomes REMOVE mailMs, mailBy"),
                     held ? PS_SPAN("held") : PS_SPAN("sent"));
}
