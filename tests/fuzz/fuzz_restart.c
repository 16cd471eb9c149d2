/* Targets: ps_restart_get, ps_restart_put, ps_decode_begin_at, ps_decode_put_restart. The input is a restart point, as
 * text or (after a first byte of 1) as the bytes under it with a right checksum; decoding goes on with the same bytes.
 */
#include "base/base64.h"
#include "base/gzip.h"
#include "scan/decode.h"
#include "scan/restart.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t TEXT_BYTES_MAX = 1 << 20;

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_decode *decode;

static bool ready(void)
{
    if (decode != NULL) return true;
    return ps_arena_init(&process, (size_t)64 << 20) == PS_OK && ps_arena_init(&arena, 1 << 20) == PS_OK &&
           ps_decode_open(&process, &decode) == PS_OK;
}

static struct ps_span with_checksum(struct ps_span bytes)
{
    struct ps_buf body;
    struct ps_buf text;
    uint32_t crc = ps_gzip_crc32(0, bytes);
    ps_buf_init(&body, &arena, (size_t)1 << 17);
    ps_buf_put(&body, bytes);
    ps_buf_put(&body, ps_span_make((const char *)&crc, sizeof crc));
    ps_buf_init(&text, &arena, (size_t)1 << 18);
    ps_base64_encode(&text, ps_buf_span(&body));
    PS_ASSERT(text.err == PS_OK);
    return ps_buf_span(&text);
}

static void check_put(uint64_t source_offset, uint64_t text_offset)
{
    static char room[PS_DECODE_RESTART_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    uint64_t at = 0;
    uint64_t source = 0;
    if (!ps_decode_put_restart(decode, text_offset, &buf, &at)) return;
    PS_ASSERT(buf.err == PS_OK);
    PS_ASSERT(ps_decode_begin_at(decode, ps_buf_span(&buf), &source, &at) == PS_OK);
    PS_ASSERT(source == source_offset);
    PS_ASSERT(at == text_offset);
}

static void decode_some(struct ps_span bytes)
{
    uint64_t len = 0;
    bool done = false;
    ps_decode_feed(decode, bytes, true);
    while (!done && len < TEXT_BYTES_MAX) {
        struct ps_span text;
        if (ps_decode_next(decode, &text, &done) != PS_OK) return;
        len += text.len;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ready() || size == 0) return 0;
    struct ps_span input = exact_copy(ps_span_make((const char *)data + 1, size - 1));
    struct ps_span text = data[0] == 1 ? with_checksum(input) : input;
    uint64_t source_offset = 0;
    uint64_t text_offset = 0;
    if (ps_decode_begin_at(decode, text, &source_offset, &text_offset) == PS_OK) {
        check_put(source_offset, text_offset);
        decode_some(input);
    }
    exact_free(input);
    ps_arena_reset(&arena, 1 << 20);
    return 0;
}
