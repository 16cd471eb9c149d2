/* What is looked for: named patterns with a severity, from a JSON text:
 *
 *   [{"name":"timeout","regex":"(?i)timed? ?out after (?<seconds>\\d+)","severity":"error","max_samples":3}]
 *
 * name: letters, digits, - and _, unique; regex: PCRE2 on bytes; severity: one of fatal, error, warn, info; these three
 * must be there; max_samples: 0 to 20, by default 3. A named group becomes a field of a sample. There is a default set.
 * Patterns are compiled once, at init; literals of which every match contains one are found where they can be proven
 * (scan/required.h), so that one pass over the text selects the lines. docs/wire/patterns.md. */
#ifndef PS_PATTERNS_H
#define PS_PATTERNS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "record/match.h"
#include "scan/literals.h"

enum {
    PS_PATTERNS_MAX = 256,
    PS_PATTERNS_BYTES_MAX = 256 << 10,
    PS_PATTERN_NAME_BYTES_MAX = 64,
    PS_PATTERN_SAMPLES_MAX = 20,
    PS_PATTERN_GROUPS_MAX = 8, /* named ones */
};

enum ps_severity { PS_SEVERITY_INFO, PS_SEVERITY_WARN, PS_SEVERITY_ERROR, PS_SEVERITY_FATAL, PS_SEVERITY_COUNT };

struct ps_pattern {
    struct ps_span name;
    struct ps_span regex;
    enum ps_severity severity;
    uint32_t samples_max;
    struct ps_match *match;
    const struct ps_literal *literals; /* one of these is in every line that matches */
    size_t literal_count;              /* at most PS_REQUIRED_MAX; 0: every line has to be asked */
    struct ps_match_group groups[PS_PATTERN_GROUPS_MAX];
    size_t group_count;
};

struct ps_patterns {
    struct ps_pattern *items;
    size_t count;
    struct ps_match_scratch *scratch;
};

/* The set that is used when none is given: levels, exceptions and panics of common languages, out of memory, time-outs,
 * 5xx, segmentation faults, failed logins. JSON as above. */
struct ps_span ps_patterns_default(void);

/* BAD_CONFIG names the pattern, its member, and for a regex the offset and PCRE2's reason. */
PS_MUST_USE enum ps_err ps_patterns_open(struct ps_arena *process, struct ps_span json, struct ps_patterns *out);
void ps_patterns_close(struct ps_patterns *patterns);

struct ps_span ps_severity_name(enum ps_severity severity); /* "fatal" */
PS_MUST_USE bool ps_severity_parse(struct ps_span text, enum ps_severity *out);

#endif
