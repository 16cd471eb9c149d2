#include "scan/unzstd.h"

#define ZSTD_STATIC_LINKING_ONLY /* memory of our own, and what kind of input comes next */
#include <zstd.h>
#include <zstd_errors.h>

#include "base/assert.h"

enum { BLOCK_HEADER_BYTES = 3, WORKSPACE_ALIGN = 64 };

_Static_assert(PS_UNZSTD_BLOCK_BYTES_MAX == ZSTD_BLOCKSIZE_MAX, "a call gives a whole block");

struct ps_unzstd {
    ZSTD_DStream *stream;
    unsigned window_log;
    size_t first_step; /* bytes that zstd asks for at a frame's begin */
    size_t step;       /* that it asks for now */
    bool whole;
};

enum ps_err ps_unzstd_open(struct ps_arena *process, unsigned window_log, struct ps_unzstd **out)
{
    struct ps_unzstd *unzstd = PS_ARENA_NEW(process, struct ps_unzstd);
    size_t size = ZSTD_estimateDStreamSize((size_t)1 << window_log);
    void *workspace = ps_arena_alloc(process, size, WORKSPACE_ALIGN);
    if (unzstd == NULL || workspace == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "zstd: no room for %zu bytes of state", size);
    unzstd->stream = ZSTD_initStaticDStream(workspace, size);
    PS_ASSERT(unzstd->stream != NULL);
    PS_ASSERT(!ZSTD_isError(ZSTD_DCtx_setParameter(unzstd->stream, ZSTD_d_windowLogMax, (int)window_log)));
    unzstd->window_log = window_log;
    ps_unzstd_begin(unzstd);
    *out = unzstd;
    return PS_OK;
}

void ps_unzstd_begin(struct ps_unzstd *unzstd)
{
    unzstd->first_step = ZSTD_initDStream(unzstd->stream);
    PS_ASSERT(!ZSTD_isError(unzstd->first_step));
    unzstd->step = unzstd->first_step;
    unzstd->whole = true;
}

static enum ps_err tell(const struct ps_unzstd *unzstd, size_t result)
{
    ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
    if (code == ZSTD_error_frameParameter_windowTooLarge)
        PS_FAIL(PS_ERR_TOO_LARGE, "zstd: a frame's window is over %u MB", (1U << unzstd->window_log) >> 20);
    if (code == ZSTD_error_dictionary_wrong) PS_FAIL(PS_ERR_UNSUPPORTED, "zstd: a frame needs a dictionary");
    /* The memory is enough for all that the format has today; frames of before version 0.8 ask for other memory. */
    if (code == ZSTD_error_memory_allocation || code == ZSTD_error_version_unsupported ||
        code == ZSTD_error_frameParameter_unsupported)
        PS_FAIL(PS_ERR_UNSUPPORTED, "zstd: a frame of another version of the format");
    PS_FAIL(PS_ERR_BAD_INPUT, "zstd: %s", ZSTD_getErrorName(result));
}

/* zstd asks for a block together with the header behind it. Given both it would lose the block's text when that header
 * is damaged: it gets one after the other. */
static size_t step_behind(struct ps_unzstd *unzstd, size_t asked)
{
    if (asked == 0) return unzstd->first_step;
    bool with_header = ZSTD_nextInputType(unzstd->stream) == ZSTDnit_block;
    return with_header ? asked - BLOCK_HEADER_BYTES : asked;
}

enum ps_err ps_unzstd_next(struct ps_unzstd *unzstd, struct ps_span *in, char *out, size_t cap, size_t *made)
{
    PS_ASSERT(cap >= PS_UNZSTD_BLOCK_BYTES_MAX);
    ZSTD_outBuffer to = { .dst = out, .size = cap };
    bool frame_ended = false;
    while (to.pos == 0 && in->len > 0 && !frame_ended) {
        ZSTD_inBuffer from = { .src = in->data, .size = ps_span_first(*in, unzstd->step).len };
        size_t asked = ZSTD_decompressStream(unzstd->stream, &to, &from);
        if (ZSTD_isError(asked)) return tell(unzstd, asked);
        *in = ps_span_from(*in, from.pos);
        frame_ended = asked == 0;
        unzstd->whole = frame_ended;
        unzstd->step = step_behind(unzstd, asked);
    }
    *made = to.pos;
    return PS_OK;
}

bool ps_unzstd_is_whole(const struct ps_unzstd *unzstd)
{
    return unzstd->whole;
}
