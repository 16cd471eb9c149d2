/* An append-only builder. It lives on an arena and grows up to a stated ceiling, or it fills memory that the
 * caller brought. The first failure sticks: later puts do nothing, and ps_buf_finish tells it once, so that a
 * builder of forty lines has one check. While a buf grows it should be the newest piece of its arena; otherwise
 * each growth copies and leaves the old bytes to the arena. */
#ifndef PS_BUF_H
#define PS_BUF_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct ps_buf {
    char *data;
    size_t len;
    size_t cap;
    size_t bytes_max;       /* ceiling of cap */
    struct ps_arena *arena; /* NULL: fixed memory */
    enum ps_err err;        /* the first failure */
};

/* Grows on arena, at most bytes_max bytes. */
PS_API void ps_buf_init(struct ps_buf *buf, struct ps_arena *arena, size_t bytes_max);

/* Fills cap bytes at data and never grows; beyond that it fails with TOO_LARGE. */
PS_API void ps_buf_init_fixed(struct ps_buf *buf, char *data, size_t cap);

/* Slow path of ps_buf_room. */
PS_API PS_MUST_USE bool ps_buf_grow(struct ps_buf *buf, size_t more);

/* Room for n more bytes at the end, or NULL once the buf has failed. Fill it, then add to buf->len. */
static inline PS_MUST_USE char *ps_buf_room(struct ps_buf *buf, size_t n)
{
    if (PS_UNLIKELY(buf->err != PS_OK || n > buf->cap - buf->len) && !ps_buf_grow(buf, n)) return NULL;
    return buf->data + buf->len;
}

static inline void ps_buf_byte(struct ps_buf *buf, char c)
{
    char *room = ps_buf_room(buf, 1);
    if (room == NULL) return;
    *room = c;
    buf->len++;
}

static inline void ps_buf_put(struct ps_buf *buf, struct ps_span text)
{
    char *room = ps_buf_room(buf, text.len);
    if (room == NULL || text.len == 0) return;
    memcpy(room, text.data, text.len);
    buf->len += text.len;
}

/* Decimal forms. */
PS_API void ps_buf_u64(struct ps_buf *buf, uint64_t value);
PS_API void ps_buf_i64(struct ps_buf *buf, int64_t value);

/* For messages and cold paths. */
PS_API PS_PRINTF(2, 3) void ps_buf_printf(struct ps_buf *buf, const char *format, ...);

static inline struct ps_span ps_buf_span(const struct ps_buf *buf)
{
    return (struct ps_span){ buf->data, buf->len };
}

/* The built bytes; the buf's first failure if there was one, said again with a note. */
PS_API PS_MUST_USE enum ps_err ps_buf_finish(const struct ps_buf *buf, struct ps_span *out);

#endif
