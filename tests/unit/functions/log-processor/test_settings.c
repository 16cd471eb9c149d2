#include "log-processor/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/opensearch.h"
#include "record/record.h"
#include "support/check.h"

static struct ps_arena arena;

static void set(const char *const *pairs)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++) {
        unsetenv(item->name);
        for (size_t i = 0; i < 2 && item->fallbacks[i] != NULL; i++)
            unsetenv(item->fallbacks[i]);
    }
    for (; *pairs != NULL; pairs += 2)
        CHECK_EQ(setenv(pairs[0], pairs[1], 1), 0);
}

static enum ps_err read(const char *const *pairs, struct settings *settings, struct ps_span *mistakes)
{
    set(pairs);
    *mistakes = PS_SPAN("");
    return ps_config_read(SETTINGS_ITEMS, settings_check, &arena, settings, mistakes);
}

static bool says(struct ps_span mistakes, const char *text)
{
    return ps_span_find(mistakes, ps_span_of(text)) != PS_SPAN_NONE;
}

static void the_endpoint_alone_is_enough_and_defaults_are_the_documented_ones(void)
{
    static const char *const PAIRS[] = { "OPENSEARCH_ENDPOINT", "https://search.example.com", NULL };
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(read(PAIRS, &settings, &mistakes));
    CHECK_EQ(settings.opensearch_auth, PS_OPENSEARCH_SIGV4);
    CHECK_TEXT(settings.opensearch_index, "app-logs-%Y.%m.%d");
    CHECK(settings.opensearch_ids && settings.opensearch_gzip && settings.multiline && settings.partial_batch);
    CHECK_TEXT(settings.redact, "aws_keys,jwt,bearer,card");
    CHECK_EQ(settings.min_level, PS_LEVEL_NONE);
    CHECK_EQ(settings.sample_rate_millionths, 1000000);
    CHECK_EQ(settings.inflated_bytes_max, 64 << 20);
    CHECK(!settings.dead_letters.local && settings.dead_letters.directory.len == 0 &&
          settings.dead_letters.bucket.len == 0);
}

static void words_of_levels_mean_levels(void)
{
    static const char *const NAMES[] = { "none", "trace", "debug", "info", "warn", "error", "FATAL" };
    for (uint32_t i = 0; i < 7; i++) {
        const char *const pairs[] = { "OPENSEARCH_ENDPOINT", "https://a", "MIN_LEVEL", NAMES[i], NULL };
        struct settings settings;
        struct ps_span mistakes;
        CHECK_OK(read(pairs, &settings, &mistakes));
        CHECK_EQ(settings.min_level, PS_LEVEL_NONE + i);
    }
}

static void every_mistake_is_told_in_one_message(void)
{
    static const char *const PAIRS[] = {
        "OPENSEARCH_AUTH",
        "kerberos",
        "OPENSEARCH_SERVICE",
        "ec2",
        "OPENSEARCH_IDS",
        "perhaps",
        "BULK_ITEMS",
        "0",
        "MIN_LEVEL",
        "loud",
        "SAMPLE_RATE",
        "2",
        "FIELD_SCHEMA",
        "otel",
        "MULTILINE",
        "maybe",
        "INCLUDE_AT_MATCH",
        "(",
        "EXCLUDE_AT_MATCH",
        "[",
        "REDACT",
        "cards",
        "TAGS",
        "team",
        "OPENSEARCH_INDEX",
        "App-Logs",
        "VPC_FLOW_FIELDS",
        "one two",
        "DEAD_LETTER_DIR",
        "/tmp/x",
        "DEAD_LETTER_BUCKET",
        "b",
        "INFLATED_BYTES_MAX",
        "1",
        NULL,
    };
    static const char *const WANTED[] = {
        "OPENSEARCH_ENDPOINT is not set",
        "OPENSEARCH_AUTH=\"kerberos\" is not sigv4, basic or none",
        "OPENSEARCH_SERVICE=\"ec2\" is not auto, es or aoss",
        "OPENSEARCH_IDS=\"perhaps\" is not on or off",
        "BULK_ITEMS=\"0\" is not a whole number from 1 to 5000",
        "MIN_LEVEL=\"loud\" is not none, trace, debug, info, warn, error or fatal",
        "SAMPLE_RATE=\"2\" is not a number from 0 to 1",
        "FIELD_SCHEMA=\"otel\" is not flat or ecs",
        "MULTILINE=\"maybe\" is not on or off",
        "INCLUDE_AT_MATCH: pattern: offset 1",
        "EXCLUDE_AT_MATCH: pattern: offset 1",
        "REDACT: unknown class \"cards\"",
        "TAGS: pair 1 has no \"=\"",
        "OPENSEARCH_INDEX: an index cannot be called \"App-Logs\"",
        "VPC_FLOW_FIELDS is no list",
        "DEAD_LETTER_DIR is for laptops",
        "DEAD_LETTER_BUCKET and DEAD_LETTER_DIR are both set",
        "INFLATED_BYTES_MAX=\"1\" is not",
    };
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(PAIRS, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        if (!says(mistakes, WANTED[i])) CHECK_TEXT(mistakes, WANTED[i]);
    }
}

static void a_password_is_never_told(void)
{
    static const char *const PAIRS[] = { "OPENSEARCH_ENDPOINT",
                                         "https://a",
                                         "OPENSEARCH_AUTH",
                                         "basic",
                                         "OPENSEARCH_PASSWORD",
                                         "hunter2-the-word",
                                         "MIN_LEVEL",
                                         "x",
                                         NULL };
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(PAIRS, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK(says(mistakes, "OPENSEARCH_AUTH=basic needs OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD"));
    CHECK(!says(mistakes, "hunter2"));
}

static enum ps_err read_basic(const char *name, const char *value, struct ps_span *mistakes)
{
    const char *const pairs[] = { "OPENSEARCH_ENDPOINT",
                                  "https://a",
                                  "OPENSEARCH_AUTH",
                                  "basic",
                                  "OPENSEARCH_USERNAME",
                                  "writer",
                                  name,
                                  value,
                                  NULL };
    struct settings settings;
    return read(pairs, &settings, mistakes);
}

static void a_password_may_be_kept_elsewhere_under_a_name_that_can_be_one(void)
{
    struct ps_span mistakes;
    CHECK_OK(read_basic("OPENSEARCH_PASSWORD_SSM_NAME", "/prod/search", &mistakes));
    CHECK_OK(read_basic("OPENSEARCH_PASSWORD_SECRET_ARN", "prod/search#password", &mistakes));
    CHECK_ERR(read_basic("OPENSEARCH_PASSWORD_SECRET_ARN", "hunter2 the word", &mistakes), PS_ERR_BAD_CONFIG);
    CHECK(says(mistakes, "OPENSEARCH_PASSWORD_SECRET_ARN: byte 7 can be in no ARN or name"));
    CHECK(!says(mistakes, "hunter2"));
}

static void a_folder_for_dead_letters_is_refused_in_lambda(void)
{
    static const char *const REFUSED[] = { "OPENSEARCH_ENDPOINT", "https://a", "DEAD_LETTER_DIR", "/tmp/x", NULL };
    static const char *const LAPTOP[] = {
        "OPENSEARCH_ENDPOINT", "https://a", "DEAD_LETTER_DIR", "/tmp/x", "PENSTOCK_LOCAL", "1", NULL
    };
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(REFUSED, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK(says(mistakes, "DEAD_LETTER_DIR"));
    CHECK_OK(read(LAPTOP, &settings, &mistakes));
}

static void service_falls_back_to_the_names_others_use(void)
{
    static const char *const OTEL[] = {
        "OPENSEARCH_ENDPOINT", "https://a", "OTEL_SERVICE_NAME", "o", "POWERTOOLS_SERVICE_NAME", "p", NULL
    };
    static const char *const POWERTOOLS[] = { "OPENSEARCH_ENDPOINT", "https://a", "POWERTOOLS_SERVICE_NAME", "p",
                                              NULL };
    static const char *const OWN[] = { "OPENSEARCH_ENDPOINT", "https://a", "SERVICE", "s",
                                       "OTEL_SERVICE_NAME",   "o",         NULL };
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(read(OTEL, &settings, &mistakes));
    CHECK_TEXT(settings.service, "o");
    CHECK_OK(read(POWERTOOLS, &settings, &mistakes));
    CHECK_TEXT(settings.service, "p");
    CHECK_OK(read(OWN, &settings, &mistakes));
    CHECK_TEXT(settings.service, "s");
}

static void each_setting_has_a_name_a_default_that_parses_and_a_sentence(void)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++) {
        CHECK(item->value_default != NULL);
        CHECK(item->help != NULL && strlen(item->help) > 10 && item->help[strlen(item->help) - 1] == '.');
        for (const struct ps_config_item *other = SETTINGS_ITEMS; other != item; other++) {
            CHECK(strcmp(other->name, item->name) != 0);
            CHECK(other->offset != item->offset);
        }
    }
}

/* What only opening would refuse otherwise, one deployment after the other. */
static void settings_that_could_not_be_opened_are_told_with_the_rest(void)
{
    static const struct {
        const char *pairs[9];
        const char *wanted;
    } CASES[] = {
        { { "OPENSEARCH_ENDPOINT", "ftp://a", "MIN_LEVEL", "loud", NULL }, "OPENSEARCH_ENDPOINT: URL" },
        { { "OPENSEARCH_ENDPOINT", "https://a/path", "MIN_LEVEL", "loud", NULL },
          "OPENSEARCH_ENDPOINT: nothing may follow" },
        { { "OPENSEARCH_ENDPOINT", "http://a.example", "MIN_LEVEL", "loud", NULL },
          "OPENSEARCH_ENDPOINT: credentials" },
        { { "OPENSEARCH_ENDPOINT", "https://a", "OPENSEARCH_CA_FILE", "/nowhere.pem", "MIN_LEVEL", "loud", NULL },
          "OPENSEARCH_CA_FILE" },
        { { "OPENSEARCH_ENDPOINT", "https://a", "DEAD_LETTER_BUCKET", "No", "MIN_LEVEL", "loud", NULL },
          "DEAD_LETTER_BUCKET" },
        { { "OPENSEARCH_ENDPOINT", "https://a", "REDACT_PATTERNS", "x=(", "MIN_LEVEL", "loud", NULL },
          "REDACT_PATTERNS" },
        { { "OPENSEARCH_ENDPOINT", "https://a", "BULK_IN_FLIGHT", "8", "BULK_BYTES", "5000000", "MIN_LEVEL", "loud" },
          "BULK_IN_FLIGHT times BULK_BYTES" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct settings settings;
        struct ps_span mistakes;
        CHECK_ERR(read(CASES[i].pairs, &settings, &mistakes), PS_ERR_BAD_CONFIG);
        if (!CHECK(says(mistakes, "MIN_LEVEL") && says(mistakes, CASES[i].wanted))) printf("# %s\n", CASES[i].wanted);
    }
}

int main(void)
{
    arena = check_arena(64 << 20);
    RUN(the_endpoint_alone_is_enough_and_defaults_are_the_documented_ones);
    RUN(words_of_levels_mean_levels);
    RUN(every_mistake_is_told_in_one_message);
    RUN(a_password_is_never_told);
    RUN(a_password_may_be_kept_elsewhere_under_a_name_that_can_be_one);
    RUN(a_folder_for_dead_letters_is_refused_in_lambda);
    RUN(settings_that_could_not_be_opened_are_told_with_the_rest);
    RUN(service_falls_back_to_the_names_others_use);
    RUN(each_setting_has_a_name_a_default_that_parses_and_a_sentence);
    ps_arena_fini(&arena);
    return check_finish();
}
