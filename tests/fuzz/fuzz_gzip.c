/* Targets: ps_gzip_detect, ps_gzip_inflate, ps_gzip_compress. */
#include "base/gzip.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const size_t INFLATED_BYTES_MAX = (size_t)1 << 20;

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_gzip_compressor *compressor;

static void close_compressor(void)
{
    ps_gzip_compressor_close(compressor);
}

static bool ready(void)
{
    if (compressor != NULL) return true;
    return ps_arena_init(&process, 1 << 16) == PS_OK && ps_arena_init(&arena, (size_t)8 << 20) == PS_OK &&
           ps_gzip_compressor_open(&process, 1, &compressor) == PS_OK && atexit(close_compressor) == 0;
}

static void compress_and_back(struct ps_span text)
{
    size_t cap = ps_gzip_compress_bound(compressor, text.len);
    char *packed = ps_arena_bytes(&arena, cap);
    if (packed == NULL) return;
    size_t len = 0;
    struct ps_span out;
    PS_ASSERT(ps_gzip_compress(compressor, text, packed, cap, &len) == PS_OK);
    PS_ASSERT(ps_gzip_inflate(&arena, ps_span_make(packed, len), PS_GZIP_GZIP, text.len, &out) == PS_OK ||
              text.len == 0);
    PS_ASSERT(text.len == 0 || ps_span_eq(out, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ready()) return 0;
    struct ps_span input = exact_copy(ps_span_make((const char *)data, size));
    enum ps_gzip_form forms[] = { ps_gzip_detect(input), PS_GZIP_GZIP, PS_GZIP_ZLIB };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct ps_span out;
        if (ps_gzip_inflate(&arena, input, forms[i], INFLATED_BYTES_MAX, &out) != PS_OK) continue;
        PS_ASSERT(out.len <= INFLATED_BYTES_MAX);
    }
    compress_and_back(input);
    exact_free(input);
    ps_arena_reset(&arena, 1 << 20);
    return 0;
}
