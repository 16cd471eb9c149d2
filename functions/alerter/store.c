#include "store.h"

#include "base/assert.h"
#include "host/clock.h"
#include "record/item.h"
#include "store_shared.h"

enum {
    DAY_S = 86400,
    KEY_BYTES_MAX = ALERT_ID_BYTES_MAX + 64,
};

static const char *const PHASES[] = {
    [INCIDENT_NONE] = "", [INCIDENT_COUNTING] = "counting", [INCIDENT_OPEN] = "open"
};

/* -- what items share ---------------------------------------------------------------------------------------------- */

int64_t store_ttl(const struct store *store)
{
    return store->now_ms / 1000 + (int64_t)store->ttl_days * DAY_S;
}

/* From now on, not from the invocation's beginning, which may be long ago. */
static int64_t lease_end_ms(const struct store *store)
{
    uint32_t left_ms = ps_deadline_left_ms(store->deadline);
    return ps_clock_now_ms() + (left_ms < STORE_LEASE_MS_MAX ? left_ms : STORE_LEASE_MS_MAX);
}

void store_put_alert(struct ps_item *item, const struct alert *alert)
{
    ps_item_put_text(item, "fingerprint", ps_span_make(alert->fingerprint, ALERT_FINGERPRINT_BYTES));
    ps_item_put_text(item, "id", alert->id);
    ps_item_put_text(item, "source", alert_source_name(alert->source));
    ps_item_put_text(item, "level", ps_record_level_name(alert->level));
    ps_item_put_text(item, "service", alert->service);
    ps_item_put_text(item, "title", alert->title);
    ps_item_put_text(item, "message", alert->message);
    ps_item_put_number(item, "timeMs", alert->time_ms);
    ps_item_put_text(item, "account", alert->account);
    ps_item_put_text(item, "region", alert->region);
    ps_item_put_text(item, "link", alert->link);
}

static enum alert_source read_source(struct ps_span name)
{
    static const enum alert_source SOURCES[] = { ALERT_LOG, ALERT_ALARM, ALERT_OPENSEARCH };
    for (size_t i = 0; i < sizeof SOURCES / sizeof SOURCES[0]; i++) {
        if (ps_span_eq(name, alert_source_name(SOURCES[i]))) return SOURCES[i];
    }
    return ALERT_TEXT;
}

enum ps_err store_read_alert(const struct store *store, struct ps_span json, struct alert *alert)
{
    struct ps_span fingerprint, source, level;
    *alert = (struct alert){ .time_ms = ps_dynamodb_item_number(json, PS_SPAN("timeMs"), 0) };
    const struct {
        const char *name;
        struct ps_span *text;
    } TEXTS[] = { { "id", &alert->id },           { "fingerprint", &fingerprint },
                  { "source", &source },          { "level", &level },
                  { "service", &alert->service }, { "title", &alert->title },
                  { "message", &alert->message }, { "account", &alert->account },
                  { "region", &alert->region },   { "link", &alert->link } };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        PS_TRY(ps_dynamodb_item_text(store->arena, json, ps_span_of(TEXTS[i].name), TEXTS[i].text));
    alert->source = read_source(source);
    alert->level = ps_record_level_parse(level);
    memset(alert->fingerprint, '0', sizeof alert->fingerprint);
    if (fingerprint.len == sizeof alert->fingerprint)
        memcpy(alert->fingerprint, fingerprint.data, sizeof alert->fingerprint);
    return PS_OK;
}

/* Flags stand in an attribute for each channel. */
enum ps_err store_read_delivery(const struct store *store, struct ps_span json, struct delivery *delivery)
{
    *delivery = (struct delivery){ 0 };
    PS_TRY(ps_dynamodb_item_text(store->arena, json, PS_SPAN("pk"), &delivery->key.pk));
    PS_TRY(ps_dynamodb_item_text(store->arena, json, PS_SPAN("sk"), &delivery->key.sk));
    for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
        struct ps_span flag;
        PS_TRY(ps_dynamodb_item_text(store->arena, json, channel_name(channel), &flag));
        unsigned bit = 1u << channel;
        if (ps_span_eq(flag, PS_SPAN("taken"))) delivery->taken |= bit;
        if (ps_span_eq(flag, PS_SPAN("sent"))) delivery->sent |= bit;
        if (ps_span_eq(flag, PS_SPAN("held"))) delivery->held |= bit;
    }
    return PS_OK;
}

enum ps_err store_write(const struct store *store, const struct ps_dynamodb_write *writes, size_t count,
                        size_t *refused)
{
    return ps_dynamodb_write(store->table, store->arena, store->deadline, writes, count, refused);
}

static enum ps_err write_all(const struct store *store, const struct ps_dynamodb_write *writes, size_t count,
                             bool *done)
{
    size_t refused = 0;
    PS_TRY(store_write(store, writes, count, &refused));
    *done = refused == count;
    return PS_OK;
}

/* -- handled ids --------------------------------------------------------------------------------------------------- */

static enum ps_err id_key(const struct store *store, struct ps_span id, struct ps_dynamodb_key *key)
{
    struct ps_buf buf;
    ps_buf_init(&buf, store->arena, KEY_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("id#"));
    ps_buf_put(&buf, id);
    key->sk = PS_SPAN("id");
    return ps_buf_finish(&buf, &key->pk);
}

enum ps_err store_get_id(const struct store *store, struct ps_span id, struct handled_id *out)
{
    struct ps_dynamodb_key key;
    struct ps_span json, told;
    PS_TRY(id_key(store, id, &key));
    PS_TRY(ps_dynamodb_get(store->table, store->arena, store->deadline, &key, &json));
    *out = (struct handled_id){ .delivery.key = key };
    if (json.len == 0) return PS_OK;
    PS_TRY(store_read_delivery(store, json, &out->delivery));
    PS_TRY(ps_dynamodb_item_text(store->arena, json, PS_SPAN("handled"), &told));
    out->handled = ps_span_eq(told, PS_SPAN("told")) ? HANDLED_TOLD : HANDLED_COUNTED;
    out->count = (uint64_t)ps_dynamodb_item_number(json, PS_SPAN("repeats"), 1);
    return PS_OK;
}

/* handled becomes what the write makes of it. */
static enum ps_err put_id(const struct store *store, const struct alert *alert, struct handled_id *handled,
                          struct ps_dynamodb_write *write)
{
    struct ps_item item;
    struct ps_dynamodb_key *key = &handled->delivery.key;
    bool told = handled->handled == HANDLED_TOLD;
    PS_TRY(id_key(store, alert->id, key));
    ps_item_begin(&item, store->arena);
    ps_item_put_text(&item, "pk", key->pk);
    ps_item_put_text(&item, "sk", key->sk);
    ps_item_put_text(&item, "handled", told ? PS_SPAN("told") : PS_SPAN("counted"));
    ps_item_put_text(&item, "fingerprint", ps_span_make(alert->fingerprint, ALERT_FINGERPRINT_BYTES));
    ps_item_put_number(&item, "ttl", store_ttl(store));
    if (told) {
        ps_item_put_number(&item, "repeats", (int64_t)handled->count);
        ps_item_put_number(&item, "leaseMs", lease_end_ms(store));
        ps_item_put_text(&item, "leaseBy", store->request_id);
    }
    *write = (struct ps_dynamodb_write){ .kind = PS_DYNAMODB_PUT, .condition = PS_SPAN("attribute_not_exists(pk)") };
    return ps_item_finish(&item, &write->item);
}

/* -- incidents ----------------------------------------------------------------------------------------------------- */

/* Sixteen partitions: enough for a storm, few enough to be read every minute. */
static struct ps_dynamodb_key incident_key(const struct alert *alert, char pk[STORE_INCIDENT_PK_BYTES])
{
    static const char NAME[] = "incident#";
    memcpy(pk, NAME, sizeof NAME - 1);
    pk[sizeof NAME - 1] = alert->fingerprint[0];
    return (struct ps_dynamodb_key){ ps_span_make(pk, STORE_INCIDENT_PK_BYTES),
                                     ps_span_make(alert->fingerprint, ALERT_FINGERPRINT_BYTES) };
}

static enum incident_phase read_phase(struct ps_span text)
{
    return ps_span_eq(text, ps_span_of(PHASES[INCIDENT_COUNTING])) ? INCIDENT_COUNTING : INCIDENT_OPEN;
}

enum ps_err store_read_incident(const struct store *store, struct ps_span json, struct incident *out)
{
    struct ps_span phase;
    PS_TRY(ps_dynamodb_item_text(store->arena, json, PS_SPAN("phase"), &phase));
    struct incident incident = {
        .phase = read_phase(phase),
        .well = ps_dynamodb_item_number(json, PS_SPAN("well"), 0) != 0,
        .said_ms = ps_dynamodb_item_number(json, PS_SPAN("saidMs"), 0),
        .repeats = (uint64_t)ps_dynamodb_item_number(json, PS_SPAN("repeats"), 0),
        .from_ms = ps_dynamodb_item_number(json, PS_SPAN("fromMs"), 0),
        .to_ms = ps_dynamodb_item_number(json, PS_SPAN("toMs"), 0),
        .channels = (unsigned)ps_dynamodb_item_number(json, PS_SPAN("channels"), CHANNELS_ALL),
    };
    PS_TRY(store_read_alert(store, json, &incident.alert));
    *out = incident;
    return PS_OK;
}

enum ps_err store_get_incident(const struct store *store, const struct alert *alert, struct incident *out)
{
    char pk[STORE_INCIDENT_PK_BYTES];
    struct ps_dynamodb_key key = incident_key(alert, pk);
    struct ps_span json;
    PS_TRY(ps_dynamodb_get(store->table, store->arena, store->deadline, &key, &json));
    *out = (struct incident){ .phase = INCIDENT_NONE };
    return json.len == 0 ? PS_OK : store_read_incident(store, json, out);
}

static int64_t window_end_ms(const struct store *store)
{
    return store->now_ms + (int64_t)store->window_s * 1000;
}

static enum ps_err put_incident(const struct store *store, enum incident_phase phase, const struct alert *alert,
                                const struct ruling *ruling, struct ps_dynamodb_write *write)
{
    char pk[STORE_INCIDENT_PK_BYTES];
    struct ps_dynamodb_key key = incident_key(alert, pk);
    bool counting = phase == INCIDENT_COUNTING;
    struct ps_item item;
    ps_item_begin(&item, store->arena);
    ps_item_put_text(&item, "pk", key.pk);
    ps_item_put_text(&item, "sk", key.sk);
    ps_item_put_text(&item, "phase", ps_span_of(PHASES[phase]));
    ps_item_put_number(&item, "repeats", 0);
    ps_item_put_number(&item, "well", 0);
    ps_item_put_number(&item, "saidMs", alert->time_ms);
    ps_item_put_number(&item, "fromMs", store->now_ms);
    ps_item_put_number(&item, "toMs",
                       counting ? store->now_ms + (int64_t)ruling->rate_seconds * 1000 : window_end_ms(store));
    ps_item_put_number(&item, "channels", ruling->channels);
    ps_item_put_number(&item, "ttl", store_ttl(store));
    store_put_alert(&item, alert);
    *write = (struct ps_dynamodb_write){ .kind = PS_DYNAMODB_PUT, .condition = PS_SPAN("attribute_not_exists(pk)") };
    return ps_item_finish(&item, &write->item);
}

/* The values that name the incident as it was read. */
static void put_as_read(struct ps_item *values, const struct incident *incident)
{
    ps_item_put_text(values, ":phase", ps_span_of(PHASES[incident->phase]));
    ps_item_put_number(values, ":to", incident->to_ms);
    ps_item_put_number(values, ":repeats", (int64_t)incident->repeats);
}

static enum ps_err reach_rate(const struct store *store, const struct alert *alert, const struct incident *incident,
                              const struct ruling *ruling, struct ps_dynamodb_write *write)
{
    struct ps_item values;
    ps_item_begin(&values, store->arena);
    put_as_read(&values, incident);
    ps_item_put_text(&values, ":open", ps_span_of(PHASES[INCIDENT_OPEN]));
    ps_item_put_number(&values, ":zero", 0);
    ps_item_put_number(&values, ":now", store->now_ms);
    ps_item_put_number(&values, ":end", window_end_ms(store));
    ps_item_put_number(&values, ":channels", ruling->channels);
    ps_item_put_number(&values, ":said", alert->time_ms);
    write->update = PS_SPAN("SET phase = :open, repeats = :zero, fromMs = :now, toMs = :end, channels = :channels, "
                            "saidMs = :said");
    write->condition = PS_SPAN("phase = :phase AND toMs = :to AND repeats = :repeats");
    return ps_item_finish(&values, &write->values);
}

/* A counting incident must not pass its rate unseen. */
static enum ps_err count_towards_rate(const struct store *store, const struct incident *incident,
                                      struct ps_dynamodb_write *write)
{
    struct ps_item values;
    ps_item_begin(&values, store->arena);
    put_as_read(&values, incident);
    ps_item_put_number(&values, ":one", 1);
    write->update = PS_SPAN("ADD repeats :one");
    write->condition = PS_SPAN("phase = :phase AND toMs = :to AND repeats = :repeats");
    return ps_item_finish(&values, &write->values);
}

/* An open incident takes every repeat, whatever came in between. */
static enum ps_err count_repeat(const struct store *store, const struct incident *incident,
                                struct ps_dynamodb_write *write)
{
    struct ps_item values;
    ps_item_begin(&values, store->arena);
    ps_item_put_text(&values, ":phase", ps_span_of(PHASES[incident->phase]));
    ps_item_put_number(&values, ":one", 1);
    write->update = PS_SPAN("ADD repeats :one");
    write->condition = PS_SPAN("phase = :phase");
    return ps_item_finish(&values, &write->values);
}

/* Unless a later word is there already. */
static enum ps_err set_well(const struct store *store, const struct alert *alert, const struct incident *incident,
                            struct ps_dynamodb_write *write)
{
    struct ps_item values;
    ps_item_begin(&values, store->arena);
    ps_item_put_text(&values, ":phase", ps_span_of(PHASES[incident->phase]));
    ps_item_put_number(&values, ":well", alert->over);
    ps_item_put_number(&values, ":said", alert->time_ms);
    if (!alert->over) ps_item_put_number(&values, ":one", 1);
    write->update = alert->over ? PS_SPAN("SET well = :well, saidMs = :said")
                                : PS_SPAN("SET well = :well, saidMs = :said ADD repeats :one");
    write->condition = PS_SPAN("phase = :phase AND saidMs <= :said");
    return ps_item_finish(&values, &write->values);
}

/* Only alarms and monitors say that they are well, and so need the order of what they said. */
static enum ps_err count_one(const struct store *store, const struct alert *alert, const struct incident *incident,
                             struct ps_dynamodb_write *write)
{
    bool can_be_well = alert->source == ALERT_ALARM || alert->source == ALERT_OPENSEARCH;
    if (incident->phase == INCIDENT_COUNTING) return count_towards_rate(store, incident, write);
    if (can_be_well && alert->time_ms >= incident->said_ms) return set_well(store, alert, incident, write);
    return count_repeat(store, incident, write);
}

static enum ps_err change_incident(const struct store *store, enum step step, const struct alert *alert,
                                   const struct incident *incident, const struct ruling *ruling,
                                   struct ps_dynamodb_write *write)
{
    switch (step) {
    case STEP_OPEN:
        return put_incident(store, INCIDENT_OPEN, alert, ruling, write);
    case STEP_BEGIN_COUNT:
        return put_incident(store, INCIDENT_COUNTING, alert, ruling, write);
    case STEP_REACH_RATE:
        return reach_rate(store, alert, incident, ruling, write);
    case STEP_COUNT:
        return count_one(store, alert, incident, write);
    case STEP_MARK_WELL:
        return set_well(store, alert, incident, write);
    case STEP_NOTHING:
    case STEP_TELL_REST:
    case STEP_CLOSE:
        break;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "step %d writes no id", (int)step);
}

enum ps_err store_step(const struct store *store, enum step step, const struct alert *alert,
                       const struct incident *incident, const struct ruling *ruling, struct handled_id *handled,
                       bool *done)
{
    char pk[STORE_INCIDENT_PK_BYTES];
    bool told = step == STEP_OPEN || step == STEP_REACH_RATE;
    struct handled_id after = {
        .handled = told ? HANDLED_TOLD : HANDLED_COUNTED,
        .count = step == STEP_REACH_RATE ? incident->repeats + 2 : 1,
    };
    struct ps_dynamodb_write writes[] = {
        { 0 },
        { .kind = PS_DYNAMODB_UPDATE, .key = incident_key(alert, pk) },
    };
    PS_TRY(put_id(store, alert, &after, &writes[0]));
    PS_TRY(change_incident(store, step, alert, incident, ruling, &writes[1]));
    PS_TRY(write_all(store, writes, 2, done));
    if (*done) *handled = after;
    return PS_OK;
}

/* -- the end of a window ------------------------------------------------------------------------------------------- */

/* A storm must not keep its own summary from being told: what came since it was read belongs to the next window. */
static enum ps_err next_window(const struct store *store, const struct incident *incident,
                               struct ps_dynamodb_write *write)
{
    struct ps_item values;
    ps_item_begin(&values, store->arena);
    ps_item_put_text(&values, ":phase", ps_span_of(PHASES[incident->phase]));
    ps_item_put_number(&values, ":to", incident->to_ms);
    ps_item_put_number(&values, ":now", store->now_ms);
    ps_item_put_number(&values, ":end", window_end_ms(store));
    ps_item_put_number(&values, ":ttl", store_ttl(store));
    ps_item_put_number(&values, ":told", -(int64_t)incident->repeats);
    write->kind = PS_DYNAMODB_UPDATE;
    write->update = PS_SPAN("SET fromMs = :now, toMs = :end, #ttl = :ttl ADD repeats :told");
    write->names = PS_SPAN("{\"#ttl\":\"ttl\"}");
    write->condition = PS_SPAN("phase = :phase AND toMs = :to");
    return ps_item_finish(&values, &write->values);
}

static enum ps_err end_incident(const struct store *store, const struct incident *incident,
                                struct ps_dynamodb_write *write)
{
    struct ps_item values;
    ps_item_begin(&values, store->arena);
    put_as_read(&values, incident);
    ps_item_put_number(&values, ":well", incident->well);
    write->kind = PS_DYNAMODB_DELETE;
    write->condition = PS_SPAN("phase = :phase AND toMs = :to AND repeats = :repeats AND well = :well");
    return ps_item_finish(&values, &write->values);
}

enum ps_err store_close(const struct store *store, enum closing closing, const struct incident *incident, bool *done)
{
    PS_ASSERT(closing != CLOSING_NOT_DUE);
    char pk[STORE_INCIDENT_PK_BYTES];
    struct ps_dynamodb_write writes[] = { { .key = incident_key(&incident->alert, pk) }, { 0 } };
    bool goes_on = closing == CLOSING_GO_ON || closing == CLOSING_SUMMARISE;
    bool tells = closing == CLOSING_SUMMARISE || closing == CLOSING_RESOLVE;
    PS_TRY(goes_on ? next_window(store, incident, &writes[0]) : end_incident(store, incident, &writes[0]));
    if (tells) {
        const struct notice notice = {
            .kind = closing == CLOSING_SUMMARISE ? NOTICE_SUMMARY : NOTICE_RESOLVED,
            .alert = incident->alert,
            .count = incident->repeats,
            .from_ms = incident->from_ms,
            .to_ms = store->now_ms,
        };
        PS_TRY(store_put_outgoing(store, &notice, incident->channels, &writes[1]));
    }
    return write_all(store, writes, tells ? 2 : 1, done);
}

struct incidents_job {
    const struct store *store;
    store_on_incident *on_incident;
    void *context;
};

static enum ps_err on_incident_row(void *context, struct ps_span json)
{
    const struct incidents_job *job = context;
    struct ps_arena_mark mark = ps_arena_mark(job->store->arena);
    struct incident incident;
    PS_TRY(store_read_incident(job->store, json, &incident));
    PS_TRY(job->on_incident(job->context, &incident));
    ps_arena_rewind(job->store->arena, mark);
    return PS_OK;
}

enum ps_err store_each_incident(const struct store *store, store_on_incident *on_incident, void *context)
{
    enum { INCIDENTS_MAX = 100000 }; /* of one partition: what is more is closed a minute later */
    static const char DIGITS[] = "0123456789abcdef";
    struct incidents_job job = { store, on_incident, context };
    for (size_t i = 0; i < sizeof DIGITS - 1; i++) {
        const struct alert first = { .fingerprint = { DIGITS[i] } };
        char pk[STORE_INCIDENT_PK_BYTES];
        struct ps_dynamodb_query query = {
            .table = store->table_name,
            .pk = incident_key(&first, pk).pk,
            .sk_from = PS_SPAN("0"),
            .sk_to = PS_SPAN("g"),
            .limit = INCIDENTS_MAX,
        };
        PS_TRY(ps_dynamodb_query(store->client, store->arena, store->deadline, &query, on_incident_row, &job));
    }
    return PS_OK;
}

/* -- whose turn it is ---------------------------------------------------------------------------------------------- */

/* Whoever had it before may have brought it to some channels since it was read. */
static enum ps_err read_again(const struct store *store, struct delivery *delivery, bool *found)
{
    struct ps_span json;
    PS_TRY(ps_dynamodb_get(store->table, store->arena, store->deadline, &delivery->key, &json));
    *found = json.len > 0;
    return *found ? store_read_delivery(store, json, delivery) : PS_OK;
}

enum ps_err store_lease(const struct store *store, struct delivery *delivery, bool *done)
{
    struct ps_item values;
    struct ps_dynamodb_write write = {
        .kind = PS_DYNAMODB_UPDATE,
        .key = delivery->key,
        .update = PS_SPAN("SET leaseMs = :end, leaseBy = :me"),
        .condition = PS_SPAN("attribute_exists(pk) AND "
                             "(attribute_not_exists(leaseMs) OR leaseMs <= :now OR leaseBy = :me)"),
    };
    ps_item_begin(&values, store->arena);
    ps_item_put_number(&values, ":now", store->now_ms);
    ps_item_put_number(&values, ":end", lease_end_ms(store));
    ps_item_put_text(&values, ":me", store->request_id);
    PS_TRY(ps_item_finish(&values, &write.values));
    PS_TRY(write_all(store, &write, 1, done));
    return *done ? read_again(store, delivery, done) : PS_OK;
}

enum ps_err store_release(const struct store *store, const struct delivery *delivery)
{
    struct ps_item values;
    struct ps_dynamodb_write write = {
        .kind = PS_DYNAMODB_UPDATE,
        .key = delivery->key,
        .update = PS_SPAN("REMOVE leaseMs, leaseBy"),
        .condition = PS_SPAN("leaseBy = :me"),
    };
    bool done = false; /* else it was not this invocation's any more */
    ps_item_begin(&values, store->arena);
    ps_item_put_text(&values, ":me", store->request_id);
    PS_TRY(ps_item_finish(&values, &write.values));
    return write_all(store, &write, 1, &done);
}
