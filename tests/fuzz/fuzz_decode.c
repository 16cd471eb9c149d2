/* Targets: ps_decode_feed, ps_decode_next. The first byte tells how the rest is cut: the text must not depend on it. */
#include "base/gzip.h"
#include "scan/decode.h"
#include "support/exact.h"
#include "support/random.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A bomb of more text is not decoded to its end. */
static const uint64_t TEXT_BYTES_MAX = 4 << 20;

static struct ps_arena process;
static struct ps_decode *decode;

struct outcome {
    enum ps_err err;
    uint64_t len;
    uint32_t crc;
    bool given_up;
};

static bool ready(void)
{
    if (decode != NULL) return true;
    return ps_arena_init(&process, (size_t)64 << 20) == PS_OK && ps_decode_open(&process, &decode) == PS_OK;
}

static struct outcome decode_in_pieces(struct ps_span object, struct random *random, uint64_t piece_max)
{
    struct outcome outcome = { .err = PS_OK };
    bool done = false;
    ps_decode_begin(decode);
    while (!done) {
        struct ps_span cut = ps_span_first(object, (size_t)random_below(random, piece_max + 1));
        object = ps_span_from(object, cut.len);
        struct ps_span piece = exact_copy(cut);
        ps_decode_feed(decode, piece, object.len == 0);
        struct ps_span text = PS_SPAN("");
        do {
            outcome.err = ps_decode_next(decode, &text, &done);
            if (outcome.err != PS_OK) break;
            PS_ASSERT(text.len <= PS_DECODE_TEXT_BYTES);
            outcome.crc = ps_gzip_crc32(outcome.crc, text);
            outcome.len += text.len;
            outcome.given_up = outcome.len > TEXT_BYTES_MAX;
        } while (text.len > 0 && !outcome.given_up);
        exact_free(piece);
        if (outcome.err != PS_OK || outcome.given_up) break;
    }
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!ready() || size == 0) return 0;
    struct ps_span object = ps_span_make((const char *)data + 1, size - 1);
    struct random random = { data[0] };
    struct outcome one = decode_in_pieces(object, &random, size * 8);
    struct outcome many = decode_in_pieces(object, &random, 1 + (data[0] & 31));
    PS_ASSERT(one.given_up == many.given_up);
    if (one.given_up) return 0;
    PS_ASSERT(one.err == many.err);
    PS_ASSERT(one.len == many.len);
    PS_ASSERT(one.crc == many.crc);
    return 0;
}
