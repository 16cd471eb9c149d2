/* Settings: a table per function, read from the environment into a struct at init. Every mistake is collected and
 * told in one message; an unknown word names the allowed ones. The same table prints the documentation. */
#ifndef PS_CONFIG_H
#define PS_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum ps_config_type {
    PS_CONFIG_TEXT,   /* struct ps_span */
    PS_CONFIG_BOOL,   /* bool; on|off|true|false|1|0|yes|no */
    PS_CONFIG_U32,    /* uint32_t within min..max */
    PS_CONFIG_MILLI,  /* uint32_t, a decimal 0..1 times 1,000,000 (rates) */
    PS_CONFIG_WORD,   /* uint32_t, index into words; any case */
    PS_CONFIG_SECRET, /* struct ps_span; never printed */
};

struct ps_config_item {
    const char *name;         /* of the environment variable */
    const char *fallbacks[2]; /* read in order when name is unset */
    enum ps_config_type type;
    size_t offset;             /* of the member in the settings struct */
    const char *value_default; /* as it would stand in the environment; "" for none */
    const char *const *words;  /* WORD: NULL-terminated */
    uint32_t min, max;         /* U32 */
    const char *help;          /* one sentence, for the docs */
};

struct ps_buf;

/* What the table alone cannot tell: adds each mistake to mistakes with ps_config_mistake. Called even when single
 * values were wrong (their members are zero then), so that everything is told at once. scratch is the arena of the
 * settings. */
typedef void ps_config_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

/* Fills settings from the environment. items ends with a NULL name. BAD_CONFIG with every mistake in the note;
 * check may be NULL; out_mistakes (may be NULL) gets the full text on arena when it is longer than a note holds. */
PS_API PS_MUST_USE enum ps_err ps_config_read(const struct ps_config_item *items, ps_config_check *check,
                                              struct ps_arena *arena, void *settings, struct ps_span *out_mistakes);

/* One mistake, "; " between it and the one before. */
PS_API PS_PRINTF(2, 3) void ps_config_mistake(struct ps_buf *mistakes, const char *format, ...);

/* A markdown table of the items onto buf: name, default, values, help. */
PS_API void ps_config_document(const struct ps_config_item *items, struct ps_buf *buf);

#endif
