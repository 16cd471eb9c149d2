#include "handle.h"

#include "decide.h"

enum { TRIES_MAX = 10 }; /* others change the same incident at the same time */

/* One alert under way. */
struct handling {
    const struct delivering *delivering;
    const struct alert *alert;
    struct ruling ruling;
    struct handled_id handled;
    struct incident incident;
};

static enum ps_err tell(struct handling *handling)
{
    const struct alert *alert = handling->alert;
    int64_t time_ms = alert->time_ms > 0 ? alert->time_ms : handling->delivering->store->now_ms;
    const struct notice notice = {
        .kind = NOTICE_FIRED, .alert = *alert, .count = handling->handled.count, .from_ms = time_ms, .to_ms = time_ms
    };
    return deliver(handling->delivering, &handling->handled.delivery, handling->ruling.channels, &notice);
}

static bool is_missing_somewhere(const struct handling *handling)
{
    const struct delivery *delivery = &handling->handled.delivery;
    unsigned wanted = handling->ruling.channels & handling->delivering->channels->set;
    return (wanted & ~(delivery->sent | delivery->held)) != 0;
}

/* Channels that were told only after the incident's end have not heard of the end, and nobody else would tell it. */
static enum ps_err end_late(struct handling *handling, unsigned channels)
{
    const struct store *store = handling->delivering->store;
    if (channels == 0) return PS_OK;
    PS_TRY(store_get_incident(store, handling->alert, &handling->incident));
    return handling->incident.phase == INCIDENT_OPEN ? PS_OK : store_put_end(store, handling->alert, channels);
}

/* What an earlier try left over. Another invocation may be at it right now: then this one comes again later. */
static enum ps_err tell_rest(struct handling *handling, enum ps_verdict *verdict)
{
    struct delivery *delivery = &handling->handled.delivery;
    *verdict = PS_VERDICT_DUPLICATE;
    if (!is_missing_somewhere(handling)) return PS_OK;
    bool mine = false;
    PS_TRY(store_lease(handling->delivering->store, delivery, &mine));
    if (!mine) PS_FAIL(PS_ERR_UNAVAILABLE, "another invocation is sending this alert: it is looked at again later");
    if (!is_missing_somewhere(handling)) return PS_OK;
    *verdict = PS_VERDICT_STORED;
    unsigned before = delivery->sent;
    enum ps_err err = tell(handling);
    const struct ps_err_note failure = *ps_err_note();
    PS_TRY(end_late(handling, delivery->sent & ~before));
    if (err != PS_OK) PS_FAIL(failure.err, "%s", failure.text);
    return PS_OK;
}

static enum ps_err ask(struct handling *handling)
{
    const struct store *store = handling->delivering->store;
    PS_TRY(store_get_id(store, handling->alert->id, &handling->handled));
    if (handling->handled.handled != HANDLED_NOT) return PS_OK;
    return store_get_incident(store, handling->alert, &handling->incident);
}

static enum ps_err take_step(struct handling *handling, enum step step, struct handle_counts *counts,
                             struct closing_counts *closings, enum ps_verdict *verdict, bool *done)
{
    const struct store *store = handling->delivering->store;
    switch (step) {
    case STEP_NOTHING:
        *verdict = handling->handled.handled == HANDLED_NOT ? PS_VERDICT_FILTERED : PS_VERDICT_DUPLICATE;
        *done = true;
        return PS_OK;
    case STEP_TELL_REST:
        *done = true;
        return tell_rest(handling, verdict);
    case STEP_CLOSE:
        *done = false;
        return closing_one(handling->delivering, &handling->incident, closings);
    case STEP_OPEN:
    case STEP_REACH_RATE:
        PS_TRY(
            store_step(store, step, handling->alert, &handling->incident, &handling->ruling, &handling->handled, done));
        if (!*done) return PS_OK;
        counts->opened++;
        *verdict = PS_VERDICT_STORED;
        return tell(handling);
    case STEP_BEGIN_COUNT:
    case STEP_COUNT:
    case STEP_MARK_WELL:
        *verdict = PS_VERDICT_JOINED;
        return store_step(store, step, handling->alert, &handling->incident, &handling->ruling, &handling->handled,
                          done);
    }
    return PS_OK;
}

enum ps_err handle_alert(const struct delivering *delivering, const struct rules *rules, const struct alert *alert,
                         struct handle_counts *counts, struct closing_counts *closings, enum ps_verdict *verdict)
{
    struct handling handling = { .delivering = delivering, .alert = alert, .ruling = rules_judge(rules, alert) };
    *verdict = PS_VERDICT_FILTERED;
    if (alert->replayed) counts->replayed++;
    if (alert->replayed || alert->ignored || handling.ruling.drop) return PS_OK;
    for (int i = 0; i < TRIES_MAX; i++) {
        bool done = false;
        PS_TRY(ask(&handling));
        enum step step =
            decide(alert, handling.handled.handled, &handling.incident, &handling.ruling, delivering->store->now_ms);
        PS_TRY(take_step(&handling, step, counts, closings, verdict, &done));
        if (done) return PS_OK;
    }
    PS_FAIL(PS_ERR_THROTTLED, "incident %.*s: changed by others %d times in a row", ALERT_FINGERPRINT_BYTES,
            alert->fingerprint, TRIES_MAX);
}
