#include "record/filter.h"

#include "base/assert.h"

uint64_t ps_filter_hash(uint64_t seed, struct ps_span text)
{
    uint64_t hash = seed;
    for (size_t i = 0; i < text.len; i++) {
        hash ^= (unsigned char)text.data[i];
        hash *= UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Neighbouring ids differ in their last digits only, and FNV leaves those in the low bits; the rate is compared with
 * the high ones. This spreads them (the finaliser of MurmurHash3). */
static uint64_t finalise(uint64_t hash)
{
    hash ^= hash >> 33;
    hash *= UINT64_C(0xff51afd7ed558ccd);
    hash ^= hash >> 33;
    hash *= UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ (hash >> 33);
}

static bool is_sampled(const struct ps_filter *filter, const struct ps_record *record, uint64_t source_hash)
{
    if (filter->sample_millionths >= PS_FILTER_RATE_ALL) return true;
    if (record->level >= PS_LEVEL_ERROR) return true;
    uint64_t hash = ps_filter_hash(source_hash, record->event_id);
    /* Sources without ids keep the order of an envelope, so its position tells records apart. */
    if (record->event_id.len == 0) hash ^= finalise(record->position + 1);
    uint64_t share = (uint64_t)(((unsigned __int128)finalise(hash) * PS_FILTER_RATE_ALL) >> 64);
    return share < filter->sample_millionths;
}

static bool holds(const struct ps_filter *filter, const struct ps_match *match, struct ps_span message,
                  bool when_given_up, struct ps_filter_counts *counts)
{
    size_t begin = 0;
    size_t end = 0;
    enum ps_match_result result = ps_match_find(match, filter->scratch, message, 0, &begin, &end);
    if (result != PS_MATCH_LIMIT) return result == PS_MATCH_FOUND;
    counts->given_up++;
    return when_given_up;
}

static enum ps_filter_verdict decide(const struct ps_filter *filter, const struct ps_record *record,
                                     uint64_t source_hash, struct ps_filter_counts *counts)
{
    if (filter->exclude != NULL && holds(filter, filter->exclude, record->message, false, counts))
        return PS_FILTER_EXCLUDED;
    if (filter->include != NULL && !holds(filter, filter->include, record->message, true, counts))
        return PS_FILTER_NOT_INCLUDED;
    if (record->level != PS_LEVEL_NONE && record->level < filter->level_min) return PS_FILTER_BELOW_LEVEL;
    return is_sampled(filter, record, source_hash) ? PS_FILTER_KEEP : PS_FILTER_NOT_SAMPLED;
}

enum ps_filter_verdict ps_filter_decide(const struct ps_filter *filter, const struct ps_record *record,
                                        uint64_t source_hash, struct ps_filter_counts *counts)
{
    enum ps_filter_verdict verdict = decide(filter, record, source_hash, counts);
    counts->verdicts[verdict]++;
    return verdict;
}
