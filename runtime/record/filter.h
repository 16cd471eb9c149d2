/* Which records go on: include and exclude patterns, a level threshold, sampling.
 *
 * Pure: the same record with the same settings gets the same answer on every retry and replay, because sampling
 * hashes the source's event id. Patterns look at the message text (never at encoded JSON). Nothing is dropped
 * without being counted under the rule that dropped it. Owns nothing. */
#ifndef PS_FILTER_H
#define PS_FILTER_H

#include "base/span.h"
#include "record/match.h"
#include "record/record.h"

enum { PS_FILTER_RATE_ALL = 1000000 };

/* In the order in which the rules are asked. */
enum ps_filter_verdict {
    PS_FILTER_KEEP,
    PS_FILTER_EXCLUDED,     /* the exclude pattern is in the message: it wins over include */
    PS_FILTER_NOT_INCLUDED, /* an include pattern is set and is not in the message */
    PS_FILTER_BELOW_LEVEL,
    PS_FILTER_NOT_SAMPLED,
    PS_FILTER_VERDICT_COUNT,
};

struct ps_filter {
    const struct ps_match *include; /* NULL: everything */
    const struct ps_match *exclude; /* NULL: nothing */
    struct ps_match_scratch *scratch;
    enum ps_level level_min;    /* PS_LEVEL_NONE: no threshold */
    uint32_t sample_millionths; /* PS_FILTER_RATE_ALL keeps everything, 0 keeps errors only */
};

struct ps_filter_counts {
    uint64_t verdicts[PS_FILTER_VERDICT_COUNT];
    uint64_t given_up; /* a pattern reached its limits; the record was taken as not excluded, or as included */
};

/* A record without a level passes level_min: a line that doesn't say how severe it is (a stack trace of a library, a
 * REPORT line) must not be lost to a guess. Records of level ERROR and above are never sampled away. source_hash: of
 * what makes event ids unique (ps_filter_hash of log group and stream). */
enum ps_filter_verdict ps_filter_decide(const struct ps_filter *filter, const struct ps_record *record,
                                        uint64_t source_hash, struct ps_filter_counts *counts);

/* FNV-1a 64 continued from seed; PS_FILTER_HASH_SEED starts one. */
#define PS_FILTER_HASH_SEED UINT64_C(0xcbf29ce484222325)
uint64_t ps_filter_hash(uint64_t seed, struct ps_span text);

#endif
