/* Adding fields where the hash of the name is known already: the hot path of JSON lines. Spans travel by value here,
 * in registers: a span written as two words and read back as one vector makes the processor wait for its own store. */
#ifndef PS_RECORD_PRIV_H
#define PS_RECORD_PRIV_H

#include "record/name_priv.h"
#include "record/record.h"

/* The bit of a name in record->field_filter. */
static inline uint64_t ps_record_filter_bit(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 58);
}

static inline void ps_record_fill(struct ps_field *slot, struct ps_span name, struct ps_span value,
                                  enum ps_field_kind kind, bool plain)
{
    slot->name = name;
    slot->value = value;
    slot->kind = kind;
    slot->plain = plain;
}

/* What ps_record_add does. */
PS_MUST_USE enum ps_err ps_record_put_slowly(struct ps_record *record, struct ps_arena *arena,
                                             const struct ps_field *field);

/* As ps_record_add; words and hash are those of name. */
static inline PS_MUST_USE enum ps_err ps_record_put(struct ps_record *record, struct ps_arena *arena,
                                                    struct ps_span name, struct ps_name_words words, uint64_t hash,
                                                    struct ps_span value, enum ps_field_kind kind, bool plain)
{
    uint64_t bit = ps_record_filter_bit(hash);
    bool slow = (record->field_filter & bit) != 0 || record->field_count >= record->field_cap ||
                record->field_count >= PS_RECORD_FIELDS_MAX || value.len > PS_RECORD_NUMBER_BYTES_MAX ||
                ps_name_suspect(name, words, PS_RECORD_NAME_BYTES_MAX);
    if (PS_UNLIKELY(slow)) {
        struct ps_field field = { .name = name, .value = value, .kind = kind, .plain = plain };
        return ps_record_put_slowly(record, arena, &field);
    }
    struct ps_field *slot = &record->fields[record->field_count++];
    ps_record_fill(slot, name, value, kind, plain);
    record->field_filter |= bit;
    return PS_OK;
}

#endif
