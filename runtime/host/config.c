#include "host/config.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"
#include "base/buf.h"
#include "base/num.h"
#include "host/env.h"

enum {
    MISTAKES_BYTES_MAX = 16 << 10,
    MILLI_SCALE = 6,
    MILLI_ONE = 1000000,
    WORDS_MAX = 64, /* in one item; a table with more has lost its NULL */
    FALLBACKS = sizeof((struct ps_config_item){ 0 }).fallbacks / sizeof(const char *),
};

struct reading {
    const struct ps_config_item *item;
    const char *name;     /* of the variable that gave the value */
    struct ps_span value; /* not empty */
    char *member;         /* of the settings struct */
    struct ps_buf *mistakes;
};

static bool read_word_of(struct ps_span value, const char *const *words, uint32_t *out)
{
    for (uint32_t i = 0; words[i] != NULL; i++) {
        PS_ASSERT(i < WORDS_MAX);
        if (!ps_span_eq_nocase(value, ps_span_of(words[i]))) continue;
        *out = i;
        return true;
    }
    return false;
}

/* "a, b or c" */
static void put_words(struct ps_buf *buf, const char *const *words)
{
    for (uint32_t i = 0; words[i] != NULL; i++) {
        if (i > 0) ps_buf_put(buf, words[i + 1] == NULL ? PS_SPAN(" or ") : PS_SPAN(", "));
        ps_buf_put(buf, ps_span_of(words[i]));
    }
}

void ps_config_mistake(struct ps_buf *mistakes, const char *format, ...)
{
    char text[PS_ERR_TEXT_BYTES_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (mistakes->len > 0) ps_buf_put(mistakes, PS_SPAN("; "));
    ps_buf_put(mistakes, ps_span_of(text));
}

static void begin_mistake(struct reading *reading)
{
    ps_config_mistake(reading->mistakes, "%s=\"%.*s\" is not ", reading->name, PS_SPAN_ARG(reading->value));
}

static void read_bool(struct reading *reading)
{
    static const char *const WORDS[] = { "off", "on", "false", "true", "0", "1", "no", "yes", NULL };
    uint32_t word = 0;
    if (read_word_of(reading->value, WORDS, &word)) {
        bool on = word % 2 == 1;
        memcpy(reading->member, &on, sizeof on);
        return;
    }
    begin_mistake(reading);
    ps_buf_put(reading->mistakes, PS_SPAN("on or off"));
}

static void read_u32(struct reading *reading)
{
    uint64_t value = 0;
    if (ps_span_to_u64(reading->value, &value) && value >= reading->item->min && value <= reading->item->max) {
        uint32_t number = (uint32_t)value;
        memcpy(reading->member, &number, sizeof number);
        return;
    }
    begin_mistake(reading);
    ps_buf_printf(reading->mistakes, "a whole number from %u to %u", reading->item->min, reading->item->max);
}

static void read_milli(struct reading *reading)
{
    int64_t value = 0;
    if (ps_num_scaled(reading->value, MILLI_SCALE, &value) && value >= 0 && value <= MILLI_ONE) {
        uint32_t number = (uint32_t)value;
        memcpy(reading->member, &number, sizeof number);
        return;
    }
    begin_mistake(reading);
    ps_buf_put(reading->mistakes, PS_SPAN("a number from 0 to 1"));
}

static void read_word(struct reading *reading)
{
    uint32_t word = 0;
    if (read_word_of(reading->value, reading->item->words, &word)) {
        memcpy(reading->member, &word, sizeof word);
        return;
    }
    begin_mistake(reading);
    put_words(reading->mistakes, reading->item->words);
}

static void read_value(struct reading *reading)
{
    switch (reading->item->type) {
    case PS_CONFIG_TEXT:
    case PS_CONFIG_SECRET:
        memcpy(reading->member, &reading->value, sizeof reading->value);
        return;
    case PS_CONFIG_BOOL:
        read_bool(reading);
        return;
    case PS_CONFIG_U32:
        read_u32(reading);
        return;
    case PS_CONFIG_MILLI:
        read_milli(reading);
        return;
    case PS_CONFIG_WORD:
        read_word(reading);
        return;
    }
}

static size_t member_bytes(enum ps_config_type type)
{
    if (type == PS_CONFIG_BOOL) return sizeof(bool);
    return type == PS_CONFIG_TEXT || type == PS_CONFIG_SECRET ? sizeof(struct ps_span) : sizeof(uint32_t);
}

/* White space around a value came with a paste; only a secret may mean it. */
static struct ps_span read_env(const struct ps_config_item *item, const char *name)
{
    struct ps_span value = ps_env_get(name);
    return item->type == PS_CONFIG_SECRET ? value : ps_span_trim(value);
}

static void read_item(struct reading *reading, const struct ps_config_item *item, char *settings)
{
    reading->item = item;
    reading->member = settings + item->offset;
    reading->name = item->name;
    reading->value = read_env(item, item->name);
    for (size_t i = 0; reading->value.len == 0 && i < FALLBACKS && item->fallbacks[i] != NULL; i++) {
        reading->name = item->fallbacks[i];
        reading->value = read_env(item, item->fallbacks[i]);
    }
    if (reading->value.len > 0) {
        read_value(reading);
        return;
    }
    memset(reading->member, 0, member_bytes(item->type));
    reading->name = item->name;
    reading->value = ps_span_of(item->value_default);
    if (reading->value.len == 0) return;
    size_t mistakes_before = reading->mistakes->len;
    read_value(reading);
    PS_ASSERT(reading->mistakes->len == mistakes_before); /* a default that its own table refuses */
}

enum ps_err ps_config_read(const struct ps_config_item *items, ps_config_check *check, struct ps_arena *arena,
                           void *settings, struct ps_span *out_mistakes)
{
    /* Not on the arena as it grows: check builds things there too. */
    char *memory = ps_arena_bytes(arena, MISTAKES_BYTES_MAX);
    if (memory == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory to tell of mistakes in the settings");
    struct ps_buf mistakes;
    ps_buf_init_fixed(&mistakes, memory, MISTAKES_BYTES_MAX);
    struct reading reading = { .mistakes = &mistakes };
    for (const struct ps_config_item *item = items; item->name != NULL; item++)
        read_item(&reading, item, settings);
    if (check != NULL) check(settings, arena, &mistakes);
    struct ps_span text = ps_buf_span(&mistakes);
    if (text.len == 0) return PS_OK;
    if (out_mistakes != NULL) *out_mistakes = text;
    PS_FAIL(PS_ERR_BAD_CONFIG, "settings: %.*s", (int)text.len, text.data);
}

/* -- documentation ------------------------------------------------------------------------------------------------- */

static void put_values(const struct ps_config_item *item, struct ps_buf *buf)
{
    switch (item->type) {
    case PS_CONFIG_TEXT:
        ps_buf_put(buf, PS_SPAN("text"));
        return;
    case PS_CONFIG_SECRET:
        ps_buf_put(buf, PS_SPAN("text, never printed"));
        return;
    case PS_CONFIG_BOOL:
        ps_buf_put(buf, PS_SPAN("`on`, `off`"));
        return;
    case PS_CONFIG_U32:
        ps_buf_printf(buf, "%u to %u", item->min, item->max);
        return;
    case PS_CONFIG_MILLI:
        ps_buf_put(buf, PS_SPAN("0 to 1"));
        return;
    case PS_CONFIG_WORD:
        for (uint32_t i = 0; item->words[i] != NULL; i++)
            ps_buf_printf(buf, "%s`%s`", i == 0 ? "" : ", ", item->words[i]);
        return;
    }
}

static void document_item(const struct ps_config_item *item, struct ps_buf *buf)
{
    ps_buf_printf(buf, "| `%s` | ", item->name);
    if (item->value_default != NULL && item->value_default[0] != '\0') ps_buf_printf(buf, "`%s`", item->value_default);
    ps_buf_put(buf, PS_SPAN(" | "));
    put_values(item, buf);
    ps_buf_printf(buf, " | %s", item->help);
    for (size_t i = 0; i < FALLBACKS && item->fallbacks[i] != NULL; i++)
        ps_buf_printf(buf, "%s`%s`", i == 0 ? " When unset: " : ", then ", item->fallbacks[i]);
    ps_buf_put(buf, item->fallbacks[0] == NULL ? PS_SPAN(" |\n") : PS_SPAN(". |\n"));
}

void ps_config_document(const struct ps_config_item *items, struct ps_buf *buf)
{
    ps_buf_put(buf, PS_SPAN("| Name | Default | Values | Meaning |\n|---|---|---|---|\n"));
    for (const struct ps_config_item *item = items; item->name != NULL; item++)
        document_item(item, buf);
}
