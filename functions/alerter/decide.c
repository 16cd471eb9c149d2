#include "decide.h"

static enum step decide_well(const struct alert *alert, const struct incident *incident)
{
    bool overtaken = alert->time_ms < incident->said_ms;
    return incident->phase == INCIDENT_OPEN && !overtaken ? STEP_MARK_WELL : STEP_NOTHING;
}

/* A counting window that is over is no rate any more; an open one is the schedule's, as long as there is one. */
static bool must_close(const struct incident *incident, int64_t now_ms)
{
    switch (incident->phase) {
    case INCIDENT_NONE:
        return false;
    case INCIDENT_COUNTING:
        return now_ms >= incident->to_ms;
    case INCIDENT_OPEN:
        return now_ms - incident->to_ms > DECIDE_OVERDUE_MS;
    }
    return false;
}

enum step decide(const struct alert *alert, enum handled handled, const struct incident *incident,
                 const struct ruling *ruling, int64_t now_ms)
{
    if (handled == HANDLED_TOLD) return STEP_TELL_REST;
    if (handled == HANDLED_COUNTED) return STEP_NOTHING;
    if (must_close(incident, now_ms)) return STEP_CLOSE;
    if (alert->over) return decide_well(alert, incident);
    switch (incident->phase) {
    case INCIDENT_NONE:
        return ruling->rate_count > 1 ? STEP_BEGIN_COUNT : STEP_OPEN;
    case INCIDENT_COUNTING:
        return incident->repeats + 2 >= ruling->rate_count ? STEP_REACH_RATE : STEP_COUNT;
    case INCIDENT_OPEN:
        return STEP_COUNT;
    }
    return STEP_NOTHING;
}

/* An alarm is on until it says otherwise; whatever else can only fall silent. */
static bool is_over(const struct incident *incident)
{
    if (incident->well) return true;
    return incident->alert.source != ALERT_ALARM && incident->repeats == 0;
}

enum closing decide_closing(const struct incident *incident, int64_t now_ms)
{
    if (incident->phase == INCIDENT_NONE || now_ms < incident->to_ms) return CLOSING_NOT_DUE;
    if (incident->phase == INCIDENT_COUNTING) return CLOSING_FORGET;
    if (is_over(incident)) return CLOSING_RESOLVE;
    return incident->repeats > 0 ? CLOSING_SUMMARISE : CLOSING_GO_ON;
}
