#include "upload-dispatcher/settings.h"

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

static void one_must_be_set_and_defaults_are_the_documented_ones(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(read(PAIRS("QUEUE_URL", QUEUE), &settings, &mistakes));
    CHECK_TEXT(settings.queue_url, QUEUE);
    CHECK(settings.key_prefix.len == 0 && settings.key_suffix.len == 0);
    CHECK(settings.group_depth == 0 && settings.size_max_mb == 0);
    CHECK_EQ(settings.size_min, 1);
    CHECK_EQ(settings.request_timeout_ms, 5000);
}

static void every_mistake_is_told_in_one_message(void)
{
    static const char *const WANTED[] = {
        "QUEUE_URL: ",
        "GROUP_DEPTH=\"17\" is not a whole number from 0 to 16",
        "SIZE_MIN=\"-1\" is not a whole number from 0 to 4294967295",
        "SIZE_MAX_MB=\"1e3\" is not a whole number from 0 to 50000000",
        "REQUEST_TIMEOUT_MS=\"99\" is not a whole number from 100 to 60000",
    };
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(PAIRS("QUEUE_URL", "https://sqs.eu-central-1.amazonaws.com/123456789012/files", "GROUP_DEPTH", "17",
                         "SIZE_MIN", "-1", "SIZE_MAX_MB", "1e3", "REQUEST_TIMEOUT_MS", "99"),
                   &settings, &mistakes),
              PS_ERR_BAD_CONFIG);
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        bool told = ps_span_find(mistakes, ps_span_of(WANTED[i])) != PS_SPAN_NONE;
        check_true(told, WANTED[i], __FILE__, __LINE__);
    }
}

static void a_missing_queue_is_a_mistake(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(PAIRS("SIZE_MIN", "0"), &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK(ps_span_find(mistakes, PS_SPAN("QUEUE_URL: ")) != PS_SPAN_NONE);
}

int main(void)
{
    arena = check_arena(16 << 20);
    RUN(one_must_be_set_and_defaults_are_the_documented_ones);
    RUN(every_mistake_is_told_in_one_message);
    RUN(a_missing_queue_is_a_mistake);
    ps_arena_fini(&arena);
    return check_finish();
}
