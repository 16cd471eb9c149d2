/* Brings one notice to every channel that does not have it yet. Each channel is by itself: its cap, its flag, its
 * failure; the most urgent comes first. A flag is written when the service has taken the notice, so that a retry sends
 * only what is missing; between the two lies the one gap in which a notice can be sent twice. */
#ifndef ALERTER_DELIVER_H
#define ALERTER_DELIVER_H

#include "channels.h"
#include "store.h"

struct deliver_counts {
    uint64_t sent[CHANNEL_COUNT];
    uint64_t held[CHANNEL_COUNT];
    uint64_t failed[CHANNEL_COUNT];
    unsigned unreachable; /* 1 << enum channel: failed in a way that passes, so not tried again in this invocation */
};

struct delivering {
    const struct channels *channels;
    const struct store *store;
    const struct ps_log *log;
    struct deliver_counts *counts;
};

/* The channels that lack the notice, of those that are wanted, set and concerned. */
unsigned deliver_missing(const struct delivering *delivering, const struct delivery *delivery, unsigned wanted,
                         enum notice_kind kind);

/* wanted: 1 << enum channel; those that are not set or not concerned are left out. Fails when a channel could not be
 * reached, after all others had their turn: the note names each, and the lease is given back. Failures are also logged,
 * one line a channel. */
PS_MUST_USE enum ps_err deliver(const struct delivering *delivering, struct delivery *delivery, unsigned wanted,
                                const struct notice *notice);

#endif
