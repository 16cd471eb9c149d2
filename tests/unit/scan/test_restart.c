#include "scan/restart.h"

#include "base/base64.h"
#include "base/gzip.h"
#include "support/check.h"
#include "support/exact.h"

static struct ps_arena scratch;
static char room[PS_DECODE_RESTART_BYTES_MAX];
static struct ps_restart full; /* a point with all of it */
static struct ps_restart read_back;

static void fill(void)
{
    full = (struct ps_restart){ .form = PS_DECODE_GZIP,
                                .text = PS_DECODE_UTF16BE,
                                .source_offset = UINT64_C(0x0102030405060708),
                                .text_offset = UINT64_C(1) << 60,
                                .utf16 = { .big_endian = true, .held_len = 3, .held = { 0xd8, 1, 2 } },
                                .gzip = { .in_member = true,
                                          .bit_count = 7,
                                          .bits = 0x55,
                                          .crc = 0xfedcba98,
                                          .member_bytes = 0xffffffff,
                                          .window_len = PS_GUNZIP_WINDOW_BYTES } };
    for (size_t i = 0; i < PS_GUNZIP_WINDOW_BYTES; i++)
        full.gzip.window[i] = (char)(i * 7);
}

static struct ps_span put(const struct ps_restart *restart)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    ps_restart_put(&scratch, restart, &buf);
    struct ps_span text = PS_SPAN("");
    CHECK_OK(ps_buf_finish(&buf, &text));
    CHECK_EQ(ps_arena_used(&scratch), 0);
    return text;
}

static void what_is_put_is_got(void)
{
    fill();
    struct ps_span text = put(&full);
    CHECK_EQ(text.len, 43744);
    CHECK_OK(ps_restart_get(&scratch, text, &read_back));
    CHECK_EQ(memcmp(&read_back, &full, sizeof full), 0);
    static const struct ps_restart PLAIN = { .form = PS_DECODE_ZSTD, .source_offset = 5, .text_offset = 7 };
    text = put(&PLAIN);
    CHECK_EQ(text.len, 56);
    read_back = (struct ps_restart){ 0 };
    CHECK_OK(ps_restart_get(&scratch, text, &read_back));
    CHECK_EQ(memcmp(&read_back, &PLAIN, sizeof PLAIN), 0);
    CHECK_EQ(ps_arena_used(&scratch), 0);
}

static void the_largest_has_just_its_room(void)
{
    fill();
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, 43743);
    ps_restart_put(&scratch, &full, &buf);
    struct ps_span text;
    CHECK_ERR(ps_buf_finish(&buf, &text), PS_ERR_TOO_LARGE);
}

static void a_changed_or_cut_text_is_refused(void)
{
    static const struct ps_restart SMALL = { .form = PS_DECODE_GZIP,
                                             .source_offset = 5,
                                             .text_offset = 7,
                                             .gzip = { .in_member = true, .window_len = 2, .window = "ab" } };
    struct ps_span text = put(&SMALL);
    CHECK(!ps_span_ends(text, PS_SPAN("="))); /* padding might be missing */
    for (size_t len = 0; len < text.len; len++) {
        struct ps_span cut = exact_copy(ps_span_first(text, len));
        CHECK_ERR(ps_restart_get(&scratch, cut, &read_back), PS_ERR_BAD_INPUT);
        exact_free(cut);
    }
    for (size_t i = 0; i < text.len; i++) {
        struct ps_span changed = exact_copy(text);
        char *c = (char *)(uintptr_t)changed.data + i;
        *c = *c == 'A' ? 'B' : 'A';
        CHECK_ERR(ps_restart_get(&scratch, changed, &read_back), PS_ERR_BAD_INPUT);
        exact_free(changed);
    }
    static char long_text[PS_DECODE_RESTART_BYTES_MAX + 4];
    memset(long_text, 'A', sizeof long_text);
    CHECK_ERR(ps_restart_get(&scratch, ps_span_make(long_text, sizeof long_text), &read_back), PS_ERR_BAD_INPUT);
}

/* Whoever writes one can compute the checksum, too. */
static void a_number_over_its_limit_is_refused(void)
{
    static const struct {
        size_t at;
        unsigned char byte;
        const char *note;
    } CASES[] = {
        { 0, 2, "restart point: version 2, only 1 is read" },
        { 1, 3, "restart point: 3 at byte 1, at most 2 is allowed" },
        { 2, 3, "restart point: 3 at byte 2, at most 2 is allowed" },
        { 3, 4, "restart point: 4 at byte 3, at most 3 is allowed" },
        { 7, 2, "restart point: 2 at byte 7, at most 1 is allowed" },
        { 7, 0, "restart point: 7 at byte 8, at most 0 is allowed" },
        { 1, 2, "restart point: 1 at byte 7, at most 0 is allowed" },
        { 2, 0, "restart point: 3 at byte 3, at most 0 is allowed" },
        { 8, 8, "restart point: 8 at byte 8, at most 7 is allowed" },
        { 9, 0x80, "restart point: 128 at byte 9, at most 127 is allowed" },
        { 10, 1, "restart point: 32769 at byte 10, at most 32768 is allowed" },
        { 11, 0x7f, "restart point: 32804 bytes, a window of 32512" },
        { 27, 0x11, "restart point: 1225545364397229832 at byte 20, at most 1152921504606846976 is allowed" },
        { 35, 0x11, "restart point: 1224979098644774912 at byte 28, at most 1152921504606846976 is allowed" },
    };
    struct ps_arena arena = check_arena(1 << 20);
    fill();
    struct ps_span good;
    CHECK_OK(ps_base64_decode(&arena, put(&full), &good));
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span bytes = exact_copy(good);
        char *data = (char *)(uintptr_t)bytes.data;
        data[CASES[i].at] = (char)CASES[i].byte;
        uint32_t crc = ps_gzip_crc32(0, ps_span_first(bytes, bytes.len - 4));
        memcpy(data + bytes.len - 4, &crc, sizeof crc);
        struct ps_buf buf;
        ps_buf_init_fixed(&buf, room, sizeof room);
        ps_base64_encode(&buf, bytes);
        CHECK_ERR(ps_restart_get(&scratch, ps_buf_span(&buf), &read_back), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), CASES[i].note);
        exact_free(bytes);
    }
    ps_arena_fini(&arena);
}

int main(void)
{
    scratch = check_arena(PS_RESTART_SCRATCH_BYTES);
    RUN(what_is_put_is_got);
    RUN(the_largest_has_just_its_room);
    RUN(a_changed_or_cut_text_is_refused);
    RUN(a_number_over_its_limit_is_refused);
    ps_arena_fini(&scratch);
    return check_finish();
}
