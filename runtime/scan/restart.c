#include "scan/restart.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/gzip.h"

enum { VERSION = 1, BIT_COUNT_MAX = 7, CHECKSUM_BYTES = 4 };

/* Offsets of the layout; numbers are little endian. */
enum {
    AT_VERSION = 0,
    AT_FORM = 1,
    AT_TEXT = 2,
    AT_HELD_LEN = 3,
    AT_HELD = 4,
    AT_IN_MEMBER = 7,
    AT_BIT_COUNT = 8,
    AT_BITS = 9,
    AT_WINDOW_LEN = 10,
    AT_CRC = 12,
    AT_MEMBER_BYTES = 16,
    AT_SOURCE_OFFSET = 20,
    AT_TEXT_OFFSET = 28,
    AT_WINDOW = 36,
};

/* An object of S3 has 2^46 bytes at most. So that no sum of ours wraps. */
static const uint64_t OFFSET_MAX = UINT64_C(1) << 60;

_Static_assert((AT_WINDOW + PS_GUNZIP_WINDOW_BYTES + CHECKSUM_BYTES + 2) / 3 * 4 <= PS_DECODE_RESTART_BYTES_MAX,
               "the largest one fits");

static void put_number(char *at, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (char)(unsigned char)(value >> (8 * i));
}

static uint64_t get_number(const char *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)(unsigned char)at[i] << (8 * i);
    return value;
}

void ps_restart_put(struct ps_arena *scratch, const struct ps_restart *restart, struct ps_buf *buf)
{
    struct ps_arena_mark mark = ps_arena_mark(scratch);
    size_t len = AT_WINDOW + restart->gzip.window_len;
    char *bytes = ps_arena_zeroed(scratch, len + CHECKSUM_BYTES);
    PS_ASSERT(bytes != NULL);
    bytes[AT_VERSION] = VERSION;
    bytes[AT_FORM] = (char)restart->form;
    bytes[AT_TEXT] = (char)restart->text;
    bytes[AT_HELD_LEN] = (char)restart->utf16.held_len;
    memcpy(bytes + AT_HELD, restart->utf16.held, restart->utf16.held_len);
    bytes[AT_IN_MEMBER] = restart->gzip.in_member;
    bytes[AT_BIT_COUNT] = (char)restart->gzip.bit_count;
    bytes[AT_BITS] = (char)restart->gzip.bits;
    put_number(bytes + AT_WINDOW_LEN, restart->gzip.window_len, 2);
    put_number(bytes + AT_CRC, restart->gzip.crc, 4);
    put_number(bytes + AT_MEMBER_BYTES, restart->gzip.member_bytes, 4);
    put_number(bytes + AT_SOURCE_OFFSET, restart->source_offset, 8);
    put_number(bytes + AT_TEXT_OFFSET, restart->text_offset, 8);
    memcpy(bytes + AT_WINDOW, restart->gzip.window, restart->gzip.window_len);
    put_number(bytes + len, ps_gzip_crc32(0, ps_span_make(bytes, len)), CHECKSUM_BYTES);
    ps_base64_encode(buf, ps_span_make(bytes, len + CHECKSUM_BYTES));
    ps_arena_rewind(scratch, mark);
}

/* A number that is at most max. */
static enum ps_err get_up_to(struct ps_span bytes, size_t at, size_t len, uint64_t max, uint64_t *out)
{
    uint64_t value = get_number(bytes.data + at, len);
    if (value > max)
        PS_FAIL(PS_ERR_BAD_INPUT, "restart point: %llu at byte %zu, at most %llu is allowed", (unsigned long long)value,
                at, (unsigned long long)max);
    *out = value;
    return PS_OK;
}

static enum ps_err get_gzip(struct ps_span bytes, enum ps_decode_form form, struct ps_gunzip_point *out)
{
    uint64_t in_member = 0;
    uint64_t bit_count = 0;
    uint64_t bits = 0;
    uint64_t window_len = 0;
    PS_TRY(get_up_to(bytes, AT_IN_MEMBER, 1, form == PS_DECODE_GZIP ? 1 : 0, &in_member));
    PS_TRY(get_up_to(bytes, AT_BIT_COUNT, 1, in_member == 1 ? BIT_COUNT_MAX : 0, &bit_count));
    PS_TRY(get_up_to(bytes, AT_BITS, 1, (1U << bit_count) - 1, &bits));
    PS_TRY(get_up_to(bytes, AT_WINDOW_LEN, 2, in_member == 1 ? PS_GUNZIP_WINDOW_BYTES : 0, &window_len));
    if (bytes.len != AT_WINDOW + window_len)
        PS_FAIL(PS_ERR_BAD_INPUT, "restart point: %zu bytes, a window of %llu", bytes.len,
                (unsigned long long)window_len);
    out->in_member = in_member == 1;
    out->bit_count = (uint8_t)bit_count;
    out->bits = (uint8_t)bits;
    out->crc = (uint32_t)get_number(bytes.data + AT_CRC, 4);
    out->member_bytes = (uint32_t)get_number(bytes.data + AT_MEMBER_BYTES, 4);
    out->window_len = (uint32_t)window_len;
    memcpy(out->window, bytes.data + AT_WINDOW, window_len);
    return PS_OK;
}

static enum ps_err get_all(struct ps_span bytes, struct ps_restart *out)
{
    uint64_t form = 0;
    uint64_t text = 0;
    uint64_t held_len = 0;
    uint64_t source_offset = 0;
    uint64_t text_offset = 0;
    PS_TRY(get_up_to(bytes, AT_FORM, 1, PS_DECODE_ZSTD, &form));
    PS_TRY(get_up_to(bytes, AT_TEXT, 1, PS_DECODE_UTF16BE, &text));
    PS_TRY(get_up_to(bytes, AT_HELD_LEN, 1, text == PS_DECODE_UTF8 ? 0 : PS_UTF16_HELD_BYTES_MAX, &held_len));
    PS_TRY(get_up_to(bytes, AT_SOURCE_OFFSET, 8, OFFSET_MAX, &source_offset));
    PS_TRY(get_up_to(bytes, AT_TEXT_OFFSET, 8, OFFSET_MAX, &text_offset));
    PS_TRY(get_gzip(bytes, (enum ps_decode_form)form, &out->gzip));
    out->form = (enum ps_decode_form)form;
    out->text = (enum ps_decode_text)text;
    out->source_offset = source_offset;
    out->text_offset = text_offset;
    out->utf16 = (struct ps_utf16){ .big_endian = text == PS_DECODE_UTF16BE, .held_len = (uint8_t)held_len };
    memcpy(out->utf16.held, bytes.data + AT_HELD, held_len);
    return PS_OK;
}

static enum ps_err get_checked(struct ps_arena *scratch, struct ps_span text, struct ps_restart *out)
{
    struct ps_span bytes;
    PS_TRY(ps_base64_decode(scratch, text, &bytes));
    if (bytes.len < AT_WINDOW + CHECKSUM_BYTES) PS_FAIL(PS_ERR_BAD_INPUT, "restart point: only %zu bytes", bytes.len);
    struct ps_span body = ps_span_first(bytes, bytes.len - CHECKSUM_BYTES);
    if (body.data[AT_VERSION] != VERSION)
        PS_FAIL(PS_ERR_BAD_INPUT, "restart point: version %u, only %d is read", (unsigned char)body.data[AT_VERSION],
                VERSION);
    if (get_number(bytes.data + body.len, CHECKSUM_BYTES) != ps_gzip_crc32(0, body))
        PS_FAIL(PS_ERR_BAD_INPUT, "restart point: the checksum is wrong");
    return get_all(body, out);
}

enum ps_err ps_restart_get(struct ps_arena *scratch, struct ps_span text, struct ps_restart *out)
{
    if (text.len > PS_DECODE_RESTART_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "restart point: %zu bytes of text, at most %d are read", text.len,
                PS_DECODE_RESTART_BYTES_MAX);
    struct ps_arena_mark mark = ps_arena_mark(scratch);
    enum ps_err err = get_checked(scratch, text, out);
    ps_arena_rewind(scratch, mark);
    return err;
}
