/* The books of one invocation: in = stored + duplicate + filtered + joined + dead + returned, always.
 * A record gets exactly one verdict. in is counted after carriers are unpacked; control messages are apart;
 * unparsed is a part of stored. Side counts (retries, bytes, redactions) never enter the sum. */
#ifndef PS_ACCOUNT_H
#define PS_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

enum ps_verdict {
    PS_VERDICT_STORED,
    PS_VERDICT_DUPLICATE, /* the sink had it already */
    PS_VERDICT_FILTERED,  /* a filter, a level threshold or sampling dropped it */
    PS_VERDICT_JOINED,    /* became a part of the record before it */
    PS_VERDICT_DEAD,      /* in the dead-letter store, with its reason */
    PS_VERDICT_RETURNED,  /* handed back to the source */
    PS_VERDICT_COUNT,
};

struct ps_account {
    uint64_t in;
    uint64_t verdicts[PS_VERDICT_COUNT];
    uint64_t control;         /* CONTROL_MESSAGE envelopes */
    uint64_t envelopes;       /* carriers unpacked, control ones included */
    uint64_t refused_records; /* of filtered: those of excluded log groups */
    uint64_t refused_group;   /* envelopes of excluded log groups; their events are filtered */
    uint64_t unparsed;
    uint64_t redacted;
    uint64_t repaired;    /* invalid UTF-8 sequences replaced */
    uint64_t cut;         /* messages or values cut at a limit */
    uint64_t retried;     /* items sent again */
    uint64_t requests;    /* to the sink */
    uint64_t event_bytes; /* as invoked */
    uint64_t inflated_bytes;
    uint64_t sent_bytes; /* request bodies as sent */
    uint64_t spilled;    /* of dead: undelivered for want of time or a sink, will land by replay */
};

static inline void ps_account_add(struct ps_account *account, enum ps_verdict verdict, uint64_t count)
{
    account->verdicts[verdict] += count;
}

/* Whatever has no verdict yet is handed back: for a failure that brings it again. */
void ps_account_return_rest(struct ps_account *account);

/* Whether the sum holds. */
bool ps_account_balances(const struct ps_account *account);

/* "stored", "duplicate"... */
const char *ps_account_verdict_name(enum ps_verdict verdict);

#endif
