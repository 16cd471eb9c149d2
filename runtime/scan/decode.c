#include "scan/decode.h"

#include "base/assert.h"
#include "scan/gunzip.h"
#include "scan/restart.h"
#include "scan/unzstd.h"
#include "scan/utf16.h"

enum {
    WINDOW_LOG = 25,
    POINTS = 3, /* newest ones kept: the oldest is two spacings back, or more */
    UTF16_PIECE_BYTES = 128 << 10,
    SIGNATURE_BYTES_MAX = 4,
};

_Static_assert(1 << WINDOW_LOG == PS_DECODE_WINDOW_BYTES_MAX, "one limit, said twice");
_Static_assert(PS_UTF16_TEXT_BYTES_MAX(UTF16_PIECE_BYTES) <= PS_DECODE_TEXT_BYTES,
               "what a piece becomes is given at once");

/* First bytes that tell what follows. */
struct signature {
    unsigned char bytes[SIGNATURE_BYTES_MAX];
    uint8_t len;
    uint8_t first_mask; /* bits of the first byte that count */
    int means;
};

static const struct signature FORMS[] = {
    { { 0x1f, 0x8b }, 2, 0xff, PS_DECODE_GZIP },
    { { 0x28, 0xb5, 0x2f, 0xfd }, 4, 0xff, PS_DECODE_ZSTD },
    { { 0x50, 0x2a, 0x4d, 0x18 }, 4, 0xf0, PS_DECODE_ZSTD }, /* a skippable frame */
};

static const struct signature MARKS[] = {
    { { 0xef, 0xbb, 0xbf }, 3, 0xff, PS_DECODE_UTF8 },
    { { 0xff, 0xfe }, 2, 0xff, PS_DECODE_UTF16LE },
    { { 0xfe, 0xff }, 2, 0xff, PS_DECODE_UTF16BE },
};

/* The first bytes, held back as long as they may become a signature. */
struct lead {
    char bytes[SIGNATURE_BYTES_MAX];
    size_t len;
    bool told;
    int means;
    struct ps_span left; /* of bytes: what still has to be read, before all else */
};

struct ps_decode {
    struct ps_gunzip *gunzip;
    struct ps_unzstd *unzstd;
    struct ps_arena *scratch;
    char *inflated;            /* PS_DECODE_TEXT_BYTES, of gzip or zstd */
    char *converted;           /* PS_DECODE_TEXT_BYTES, from UTF-16 */
    struct ps_restart *points; /* POINTS, and one more to make those of plain text in */
    size_t point_count;        /* noted so far; number n lies at n % POINTS */

    enum ps_err failed;
    struct lead form, mark;
    struct ps_span in;      /* fed and not used */
    bool last;              /* nothing follows it */
    struct ps_span raw;     /* of it, inflated, and not given */
    uint64_t source_offset; /* of what is used */
    uint64_t text_offset;   /* of what is given */
    struct ps_utf16 utf16;
};

enum ps_err ps_decode_open(struct ps_arena *process, struct ps_decode **out)
{
    struct ps_decode *decode = PS_ARENA_NEW(process, struct ps_decode);
    if (decode == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no room to decode");
    decode->inflated = ps_arena_bytes(process, PS_DECODE_TEXT_BYTES);
    decode->converted = ps_arena_bytes(process, PS_DECODE_TEXT_BYTES);
    decode->points = PS_ARENA_ARRAY(process, struct ps_restart, POINTS + 1);
    decode->scratch = PS_ARENA_NEW(process, struct ps_arena);
    if (decode->inflated == NULL || decode->converted == NULL || decode->points == NULL || decode->scratch == NULL)
        PS_FAIL(PS_ERR_NO_MEMORY, "no room for decoded text");
    PS_TRY(ps_arena_part(decode->scratch, process, PS_RESTART_SCRATCH_BYTES));
    PS_TRY(ps_unzstd_open(process, WINDOW_LOG, &decode->unzstd));
    PS_TRY(ps_gunzip_open(process, &decode->gunzip));
    ps_decode_begin(decode);
    *out = decode;
    return PS_OK;
}

void ps_decode_close(struct ps_decode *decode)
{
    ps_gunzip_close(decode->gunzip);
}

void ps_decode_begin(struct ps_decode *decode)
{
    decode->point_count = 0;
    decode->failed = PS_OK;
    decode->form = (struct lead){ .means = PS_DECODE_PLAIN, .left = PS_SPAN("") };
    decode->mark = (struct lead){ .means = PS_DECODE_UTF8, .left = PS_SPAN("") };
    decode->in = PS_SPAN("");
    decode->raw = PS_SPAN("");
    decode->last = false;
    decode->source_offset = 0;
    decode->text_offset = 0;
    ps_gunzip_begin(decode->gunzip);
    ps_unzstd_begin(decode->unzstd);
}

enum ps_err ps_decode_begin_at(struct ps_decode *decode, struct ps_span restart, uint64_t *source_offset,
                               uint64_t *text_offset)
{
    ps_decode_begin(decode);
    struct ps_restart *point = &decode->points[0];
    PS_TRY(ps_restart_get(decode->scratch, restart, point));
    decode->point_count = 1;
    decode->form = (struct lead){ .told = true, .means = (int)point->form, .left = PS_SPAN("") };
    decode->mark = (struct lead){ .told = true, .means = (int)point->text, .left = PS_SPAN("") };
    decode->utf16 = point->utf16;
    *source_offset = decode->source_offset = point->source_offset;
    *text_offset = decode->text_offset = point->text_offset;
    if (point->form == PS_DECODE_GZIP) ps_gunzip_begin_at(decode->gunzip, &point->gzip);
    return PS_OK;
}

void ps_decode_feed(struct ps_decode *decode, struct ps_span bytes, bool last)
{
    PS_ASSERT(decode->in.len == 0);
    PS_ASSERT(!decode->last);
    decode->in = bytes.len > 0 ? bytes : PS_SPAN("");
    decode->last = last;
}

enum ps_decode_form ps_decode_form(const struct ps_decode *decode)
{
    return (enum ps_decode_form)decode->form.means;
}

enum ps_decode_text ps_decode_text(const struct ps_decode *decode)
{
    return (enum ps_decode_text)decode->mark.means;
}

/* -- first bytes --------------------------------------------------------------------------------------------------- */

static bool may_become(const struct lead *lead, const struct signature *signature)
{
    for (size_t i = 0; i < lead->len; i++) {
        unsigned char byte = (unsigned char)lead->bytes[i];
        if (i == 0) byte &= signature->first_mask;
        if (byte != signature->bytes[i]) return false;
    }
    return lead->len <= signature->len;
}

/* Takes one more byte if a signature goes on with it; a whole signature tells what follows. */
static bool take_lead(struct lead *lead, const struct signature *signatures, size_t count, char byte)
{
    lead->bytes[lead->len++] = byte;
    for (size_t i = 0; i < count; i++) {
        if (!may_become(lead, &signatures[i])) continue;
        if (lead->len == signatures[i].len) {
            lead->told = true;
            lead->means = signatures[i].means;
        }
        return true;
    }
    lead->len--;
    return false;
}

/* Reads the front of *in until it is told what follows (true) or more is needed. No signature is the begin of another;
 * without one the lead means what it did, and its bytes are left to be read. */
static bool tell(struct lead *lead, const struct signature *signatures, size_t count, struct ps_span *in, bool last)
{
    while (!lead->told && in->len > 0 && take_lead(lead, signatures, count, in->data[0]))
        *in = ps_span_from(*in, 1);
    if (lead->told) return true;
    lead->told = in->len > 0 || last;
    if (lead->told) lead->left = ps_span_make(lead->bytes, lead->len);
    return lead->told;
}

/* A form's signature belongs to what has to be inflated. */
static bool tell_form(struct ps_decode *decode)
{
    if (decode->form.told) return true;
    if (!tell(&decode->form, FORMS, sizeof FORMS / sizeof FORMS[0], &decode->in, decode->last)) return false;
    decode->form.left = ps_span_make(decode->form.bytes, decode->form.len);
    return true;
}

/* A mark is no text: it is left out. */
static bool tell_text(struct ps_decode *decode, bool ended)
{
    if (decode->mark.told) return true;
    if (!tell(&decode->mark, MARKS, sizeof MARKS / sizeof MARKS[0], &decode->raw, ended)) return false;
    decode->utf16 = (struct ps_utf16){ .big_endian = decode->mark.means == PS_DECODE_UTF16BE };
    return true;
}

/* -- restart points ------------------------------------------------------------------------------------------------ */

/* In plain UTF-8 every place is one, and none has to be noted. */
static bool has_points(const struct ps_decode *decode)
{
    return decode->form.means != PS_DECODE_PLAIN || decode->mark.means != PS_DECODE_UTF8;
}

static bool is_point_due(const struct ps_decode *decode)
{
    uint64_t newest = 0;
    if (decode->point_count > 0) newest = decode->points[(decode->point_count - 1) % POINTS].text_offset;
    return decode->text_offset - newest >= PS_DECODE_RESTART_SPACING && has_points(decode);
}

/* If it stands at one: between what is inflated and what is given nothing may be left. */
static void note_point(struct ps_decode *decode)
{
    struct ps_restart *point = &decode->points[decode->point_count % POINTS];
    if (decode->form.means == PS_DECODE_ZSTD && !ps_unzstd_is_whole(decode->unzstd)) return;
    if (decode->form.means == PS_DECODE_GZIP && !ps_gunzip_point(decode->gunzip, &point->gzip)) return;
    if (decode->form.means != PS_DECODE_GZIP) point->gzip = (struct ps_gunzip_point){ 0 };
    point->form = ps_decode_form(decode);
    point->text = ps_decode_text(decode);
    point->source_offset = decode->source_offset;
    point->text_offset = decode->text_offset;
    point->utf16 = decode->utf16;
    decode->point_count++;
}

static const struct ps_restart *find_point(const struct ps_decode *decode, uint64_t text_offset)
{
    const struct ps_restart *newest = NULL;
    for (size_t i = 0; i < POINTS && i < decode->point_count; i++) {
        const struct ps_restart *point = &decode->points[i];
        if (point->text_offset > text_offset) continue;
        if (newest == NULL || point->text_offset > newest->text_offset) newest = point;
    }
    return newest;
}

/* Plain text differs from its source by a byte order mark only. */
static const struct ps_restart *plain_point(const struct ps_decode *decode, uint64_t text_offset)
{
    if (text_offset == 0) return NULL;
    struct ps_restart *point = &decode->points[POINTS];
    uint64_t mark_len = decode->source_offset - decode->raw.len - decode->text_offset;
    point->source_offset = mark_len + text_offset;
    point->text_offset = text_offset;
    return point;
}

bool ps_decode_put_restart(const struct ps_decode *decode, uint64_t text_offset, struct ps_buf *buf,
                           uint64_t *restart_text_offset)
{
    PS_ASSERT(text_offset <= decode->text_offset);
    const struct ps_restart *point =
        has_points(decode) ? find_point(decode, text_offset) : plain_point(decode, text_offset);
    if (point == NULL) return false;
    ps_restart_put(decode->scratch, point, buf);
    *restart_text_offset = point->text_offset;
    return true;
}

/* -- text ---------------------------------------------------------------------------------------------------------- */

static enum ps_err inflate(struct ps_decode *decode, struct ps_span *from)
{
    size_t made = 0;
    switch (ps_decode_form(decode)) {
    case PS_DECODE_PLAIN:
        decode->raw = ps_span_first(*from, PS_DECODE_TEXT_BYTES);
        *from = ps_span_from(*from, decode->raw.len);
        return PS_OK;
    case PS_DECODE_GZIP:
        PS_TRY(
            ps_gunzip_next(decode->gunzip, from, is_point_due(decode), decode->inflated, PS_DECODE_TEXT_BYTES, &made));
        break;
    case PS_DECODE_ZSTD:
        PS_TRY(ps_unzstd_next(decode->unzstd, from, decode->inflated, PS_DECODE_TEXT_BYTES, &made));
        break;
    }
    decode->raw = ps_span_make(decode->inflated, made);
    return PS_OK;
}

static bool is_whole(const struct ps_decode *decode)
{
    switch (ps_decode_form(decode)) {
    case PS_DECODE_GZIP:
        return ps_gunzip_is_whole(decode->gunzip);
    case PS_DECODE_ZSTD:
        return ps_unzstd_is_whole(decode->unzstd);
    case PS_DECODE_PLAIN:
        break;
    }
    return true;
}

/* Fills raw. *starved: there is nothing left to fill it from. */
static enum ps_err fill(struct ps_decode *decode, bool *starved)
{
    if (!tell_form(decode)) {
        *starved = true;
        return PS_OK;
    }
    struct ps_span *from = decode->form.left.len > 0 ? &decode->form.left : &decode->in;
    size_t before = from->len;
    enum ps_err err = inflate(decode, from);
    decode->source_offset += before - from->len;
    if (err != PS_OK) return ps_err_wrap(err, "byte %llu", (unsigned long long)decode->source_offset);
    *starved = decode->raw.len == 0 && decode->form.left.len == 0 && decode->in.len == 0;
    if (*starved && decode->last && !is_whole(decode))
        PS_FAIL(PS_ERR_BAD_INPUT, "%s: cut at byte %llu", decode->form.means == PS_DECODE_GZIP ? "gzip" : "zstd",
                (unsigned long long)decode->source_offset);
    return PS_OK;
}

static struct ps_span take_text(struct ps_decode *decode, bool ended)
{
    if (!tell_text(decode, ended)) return PS_SPAN("");
    struct ps_span *from = decode->mark.left.len > 0 ? &decode->mark.left : &decode->raw;
    bool utf16 = decode->mark.means != PS_DECODE_UTF8;
    struct ps_span piece = utf16 ? ps_span_first(*from, UTF16_PIECE_BYTES) : *from;
    *from = ps_span_from(*from, piece.len);
    if (!utf16) return piece;
    return ps_span_make(decode->converted, ps_utf16_decode(&decode->utf16, piece, ended, decode->converted));
}

enum ps_err ps_decode_next(struct ps_decode *decode, struct ps_span *text, bool *done)
{
    if (decode->failed != PS_OK) PS_FAIL(decode->failed, "decoding has ended in a failure before");
    struct ps_span given = PS_SPAN("");
    bool starved = false;
    while (given.len == 0 && !starved) {
        if (decode->raw.len == 0) decode->failed = fill(decode, &starved);
        if (decode->failed != PS_OK) return decode->failed;
        given = take_text(decode, starved && decode->last);
        decode->text_offset += given.len;
        if (decode->raw.len == 0 && is_point_due(decode)) note_point(decode);
    }
    *text = given;
    *done = starved && decode->last && given.len == 0;
    return PS_OK;
}
