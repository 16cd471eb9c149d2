#include "scan/gunzip.h"

#include <zlib.h>

#include "base/assert.h"
#include "base/gzip.h"

enum { HEADER_BYTES = 10, TRAILER_BYTES = 8, METHOD_AT = 2, FLAGS_AT = 3, METHOD_DEFLATE = 8 };
enum { FLAG_HEADER_CRC = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_UNKNOWN = 0xe0 };

/* What data_type says on return from inflate. */
enum { UNUSED_BITS = 7, IN_LAST_BLOCK = 64, AT_BLOCK = 128 };

enum place {
    IN_HEADER,
    IN_EXTRA_LEN,
    IN_EXTRA,
    IN_NAME,
    IN_COMMENT,
    IN_HEADER_CRC,
    IN_BODY,
    IN_TRAILER,
    BETWEEN_MEMBERS,
    IN_PADDING,
};

struct ps_gunzip {
    z_stream stream;
    struct ps_arena *arena;
    enum place place;
    uint32_t number;     /* bytes of a number of the header or trailer, the first one lowest */
    uint32_t place_used; /* bytes of the place in hand */
    uint32_t extra_len;
    unsigned flags;
    uint32_t header_crc;
    uint32_t crc;
    uint32_t member_bytes;
    unsigned char last_byte; /* that inflate has taken */
    bool at_block;
};

static void *take(void *opaque, uInt count, uInt size)
{
    struct ps_gunzip *gunzip = opaque;
    return ps_arena_array(gunzip->arena, count, size);
}

/* Memory of an arena is taken back as a whole. */
static void give_back(void *opaque, void *piece)
{
    (void)opaque;
    (void)piece;
}

/* zlib takes its window when it first needs one: that is now. */
static bool make_window(z_stream *stream)
{
    return inflateSetDictionary(stream, (const Bytef *)"", 1) == Z_OK && inflateReset(stream) == Z_OK;
}

enum ps_err ps_gunzip_open(struct ps_arena *process, struct ps_gunzip **out)
{
    struct ps_gunzip *gunzip = PS_ARENA_NEW(process, struct ps_gunzip);
    if (gunzip == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "gzip: no room to inflate");
    gunzip->arena = process;
    gunzip->stream = (z_stream){ .zalloc = take, .zfree = give_back, .opaque = gunzip };
    if (inflateInit2(&gunzip->stream, -MAX_WBITS) != Z_OK || !make_window(&gunzip->stream))
        PS_FAIL(PS_ERR_NO_MEMORY, "gzip: no room for zlib's state");
    *out = gunzip;
    return PS_OK;
}

void ps_gunzip_close(struct ps_gunzip *gunzip)
{
    (void)inflateEnd(&gunzip->stream);
}

static void enter(struct ps_gunzip *gunzip, enum place place)
{
    gunzip->place = place;
    gunzip->place_used = 0;
    gunzip->number = 0;
}

static void enter_body(struct ps_gunzip *gunzip)
{
    enter(gunzip, IN_BODY);
    gunzip->crc = 0;
    gunzip->member_bytes = 0;
    gunzip->at_block = false;
    PS_ASSERT(inflateReset(&gunzip->stream) == Z_OK);
}

void ps_gunzip_begin(struct ps_gunzip *gunzip)
{
    enter(gunzip, IN_HEADER);
    gunzip->header_crc = 0;
}

void ps_gunzip_begin_at(struct ps_gunzip *gunzip, const struct ps_gunzip_point *point)
{
    ps_gunzip_begin(gunzip);
    if (!point->in_member) {
        enter(gunzip, BETWEEN_MEMBERS);
        return;
    }
    enter_body(gunzip);
    gunzip->crc = point->crc;
    gunzip->member_bytes = point->member_bytes;
    gunzip->at_block = true;
    gunzip->last_byte = (unsigned char)(point->bits << (8 - point->bit_count));
    gunzip->stream.data_type = point->bit_count | AT_BLOCK;
    PS_ASSERT(inflatePrime(&gunzip->stream, point->bit_count, point->bits) == Z_OK);
    PS_ASSERT(inflateSetDictionary(&gunzip->stream, (const Bytef *)point->window, point->window_len) == Z_OK);
}

/* -- header -------------------------------------------------------------------------------------------------------- */

/* Enters the next part of the header that the flags announce, from `from` on. */
static void enter_part(struct ps_gunzip *gunzip, enum place from)
{
    if (from <= IN_EXTRA_LEN && (gunzip->flags & FLAG_EXTRA) != 0)
        enter(gunzip, IN_EXTRA_LEN);
    else if (from <= IN_NAME && (gunzip->flags & FLAG_NAME) != 0)
        enter(gunzip, IN_NAME);
    else if (from <= IN_COMMENT && (gunzip->flags & FLAG_COMMENT) != 0)
        enter(gunzip, IN_COMMENT);
    else if (from <= IN_HEADER_CRC && (gunzip->flags & FLAG_HEADER_CRC) != 0)
        enter(gunzip, IN_HEADER_CRC);
    else
        enter_body(gunzip);
}

static enum ps_err take_fixed_byte(struct ps_gunzip *gunzip, unsigned char byte)
{
    static const unsigned char MAGIC[] = { 0x1f, 0x8b };
    uint32_t at = gunzip->place_used++;
    if (at < sizeof MAGIC && byte != MAGIC[at]) PS_FAIL(PS_ERR_BAD_INPUT, "gzip: trailing bytes are no member");
    if (at == METHOD_AT && byte != METHOD_DEFLATE)
        PS_FAIL(PS_ERR_UNSUPPORTED, "gzip: method %u, only 8 (deflate) is read", byte);
    if (at == FLAGS_AT && (byte & FLAGS_UNKNOWN) != 0)
        PS_FAIL(PS_ERR_UNSUPPORTED, "gzip: flags 0x%02x, 0xe0 of them are reserved (encrypted or in parts)", byte);
    if (at == FLAGS_AT) gunzip->flags = byte;
    if (at == HEADER_BYTES - 1) enter_part(gunzip, IN_EXTRA_LEN);
    return PS_OK;
}

/* True when a number of len bytes is whole. */
static bool take_number_byte(struct ps_gunzip *gunzip, unsigned char byte, uint32_t len)
{
    gunzip->number |= (uint32_t)byte << (8 * (gunzip->place_used & 3));
    return ++gunzip->place_used == len;
}

static void take_extra_byte(struct ps_gunzip *gunzip, unsigned char byte)
{
    if (gunzip->place == IN_EXTRA) {
        if (++gunzip->place_used == gunzip->extra_len) enter_part(gunzip, IN_NAME);
        return;
    }
    if (!take_number_byte(gunzip, byte, 2)) return;
    gunzip->extra_len = gunzip->number;
    if (gunzip->extra_len > 0)
        enter(gunzip, IN_EXTRA);
    else
        enter_part(gunzip, IN_NAME);
}

static enum ps_err take_header_crc_byte(struct ps_gunzip *gunzip, unsigned char byte)
{
    if (!take_number_byte(gunzip, byte, 2)) return PS_OK;
    if (gunzip->number != (gunzip->header_crc & 0xffff))
        PS_FAIL(PS_ERR_BAD_INPUT, "gzip: the header's checksum is wrong");
    enter_body(gunzip);
    return PS_OK;
}

/* -- trailer ------------------------------------------------------------------------------------------------------- */

static enum ps_err take_trailer_byte(struct ps_gunzip *gunzip, unsigned char byte)
{
    bool whole = take_number_byte(gunzip, byte, TRAILER_BYTES);
    if (gunzip->place_used == TRAILER_BYTES / 2) {
        if (gunzip->number != gunzip->crc) PS_FAIL(PS_ERR_BAD_INPUT, "gzip: the member's checksum is wrong");
        gunzip->number = 0;
    }
    if (!whole) return PS_OK;
    if (gunzip->number != gunzip->member_bytes) PS_FAIL(PS_ERR_BAD_INPUT, "gzip: the member's length is wrong");
    enter(gunzip, BETWEEN_MEMBERS);
    return PS_OK;
}

/* A byte of anything but the body. */
static enum ps_err take_byte(struct ps_gunzip *gunzip, unsigned char byte)
{
    if (gunzip->place == BETWEEN_MEMBERS && byte != 0) ps_gunzip_begin(gunzip);
    if (gunzip->place < IN_HEADER_CRC)
        gunzip->header_crc = ps_gzip_crc32(gunzip->header_crc, ps_span_make((const char *)&byte, 1));
    switch (gunzip->place) {
    case IN_HEADER:
        return take_fixed_byte(gunzip, byte);
    case IN_EXTRA_LEN:
    case IN_EXTRA:
        take_extra_byte(gunzip, byte);
        break;
    case IN_NAME:
        if (byte == 0) enter_part(gunzip, IN_COMMENT);
        break;
    case IN_COMMENT:
        if (byte == 0) enter_part(gunzip, IN_HEADER_CRC);
        break;
    case IN_HEADER_CRC:
        return take_header_crc_byte(gunzip, byte);
    case IN_TRAILER:
        return take_trailer_byte(gunzip, byte);
    case BETWEEN_MEMBERS:
        enter(gunzip, IN_PADDING);
        break;
    case IN_PADDING:
        if (byte != 0) PS_FAIL(PS_ERR_BAD_INPUT, "gzip: trailing bytes behind the padding");
        break;
    case IN_BODY:
        break;
    }
    return PS_OK;
}

/* -- body ---------------------------------------------------------------------------------------------------------- */

static enum ps_err inflate_body(struct ps_gunzip *gunzip, struct ps_span *in, bool stop_at_blocks, char *out,
                                size_t cap, size_t *made)
{
    z_stream *stream = &gunzip->stream;
    stream->next_in = (Bytef *)(uintptr_t)in->data;
    stream->avail_in = in->len < UINT32_MAX ? (uInt)in->len : UINT32_MAX;
    stream->next_out = (Bytef *)out;
    stream->avail_out = (uInt)cap;
    uInt given = stream->avail_in;
    int result = inflate(stream, stop_at_blocks ? Z_BLOCK : Z_NO_FLUSH);
    size_t used = given - stream->avail_in;
    if (used > 0) gunzip->last_byte = (unsigned char)in->data[used - 1];
    *in = ps_span_from(*in, used);
    *made = cap - stream->avail_out;
    gunzip->crc = ps_gzip_crc32(gunzip->crc, ps_span_make(out, *made));
    gunzip->member_bytes += (uint32_t)*made;
    gunzip->at_block = (stream->data_type & AT_BLOCK) != 0 && (stream->data_type & IN_LAST_BLOCK) == 0;
    if (result == Z_STREAM_END) enter(gunzip, IN_TRAILER);
    /* zlib says it again at the next call. */
    if (result == Z_DATA_ERROR && *made == 0) PS_FAIL(PS_ERR_BAD_INPUT, "gzip: %s", stream->msg);
    return PS_OK;
}

static bool is_at_point(const struct ps_gunzip *gunzip)
{
    return gunzip->place == BETWEEN_MEMBERS || (gunzip->place == IN_BODY && gunzip->at_block);
}

enum ps_err ps_gunzip_next(struct ps_gunzip *gunzip, struct ps_span *in, bool stop_at_points, char *out, size_t cap,
                           size_t *made)
{
    PS_ASSERT(cap > 0 && cap <= UINT32_MAX);
    size_t inflated = 0;
    bool more = true;
    while (inflated == 0 && more) {
        size_t before = in->len;
        if (gunzip->place == IN_BODY) {
            PS_TRY(inflate_body(gunzip, in, stop_at_points, out, cap, &inflated));
        } else if (in->len > 0) {
            PS_TRY(take_byte(gunzip, (unsigned char)in->data[0]));
            *in = ps_span_from(*in, 1);
        }
        more = in->len < before && !(stop_at_points && is_at_point(gunzip));
    }
    *made = inflated;
    return PS_OK;
}

bool ps_gunzip_is_whole(const struct ps_gunzip *gunzip)
{
    return gunzip->place == BETWEEN_MEMBERS || gunzip->place == IN_PADDING;
}

bool ps_gunzip_point(struct ps_gunzip *gunzip, struct ps_gunzip_point *out)
{
    if (!is_at_point(gunzip)) return false;
    *out = (struct ps_gunzip_point){ .in_member = gunzip->place == IN_BODY };
    if (!out->in_member) return true;
    out->bit_count = gunzip->stream.data_type & UNUSED_BITS;
    out->bits = (uint8_t)(gunzip->last_byte >> (8 - out->bit_count));
    out->crc = gunzip->crc;
    out->member_bytes = gunzip->member_bytes;
    uInt window_len = 0;
    PS_ASSERT(inflateGetDictionary(&gunzip->stream, (Bytef *)out->window, &window_len) == Z_OK);
    out->window_len = window_len;
    return true;
}
