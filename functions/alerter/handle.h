/* One alert from its arrival to its end: known already, counted, or told. */
#ifndef ALERTER_HANDLE_H
#define ALERTER_HANDLE_H

#include "closing.h"
#include "deliver.h"
#include "record/account.h"
#include "rules.h"

/* What became of alerts, beside their verdicts. */
struct handle_counts {
    uint64_t opened; /* incidents */
    uint64_t replayed;
};

/* PS_OK with its verdict: STORED (told now), DUPLICATE (handled before), FILTERED (by rule, excluded, replayed, of no
 * interest), JOINED (counted in an incident). A failure: RETURNED, the whole comes again. */
PS_MUST_USE enum ps_err handle_alert(const struct delivering *delivering, const struct rules *rules,
                                     const struct alert *alert, struct handle_counts *counts,
                                     struct closing_counts *closings, enum ps_verdict *verdict);

#endif
