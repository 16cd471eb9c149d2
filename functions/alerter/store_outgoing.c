#include "base/num.h"
#include "store_shared.h"

enum { KEY_BYTES_MAX = 128 };

static const struct ps_span PK = PS_SPAN_INIT("outgoing"), PK_DEAD = PS_SPAN_INIT("dead");

static const char *const KINDS[] = {
    [NOTICE_FIRED] = "fired",
    [NOTICE_SUMMARY] = "summary",
    [NOTICE_RESOLVED] = "resolved",
    [NOTICE_HELD_BACK] = "held_back",
};

/* The window's end, so that the oldest comes first; fingerprint, kind and channels tell notices of one moment apart. */
static enum ps_err make_sk(const struct store *store, const struct notice *notice, unsigned channels,
                           struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, store->arena, KEY_BYTES_MAX);
    ps_buf_printf(&buf, "%013lld#%.*s#%s#%u", (long long)notice->to_ms, ALERT_FINGERPRINT_BYTES,
                  notice->alert.fingerprint, KINDS[notice->kind], channels);
    return ps_buf_finish(&buf, out);
}

static enum ps_err put_notice(const struct store *store, const struct ps_dynamodb_key *key, const struct notice *notice,
                              unsigned channels, struct ps_dynamodb_write *write)
{
    struct ps_item item;
    ps_item_begin(&item, store->arena);
    ps_item_put_text(&item, "pk", key->pk);
    ps_item_put_text(&item, "sk", key->sk);
    ps_item_put_text(&item, "kind", ps_span_of(KINDS[notice->kind]));
    ps_item_put_number(&item, "repeats", (int64_t)notice->count);
    ps_item_put_number(&item, "fromMs", notice->from_ms);
    ps_item_put_number(&item, "toMs", notice->to_ms);
    ps_item_put_number(&item, "closedMs", store->now_ms);
    ps_item_put_number(&item, "channels", channels);
    ps_item_put_number(&item, "ttl", store_ttl(store));
    store_put_alert(&item, &notice->alert);
    *write = (struct ps_dynamodb_write){ .kind = PS_DYNAMODB_PUT };
    return ps_item_finish(&item, &write->item);
}

enum ps_err store_put_outgoing(const struct store *store, const struct notice *notice, unsigned channels,
                               struct ps_dynamodb_write *write)
{
    struct ps_dynamodb_key key = { .pk = PK };
    PS_TRY(make_sk(store, notice, channels, &key.sk));
    return put_notice(store, &key, notice, channels, write);
}

enum ps_err store_put_end(const struct store *store, const struct alert *alert, unsigned channels)
{
    const struct notice notice = {
        .kind = NOTICE_RESOLVED, .alert = *alert, .from_ms = store->now_ms, .to_ms = store->now_ms
    };
    struct ps_dynamodb_write write;
    size_t refused = 0; /* it has no condition */
    PS_TRY(store_put_outgoing(store, &notice, channels, &write));
    return store_write(store, &write, 1, &refused);
}

static enum notice_kind read_kind(struct ps_span text)
{
    for (enum notice_kind kind = NOTICE_SUMMARY; kind <= NOTICE_HELD_BACK; kind++) {
        if (ps_span_eq(text, ps_span_of(KINDS[kind]))) return kind;
    }
    return NOTICE_SUMMARY;
}

static enum ps_err read_outgoing(const struct store *store, struct ps_span json, struct outgoing *out)
{
    struct ps_span kind;
    PS_TRY(ps_dynamodb_item_text(store->arena, json, PS_SPAN("kind"), &kind));
    *out = (struct outgoing){
        .notice = {
            .kind = read_kind(kind),
            .count = (uint64_t)ps_dynamodb_item_number(json, PS_SPAN("repeats"), 0),
            .from_ms = ps_dynamodb_item_number(json, PS_SPAN("fromMs"), 0),
            .to_ms = ps_dynamodb_item_number(json, PS_SPAN("toMs"), 0),
        },
        .channels = (unsigned)ps_dynamodb_item_number(json, PS_SPAN("channels"), CHANNELS_ALL),
        .closed_ms = ps_dynamodb_item_number(json, PS_SPAN("closedMs"), 0),
    };
    PS_TRY(store_read_delivery(store, json, &out->delivery));
    return store_read_alert(store, json, &out->notice.alert);
}

struct outgoing_job {
    const struct store *store;
    store_on_outgoing *on_outgoing;
    void *context;
};

static enum ps_err on_row(void *context, struct ps_span json)
{
    const struct outgoing_job *job = context;
    struct ps_arena_mark mark = ps_arena_mark(job->store->arena);
    struct outgoing outgoing;
    PS_TRY(read_outgoing(job->store, json, &outgoing));
    PS_TRY(job->on_outgoing(job->context, &outgoing));
    ps_arena_rewind(job->store->arena, mark);
    return PS_OK;
}

enum ps_err store_each_outgoing(const struct store *store, store_on_outgoing *on_outgoing, void *context)
{
    enum { OUTGOING_MAX = 1000 }; /* in one invocation */
    struct outgoing_job job = { store, on_outgoing, context };
    struct ps_dynamodb_query query = {
        .table = store->table_name, .pk = PK, .sk_from = PS_SPAN("0"), .sk_to = PS_SPAN("~"), .limit = OUTGOING_MAX
    };
    return ps_dynamodb_query(store->client, store->arena, store->deadline, &query, on_row, &job);
}

enum ps_err store_remove_outgoing(const struct store *store, const struct outgoing *outgoing)
{
    const struct ps_dynamodb_write write = { .kind = PS_DYNAMODB_DELETE, .key = outgoing->delivery.key };
    size_t refused = 0;
    return store_write(store, &write, 1, &refused);
}

enum ps_err store_bury_outgoing(const struct store *store, const struct outgoing *outgoing, unsigned missing)
{
    const struct delivery *delivery = &outgoing->delivery;
    const struct ps_dynamodb_key grave = { PK_DEAD, delivery->key.sk };
    struct ps_dynamodb_write writes[] = { { 0 }, { .kind = PS_DYNAMODB_DELETE, .key = delivery->key } };
    size_t refused = 0; /* they have no condition */
    PS_TRY(put_notice(store, &grave, &outgoing->notice, missing, &writes[0]));
    return store_write(store, writes, sizeof writes / sizeof writes[0], &refused);
}
