/* What the alerter remembers, in one DynamoDB table: ids that were handled, open incidents, notices on their way, and
 * how much each channel has had. docs/wire/alert-table.md has every item and attribute.
 *
 * Every change holds only if what it was decided on has not changed since: *done says whether it was made. */
#ifndef ALERTER_STORE_H
#define ALERTER_STORE_H

#include "aws/dynamodb_item.h"
#include "decide.h"
#include "notice.h"

enum {
    /* An invocation that dies keeps its lease this long at most; Lambda's first retry comes after a minute. */
    STORE_LEASE_MS_MAX = 45000,
};

/* For one invocation. */
struct store {
    struct ps_call_client *client;
    struct ps_dynamodb_table *table;
    struct ps_span table_name;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    struct ps_span request_id;
    int64_t now_ms;
    uint32_t window_s;
    uint32_t ttl_days;
};

/* Where a notice's way to its channels is kept: 1 << enum channel for each state. */
struct delivery {
    struct ps_dynamodb_key key;
    unsigned taken; /* a place under the cap is taken, nothing is known of the sending */
    unsigned sent;
    unsigned held; /* over the cap: not sent */
};

struct handled_id {
    enum handled handled;
    uint64_t count; /* TOLD: how many alerts it took */
    struct delivery delivery;
};

struct outgoing {
    struct notice notice;
    unsigned channels;
    int64_t closed_ms; /* when it was put there */
    struct delivery delivery;
};

PS_MUST_USE enum ps_err store_get_id(const struct store *store, struct ps_span id, struct handled_id *out);
PS_MUST_USE enum ps_err store_get_incident(const struct store *store, const struct alert *alert, struct incident *out);

/* The steps of decide.h that change something. With one that tells, the id's item is leased to this invocation, and
 * handled becomes what was written. */
PS_MUST_USE enum ps_err store_step(const struct store *store, enum step step, const struct alert *alert,
                                   const struct incident *incident, const struct ruling *ruling,
                                   struct handled_id *handled, bool *done);

/* Closes the window of an incident as decide_closing has it (not CLOSING_NOT_DUE, asserted); what is to be told becomes
 * an outgoing notice in the same transaction. */
PS_MUST_USE enum ps_err store_close(const struct store *store, enum closing closing, const struct incident *incident,
                                    bool *done);

/* Takes the way of a notice for this invocation, until its deadline or STORE_LEASE_MS_MAX, and reads anew what each
 * channel has; *done is false while another has it, and when it is gone. Lambda's own retry of an invocation has its
 * request id, and so its lease. */
PS_MUST_USE enum ps_err store_lease(const struct store *store, struct delivery *delivery, bool *done);
/* Gives it back after a failure, so that whoever tries next need not wait. */
PS_MUST_USE enum ps_err store_release(const struct store *store, const struct delivery *delivery);

/* A place for one more notice on the channel in this hour: the delivery is marked taken, or held when cap_per_hour are
 * sent already. */
PS_MUST_USE enum ps_err store_take_place(const struct store *store, struct delivery *delivery, enum channel channel,
                                         uint32_t cap_per_hour);
/* Puts an outgoing notice when an hour is over in which notices were held. */
PS_MUST_USE enum ps_err store_settle_hour(const struct store *store, enum channel channel);
PS_MUST_USE enum ps_err store_mark_sent(const struct store *store, struct delivery *delivery, enum channel channel);

/* Puts an outgoing notice that the alert's incident is over. */
PS_MUST_USE enum ps_err store_put_end(const struct store *store, const struct alert *alert, unsigned channels);

typedef enum ps_err store_on_incident(void *context, const struct incident *incident);
typedef enum ps_err store_on_outgoing(void *context, struct outgoing *outgoing);

/* Every incident, and every outgoing notice, the oldest first. What is taken from the arena in a callback goes with it.
 */
PS_MUST_USE enum ps_err store_each_incident(const struct store *store, store_on_incident *on_incident, void *context);
PS_MUST_USE enum ps_err store_each_outgoing(const struct store *store, store_on_outgoing *on_outgoing, void *context);
PS_MUST_USE enum ps_err store_remove_outgoing(const struct store *store, const struct outgoing *outgoing);
/* What is given up stays in the table as a dead letter, with the channels that lack it, until its ttl. */
PS_MUST_USE enum ps_err store_bury_outgoing(const struct store *store, const struct outgoing *outgoing,
                                            unsigned missing);

#endif
