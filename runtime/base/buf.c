#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/assert.h"

enum { FIRST_BYTES = 256 };

/* Where an empty buf points: an offset from a null pointer is undefined, and room for nothing must not look like none.
 */
static char nothing[1];

void ps_buf_init(struct ps_buf *buf, struct ps_arena *arena, size_t bytes_max)
{
    PS_ASSERT(arena != NULL);
    *buf = (struct ps_buf){ .data = nothing, .bytes_max = bytes_max, .arena = arena };
}

void ps_buf_init_fixed(struct ps_buf *buf, char *data, size_t cap)
{
    *buf = (struct ps_buf){ .data = data == NULL ? nothing : data, .cap = cap, .bytes_max = cap };
}

static bool fail(struct ps_buf *buf, enum ps_err err)
{
    if (buf->err == PS_OK) buf->err = err;
    return false;
}

bool ps_buf_grow(struct ps_buf *buf, size_t more)
{
    if (buf->err != PS_OK) return false;
    if (more > buf->bytes_max - buf->len) return fail(buf, PS_ERR_TOO_LARGE);
    if (more <= buf->cap - buf->len) return true;
    PS_ASSERT(buf->arena != NULL);
    size_t wanted = buf->len + more;
    size_t cap = buf->cap == 0 ? FIRST_BYTES : buf->cap;
    while (cap < wanted)
        cap = cap > buf->bytes_max / 2 ? buf->bytes_max : cap * 2;
    if (cap > buf->bytes_max) cap = buf->bytes_max;
    if (buf->cap > 0 && ps_arena_resize_newest(buf->arena, buf->data, buf->cap, cap)) {
        buf->cap = cap;
        return true;
    }
    char *data = ps_arena_bytes(buf->arena, cap);
    if (data == NULL) return fail(buf, PS_ERR_NO_MEMORY);
    if (buf->len > 0) memcpy(data, buf->data, buf->len);
    buf->data = data;
    buf->cap = cap;
    return true;
}

void ps_buf_u64(struct ps_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    ps_buf_put(buf, ps_span_make(digits + at, sizeof digits - at));
}

void ps_buf_i64(struct ps_buf *buf, int64_t value)
{
    if (value < 0) ps_buf_byte(buf, '-');
    ps_buf_u64(buf, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void ps_buf_printf(struct ps_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    PS_ASSERT(len >= 0);
    char *room = ps_buf_room(buf, (size_t)len + 1);
    if (room != NULL) {
        (void)vsnprintf(room, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}

enum ps_err ps_buf_finish(const struct ps_buf *buf, struct ps_span *out)
{
    if (buf->err == PS_ERR_TOO_LARGE) PS_FAIL(PS_ERR_TOO_LARGE, "more than %zu bytes to build", buf->bytes_max);
    if (buf->err != PS_OK) PS_FAIL(buf->err, "no memory to build more than %zu bytes", buf->len);
    *out = ps_buf_span(buf);
    return PS_OK;
}
