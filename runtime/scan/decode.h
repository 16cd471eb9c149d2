/* The bytes of a stored log file become UTF-8 text, as they come: gzip (several members), zstd (several frames) or
 * plain, told by their first bytes; UTF-16 with a byte order mark becomes UTF-8, other text stays as it is (invalid
 * bytes included); a UTF-8 byte order mark is left out. Memory is fixed and taken once, by open: 1.3 MB, and address
 * space for a zstd window of PS_DECODE_WINDOW_BYTES_MAX.
 *
 * Decoding can begin again in the middle: in gzip at the begin of a deflate block (bit offset, the 32 KB before it, the
 * member's checksum so far), in zstd at a frame's begin, in plain text anywhere. Sources: RFC 1951, RFC 1952, RFC 8878;
 * zlib's manual (inflate with Z_BLOCK, inflatePrime, inflateSetDictionary). docs/wire/object-text.md. */
#ifndef PS_DECODE_H
#define PS_DECODE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum {
    PS_DECODE_WINDOW_BYTES_MAX = 32 << 20,
    PS_DECODE_TEXT_BYTES = 256 << 10,       /* given at once, at most */
    PS_DECODE_RESTART_SPACING = 1 << 20,    /* of text between two restart points, at least: a line is no longer */
    PS_DECODE_RESTART_BYTES_MAX = 48 << 10, /* of one, written down: a window of 32 KB in base64, and some numbers */
};

enum ps_decode_form { PS_DECODE_PLAIN, PS_DECODE_GZIP, PS_DECODE_ZSTD };
enum ps_decode_text { PS_DECODE_UTF8, PS_DECODE_UTF16LE, PS_DECODE_UTF16BE };

struct ps_decode; /* opaque */

/* One, for one object after another. */
PS_MUST_USE enum ps_err ps_decode_open(struct ps_arena *process, struct ps_decode **out);
void ps_decode_close(struct ps_decode *decode);

/* Begins with an object's first byte. */
void ps_decode_begin(struct ps_decode *decode);

/* Begins where a restart point says (as ps_decode_put_restart wrote it). *source_offset: of the object, where the next
 * byte to be fed stands; *text_offset: of the text that comes next. BAD_INPUT for what is none. */
PS_MUST_USE enum ps_err ps_decode_begin_at(struct ps_decode *decode, struct ps_span restart, uint64_t *source_offset,
                                           uint64_t *text_offset);

/* The next bytes of the object, once those before are used up; they must stay until then, and as long as the text that
 * was given last. last: there are no more. */
void ps_decode_feed(struct ps_decode *decode, struct ps_span bytes, bool last);

/* The next text, at most PS_DECODE_TEXT_BYTES; it stays until the next call. Empty text: more bytes must be fed, or all
 * is given (*done). BAD_INPUT for damaged data (what was decoded before it has been given), TOO_LARGE for a zstd
 * window over the limit, UNSUPPORTED for a dictionary, or an encrypted or unknown method. A failure stays until the
 * next begin. */
PS_MUST_USE enum ps_err ps_decode_next(struct ps_decode *decode, struct ps_span *text, bool *done);

enum ps_decode_form ps_decode_form(const struct ps_decode *decode);
enum ps_decode_text ps_decode_text(const struct ps_decode *decode);

/* Writes the newest restart point whose text begins at text_offset or before, as base64 (it stands in JSON as it is).
 * All text up to text_offset must have been given, at most twice PS_DECODE_RESTART_SPACING more: points before may be
 * forgotten. *restart_text_offset says where its text begins: from there to text_offset has to be decoded again. False
 * when there is none but the object's begin. */
PS_MUST_USE bool ps_decode_put_restart(const struct ps_decode *decode, uint64_t text_offset, struct ps_buf *buf,
                                       uint64_t *restart_text_offset);

#endif
