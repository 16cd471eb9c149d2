#include "log-extractor/settings.h"

#include <stdlib.h>

#include "support/check.h"

static struct ps_arena arena;

static enum ps_err read(const char *const *pairs, struct settings *settings, struct ps_span *mistakes)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++)
        unsetenv(item->name);
    for (; *pairs != NULL; pairs += 2)
        CHECK_EQ(setenv(pairs[0], pairs[1], 1), 0);
    *mistakes = PS_SPAN("");
    return ps_config_read(SETTINGS_ITEMS, settings_check, &arena, settings, mistakes);
}

#define QUEUE "https://sqs.eu-central-1.amazonaws.com/123456789012/files.fifo"
#define PAIRS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define NEEDED "SOURCE_BUCKETS", "uploads", "QUEUE_URL", QUEUE

static void two_must_be_set_and_defaults_are_the_documented_ones(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(read(PAIRS(NEEDED), &settings, &mistakes));
    CHECK_TEXT(settings.summary_table, "log-error-summaries");
    CHECK(settings.patterns.len == 0 && settings.mail_from.len == 0 && settings.mail_to.len == 0);
    CHECK_EQ(settings.mail_severity, PS_SEVERITY_ERROR);
    CHECK_EQ(settings.mail_cap_per_hour, 60);
    CHECK_EQ(settings.hops_max, 200);
    CHECK_EQ(settings.ttl_days, 0);
    CHECK(settings.s3_in_flight == 3 && settings.s3_part_kb == 4096);
    CHECK(settings.partial_batch && !settings.dead_letters.local);
    CHECK_TEXT(settings.redact, "aws_keys,jwt,bearer,card");
    CHECK_TEXT(settings.dead_letters.prefix, "log-extractor");
}

static void every_mistake_is_told_in_one_message(void)
{
    static const struct {
        const char *name, *value, *wanted;
    } MISTAKES[] = {
        { "SOURCE_BUCKETS", "uploads,", "SOURCE_BUCKETS: \"\": " },
        { "QUEUE_URL", "files.fifo", "QUEUE_URL: " },
        { "SUMMARY_TABLE", "no table", "SUMMARY_TABLE: " },
        { "MAIL_TO", "nobody", "MAIL_TO: " },
        { "MAIL_FROM", "nobody", "MAIL_FROM: " },
        { "MAIL_SEVERITY", "bad", "MAIL_SEVERITY=\"bad\" is not info, warn, error or fatal" },
        { "MAIL_CAP_PER_HOUR", "3601", "MAIL_CAP_PER_HOUR=\"3601\" is not a whole number from 0 to 3600" },
        { "HOPS_MAX", "10001", "HOPS_MAX=\"10001\" is not a whole number from 0 to 10000" },
        { "S3_IN_FLIGHT", "9", "S3_IN_FLIGHT=\"9\" is not a whole number from 1 to 8" },
        { "S3_PART_KB", "63", "S3_PART_KB=\"63\" is not a whole number from 64 to 16384" },
        { "REDACT", "cards", "REDACT: unknown class \"cards\"" },
        { "DEAD_LETTER_DIR", "/tmp/x", "DEAD_LETTER_DIR is for laptops (PENSTOCK_LOCAL=1)" },
    };
    enum { COUNT = sizeof MISTAKES / sizeof MISTAKES[0] };
    const char *pairs[2 * COUNT + 1] = { NULL };
    for (size_t i = 0; i < COUNT; i++) {
        pairs[2 * i] = MISTAKES[i].name;
        pairs[2 * i + 1] = MISTAKES[i].value;
    }
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(pairs, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    for (size_t i = 0; i < COUNT; i++) {
        bool told = ps_span_find(mistakes, ps_span_of(MISTAKES[i].wanted)) != PS_SPAN_NONE;
        check_true(told, MISTAKES[i].wanted, __FILE__, __LINE__);
    }
}

static void without_buckets_nothing_may_be_read(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(PAIRS("QUEUE_URL", QUEUE), &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_find(mistakes, PS_SPAN("SOURCE_BUCKETS is missing")) != PS_SPAN_NONE);
}

static void receivers_need_a_sender(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(PAIRS(NEEDED, "MAIL_TO", "ops@example.org"), &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_find(mistakes, PS_SPAN("MAIL_FROM is missing")) != PS_SPAN_NONE);
    CHECK_OK(read(PAIRS(NEEDED, "MAIL_TO", "a@example.org, b@example.org", "MAIL_FROM", "logs@example.org"), &settings,
                  &mistakes));
}

static void only_the_listed_buckets_are_read_and_never_that_of_dead_letters(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(
        read(PAIRS("SOURCE_BUCKETS", "uploads, letters ,more", "QUEUE_URL", QUEUE, "DEAD_LETTER_BUCKET", "letters"),
             &settings, &mistakes));
    CHECK(settings_reads_from(&settings, PS_SPAN("uploads")) && settings_reads_from(&settings, PS_SPAN("more")));
    CHECK(!settings_reads_from(&settings, PS_SPAN("letters")));
    CHECK(!settings_reads_from(&settings, PS_SPAN("upload")) && !settings_reads_from(&settings, PS_SPAN("uploads2")));
}

int main(void)
{
    arena = check_arena(256 << 20);
    RUN(two_must_be_set_and_defaults_are_the_documented_ones);
    RUN(every_mistake_is_told_in_one_message);
    RUN(without_buckets_nothing_may_be_read);
    RUN(receivers_need_a_sender);
    RUN(only_the_listed_buckets_are_read_and_never_that_of_dead_letters);
    ps_arena_fini(&arena);
    return check_finish();
}
