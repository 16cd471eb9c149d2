#include "store_shared.h"

enum {
    HOUR_MS = 3600 * 1000,
    TRIES_MAX = 10, /* others take places at the same time */
};

/* What a channel has had in one hour. */
struct cap {
    bool found;
    int64_t hour; /* hours since 1970 */
    int64_t sent;
    int64_t held;
};

static struct ps_dynamodb_key cap_key(enum channel channel)
{
    return (struct ps_dynamodb_key){ PS_SPAN("cap"), channel_name(channel) };
}

static enum ps_err read_cap(const struct store *store, enum channel channel, struct cap *cap)
{
    struct ps_dynamodb_key key = cap_key(channel);
    struct ps_span json;
    PS_TRY(ps_dynamodb_get(store->table, store->arena, store->deadline, &key, &json));
    *cap = (struct cap){ .found = json.len > 0 };
    if (!cap->found) return PS_OK;
    cap->hour = ps_dynamodb_item_number(json, PS_SPAN("capHour"), 0);
    cap->sent = ps_dynamodb_item_number(json, PS_SPAN("sent"), 0);
    cap->held = ps_dynamodb_item_number(json, PS_SPAN("held"), 0);
    return PS_OK;
}

static int64_t hour_now(const struct store *store)
{
    return store->now_ms / HOUR_MS;
}

/* -- the flag on the notice's own item ----------------------------------------------------------------------------- */

static enum ps_err set_flag(const struct store *store, const struct delivery *delivery, enum channel channel,
                            struct ps_span flag, struct ps_dynamodb_write *write)
{
    struct ps_item values, names;
    *write = (struct ps_dynamodb_write){
        .kind = PS_DYNAMODB_UPDATE,
        .key = delivery->key,
        .update = PS_SPAN("SET #channel = :flag"),
        .condition = PS_SPAN("attribute_exists(pk)"),
    };
    ps_buf_init(&names.buf, store->arena, 64);
    ps_json_write_init(&names.json, &names.buf);
    ps_json_write_object_begin(&names.json);
    ps_json_write_member(&names.json, PS_SPAN("#channel"), channel_name(channel));
    PS_TRY(ps_item_finish(&names, &write->names));
    ps_item_begin(&values, store->arena);
    ps_item_put_text(&values, ":flag", flag);
    return ps_item_finish(&values, &write->values);
}

enum ps_err store_mark_sent(const struct store *store, struct delivery *delivery, enum channel channel)
{
    struct ps_dynamodb_write write;
    size_t refused = 0;
    PS_TRY(set_flag(store, delivery, channel, PS_SPAN("sent"), &write));
    PS_TRY(store_write(store, &write, 1, &refused));
    delivery->sent |= 1u << channel;
    return PS_OK;
}

/* -- places -------------------------------------------------------------------------------------------------------- */

/* One more sent or held in the hour that is there. */
static enum ps_err count_place(const struct store *store, enum channel channel, const struct cap *cap, bool held,
                               struct ps_dynamodb_write *write)
{
    struct ps_item values;
    *write = (struct ps_dynamodb_write){
        .kind = PS_DYNAMODB_UPDATE,
        .key = cap_key(channel),
        .update = held ? PS_SPAN("ADD held :one") : PS_SPAN("ADD sent :one"),
        .condition = PS_SPAN("capHour = :hour AND sent = :sent"),
    };
    ps_item_begin(&values, store->arena);
    ps_item_put_number(&values, ":one", 1);
    ps_item_put_number(&values, ":hour", cap->hour);
    ps_item_put_number(&values, ":sent", cap->sent);
    return ps_item_finish(&values, &write->values);
}

/* The first of a new hour. What was held in the old one has been settled. */
static enum ps_err begin_hour(const struct store *store, enum channel channel, const struct cap *cap,
                              struct ps_dynamodb_write *write)
{
    struct ps_item item, values;
    struct ps_dynamodb_key key = cap_key(channel);
    *write = (struct ps_dynamodb_write){ .kind = PS_DYNAMODB_PUT, .condition = PS_SPAN("attribute_not_exists(pk)") };
    ps_item_begin(&item, store->arena);
    ps_item_put_text(&item, "pk", key.pk);
    ps_item_put_text(&item, "sk", key.sk);
    ps_item_put_number(&item, "capHour", hour_now(store));
    ps_item_put_number(&item, "sent", 1);
    ps_item_put_number(&item, "held", 0);
    PS_TRY(ps_item_finish(&item, &write->item));
    if (!cap->found) return PS_OK;
    write->condition = PS_SPAN("capHour = :hour AND held = :zero");
    ps_item_begin(&values, store->arena);
    ps_item_put_number(&values, ":hour", cap->hour);
    ps_item_put_number(&values, ":zero", 0);
    return ps_item_finish(&values, &write->values);
}

/* To PagerDuty the news of its cap would be an incident without an end: the others tell it. */
static unsigned who_hears_of(enum channel channel)
{
    return channel == CHANNEL_PAGERDUTY ? CHANNELS_ALL : 1u << channel;
}

static bool is_unsettled(const struct store *store, const struct cap *cap)
{
    return cap->found && cap->held > 0 && cap->hour < hour_now(store);
}

static enum ps_err settle(const struct store *store, enum channel channel, const struct cap *cap)
{
    struct notice notice = {
        .kind = NOTICE_HELD_BACK,
        .alert = { .source = ALERT_TEXT, .level = PS_LEVEL_WARN, .service = channel_name(channel) },
        .count = (uint64_t)cap->held,
        .from_ms = cap->hour * HOUR_MS,
        .to_ms = (cap->hour + 1) * HOUR_MS,
    };
    notice.alert.title = notice.alert.service;
    memset(notice.alert.fingerprint, '0', sizeof notice.alert.fingerprint);
    struct ps_item values;
    struct ps_dynamodb_write writes[] = {
        { .kind = PS_DYNAMODB_UPDATE,
          .key = cap_key(channel),
          .update = PS_SPAN("SET held = :zero"),
          .condition = PS_SPAN("capHour = :hour AND held = :held") },
        { 0 },
    };
    ps_item_begin(&values, store->arena);
    ps_item_put_number(&values, ":zero", 0);
    ps_item_put_number(&values, ":hour", cap->hour);
    ps_item_put_number(&values, ":held", cap->held);
    PS_TRY(ps_item_finish(&values, &writes[0].values));
    PS_TRY(store_put_outgoing(store, &notice, who_hears_of(channel), &writes[1]));
    size_t refused = 0; /* another invocation has done it, or will */
    return store_write(store, writes, 2, &refused);
}

enum ps_err store_settle_hour(const struct store *store, enum channel channel)
{
    struct cap cap;
    PS_TRY(read_cap(store, channel, &cap));
    return is_unsettled(store, &cap) ? settle(store, channel, &cap) : PS_OK;
}

enum ps_err store_take_place(const struct store *store, struct delivery *delivery, enum channel channel,
                             uint32_t cap_per_hour)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        struct cap cap;
        struct ps_dynamodb_write writes[2];
        size_t refused = 0;
        PS_TRY(read_cap(store, channel, &cap));
        if (is_unsettled(store, &cap)) {
            PS_TRY(settle(store, channel, &cap));
            PS_TRY(read_cap(store, channel, &cap));
        }
        bool same_hour = cap.found && cap.hour >= hour_now(store);
        bool held = same_hour && cap.sent >= cap_per_hour;
        PS_TRY(same_hour ? count_place(store, channel, &cap, held, &writes[0])
                         : begin_hour(store, channel, &cap, &writes[0]));
        PS_TRY(set_flag(store, delivery, channel, held ? PS_SPAN("held") : PS_SPAN("taken"), &writes[1]));
        PS_TRY(store_write(store, writes, 2, &refused));
        if (refused == 0) continue;
        bool gone = refused == 1; /* another invocation has brought it to every channel */
        unsigned *flags = gone ? &delivery->sent : held ? &delivery->held : &delivery->taken;
        *flags |= 1u << channel;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_THROTTLED, "cap of %.*s: %d invocations counted at the same time",
            PS_SPAN_ARG(channel_name(channel)), TRIES_MAX);
}
