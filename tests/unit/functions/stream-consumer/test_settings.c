#include "stream-consumer/settings.h"

#include <stdlib.h>
#include <string.h>

#include "support/check.h"

static struct ps_arena arena;

static void set(const char *const *pairs)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++)
        unsetenv(item->name);
    for (; *pairs != NULL; pairs += 2)
        CHECK_EQ(setenv(pairs[0], pairs[1], 1), 0);
}

static enum ps_err read(const char *const *pairs, struct settings *settings, struct ps_span *mistakes)
{
    set(pairs);
    *mistakes = PS_SPAN("");
    return ps_config_read(SETTINGS_ITEMS, settings_check, &arena, settings, mistakes);
}

#define PAIRS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void none_must_be_set_and_defaults_are_the_documented_ones(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(read(PAIRS("AWS_REGION", "eu-central-1"), &settings, &mistakes));
    CHECK_TEXT(settings.ddb_table, "log-stream-logs");
    CHECK_TEXT(settings.event_bus, "default");
    CHECK_TEXT(settings.event_source, "penstock.stream-consumer");
    CHECK(!settings.eventbridge_required && settings.partial_batch && !settings.dead_letters.local);
    CHECK_EQ(settings.service_shards, 1);
    CHECK_EQ(settings.ttl_days, 0);
    CHECK_TEXT(settings.redact, "aws_keys,jwt,bearer,card");
    CHECK(settings.dead_letters.directory.len == 0 && settings.dead_letters.bucket.len == 0 &&
          settings.cluster_alias.len == 0);
}

static void every_mistake_is_told_in_one_message(void)
{
    static const struct {
        const char *name, *value, *wanted;
    } MISTAKES[] = {
        { "DDB_TABLE", "no table", "DDB_TABLE: " },
        { "DDB_IN_FLIGHT", "9", "DDB_IN_FLIGHT=\"9\" is not a whole number from 1 to 8" },
        { "DDB_ATTEMPTS", "0", "DDB_ATTEMPTS=\"0\" is not a whole number from 1 to 20" },
        { "SERVICE_SHARDS", "0", "SERVICE_SHARDS=\"0\" is not a whole number from 1 to 100" },
        { "TTL_DAYS", "-1", "TTL_DAYS=\"-1\" is not a whole number from 0 to 36500" },
        { "EVENT_BUS", "a b", "EVENT_BUS: " },
        { "EVENTBRIDGE_REQUIRED", "perhaps", "EVENTBRIDGE_REQUIRED=\"perhaps\" is not on or off" },
        { "EVENT_DETAIL_BYTES", "100", "EVENT_DETAIL_BYTES=\"100\" is not a whole number from 16384 to 204800" },
        { "PARTIAL_BATCH", "maybe", "PARTIAL_BATCH=\"maybe\" is not on or off" },
        { "REDACT", "cards", "REDACT: unknown class \"cards\"" },
        { "DEAD_LETTER_DIR", "/tmp/x", "DEAD_LETTER_DIR is for laptops (PENSTOCK_LOCAL=1)" },
        { "DEAD_LETTER_BUCKET", "b", "DEAD_LETTER_BUCKET: " },
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
    CHECK(ps_span_find(mistakes, PS_SPAN("are both set: choose one")) != PS_SPAN_NONE);
}

static void the_source_of_events_has_1_to_256_characters(void)
{
    char source[258];
    struct settings settings;
    struct ps_span mistakes;
    memset(source, 's', sizeof source - 1);
    source[257] = '\0';
    CHECK_ERR(read(PAIRS("EVENT_SOURCE", source), &settings, &mistakes), PS_ERR_BAD_CONFIG);
    source[256] = '\0';
    CHECK_OK(read(PAIRS("EVENT_SOURCE", source), &settings, &mistakes));
}

static void a_folder_for_dead_letters_is_for_laptops(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(PAIRS("DEAD_LETTER_DIR", "/tmp/x"), &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK_OK(read(PAIRS("DEAD_LETTER_DIR", "/tmp/x", "PENSTOCK_LOCAL", "1"), &settings, &mistakes));
}

int main(void)
{
    arena = check_arena(256 << 20);
    RUN(none_must_be_set_and_defaults_are_the_documented_ones);
    RUN(every_mistake_is_told_in_one_message);
    RUN(the_source_of_events_has_1_to_256_characters);
    RUN(a_folder_for_dead_letters_is_for_laptops);
    ps_arena_fini(&arena);
    return check_finish();
}
