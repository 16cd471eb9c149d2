/* The schedule's work: windows that are over are closed, with one summary each, incidents that are over are resolved,
 * and what channels could not take before is sent again. */
#ifndef ALERTER_CLOSING_H
#define ALERTER_CLOSING_H

#include "deliver.h"

enum {
    /* As long as Lambda keeps an event that it cannot deliver: what is older wakes nobody usefully. */
    CLOSING_OUTGOING_MS_MAX = 6 * 3600 * 1000,
};

struct closing_counts {
    uint64_t windows;  /* closed */
    uint64_t resolved; /* of these, with the end of the incident */
    uint64_t dead;     /* notices not taken within CLOSING_OUTGOING_MS_MAX: kept in the table, each logged */
};

/* Closes one incident's window when it is due. Its notice is put on its way, not sent. */
PS_MUST_USE enum ps_err closing_one(const struct delivering *delivering, const struct incident *incident,
                                    struct closing_counts *counts);

/* Sends what is on its way. Every notice has its turn; then the first failure is told. */
PS_MUST_USE enum ps_err closing_send(const struct delivering *delivering, struct closing_counts *counts);

/* Closes every window that is due, and sends. */
PS_MUST_USE enum ps_err closing_run(const struct delivering *delivering, struct closing_counts *counts);

#endif
