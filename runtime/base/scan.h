/* The loops under the JSON reader and writer, the number reader and the UTF-8 check: which bytes of a block need a
 * closer look. One implementation each for SSE2, NEON and plain 64-bit words, behind the same functions. Nothing here
 * reads past the block it is given; callers handle what is left at the end of a span. */
#ifndef PS_SCAN_H
#define PS_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attrs.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "bit n of a mask stands for byte n");

enum { PS_SCAN_WORD = 8, PS_SCAN_STEP = 16, PS_SCAN_BLOCK = 64 };

#define PS_SCAN_ONES UINT64_C(0x0101010101010101)
#define PS_SCAN_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t ps_scan_load(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Bit 7 of each byte that is zero, exact for every byte. */
static inline uint64_t ps_scan_zero_bytes(uint64_t word)
{
    return ~(((word & ~PS_SCAN_HIGHS) + ~PS_SCAN_HIGHS) | word | ~PS_SCAN_HIGHS);
}

/* Bit 7 of each byte that a JSON string must escape: quote, backslash, control characters. */
static inline uint64_t ps_scan_word_special(uint64_t word)
{
    uint64_t control = ps_scan_zero_bytes(word & (PS_SCAN_ONES * 0xe0));
    uint64_t quote = ps_scan_zero_bytes(word ^ (PS_SCAN_ONES * '"'));
    uint64_t backslash = ps_scan_zero_bytes(word ^ (PS_SCAN_ONES * '\\'));
    return control | quote | backslash;
}

/* Whether each of the 8 bytes is a decimal digit. */
static inline bool ps_scan_word_digits(uint64_t word)
{
    uint64_t over = word + PS_SCAN_ONES * 0x46; /* bit 7 where the byte is over '9' */
    uint64_t under = word - PS_SCAN_ONES * '0'; /* bit 7 where it is under '0' */
    return ((over | under | word) & PS_SCAN_HIGHS) == 0;
}

static inline bool ps_scan_byte_special(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* What a block of a JSON string holds; bit n is byte n. */
struct ps_scan_masks {
    uint64_t quote;
    uint64_t backslash;
    uint64_t control;
};

#if defined(__SSE2__)

static inline __m128i ps_scan_vector(const char *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline __m128i ps_scan_vector_control(__m128i bytes)
{
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
}

static inline __m128i ps_scan_vector_special(__m128i bytes)
{
    __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
    return _mm_or_si128(_mm_or_si128(quote, backslash), ps_scan_vector_control(bytes));
}

/* Index of the first special byte of 16, or 16. */
static inline size_t ps_scan_special(const char *at)
{
    __m128i found = ps_scan_vector_special(ps_scan_vector(at));
    return (size_t)__builtin_ctz((unsigned)_mm_movemask_epi8(found) | 0x10000U);
}

/* The four steps of a block, loaded. Written out: gcc leaves a loop over them a loop at -O2, with shifts by a variable.
 */
struct ps_scan_lanes {
    __m128i a, b, c, d;
};

static inline struct ps_scan_lanes ps_scan_lanes(const char *at)
{
    return (struct ps_scan_lanes){
        ps_scan_vector(at),
        ps_scan_vector(at + PS_SCAN_STEP),
        ps_scan_vector(at + 2 * PS_SCAN_STEP),
        ps_scan_vector(at + 3 * PS_SCAN_STEP),
    };
}

/* Bit n: byte n of the block was found. */
static inline uint64_t ps_scan_mask(struct ps_scan_lanes found)
{
    uint64_t low = (unsigned)_mm_movemask_epi8(found.a) | (unsigned)_mm_movemask_epi8(found.b) << 16;
    uint64_t high = (unsigned)_mm_movemask_epi8(found.c) | (unsigned)_mm_movemask_epi8(found.d) << 16;
    return low | high << 32;
}

static inline uint64_t ps_scan_equal(struct ps_scan_lanes lanes, char c)
{
    __m128i wanted = _mm_set1_epi8(c);
    return ps_scan_mask((struct ps_scan_lanes){
        _mm_cmpeq_epi8(lanes.a, wanted),
        _mm_cmpeq_epi8(lanes.b, wanted),
        _mm_cmpeq_epi8(lanes.c, wanted),
        _mm_cmpeq_epi8(lanes.d, wanted),
    });
}

/* Control characters are rare: one question for the whole block comes first. */
static inline uint64_t ps_scan_control(struct ps_scan_lanes lanes)
{
    __m128i least = _mm_min_epu8(_mm_min_epu8(lanes.a, lanes.b), _mm_min_epu8(lanes.c, lanes.d));
    if (PS_LIKELY(_mm_movemask_epi8(ps_scan_vector_control(least)) == 0)) return 0;
    return ps_scan_mask((struct ps_scan_lanes){
        ps_scan_vector_control(lanes.a),
        ps_scan_vector_control(lanes.b),
        ps_scan_vector_control(lanes.c),
        ps_scan_vector_control(lanes.d),
    });
}

static inline struct ps_scan_masks ps_scan_block(const char *at)
{
    struct ps_scan_lanes lanes = ps_scan_lanes(at);
    return (struct ps_scan_masks){
        .quote = ps_scan_equal(lanes, '"'),
        .backslash = ps_scan_equal(lanes, '\\'),
        .control = ps_scan_control(lanes),
    };
}

static inline uint64_t ps_scan_backslashes(const char *at)
{
    return ps_scan_equal(ps_scan_lanes(at), '\\');
}

/* Bit n: byte n of the block is special. */
static inline uint64_t ps_scan_specials(const char *at)
{
    struct ps_scan_lanes lanes = ps_scan_lanes(at);
    return ps_scan_mask((struct ps_scan_lanes){
        ps_scan_vector_special(lanes.a),
        ps_scan_vector_special(lanes.b),
        ps_scan_vector_special(lanes.c),
        ps_scan_vector_special(lanes.d),
    });
}

#elif defined(__ARM_NEON)

static inline uint8x16_t ps_scan_vector(const char *at)
{
    return vld1q_u8((const uint8_t *)(const void *)at);
}

static inline uint8x16_t ps_scan_vector_special(uint8x16_t bytes)
{
    uint8x16_t quote = vceqq_u8(bytes, vdupq_n_u8('"'));
    uint8x16_t backslash = vceqq_u8(bytes, vdupq_n_u8('\\'));
    return vorrq_u8(vorrq_u8(quote, backslash), vcltq_u8(bytes, vdupq_n_u8(0x20)));
}

static inline size_t ps_scan_special(const char *at)
{
    uint8x16_t found = ps_scan_vector_special(ps_scan_vector(at));
    /* Four bits for each byte: NEON has no movemask, narrowing by a shift is its cheapest stand-in. */
    uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(vreinterpretq_u16_u8(found), 4)), 0);
    return mask == 0 ? PS_SCAN_STEP : (size_t)__builtin_ctzll(mask) / 4;
}

/* One bit for each byte of four vectors of 0x00 or 0xff. */
static inline uint64_t ps_scan_mask(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    static const uint8_t BITS[16] = { 1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128 };
    const uint8x16_t bits = vld1q_u8(BITS);
    uint8x16_t ab = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
    uint8x16_t cd = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
    uint8x16_t all = vpaddq_u8(ab, cd);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

static inline uint64_t ps_scan_equal(const uint8x16_t part[4], char c)
{
    const uint8x16_t wanted = vdupq_n_u8((uint8_t)c);
    return ps_scan_mask(vceqq_u8(part[0], wanted), vceqq_u8(part[1], wanted), vceqq_u8(part[2], wanted),
                        vceqq_u8(part[3], wanted));
}

static inline struct ps_scan_masks ps_scan_block(const char *at)
{
    const uint8x16_t part[4] = { ps_scan_vector(at), ps_scan_vector(at + 16), ps_scan_vector(at + 32),
                                 ps_scan_vector(at + 48) };
    const uint8x16_t space = vdupq_n_u8(0x20);
    return (struct ps_scan_masks){
        .quote = ps_scan_equal(part, '"'),
        .backslash = ps_scan_equal(part, '\\'),
        .control = ps_scan_mask(vcltq_u8(part[0], space), vcltq_u8(part[1], space), vcltq_u8(part[2], space),
                                vcltq_u8(part[3], space)),
    };
}

static inline uint64_t ps_scan_backslashes(const char *at)
{
    const uint8x16_t part[4] = { ps_scan_vector(at), ps_scan_vector(at + 16), ps_scan_vector(at + 32),
                                 ps_scan_vector(at + 48) };
    return ps_scan_equal(part, '\\');
}

static inline uint64_t ps_scan_specials(const char *at)
{
    return ps_scan_mask(ps_scan_vector_special(ps_scan_vector(at)), ps_scan_vector_special(ps_scan_vector(at + 16)),
                        ps_scan_vector_special(ps_scan_vector(at + 32)),
                        ps_scan_vector_special(ps_scan_vector(at + 48)));
}

#else

static inline size_t ps_scan_special(const char *at)
{
    uint64_t low = ps_scan_word_special(ps_scan_load(at));
    if (low != 0) return (size_t)__builtin_ctzll(low) / 8;
    uint64_t high = ps_scan_word_special(ps_scan_load(at + PS_SCAN_WORD));
    return high == 0 ? PS_SCAN_STEP : PS_SCAN_WORD + (size_t)__builtin_ctzll(high) / 8;
}

/* Gathers bit 7 of each byte into 8 bits. */
static inline uint64_t ps_scan_gather(uint64_t highs, unsigned shift)
{
    return (((highs >> 7) * UINT64_C(0x0102040810204080)) >> 56) << shift;
}

static inline struct ps_scan_masks ps_scan_block(const char *at)
{
    struct ps_scan_masks masks = { 0 };
    for (unsigned i = 0; i < PS_SCAN_BLOCK; i += PS_SCAN_WORD) {
        uint64_t word = ps_scan_load(at + i);
        masks.quote |= ps_scan_gather(ps_scan_zero_bytes(word ^ (PS_SCAN_ONES * '"')), i);
        masks.backslash |= ps_scan_gather(ps_scan_zero_bytes(word ^ (PS_SCAN_ONES * '\\')), i);
        masks.control |= ps_scan_gather(ps_scan_zero_bytes(word & (PS_SCAN_ONES * 0xe0)), i);
    }
    return masks;
}

static inline uint64_t ps_scan_backslashes(const char *at)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < PS_SCAN_BLOCK; i += PS_SCAN_WORD)
        mask |= ps_scan_gather(ps_scan_zero_bytes(ps_scan_load(at + i) ^ (PS_SCAN_ONES * '\\')), i);
    return mask;
}

static inline uint64_t ps_scan_specials(const char *at)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < PS_SCAN_BLOCK; i += PS_SCAN_WORD)
        mask |= ps_scan_gather(ps_scan_word_special(ps_scan_load(at + i)), i);
    return mask;
}

#endif

/* The bytes of a block that a backslash escapes. *carry says whether the block's first byte is escaped by the block
 * before it, and then the same of the next. Runs of backslashes are told apart by the parity of where they start: an
 * addition carries through each run (the method of Langdale and Lemire, "Parsing Gigabytes of JSON per Second"). */
static inline uint64_t ps_scan_escaped(uint64_t backslash, uint64_t *carry)
{
    if (backslash == 0) {
        uint64_t escaped = *carry;
        *carry = 0;
        return escaped;
    }
    const uint64_t even = UINT64_C(0x5555555555555555);
    backslash &= ~*carry;
    uint64_t follows = backslash << 1 | *carry;
    uint64_t odd_starts = backslash & ~even & ~follows;
    uint64_t runs = 0;
    *carry = __builtin_add_overflow(odd_starts, backslash, &runs) ? 1 : 0;
    return (even ^ (runs << 1)) & follows;
}

/* A loop that copies runs of a block 16 bytes at a time reads, and writes, up to this much from the block's start. */
enum { PS_SCAN_REACH = PS_SCAN_BLOCK + PS_SCAN_STEP };

/* Copies len bytes, at most a block, in whole steps: both sides have PS_SCAN_REACH. */
static inline void ps_scan_copy_run(char *to, const char *at, size_t len)
{
    size_t done = 0;
    do {
        memcpy(to + done, at + done, PS_SCAN_STEP);
        done += PS_SCAN_STEP;
    } while (PS_UNLIKELY(done < len));
}

/* First byte at or after at that is no decimal digit. */
static inline const char *ps_scan_digits(const char *at, const char *end)
{
    while (end - at >= PS_SCAN_WORD && ps_scan_word_digits(ps_scan_load(at)))
        at += PS_SCAN_WORD;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

/* End of the JSON number that begins at at, or NULL with *at_fault where it goes wrong. */
static inline const char *ps_scan_number(const char *at, const char *end, const char **at_fault)
{
    if (at < end && *at == '-') at++;
    const char *whole = at;
    at = ps_scan_digits(at, end);
    *at_fault = at;
    if (at == whole) return NULL;
    *at_fault = whole + 1;
    if (*whole == '0' && at - whole > 1) return NULL;
    if (at < end && *at == '.') {
        const char *fraction = ++at;
        at = ps_scan_digits(at, end);
        *at_fault = at;
        if (at == fraction) return NULL;
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) at++;
        const char *exponent = at;
        at = ps_scan_digits(at, end);
        *at_fault = at;
        if (at == exponent) return NULL;
    }
    return at;
}

#endif
