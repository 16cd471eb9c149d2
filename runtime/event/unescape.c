#include "base/assert.h"
#include "base/json_read.h"
#include "base/scan.h"
#include "event/unescape_priv.h"

/* What stands for the byte after a backslash; 0 for 'u' and for bytes that may not follow one. */
static const char SHORT[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

/* A run is moved in whole steps, so that up to a step too much is read and written; what is wrong is overwritten by
 * what comes next. */
enum { SLACK = PS_SCAN_STEP };

static inline char *move_run(char *to, const char *from, size_t len)
{
    memcpy(to, from, PS_SCAN_STEP);
    for (size_t done = PS_SCAN_STEP; PS_UNLIKELY(done < len); done += PS_SCAN_STEP)
        memcpy(to + done, from + done, PS_SCAN_STEP);
    return to + len;
}

/* Undoes the escapes of the PS_SCAN_BLOCK bytes at at, of which only the first len count; SLACK more are readable.
 * *to moves on. False at an escape that is not two bytes long. *cut: the last counting byte is the backslash of an
 * escape that goes on behind it. */
static inline bool undo_block(const char *at, size_t len, char **to, uint64_t *cut)
{
    uint64_t backslash = ps_scan_backslashes(at);
    uint64_t escaped = ps_scan_escaped(backslash, cut);
    if (len < PS_SCAN_BLOCK && escaped >> len != 0) return false; /* a backslash is the last byte */
    const char *run = at;
    for (; escaped != 0; escaped &= escaped - 1) {
        const char *second = at + __builtin_ctzll(escaped);
        char plain = SHORT[(unsigned char)*second];
        if (PS_UNLIKELY(plain == 0)) return false;
        /* The backslash of an escape at the block's very start lies in the block before. */
        if (second > at) *to = move_run(*to, run, (size_t)(second - 1 - run));
        *(*to)++ = plain;
        run = second + 1;
    }
    size_t left = (size_t)(at + len - run) - (*cut != 0);
    *to = move_run(*to, run, left);
    return true;
}

/* Writes to to, which has text.len + SLACK bytes; the length of the result, or false for the slow way. */
static bool undo(struct ps_span text, char *to, size_t *len)
{
    const char *at = text.data;
    const char *end = text.data + text.len;
    char *begin = to;
    uint64_t cut = 0;
    for (; end - at >= PS_SCAN_BLOCK + SLACK; at += PS_SCAN_BLOCK) {
        if (!undo_block(at, PS_SCAN_BLOCK, &to, &cut)) return false;
    }
    while (at < end) {
        char last[PS_SCAN_BLOCK + SLACK] = { 0 };
        size_t left = (size_t)(end - at) < PS_SCAN_BLOCK ? (size_t)(end - at) : PS_SCAN_BLOCK;
        memcpy(last, at, left);
        if (!undo_block(last, left, &to, &cut)) return false;
        at += left;
    }
    *len = (size_t)(to - begin);
    return cut == 0;
}

enum ps_err ps_unescape_message(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    struct ps_arena_mark mark = ps_arena_mark(arena);
    size_t room = text.len + SLACK;
    char *copy = ps_arena_bytes(arena, room);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a message of %zu bytes", text.len);
    size_t len = 0;
    if (!undo(text, copy, &len)) {
        ps_arena_rewind(arena, mark);
        return ps_json_read_unescape(arena, text, out);
    }
    bool resized = ps_arena_resize_newest(arena, copy, room, len);
    PS_ASSERT(resized);
    *out = ps_span_make(copy, len);
    return PS_OK;
}
