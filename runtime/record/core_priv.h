/* What core.c and core_object.c share, and the hot path of JSON lines: putting a member, inlined into their loop. */
#ifndef PS_CORE_PRIV_H
#define PS_CORE_PRIV_H

#include "record/core.h"
#include "record/record_priv.h"

/* A perfect hash: slot of a name -> its number in the table of names from 1, or 0. */
enum { PS_CORE_SLOT_BITS = 10, PS_CORE_SLOT_COUNT = 1 << PS_CORE_SLOT_BITS };
extern const uint8_t PS_CORE_SLOTS[PS_CORE_SLOT_COUNT];

/* Puts a member whose name shares its slot with known name number. */
PS_MUST_USE enum ps_err ps_core_put_likely(struct ps_core_line *line, uint8_t number, const struct ps_field *field);

/* As ps_core_put. */
static inline PS_MUST_USE enum ps_err ps_core_put_inline(struct ps_core_line *line, struct ps_span name,
                                                         struct ps_span value, enum ps_field_kind kind, bool plain)
{
    struct ps_name_words words = ps_name_words(name);
    uint64_t hash = ps_name_words_hash(words, name.len);
    uint8_t number = PS_CORE_SLOTS[hash >> (64 - PS_CORE_SLOT_BITS)];
    if (number == 0) return ps_record_put(line->record, line->arena, name, words, hash, value, kind, plain);
    struct ps_field field = { .name = name, .value = value, .kind = kind, .plain = plain };
    return ps_core_put_likely(line, number, &field);
}

/* Number of a name's entry from 1, or 0 when it is not known; and the entry of a number. */
uint8_t ps_core_number(struct ps_span name);
const struct ps_core_name *ps_core_numbered(uint8_t number);

/* Sets the core member of an entry unless another name has done so. */
PS_MUST_USE enum ps_err ps_core_set_by(struct ps_core_line *line, uint8_t number, const struct ps_field *value,
                                       bool *taken);

/* The core members in an object of a known name, as ECS nests them: log:{level}, http:{response:{status_code}}.
 * *all: it held nothing else, and something; then there is no need to keep it as a field. */
PS_MUST_USE enum ps_err ps_core_object_put(struct ps_core_line *line, struct ps_span name, struct ps_span object,
                                           bool *all);

#endif
