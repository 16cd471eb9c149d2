#include "support/packed.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "support/exact.h"
#include "support/random.h"

enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 8, LINE_BYTES_MAX = 128 };

static char *block_of(size_t len)
{
    char *block = malloc(len + 1);
    PS_ASSERT(block != NULL);
    return block;
}

static struct ps_span exact_of(char *block, size_t len)
{
    struct ps_span exact = exact_copy(ps_span_make(block, len));
    free(block);
    return exact;
}

struct ps_span packed_text(size_t len, uint64_t seed)
{
    static const char *const LEVELS[] = { "INFO", "WARN", "ERROR", "DEBUG" };
    struct random random = { seed };
    char *text = block_of(len + LINE_BYTES_MAX);
    size_t at = 0;
    while (at < len)
        at += (size_t)snprintf(text + at, LINE_BYTES_MAX, "2026-11-21T18:%02u:%02u %s request %08x took %u ms\n",
                               (unsigned)random_below(&random, 60), (unsigned)random_below(&random, 60),
                               LEVELS[random_below(&random, 4)], (unsigned)random_next(&random),
                               (unsigned)random_below(&random, 5000));
    return exact_of(text, len);
}

static void deflate_part(z_stream *stream, struct ps_span part, int flush)
{
    stream->next_in = (Bytef *)(uintptr_t)part.data;
    stream->avail_in = (uInt)part.len;
    int result = deflate(stream, flush);
    PS_ASSERT(result == (flush == Z_FINISH ? Z_STREAM_END : Z_OK));
    PS_ASSERT(stream->avail_in == 0);
}

struct ps_span packed_gzip(struct ps_span text, struct packed_gzip how)
{
    gz_header header = { .extra = (Bytef *)(uintptr_t) "extra",
                         .extra_len = 5,
                         .name = (Bytef *)(uintptr_t) "file.log",
                         .comment = (Bytef *)(uintptr_t) "a comment",
                         .hcrc = 1 };
    size_t flushes = how.flush_every == 0 ? 0 : text.len / how.flush_every;
    size_t cap = text.len + text.len / 100 + flushes * 16 + 1000;
    char *out = block_of(cap);
    z_stream stream = { .next_out = (Bytef *)out, .avail_out = (uInt)cap };
    PS_ASSERT(deflateInit2(&stream, how.level, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL, how.strategy) == Z_OK);
    if (how.with_all_headers) PS_ASSERT(deflateSetHeader(&stream, &header) == Z_OK);
    struct ps_span rest = text;
    while (how.flush_every > 0 && rest.len > how.flush_every) {
        deflate_part(&stream, ps_span_first(rest, how.flush_every), Z_FULL_FLUSH);
        rest = ps_span_from(rest, how.flush_every);
    }
    deflate_part(&stream, rest, Z_FINISH);
    (void)deflateEnd(&stream);
    return exact_of(out, cap - stream.avail_out);
}

struct ps_span packed_zstd(struct ps_span text, int level)
{
    size_t cap = ZSTD_compressBound(text.len);
    char *out = block_of(cap);
    ZSTD_CCtx *with = ZSTD_createCCtx();
    PS_ASSERT(with != NULL);
    PS_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(with, ZSTD_c_compressionLevel, level)));
    PS_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(with, ZSTD_c_checksumFlag, 1)));
    size_t len = ZSTD_compress2(with, out, cap, text.data, text.len);
    PS_ASSERT(!ZSTD_isError(len));
    (void)ZSTD_freeCCtx(with);
    return exact_of(out, len);
}

struct ps_span packed_utf16(struct ps_span text, bool big_endian)
{
    size_t len = 2 + 2 * text.len;
    char *out = block_of(len);
    memcpy(out, big_endian ? "\xfe\xff" : "\xff\xfe", 2);
    for (size_t i = 0; i < text.len; i++) {
        out[2 + 2 * i + big_endian] = text.data[i];
        out[2 + 2 * i + !big_endian] = 0;
    }
    return exact_of(out, len);
}

struct ps_span packed_join(struct ps_span a, struct ps_span b)
{
    char *both = block_of(a.len + b.len);
    if (a.len > 0) memcpy(both, a.data, a.len);
    if (b.len > 0) memcpy(both + a.len, b.data, b.len);
    return exact_of(both, a.len + b.len);
}
