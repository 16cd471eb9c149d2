/* From messages to rows: each message becomes a line, is redacted, gets its id, and goes to the table; what the table
 * says of it becomes its entry's state. Errors also leave the detail of their event with the entry. */
#ifndef STREAM_CONSUMER_STORE_H
#define STREAM_CONSUMER_STORE_H

#include "aws/dynamodb.h"
#include "aws/letters.h"
#include "entries.h"
#include "messages.h"
#include "record/account.h"
#include "record/redact.h"
#include "settings.h"

struct store_options {
    const struct settings *settings;
    const struct ps_redact *redact;
    struct ps_dynamodb *table;
    struct ps_dead_letter_store *dead_letters; /* NULL: there is none */
    const struct ps_log *log;
    const struct ps_deadline *deadline;
};

struct store {
    struct store_options options;
    struct ps_arena *arena;  /* of the invocation */
    struct ps_arena scratch; /* of one message; a part of it */
    struct ps_arena details; /* of events; a part of the entries' arena */
    struct entries *entries;
    struct ps_account *account;
    struct ps_redact_counts redacted;
    struct ps_letters letters;
    struct ps_dynamodb_stats stats;
    bool first_told;
    bool books_full; /* store_message has failed because there is no room to enter more records */
};

/* For one invocation. */
PS_MUST_USE enum ps_err store_begin(struct store *store, struct ps_arena *arena, const struct store_options *options,
                                    struct entries *entries, struct ps_account *account);

/* One message. A failure ends the invocation. */
PS_MUST_USE enum ps_err store_message(struct store *store, const struct message *message);

/* Waits until the table has answered for every row, and until dead letters are put. */
PS_MUST_USE enum ps_err store_finish(struct store *store);

#endif
