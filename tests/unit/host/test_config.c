#include "host/config.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/buf.h"
#include "support/check.h"

struct settings {
    struct ps_span endpoint, password;
    bool gzip;
    uint32_t batch, rate, auth;
};

static const char *const AUTHS[] = { "sigv4", "basic", "none", NULL };

#define MEMBER(name) .offset = offsetof(struct settings, name)

static const struct ps_config_item ITEMS[] = {
    { .name = "T_ENDPOINT",
      .fallbacks = { "T_URL", "T_HOST" },
      .type = PS_CONFIG_TEXT,
      MEMBER(endpoint),
      .value_default = "",
      .help = "Where to send." },
    { .name = "T_PASSWORD", .type = PS_CONFIG_SECRET, MEMBER(password), .value_default = "", .help = "A secret." },
    { .name = "T_GZIP", .type = PS_CONFIG_BOOL, MEMBER(gzip), .value_default = "on", .help = "Compress." },
    { .name = "T_BATCH",
      .type = PS_CONFIG_U32,
      MEMBER(batch),
      .value_default = "500",
      .min = 1,
      .max = 1000,
      .help = "Items." },
    { .name = "T_RATE", .type = PS_CONFIG_MILLI, MEMBER(rate), .value_default = "1", .help = "Share kept." },
    { .name = "T_AUTH",
      .type = PS_CONFIG_WORD,
      MEMBER(auth),
      .value_default = "sigv4",
      .words = AUTHS,
      .help = "How to sign." },
    { .name = NULL },
};

static struct ps_arena arena;

static void clear(void)
{
    for (const struct ps_config_item *item = ITEMS; item->name != NULL; item++)
        (void)unsetenv(item->name);
    (void)unsetenv("T_URL");
    (void)unsetenv("T_HOST");
}

static void set(const char *name, const char *value)
{
    CHECK(setenv(name, value, 1) == 0);
}

static void unset_values_take_their_defaults(void)
{
    clear();
    struct settings settings;
    memset(&settings, 0xaa, sizeof settings);
    CHECK_OK(ps_config_read(ITEMS, NULL, &arena, &settings, NULL));
    CHECK_EQ(settings.endpoint.len + settings.password.len, 0);
    CHECK(settings.gzip);
    CHECK_EQ(settings.batch, 500);
    CHECK_EQ(settings.rate, 1000000);
    CHECK_EQ(settings.auth, 0);
}

static void an_empty_value_counts_as_unset(void)
{
    clear();
    set("T_BATCH", "");
    set("T_GZIP", "  ");
    struct settings settings;
    CHECK_OK(ps_config_read(ITEMS, NULL, &arena, &settings, NULL));
    CHECK_EQ(settings.batch, 500);
    CHECK(settings.gzip);
}

static void values_are_read_by_their_type(void)
{
    clear();
    set("T_ENDPOINT", " https://x \n");
    set("T_PASSWORD", " p w ");
    set("T_GZIP", "Off");
    set("T_BATCH", "1000");
    set("T_RATE", "0.25");
    set("T_AUTH", "NONE");
    struct settings settings;
    CHECK_OK(ps_config_read(ITEMS, NULL, &arena, &settings, NULL));
    CHECK_TEXT(settings.endpoint, "https://x");
    CHECK_TEXT(settings.password, " p w ");
    CHECK(!settings.gzip);
    CHECK_EQ(settings.batch, 1000);
    CHECK_EQ(settings.rate, 250000);
    CHECK_EQ(settings.auth, 2);
}

static void every_spelling_of_a_boolean_is_known(void)
{
    static const struct {
        const char *text;
        bool on;
    } WORDS[] = { { "on", true }, { "off", false }, { "true", true }, { "FALSE", false },
                  { "1", true },  { "0", false },   { "Yes", true },  { "no", false } };
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        clear();
        set("T_GZIP", WORDS[i].text);
        struct settings settings;
        CHECK_OK(ps_config_read(ITEMS, NULL, &arena, &settings, NULL));
        CHECK_EQ(settings.gzip, WORDS[i].on);
    }
}

static void fallbacks_are_read_in_order(void)
{
    clear();
    struct settings settings;
    set("T_HOST", "third");
    CHECK_OK(ps_config_read(ITEMS, NULL, &arena, &settings, NULL));
    CHECK_TEXT(settings.endpoint, "third");
    set("T_URL", "second");
    CHECK_OK(ps_config_read(ITEMS, NULL, &arena, &settings, NULL));
    CHECK_TEXT(settings.endpoint, "second");
    set("T_ENDPOINT", "first");
    CHECK_OK(ps_config_read(ITEMS, NULL, &arena, &settings, NULL));
    CHECK_TEXT(settings.endpoint, "first");
}

static void every_mistake_is_told_in_one_message(void)
{
    clear();
    set("T_GZIP", "maybe");
    set("T_BATCH", "1001");
    set("T_RATE", "1.5");
    set("T_AUTH", "kerberos");
    struct settings settings;
    struct ps_span mistakes = { NULL, 0 };
    CHECK_ERR(ps_config_read(ITEMS, NULL, &arena, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(mistakes, "T_GZIP=\"maybe\" is not on or off; T_BATCH=\"1001\" is not a whole number from 1 to 1000; "
                         "T_RATE=\"1.5\" is not a number from 0 to 1; T_AUTH=\"kerberos\" is not sigv4, basic or none");
    CHECK(strncmp(ps_err_note()->text, "settings: T_GZIP=", 17) == 0);
}

static void a_mistake_names_the_variable_that_holds_it(void)
{
    static const struct ps_config_item WITH_FALLBACK[] = {
        { .name = "T_BATCH",
          .fallbacks = { "T_URL" },
          .type = PS_CONFIG_U32,
          MEMBER(batch),
          .value_default = "5",
          .min = 1,
          .max = 10,
          .help = "" },
        { .name = NULL },
    };
    clear();
    set("T_URL", "zero");
    struct settings settings;
    struct ps_span mistakes = { NULL, 0 };
    CHECK_ERR(ps_config_read(WITH_FALLBACK, NULL, &arena, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(mistakes, "T_URL=\"zero\" is not a whole number from 1 to 10");
}

static void a_number_out_of_range_or_form_is_a_mistake(void)
{
    static const char *const BAD[] = {
        "0", "1001", "4294967297", "99999999999999999999999", "1.0", "0x10", "1 0", "+1"
    };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        clear();
        set("T_BATCH", BAD[i]);
        struct settings settings;
        CHECK_ERR(ps_config_read(ITEMS, NULL, &arena, &settings, NULL), PS_ERR_BAD_CONFIG);
    }
}

static enum ps_err read_mistakes(void)
{
    struct settings settings;
    struct ps_span mistakes;
    enum ps_err err = ps_config_read(ITEMS, NULL, &arena, &settings, &mistakes);
    return err == PS_ERR_BAD_CONFIG ? PS_OK : err;
}

static void no_memory_for_the_mistakes_is_an_error(void)
{
    clear();
    set("T_BATCH", "x");
    set("T_AUTH", "x");
    PS_EACH_FAILURE(&arena, read_mistakes());
}

static void the_table_documents_itself(void)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 1 << 16);
    ps_config_document(ITEMS, &buf);
    struct ps_span text;
    CHECK_OK(ps_buf_finish(&buf, &text));
    CHECK_TEXT(text, "| Name | Default | Values | Meaning |\n|---|---|---|---|\n"
                     "| `T_ENDPOINT` |  | text | Where to send. When unset: `T_URL`, then `T_HOST`. |\n"
                     "| `T_PASSWORD` |  | text, never printed | A secret. |\n"
                     "| `T_GZIP` | `on` | `on`, `off` | Compress. |\n"
                     "| `T_BATCH` | `500` | 1 to 1000 | Items. |\n"
                     "| `T_RATE` | `1` | 0 to 1 | Share kept. |\n"
                     "| `T_AUTH` | `sigv4` | `sigv4`, `basic`, `none` | How to sign. |\n");
}

static void find_fault(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    (void)settings, (void)scratch;
    ps_config_mistake(mistakes, "two settings contradict each other");
}

static void what_the_table_cannot_tell_is_listed_with_the_rest(void)
{
    clear();
    set("T_BATCH", "-1");
    struct settings settings;
    struct ps_span mistakes = PS_SPAN("");
    CHECK_ERR(ps_config_read(ITEMS, find_fault, &arena, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(mistakes, "T_BATCH=\"-1\" is not a whole number from 1 to 1000; two settings contradict each other");
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(unset_values_take_their_defaults);
    RUN(an_empty_value_counts_as_unset);
    RUN(values_are_read_by_their_type);
    RUN(every_spelling_of_a_boolean_is_known);
    RUN(fallbacks_are_read_in_order);
    RUN(every_mistake_is_told_in_one_message);
    RUN(what_the_table_cannot_tell_is_listed_with_the_rest);
    RUN(a_mistake_names_the_variable_that_holds_it);
    RUN(a_number_out_of_range_or_form_is_a_mistake);
    RUN(no_memory_for_the_mistakes_is_an_error);
    RUN(the_table_documents_itself);
    ps_arena_fini(&arena);
    return check_finish();
}
