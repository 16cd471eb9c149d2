#include "record/filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

static struct ps_arena t_arena;

struct fixture {
    struct ps_filter filter;
    struct ps_match *include;
    struct ps_match *exclude;
    struct ps_match_scratch *scratch;
    struct ps_filter_counts counts;
};

static struct ps_match *compiled(const char *pattern)
{
    struct ps_match *match = NULL;
    if (pattern != NULL && !CHECK_OK(ps_match_compile(&t_arena, ps_span_of(pattern), 0, &match))) abort();
    return match;
}

static struct fixture open_filter(const char *include, const char *exclude)
{
    struct fixture fixture = { .include = compiled(include), .exclude = compiled(exclude) };
    if (!CHECK_OK(ps_match_scratch_open(&t_arena, &fixture.scratch))) abort();
    fixture.filter = (struct ps_filter){ .include = fixture.include,
                                         .exclude = fixture.exclude,
                                         .scratch = fixture.scratch,
                                         .sample_millionths = PS_FILTER_RATE_ALL };
    return fixture;
}

static void close_filter(struct fixture *fixture)
{
    ps_match_close(fixture->include);
    ps_match_close(fixture->exclude);
    ps_match_scratch_close(fixture->scratch);
}

static enum ps_filter_verdict decide(struct fixture *fixture, const char *message, enum ps_level level)
{
    struct ps_record record = { .message = ps_span_of(message), .level = level, .event_id = PS_SPAN("1234") };
    return ps_filter_decide(&fixture->filter, &record, 7, &fixture->counts);
}

static void a_filter_without_rules_keeps_all(void)
{
    struct fixture fixture = open_filter(NULL, NULL);
    CHECK_EQ(decide(&fixture, "", PS_LEVEL_NONE), PS_FILTER_KEEP);
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_TRACE), PS_FILTER_KEEP);
    CHECK_EQ(fixture.counts.verdicts[PS_FILTER_KEEP], 2);
    close_filter(&fixture);
}

static void exclude_wins_over_include(void)
{
    struct fixture fixture = open_filter("order", "health");
    CHECK_EQ(decide(&fixture, "order 1", PS_LEVEL_INFO), PS_FILTER_KEEP);
    CHECK_EQ(decide(&fixture, "order health", PS_LEVEL_INFO), PS_FILTER_EXCLUDED);
    CHECK_EQ(decide(&fixture, "other", PS_LEVEL_INFO), PS_FILTER_NOT_INCLUDED);
    CHECK_EQ(fixture.counts.verdicts[PS_FILTER_EXCLUDED], 1);
    CHECK_EQ(fixture.counts.verdicts[PS_FILTER_NOT_INCLUDED], 1);
    close_filter(&fixture);
}

static void the_threshold_drops_what_is_below_it_but_not_what_has_no_level(void)
{
    struct fixture fixture = open_filter(NULL, NULL);
    fixture.filter.level_min = PS_LEVEL_WARN;
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_INFO), PS_FILTER_BELOW_LEVEL);
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_WARN), PS_FILTER_KEEP);
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_FATAL), PS_FILTER_KEEP);
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_NONE), PS_FILTER_KEEP);
    close_filter(&fixture);
}

static void errors_are_never_sampled_away(void)
{
    struct fixture fixture = open_filter(NULL, NULL);
    fixture.filter.sample_millionths = 0;
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_INFO), PS_FILTER_NOT_SAMPLED);
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_NONE), PS_FILTER_NOT_SAMPLED);
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_ERROR), PS_FILTER_KEEP);
    CHECK_EQ(decide(&fixture, "x", PS_LEVEL_FATAL), PS_FILTER_KEEP);
    close_filter(&fixture);
}

/* Of many neighbouring ids. */
static size_t kept_of(uint32_t rate, uint64_t source, bool with_ids, size_t many)
{
    struct ps_filter filter = { .sample_millionths = rate };
    struct ps_filter_counts counts = { 0 };
    for (size_t i = 0; i < many; i++) {
        char id[64];
        (void)snprintf(id, sizeof id, "38040508070234895070234895%030zu", i);
        struct ps_record record = { .level = PS_LEVEL_INFO, .position = i };
        if (with_ids) record.event_id = ps_span_of(id);
        enum ps_filter_verdict once = ps_filter_decide(&filter, &record, source, &counts);
        enum ps_filter_verdict again = ps_filter_decide(&filter, &record, source, &counts);
        CHECK_EQ(once, again);
    }
    return counts.verdicts[PS_FILTER_KEEP] / 2;
}

static void sampling_keeps_its_share_and_decides_alike_on_a_retry(void)
{
    for (uint64_t source = 1; source < 4; source++) {
        size_t tenth = kept_of(100000, ps_filter_hash(PS_FILTER_HASH_SEED, PS_SPAN("group")) + source, true, 20000);
        CHECK(tenth > 1800 && tenth < 2200);
        size_t half = kept_of(500000, source, false, 20000);
        CHECK(half > 9700 && half < 10300);
    }
    CHECK_EQ(kept_of(PS_FILTER_RATE_ALL, 1, true, 100), 100);
    CHECK_EQ(kept_of(0, 1, true, 100), 0);
}

static void a_higher_rate_keeps_what_a_lower_one_kept(void)
{
    struct ps_filter_counts counts = { 0 };
    for (size_t i = 0; i < 2000; i++) {
        struct ps_record record = { .level = PS_LEVEL_INFO, .position = i };
        struct ps_filter low = { .sample_millionths = 200000 };
        struct ps_filter high = { .sample_millionths = 300000 };
        bool kept_low = ps_filter_decide(&low, &record, 9, &counts) == PS_FILTER_KEEP;
        bool kept_high = ps_filter_decide(&high, &record, 9, &counts) == PS_FILTER_KEEP;
        CHECK(!kept_low || kept_high);
    }
}

static void a_pattern_that_is_given_up_drops_nothing_and_is_counted(void)
{
    static const char TEXT[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";
    struct fixture fixture = open_filter("^(a+)+$", "^(a+)+b$");
    CHECK_EQ(decide(&fixture, TEXT, PS_LEVEL_INFO), PS_FILTER_KEEP);
    CHECK(fixture.counts.given_up >= 1);
    close_filter(&fixture);
}

static void the_hash_is_fnv_1a(void)
{
    CHECK(ps_filter_hash(PS_FILTER_HASH_SEED, PS_SPAN("")) == UINT64_C(0xcbf29ce484222325));
    CHECK(ps_filter_hash(PS_FILTER_HASH_SEED, PS_SPAN("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    CHECK(ps_filter_hash(PS_FILTER_HASH_SEED, PS_SPAN("foobar")) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
    t_arena = check_arena(64 << 20);
    RUN(a_filter_without_rules_keeps_all);
    RUN(exclude_wins_over_include);
    RUN(the_threshold_drops_what_is_below_it_but_not_what_has_no_level);
    RUN(errors_are_never_sampled_away);
    RUN(sampling_keeps_its_share_and_decides_alike_on_a_retry);
    RUN(a_higher_rate_keeps_what_a_lower_one_kept);
    RUN(a_pattern_that_is_given_up_drops_nothing_and_is_counted);
    RUN(the_hash_is_fnv_1a);
    ps_arena_fini(&t_arena);
    return check_finish();
}
