/* What an alert leads to, and what becomes of an incident whose window is over. Pure: what is remembered comes in, one
 * step goes out; whoever takes the step writes it on condition that nothing has changed since, and else asks again.
 *
 * An incident is what alerts of one fingerprint make of themselves: it begins when the first is told, counts the others
 * in windows, and ends when a window was quiet (logs, monitors, texts) or the alarm said that it is well. */
#ifndef ALERTER_DECIDE_H
#define ALERTER_DECIDE_H

#include "alert.h"
#include "rules.h"

enum {
    /* Windows are closed by the schedule, every minute. One that is open this long after its end says that nobody calls
     * the schedule: then the next alert closes it, so that nothing stays silent for ever. */
    DECIDE_OVERDUE_MS = 3 * 60 * 1000,
};

/* What was done about an alert's id before. */
enum handled {
    HANDLED_NOT,
    HANDLED_TOLD,    /* it is the one that is told; not every channel may have it yet */
    HANDLED_COUNTED, /* as a repeat, before its time, or as the end of an incident */
};

enum incident_phase {
    INCIDENT_NONE,
    INCIDENT_COUNTING, /* its rule's rate is not reached: nobody was told */
    INCIDENT_OPEN,
};

struct incident {
    enum incident_phase phase;
    bool well;              /* the alarm said so; the end of the window tells it */
    int64_t said_ms;        /* when it last said whether it is well: events come in any order */
    uint64_t repeats;       /* in this window, the one that opened it left out */
    int64_t from_ms, to_ms; /* the window */
    unsigned channels;      /* that it was told to, 1 << enum channel */
    struct alert alert;     /* the first; its fields are not kept */
};

enum step {
    STEP_NOTHING,     /* known already, or well when nothing was wrong, or before it was wrong again */
    STEP_TELL_REST,   /* to channels that do not have it yet */
    STEP_CLOSE,       /* the incident's window first; then ask again */
    STEP_OPEN,        /* a new incident; tell */
    STEP_BEGIN_COUNT, /* a new incident; tell nobody yet */
    STEP_REACH_RATE,  /* open the counting incident; tell */
    STEP_COUNT,       /* one more */
    STEP_MARK_WELL,   /* its window's end tells that it is over */
};

enum step decide(const struct alert *alert, enum handled handled, const struct incident *incident,
                 const struct ruling *ruling, int64_t now_ms);

enum closing {
    CLOSING_NOT_DUE,
    CLOSING_FORGET,    /* the rate was not reached */
    CLOSING_GO_ON,     /* still on, nothing new: the next window */
    CLOSING_SUMMARISE, /* it came again: tell how often, and the next window */
    CLOSING_RESOLVE,   /* it is over: tell, and forget */
};

enum closing decide_closing(const struct incident *incident, int64_t now_ms);

#endif
