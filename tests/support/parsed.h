/* Records as one line of text, so that tests of parsers are tables: an input and what it becomes. */
#ifndef PARSED_H
#define PARSED_H

#include "record/record.h"

/* The stamp that events of tests carry: 2026-11-21T10:00:00.000Z. */
#define PARSED_EVENT_TIME_MS INT64_C(1795255200000)

/* A record with the message and that stamp. The message is a heap block of its exact size, so that the sanitizer sees
 * every byte read beyond; it lives until the fourth call from here. */
struct ps_record parsed_record(struct ps_span message);

/* {"format":...,"level":...,"fields":{...}} with the members that are set. "time" is milliseconds after the event's
 * stamp and left out when they are equal; "message" is left out when it is the input. */
struct ps_span parsed_show(struct ps_arena *arena, const struct ps_record *record, struct ps_span input);

typedef enum ps_err parsed_parser(struct ps_arena *arena, struct ps_record *record, bool *matched);

struct parsed_case {
    const char *input;
    const char *wanted; /* of parsed_show; "" when the parser must not match */
};

/* Checks every case, that a record that is not matched stays as it was, and all prefixes of every input. */
void parsed_check(parsed_parser *parser, const struct parsed_case *cases, size_t count);

#define PARSED_CHECK(parser, cases) parsed_check((parser), (cases), sizeof(cases) / sizeof((cases)[0]))

#endif
