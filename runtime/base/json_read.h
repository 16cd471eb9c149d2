/* A pull reader of JSON (RFC 8259) over a span: no tree, no copies, no allocation, no recursion.
 *
 * The caller asks for the next token; strings come as the slice between their quotes, escapes untouched.
 * Strict: no trailing commas, no comments, no leading zeros, no control characters inside strings, nothing but
 * white space after the value. Bytes over 0x7f are passed through unchecked (base/utf8.h repairs them).
 * Nesting is limited to PS_JSON_READ_DEPTH_MAX. Errors name the byte offset, never the bytes. */
#ifndef PS_JSON_READ_H
#define PS_JSON_READ_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_JSON_READ_DEPTH_MAX = 64 };

enum ps_json_kind {
    PS_JSON_END, /* the one value is over and only white space followed */
    PS_JSON_OBJECT_BEGIN,
    PS_JSON_OBJECT_END,
    PS_JSON_ARRAY_BEGIN,
    PS_JSON_ARRAY_END,
    PS_JSON_KEY,
    PS_JSON_STRING,
    PS_JSON_NUMBER,
    PS_JSON_TRUE,
    PS_JSON_FALSE,
    PS_JSON_NULL,
};

struct ps_json_token {
    enum ps_json_kind kind;
    bool escaped;        /* KEY, STRING: text holds at least one backslash */
    struct ps_span text; /* KEY, STRING: between the quotes; others: as written */
};

struct ps_json_reader {
    const char *begin;
    const char *at;
    const char *end;
    uint64_t in_object; /* bit d: level d is an object */
    uint8_t depth;
    uint8_t expects; /* private to json_read.c */
};

PS_API void ps_json_read_init(struct ps_json_reader *reader, struct ps_span text);

/* The next token. BAD_INPUT or TOO_DEEP with the offset; the reader must not be used after a failure. */
PS_API PS_MUST_USE enum ps_err ps_json_read_next(struct ps_json_reader *reader, struct ps_json_token *out);

/* After a KEY, or where a value is due: checks and skips one whole value and gives its slice as written
 * (strings with their quotes). raw may be NULL. In an array it skips the next element, comma included, and fails with
 * BAD_INPUT when there is none. As strict as reading token by token. */
PS_API PS_MUST_USE enum ps_err ps_json_read_skip(struct ps_json_reader *reader, struct ps_span *raw);

/* Reads the whole of text as one value (white space around it allowed) and fails unless it is valid. */
PS_API PS_MUST_USE enum ps_err ps_json_read_check(struct ps_span text);

/* Undoes the escapes of a string slice (between the quotes). Without a backslash the slice itself comes back,
 * else a copy on arena (which needs room for a few dozen bytes more while it works). Unpaired surrogates become
 * U+FFFD, \u0000 becomes a NUL byte. BAD_INPUT for an escape that does not exist. */
PS_API PS_MUST_USE enum ps_err ps_json_read_unescape(struct ps_arena *arena, struct ps_span text, struct ps_span *out);

/* The value of one member of the object in text, found at its top level (the first one of that name, names
 * compared after unescaping). *found says whether it is there; value and raw may be NULL. BAD_INPUT when text is no
 * object. What follows the member is not looked at. For small documents: it reads from the start. */
PS_API PS_MUST_USE enum ps_err ps_json_read_member(struct ps_span object, struct ps_span name,
                                                   struct ps_json_token *value, struct ps_span *raw, bool *found);

#endif
