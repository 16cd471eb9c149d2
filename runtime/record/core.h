/* The core members and the names they go by: "level", "lvl", "severity", "log.level"... One table serves JSON and
 * logfmt.
 *
 * Names are compared without case. A name is strong or weak: a weak one ("text", "date", "app") means the core member
 * only if no strong one is there, since many lines use it for something else. */
#ifndef PS_CORE_H
#define PS_CORE_H

#include "record/record.h"

enum ps_core {
    PS_CORE_NONE,
    PS_CORE_LEVEL,
    PS_CORE_MESSAGE,
    PS_CORE_TIME,
    PS_CORE_DURATION_MS,
    PS_CORE_DURATION_S,
    PS_CORE_DURATION_NS,
    PS_CORE_STATUS,
    PS_CORE_SERVICE,
    PS_CORE_ENV,
    PS_CORE_HOST,
    PS_CORE_LOGGER,
    PS_CORE_REQUEST_ID,
    PS_CORE_TRACE_ID,
    PS_CORE_SPAN_ID,
    PS_CORE_ERROR_TYPE,
    PS_CORE_ERROR_MESSAGE,
    PS_CORE_STACK_TRACE,
    PS_CORE_ERROR,  /* an object of the three above, or a text that is one of them */
    PS_CORE_OBJECT, /* ECS: an object some of whose members are core, by "object.member" */
    PS_CORE_COUNT,
};

struct ps_core_name {
    struct ps_span name; /* lower case */
    enum ps_core core;
    bool weak;
};

/* The entry of a name, or NULL. */
const struct ps_core_name *ps_core_find(struct ps_span name);

/* All entries, for tests and the documentation. */
const struct ps_core_name *ps_core_names(size_t *count);

enum {
    PS_CORE_TEXT_BYTES_MAX = 1024, /* a longer service or id is none: it stays a field */
    PS_CORE_WEAK_MAX = 8,          /* of one line; more become fields */
};

/* Which entry filled each core member, and the members with weak names that wait for the end of the line. */
struct ps_core_seen {
    uint8_t by[PS_CORE_COUNT]; /* number of the entry from 1; 0: none yet */
    uint8_t weak_count;
    uint8_t weak_by[PS_CORE_WEAK_MAX];
    struct ps_field weak[PS_CORE_WEAK_MAX];
};

/* A line whose members are being put where they belong. */
struct ps_core_line {
    struct ps_record *record;
    struct ps_arena *arena;
    struct ps_core_seen seen;
};

static inline void ps_core_begin(struct ps_core_line *line, struct ps_record *record, struct ps_arena *arena)
{
    line->record = record;
    line->arena = arena;
    memset(line->seen.by, 0, sizeof line->seen.by);
    line->seen.weak_count = 0;
}

/* Puts one member of a line into a core member, or among the fields. Strings of JSON are unescaped and cleaned when
 * they become core. A value of an unusable type or size stays a field; so does a second name of the same core member.
 * Of one name met twice the last value wins. name, value, kind and plain as in struct ps_field. */
PS_MUST_USE enum ps_err ps_core_put(struct ps_core_line *line, struct ps_span name, struct ps_span value,
                                    enum ps_field_kind kind, bool plain);

/* At the end of a line: weak names take what is still free. */
PS_MUST_USE enum ps_err ps_core_settle(struct ps_core_line *line);

/* Whether a name of the line filled this core member. */
static inline bool ps_core_has(const struct ps_core_line *line, enum ps_core core)
{
    return line->seen.by[core] != 0;
}

/* Sets one core member from a value; *taken says whether the value was usable (nothing changed if not). */
PS_MUST_USE enum ps_err ps_core_set(struct ps_record *record, struct ps_arena *arena, enum ps_core core,
                                    const struct ps_field *value, bool *taken);

#endif
