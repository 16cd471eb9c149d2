#include "base/scan.h"

#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

/* Bytes at the borders of what the scans tell apart, and some others. */
static char random_byte(struct random *random)
{
    static const char BORDERS[] = { '"',  '!',  '#',  '\\',   '[',    ']',    0x1f,
                                    0x20, 0x00, 0x7f, '\x80', '\xa2', '\xdc', '\xff' };
    uint64_t choice = random_below(random, 40);
    return choice < sizeof BORDERS ? BORDERS[choice] : (char)('a' + choice % 26);
}

static void a_block_is_told_apart_byte_by_byte(void)
{
    struct random random = { 1 };
    char *block = malloc(PS_SCAN_BLOCK);
    for (int round = 0; round < 20000; round++) {
        uint64_t quote = 0;
        uint64_t backslash = 0;
        uint64_t control = 0;
        for (unsigned i = 0; i < PS_SCAN_BLOCK; i++) {
            block[i] = random_byte(&random);
            if (round < 256) block[i] = (char)(round + (int)i * (round % 3));
            quote |= (uint64_t)(block[i] == '"') << i;
            backslash |= (uint64_t)(block[i] == '\\') << i;
            control |= (uint64_t)((unsigned char)block[i] < 0x20) << i;
        }
        struct ps_scan_masks masks = ps_scan_block(block);
        CHECK_EQ(masks.quote, quote);
        CHECK_EQ(masks.backslash, backslash);
        CHECK_EQ(masks.control, control);
        CHECK_EQ(ps_scan_backslashes(block), backslash);
        CHECK_EQ(ps_scan_specials(block), quote | backslash | control);
    }
    free(block);
}

static void the_first_special_byte_of_a_step_is_found(void)
{
    char *step = malloc(PS_SCAN_STEP);
    for (int c = 0; c < 256; c++) {
        bool special = c < 0x20 || c == '"' || c == '\\';
        for (size_t at = 0; at < PS_SCAN_STEP; at++) {
            memset(step, 'a', PS_SCAN_STEP);
            memset(step + at, c, PS_SCAN_STEP - at);
            CHECK_EQ(ps_scan_special(step), special ? at : PS_SCAN_STEP);
            uint64_t word = ps_scan_word_special(ps_scan_load(step));
            size_t first = word == 0 ? PS_SCAN_WORD : (size_t)__builtin_ctzll(word) / 8;
            CHECK_EQ(first, special && at < PS_SCAN_WORD ? at : PS_SCAN_WORD);
        }
        CHECK_EQ(ps_scan_byte_special((char)c), special);
    }
    free(step);
}

static void eight_digits_are_told_from_other_bytes(void)
{
    char word[PS_SCAN_WORD + 1] = "01928374";
    CHECK(ps_scan_word_digits(ps_scan_load(word)));
    for (size_t at = 0; at < PS_SCAN_WORD; at++) {
        char kept = word[at];
        for (int c = 0; c < 256; c++) {
            word[at] = (char)c;
            CHECK_EQ(ps_scan_word_digits(ps_scan_load(word)), c >= '0' && c <= '9');
        }
        word[at] = kept;
    }
}

/* The rule itself, a byte at a time. */
static uint64_t escaped_naively(uint64_t backslash, bool *carry)
{
    uint64_t escaped = 0;
    for (unsigned i = 0; i < 64; i++) {
        bool this_is = *carry;
        if (this_is) escaped |= UINT64_C(1) << i;
        *carry = !this_is && (backslash >> i & 1) != 0;
    }
    return escaped;
}

static void runs_of_backslashes_escape_by_parity_across_blocks(void)
{
    struct random random = { 2 };
    uint64_t carry = 0;
    bool naive_carry = false;
    for (int round = 0; round < 200000; round++) {
        uint64_t mask = random_next(&random);
        switch (random_below(&random, 5)) {
        case 0:
            mask &= random_next(&random) & random_next(&random);
            break;
        case 1:
            mask |= random_next(&random) | random_next(&random);
            break;
        case 2:
            mask = 0;
            break;
        case 3:
            mask = UINT64_MAX << random_below(&random, 64);
            break;
        default:
            break;
        }
        uint64_t wanted = escaped_naively(mask, &naive_carry);
        CHECK_EQ(ps_scan_escaped(mask, &carry), wanted);
        CHECK_EQ(carry, naive_carry);
    }
}

static void runs_of_digits_end_where_they_end(void)
{
    for (size_t digits = 0; digits < 40; digits++) {
        for (size_t others = 0; others < 3; others++) {
            char text[64];
            memset(text, '7', digits);
            memset(text + digits, others == 1 ? '/' : ':', others);
            struct ps_span copy = exact_copy(ps_span_make(text, digits + others));
            CHECK_EQ(ps_scan_digits(copy.data, copy.data + copy.len) - copy.data, (ptrdiff_t)digits);
            exact_free(copy);
        }
    }
}

int main(void)
{
    RUN(a_block_is_told_apart_byte_by_byte);
    RUN(the_first_special_byte_of_a_step_is_found);
    RUN(eight_digits_are_told_from_other_bytes);
    RUN(runs_of_backslashes_escape_by_parity_across_blocks);
    RUN(runs_of_digits_end_where_they_end);
    return check_finish();
}
