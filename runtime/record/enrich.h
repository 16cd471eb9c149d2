/* Who said it: fills in what the line itself left open, and never overwrites what it said.
 *
 * service: the message's own (set by the parsers), else the container's or function's name in the stream, else the
 * SERVICE setting, else the name in the log group. env: the message's own, else ENVIRONMENT. host: the message's own,
 * else the task, pod or sandbox that the stream names (record/container.h reads the names). Tags are the same for every
 * record, so they are made into JSON once. */
#ifndef PS_ENRICH_H
#define PS_ENRICH_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "record/record.h"

enum {
    PS_ENRICH_TAGS_MAX = 50, /* as many as AWS allows on a resource */
    PS_ENRICH_TAG_NAME_BYTES_MAX = 128,
    PS_ENRICH_TAG_VALUE_BYTES_MAX = 256,
};

/* A tag as it stands in a JSON string, escaped already. */
struct ps_enrich_tag {
    struct ps_span name, value;
};

struct ps_enrich_tags {
    struct ps_enrich_tag *items;
    size_t count;
    struct ps_span json; /* all of them as one object; empty without tags */
};

struct ps_enrich_settings {
    struct ps_span service; /* SERVICE; may be empty */
    struct ps_span env;     /* ENVIRONMENT; may be empty */
};

/* What the names of one log stream tell. */
struct ps_enrich_source {
    struct ps_span stream_service;
    struct ps_span stream_host;
    struct ps_span group_service;
};

/* "team=core, tier=1": pairs at commas, spaces around names and values dropped, empty pairs passed over.
 * BAD_CONFIG names the pair (by number) and what is wrong: no '=', an empty or repeated name, a dot at an end of
 * the name or two together, too long, too many, not UTF-8. */
PS_MUST_USE enum ps_err ps_enrich_tags_parse(struct ps_arena *arena, struct ps_span text, struct ps_enrich_tags *tags);

/* Spans of the result point into the names given. Once per envelope. */
struct ps_enrich_source ps_enrich_source(struct ps_span log_group, struct ps_span log_stream);

void ps_enrich_record(const struct ps_enrich_settings *settings, const struct ps_enrich_source *source,
                      struct ps_record *record);

#endif
