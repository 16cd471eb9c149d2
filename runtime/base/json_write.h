/* Writes JSON onto a buf. Commas are put where they belong; keys and strings are escaped; the buf keeps the
 * first failure. The caller opens and closes in the right order (asserted). Output is always valid UTF-8 when
 * the strings given are (repair them first: base/utf8.h), holds no raw line feed, and escapes as little as
 * RFC 8259 allows: quote, backslash and control characters. */
#ifndef PS_JSON_WRITE_H
#define PS_JSON_WRITE_H

#include "base/buf.h"

struct ps_json_writer {
    struct ps_buf *buf;
    uint64_t has_member; /* bit d: something has been written at level d */
    uint64_t in_object;  /* bit d: level d is an object */
    uint8_t depth;
    bool after_key;
};

PS_API void ps_json_write_init(struct ps_json_writer *writer, struct ps_buf *buf);

PS_API void ps_json_write_object_begin(struct ps_json_writer *writer);
PS_API void ps_json_write_object_end(struct ps_json_writer *writer);
PS_API void ps_json_write_array_begin(struct ps_json_writer *writer);
PS_API void ps_json_write_array_end(struct ps_json_writer *writer);

PS_API void ps_json_write_key(struct ps_json_writer *writer, struct ps_span key);
/* key_escaped: already escaped, as read by json_read. */
PS_API void ps_json_write_key_escaped(struct ps_json_writer *writer, struct ps_span key);

PS_API void ps_json_write_string(struct ps_json_writer *writer, struct ps_span text);
/* Between quotes as it is: a slice that json_read gave. */
PS_API void ps_json_write_string_escaped(struct ps_json_writer *writer, struct ps_span text);
/* A whole value as it is; the caller answers for its validity. */
PS_API void ps_json_write_raw(struct ps_json_writer *writer, struct ps_span json);
PS_API void ps_json_write_u64(struct ps_json_writer *writer, uint64_t value);
PS_API void ps_json_write_i64(struct ps_json_writer *writer, int64_t value);
PS_API void ps_json_write_bool(struct ps_json_writer *writer, bool value);
PS_API void ps_json_write_null(struct ps_json_writer *writer);

/* key + string in one call, the commonest pair. */
PS_API void ps_json_write_member(struct ps_json_writer *writer, struct ps_span key, struct ps_span text);

/* Escapes text onto buf, without quotes. */
PS_API void ps_json_write_escape(struct ps_buf *buf, struct ps_span text);

/* Asserts that everything is closed; the buf's first failure, or the text. */
PS_API PS_MUST_USE enum ps_err ps_json_write_finish(struct ps_json_writer *writer, struct ps_span *out);

#endif
