/* The messages of an Amazon SNS notification to a function: {"Records":[{"EventSource":"aws:sns","Sns":{..}}]}.
 * Texts are unescaped, in the payload or on the arena.
 * Source: AWS Lambda developer guide, "Invoking Lambda functions with Amazon SNS notifications". */
#ifndef PS_FROM_SNS_H
#define PS_FROM_SNS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json_read.h"
#include "base/span.h"

struct ps_sns_message {
    struct ps_span id; /* MessageId: the same in every delivery; empty when missing */
    struct ps_span topic_arn;
    struct ps_span subject; /* empty when null */
    struct ps_span text;    /* Message: often JSON again */
    int64_t time_ms;        /* 0 when missing or no time */
};

struct ps_from_sns {
    struct ps_json_reader reader;
    size_t position; /* of the next record */
};

/* Whether payload looks like one: the first of its "Records" has an "Sns". */
bool ps_from_sns_is(struct ps_span payload);

/* Checks payload whole, then gives one message after another. BAD_INPUT for what is none; after a bad message the next
 * call goes on behind it. */
PS_MUST_USE enum ps_err ps_from_sns_open(struct ps_span payload, struct ps_from_sns *out);
PS_MUST_USE enum ps_err ps_from_sns_next(struct ps_from_sns *messages, struct ps_arena *arena,
                                         struct ps_sns_message *out, bool *more);

#endif
