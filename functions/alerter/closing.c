#include "closing.h"

struct run {
    const struct delivering *delivering;
    struct closing_counts *counts;
    uint64_t failures;        /* windows that could not be closed, or notices that could not be sent */
    struct ps_err_note first; /* of these */
};

static void note_failure(struct run *run)
{
    if (run->failures++ == 0) run->first = *ps_err_note();
}

enum ps_err closing_one(const struct delivering *delivering, const struct incident *incident,
                        struct closing_counts *counts)
{
    enum closing closing = decide_closing(incident, delivering->store->now_ms);
    if (closing == CLOSING_NOT_DUE) return PS_OK;
    bool done = false; /* else it has changed since it was read, and is looked at again in a minute */
    PS_TRY(store_close(delivering->store, closing, incident, &done));
    counts->windows += done;
    counts->resolved += done && closing == CLOSING_RESOLVE;
    return PS_OK;
}

/* One that cannot be closed, because a storm is at it, keeps no other open. */
static enum ps_err on_incident(void *context, const struct incident *incident)
{
    struct run *run = context;
    if (ps_deadline_left_ms(run->delivering->store->deadline) == 0)
        PS_FAIL(PS_ERR_DEADLINE, "windows are left to be closed: the next run goes on");
    if (closing_one(run->delivering, incident, run->counts) != PS_OK) note_failure(run);
    return PS_OK;
}

/* -- what is on its way -------------------------------------------------------------------------------------------- */

static bool is_too_old(const struct run *run, const struct outgoing *outgoing)
{
    return run->delivering->store->now_ms - outgoing->closed_ms > CLOSING_OUTGOING_MS_MAX;
}

static enum ps_err bury(const struct run *run, const struct outgoing *outgoing)
{
    run->counts->dead++;
    ps_log_write(run->delivering->log, PS_LOG_ERROR, "notice_dead",
                 PS_LOG_FIELDS(PS_LOG_STR("fingerprint",
                                          ps_span_make(outgoing->notice.alert.fingerprint, ALERT_FINGERPRINT_BYTES)),
                               PS_LOG_U64("repeats", outgoing->notice.count),
                               PS_LOG_STR("reason", PS_SPAN("no channel took it for six hours"))));
    unsigned missing = deliver_missing(run->delivering, &outgoing->delivery, outgoing->channels, outgoing->notice.kind);
    return store_bury_outgoing(run->delivering->store, outgoing, missing);
}

/* An end that could not be told in time would now end what has begun anew: PagerDuty knows both under one key. */
static enum ps_err is_outdated(const struct run *run, const struct notice *notice, bool *outdated)
{
    struct incident incident = { .phase = INCIDENT_NONE };
    if (notice->kind == NOTICE_RESOLVED) PS_TRY(store_get_incident(run->delivering->store, &notice->alert, &incident));
    *outdated = incident.phase == INCIDENT_OPEN;
    return PS_OK;
}

static enum ps_err send_outgoing(const struct run *run, struct outgoing *outgoing)
{
    bool mine = false, outdated = false;
    PS_TRY(store_lease(run->delivering->store, &outgoing->delivery, &mine));
    if (!mine) return PS_OK; /* another invocation is at it */
    PS_TRY(is_outdated(run, &outgoing->notice, &outdated));
    if (!outdated) PS_TRY(deliver(run->delivering, &outgoing->delivery, outgoing->channels, &outgoing->notice));
    return store_remove_outgoing(run->delivering->store, outgoing);
}

static enum ps_err on_outgoing(void *context, struct outgoing *outgoing)
{
    struct run *run = context;
    if (ps_deadline_left_ms(run->delivering->store->deadline) == 0)
        PS_FAIL(PS_ERR_DEADLINE, "notices are left to be sent: the next run goes on");
    enum ps_err err = send_outgoing(run, outgoing);
    if (err == PS_OK) return PS_OK;
    note_failure(run);
    return is_too_old(run, outgoing) ? bury(run, outgoing) : PS_OK;
}

enum ps_err closing_send(const struct delivering *delivering, struct closing_counts *counts)
{
    struct run run = { .delivering = delivering, .counts = counts };
    PS_TRY(store_each_outgoing(delivering->store, on_outgoing, &run));
    if (run.failures > 0)
        PS_FAIL(run.first.err, "%llu notices are still on their way: %s", (unsigned long long)run.failures,
                run.first.text);
    return PS_OK;
}

enum ps_err closing_run(const struct delivering *delivering, struct closing_counts *counts)
{
    struct run run = { .delivering = delivering, .counts = counts };
    for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
        if (delivering->channels->settings->channel_cap_per_hour[channel] > 0)
            PS_TRY(store_settle_hour(delivering->store, channel));
    }
    PS_TRY(store_each_incident(delivering->store, on_incident, &run));
    PS_TRY(closing_send(delivering, counts));
    if (run.failures > 0)
        PS_FAIL(run.first.err, "%llu windows are left open: %s", (unsigned long long)run.failures, run.first.text);
    return PS_OK;
}
