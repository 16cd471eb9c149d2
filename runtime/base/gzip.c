#include "base/gzip.h"

#include <libdeflate.h>
#include <pthread.h>

#include "base/assert.h"

/* Deflate cannot do better than 1032:1 (a match of 258 bytes in two bits). A hint beyond that is a lie. */
enum { RATIO_MAX = 1032, RATIO_USUAL = 4, GZIP_BYTES_MIN = 18, FIRST_BYTES_MIN = 256 };

enum ps_gzip_form ps_gzip_detect(struct ps_span data)
{
    const unsigned char *byte = (const unsigned char *)data.data;
    if (data.len >= 3 && byte[0] == 0x1f && byte[1] == 0x8b && byte[2] == 8) return PS_GZIP_GZIP;
    if (data.len < 2) return PS_GZIP_PLAIN;
    bool deflate = (byte[0] & 15) == 8 && byte[0] >> 4 <= 7;
    bool dictionary = (byte[1] & 0x20) != 0;
    bool checked = ((unsigned)byte[0] << 8 | byte[1]) % 31 == 0;
    return deflate && checked && !dictionary ? PS_GZIP_ZLIB : PS_GZIP_PLAIN;
}

static pthread_key_t decompressor_key;
static bool decompressor_key_made;

static void free_decompressor(void *decompressor)
{
    libdeflate_free_decompressor(decompressor);
}

static void make_decompressor_key(void)
{
    decompressor_key_made = pthread_key_create(&decompressor_key, free_decompressor) == 0;
}

/* One for each thread, allocated at its first use and kept until the thread ends: a warm process does not allocate
 * here. */
static struct libdeflate_decompressor *decompressor(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, make_decompressor_key);
    if (!decompressor_key_made) return NULL;
    struct libdeflate_decompressor *with = pthread_getspecific(decompressor_key);
    if (with != NULL) return with;
    with = libdeflate_alloc_decompressor();
    if (with == NULL || pthread_setspecific(decompressor_key, with) == 0) return with;
    libdeflate_free_decompressor(with);
    return NULL;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* What the inflated data will probably need; the size in the trailer is that of the last member only. */
static size_t first_guess(struct ps_span data, enum ps_gzip_form form)
{
    size_t guess = data.len > SIZE_MAX / RATIO_MAX ? SIZE_MAX : data.len * RATIO_USUAL;
    if (guess < FIRST_BYTES_MIN) guess = FIRST_BYTES_MIN;
    if (form != PS_GZIP_GZIP || data.len < GZIP_BYTES_MIN) return guess;
    uint32_t isize = 0;
    memcpy(&isize, data.data + data.len - sizeof isize, sizeof isize);
    return isize > guess && isize / RATIO_MAX <= data.len ? isize : guess;
}

struct output {
    struct ps_arena *arena;
    char *data; /* the newest piece of arena */
    size_t len;
    size_t cap;
    size_t bytes_max;
};

/* Makes the output wanted bytes large, or as large as ceiling and arena allow, at least larger than it is. */
static enum ps_err grow(struct output *out, size_t wanted)
{
    if (out->cap == out->bytes_max) PS_FAIL(PS_ERR_TOO_LARGE, "inflates to more than %zu bytes", out->bytes_max);
    size_t cap = smaller(smaller(wanted, out->bytes_max), out->cap + ps_arena_left(out->arena));
    if (cap == out->cap || !ps_arena_resize_newest(out->arena, out->data, out->cap, cap))
        PS_FAIL(PS_ERR_NO_MEMORY, "inflates to more than %zu bytes", out->cap);
    out->cap = cap;
    return PS_OK;
}

/* Inflates the member at the start of data behind what out holds; *used is the member's length. libdeflate wants the
 * whole room at once: a member that does not fit is begun again with twice the room, so the work is at most doubled. */
static enum ps_err inflate_member(struct libdeflate_decompressor *with, struct ps_span data, enum ps_gzip_form form,
                                  size_t offset, struct output *out, size_t *used)
{
    for (;;) {
        char *room = out->data + out->len;
        size_t room_len = out->cap - out->len;
        size_t made = 0;
        enum libdeflate_result result =
            form == PS_GZIP_GZIP
                ? libdeflate_gzip_decompress_ex(with, data.data, data.len, room, room_len, used, &made)
                : libdeflate_zlib_decompress_ex(with, data.data, data.len, room, room_len, used, &made);
        if (result == LIBDEFLATE_SUCCESS) {
            out->len += made;
            return PS_OK;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            PS_FAIL(PS_ERR_BAD_INPUT, "%s: the member at byte %zu is damaged or cut",
                    form == PS_GZIP_GZIP ? "gzip" : "zlib", offset);
        PS_TRY(grow(out, out->cap > SIZE_MAX / 2 ? SIZE_MAX : out->cap * 2));
    }
}

static bool only_zeros(struct ps_span data)
{
    for (size_t i = 0; i < data.len; i++) {
        if (data.data[i] != 0) return false;
    }
    return true;
}

static enum ps_err inflate_all(struct ps_span data, enum ps_gzip_form form, struct output *out)
{
    struct libdeflate_decompressor *with = decompressor();
    if (with == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no decompressor");
    PS_TRY(grow(out, first_guess(data, form)));
    size_t at = 0;
    do {
        size_t used = 0;
        PS_TRY(inflate_member(with, ps_span_from(data, at), form, at, out, &used));
        at += used;
        if (only_zeros(ps_span_from(data, at))) return PS_OK;
    } while (form == PS_GZIP_GZIP);
    PS_FAIL(PS_ERR_BAD_INPUT, "zlib: more follows at byte %zu", at);
}

enum ps_err ps_gzip_inflate(struct ps_arena *arena, struct ps_span data, enum ps_gzip_form form, size_t bytes_max,
                            struct ps_span *out)
{
    if (form == PS_GZIP_PLAIN) PS_FAIL(PS_ERR_BAD_INPUT, "neither gzip nor zlib");
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct output output = { .arena = arena, .data = ps_arena_bytes(arena, 0), .bytes_max = bytes_max };
    if (output.data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no room to inflate %zu bytes", data.len);
    enum ps_err err = inflate_all(data, form, &output);
    if (err != PS_OK) {
        ps_arena_rewind(arena, mark);
        return err;
    }
    if (!ps_arena_resize_newest(arena, output.data, output.cap, output.len))
        PS_FAIL(PS_ERR_NO_MEMORY, "no room for %zu inflated bytes", output.len);
    *out = ps_span_make(output.data, output.len);
    return PS_OK;
}

uint32_t ps_gzip_crc32(uint32_t crc, struct ps_span bytes)
{
    return bytes.len == 0 ? crc : libdeflate_crc32(crc, bytes.data, bytes.len);
}

struct ps_gzip_compressor {
    struct libdeflate_compressor *with;
};

/* Faults the compressor's tables in: 33 pages at level 1, which the first request would wait for. Shorter texts than
 * about 50 bytes are only copied. */
static void touch_tables(struct libdeflate_compressor *with)
{
    static const char TEXT[128] = { 0 };
    char out[256];
    size_t made = libdeflate_gzip_compress(with, TEXT, sizeof TEXT, out, sizeof out);
    PS_ASSERT(made > 0);
}

enum ps_err ps_gzip_compressor_open(struct ps_arena *process, int level, struct ps_gzip_compressor **out)
{
    if (level < 1 || level > 9) PS_FAIL(PS_ERR_BAD_CONFIG, "gzip level %d is not 1 to 9", level);
    struct ps_gzip_compressor *compressor = PS_ARENA_NEW(process, struct ps_gzip_compressor);
    if (compressor == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no room for a compressor");
    compressor->with = libdeflate_alloc_compressor(level);
    if (compressor->with == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no compressor of level %d", level);
    touch_tables(compressor->with);
    *out = compressor;
    return PS_OK;
}

void ps_gzip_compressor_close(struct ps_gzip_compressor *compressor)
{
    libdeflate_free_compressor(compressor->with);
    compressor->with = NULL;
}

size_t ps_gzip_compress_bound(struct ps_gzip_compressor *compressor, size_t data_len)
{
    return libdeflate_gzip_compress_bound(compressor->with, data_len);
}

enum ps_err ps_gzip_compress(struct ps_gzip_compressor *compressor, struct ps_span data, char *out, size_t cap,
                             size_t *len)
{
    /* libdeflate writes a header without name and time, so equal bodies become equal bytes. */
    size_t made = libdeflate_gzip_compress(compressor->with, data.data, data.len, out, cap);
    if (made == 0) PS_FAIL(PS_ERR_TOO_LARGE, "gzip of %zu bytes is more than %zu", data.len, cap);
    *len = made;
    return PS_OK;
}
