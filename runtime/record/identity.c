#include "record/identity.h"

#include "base/json_write.h"

static const uint64_t FNV_BASIS = 0xcbf29ce484222325u;
static const uint64_t FNV_PRIME = 0x100000001b3u;

static uint64_t mix_bytes(uint64_t hash, struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * FNV_PRIME;
    return hash;
}

/* The text and a separator. */
static uint64_t mix(uint64_t hash, struct ps_span text)
{
    return (mix_bytes(hash, text) ^ 0xff) * FNV_PRIME;
}

static uint64_t mix_u64(uint64_t hash, uint64_t value)
{
    for (int shift = 0; shift < 64; shift += 8)
        hash = (hash ^ ((value >> shift) & 0xff)) * FNV_PRIME;
    return hash;
}

static uint64_t finish(uint64_t hash)
{
    hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdu;
    hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53u;
    return hash ^ (hash >> 33);
}

uint64_t ps_identity_source(struct ps_span account, struct ps_span log_group, struct ps_span log_stream)
{
    return finish(mix(mix(mix(FNV_BASIS, account), log_group), log_stream));
}

static void put_hex(struct ps_buf *buf, uint64_t value)
{
    static const char DIGITS[] = "0123456789abcdef";
    char *room = ps_buf_room(buf, 16);
    if (room == NULL) return;
    for (int i = 15; i >= 0; i--, value >>= 4)
        room[i] = DIGITS[value & 15];
    buf->len += 16;
}

static void put_derived(struct ps_buf *buf, const struct ps_record *record)
{
    ps_buf_byte(buf, 'n');
    ps_buf_i64(buf, record->event_time_ms);
    ps_buf_byte(buf, '-');
    ps_buf_u64(buf, record->position);
    ps_buf_byte(buf, '-');
    put_hex(buf, finish(mix(FNV_BASIS, record->event_text)));
}

/* 128 bits: the hash and that of its own digest with the text again. */
static void put_hashed(struct ps_buf *buf, struct ps_span id)
{
    uint64_t first = finish(mix(FNV_BASIS, id));
    ps_buf_byte(buf, 'h');
    put_hex(buf, first);
    put_hex(buf, finish(mix(mix_u64(FNV_BASIS, first), id)));
}

void ps_identity_document(struct ps_buf *buf, const struct ps_record *record, uint64_t source)
{
    if (record->event_id.len == 0)
        put_derived(buf, record);
    else if (record->event_id.len > PS_IDENTITY_EVENT_ID_BYTES_MAX)
        put_hashed(buf, record->event_id);
    else
        ps_json_write_escape(buf, record->event_id);
    ps_buf_byte(buf, '-');
    put_hex(buf, source);
}
