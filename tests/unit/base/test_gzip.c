#include "base/gzip.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

enum { GZIP_WINDOW = 15 + 16, ZLIB_WINDOW = 15 };

/* zlib as a second opinion: compresses text with the given header form; the result is malloc'ed. */
static struct ps_span compress_with(struct ps_span text, int window, gz_header *header)
{
    z_stream stream = { 0 };
    size_t cap = text.len + text.len / 1000 + 1000;
    char *out = malloc(cap);
    if (out == NULL || deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    if (header != NULL && deflateSetHeader(&stream, header) != Z_OK) abort();
    stream.next_in = (Bytef *)(uintptr_t)text.data;
    stream.avail_in = (uInt)text.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)cap;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) abort();
    size_t len = cap - stream.avail_out;
    (void)deflateEnd(&stream);
    struct ps_span exact = exact_copy(ps_span_make(out, len));
    free(out);
    return exact;
}

/* Text that compresses about as well as logs do. */
static struct ps_span make_text(size_t len)
{
    char *text = malloc(len + 1);
    if (text == NULL) abort();
    struct random random = { 11 };
    for (size_t i = 0; i < len; i++)
        text[i] = "GET /index.html 200 "[(i + random_below(&random, 8) / 7) % 20];
    return ps_span_make(text, len);
}

static struct ps_span join(struct ps_span a, struct ps_span b)
{
    char *both = malloc(a.len + b.len);
    if (both == NULL) abort();
    memcpy(both, a.data, a.len);
    memcpy(both + a.len, b.data, b.len);
    return ps_span_make(both, a.len + b.len);
}

static const size_t MAX = 1 << 24;

static void both_forms_are_inflated_whatever_the_size(void)
{
    static const size_t LENGTHS[] = { 0, 1, 100, 255, 256, 257, 5000, 100000, 3000000 };
    struct ps_arena arena = check_arena(MAX * 2);
    for (size_t i = 0; i < sizeof LENGTHS / sizeof LENGTHS[0]; i++) {
        struct ps_span text = make_text(LENGTHS[i]);
        for (int form = 0; form < 2; form++) {
            struct ps_span packed = compress_with(text, form == 0 ? GZIP_WINDOW : ZLIB_WINDOW, NULL);
            CHECK_EQ(ps_gzip_detect(packed), form == 0 ? PS_GZIP_GZIP : PS_GZIP_ZLIB);
            struct ps_span out = { 0 };
            CHECK_OK(ps_gzip_inflate(&arena, packed, ps_gzip_detect(packed), MAX, &out));
            CHECK(ps_span_eq(out, text));
            exact_free(packed);
            ps_arena_reset(&arena, 0);
        }
        exact_free(text);
    }
    ps_arena_fini(&arena);
}

static void the_result_takes_no_more_than_its_size(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span text = make_text(10000);
    struct ps_span packed = compress_with(text, ZLIB_WINDOW, NULL);
    struct ps_span out = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, packed, PS_GZIP_ZLIB, MAX, &out));
    CHECK(ps_arena_used(&arena) <= text.len + 64);
    CHECK(ps_arena_resize_newest(&arena, (char *)(uintptr_t)out.data, out.len, out.len));
    exact_free(packed);
    exact_free(text);
    ps_arena_fini(&arena);
}

static void members_in_a_row_become_one_text(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span text = make_text(50000);
    struct ps_span first = compress_with(ps_span_first(text, 30000), GZIP_WINDOW, NULL);
    struct ps_span empty = compress_with(PS_SPAN(""), GZIP_WINDOW, NULL);
    struct ps_span second = compress_with(ps_span_from(text, 30000), GZIP_WINDOW, NULL);
    struct ps_span head = join(first, empty);
    struct ps_span all = join(head, second);
    struct ps_span out = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, all, PS_GZIP_GZIP, MAX, &out));
    CHECK(ps_span_eq(out, text));
    /* Each end that is no end of a member is an error, though the members before it are whole. */
    for (size_t len = 0; len < all.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(all, len));
        bool whole = len == first.len || len == head.len;
        CHECK_ERR(ps_gzip_inflate(&arena, copy, PS_GZIP_GZIP, MAX, &out), whole ? PS_OK : PS_ERR_BAD_INPUT);
        exact_free(copy);
        ps_arena_reset(&arena, 1 << 20);
    }
    struct ps_span spans[] = { first, empty, second, head, all, text };
    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++)
        exact_free(spans[i]);
    ps_arena_fini(&arena);
}

static void many_small_members_are_inflated(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span one = compress_with(PS_SPAN("line\n"), GZIP_WINDOW, NULL);
    enum { COUNT = 5000 };
    char *all = malloc(one.len * COUNT);
    if (all == NULL) abort();
    for (size_t i = 0; i < COUNT; i++)
        memcpy(all + i * one.len, one.data, one.len);
    struct ps_span out = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, ps_span_make(all, one.len * COUNT), PS_GZIP_GZIP, MAX, &out));
    CHECK_EQ(out.len, (size_t)5 * COUNT);
    free(all);
    exact_free(one);
    ps_arena_fini(&arena);
}

/* Modification time, extra flags and operating system of a gzip header; the window size of a zlib header; the bits that
 * fill the last byte before the checksum. */
static bool means_nothing(int form, size_t at, size_t len)
{
    return form == 0 ? (at >= 4 && at < 10) || at == len - 9 : at < 2 || at == len - 5;
}

static void a_cut_or_damaged_input_gives_nothing(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span text = make_text(3000);
    for (int form = 0; form < 2; form++) {
        struct ps_span packed = compress_with(text, form == 0 ? GZIP_WINDOW : ZLIB_WINDOW, NULL);
        enum ps_gzip_form kind = form == 0 ? PS_GZIP_GZIP : PS_GZIP_ZLIB;
        struct ps_span out = PS_SPAN("untouched");
        for (size_t len = 0; len < packed.len; len++) {
            struct ps_span copy = exact_copy(ps_span_first(packed, len));
            CHECK_ERR(ps_gzip_inflate(&arena, copy, kind, MAX, &out), PS_ERR_BAD_INPUT);
            exact_free(copy);
        }
        CHECK_TEXT(out, "untouched");
        CHECK_EQ(ps_arena_used(&arena), 0);
        for (size_t at = 0; at < packed.len; at++) {
            if (means_nothing(form, at, packed.len)) continue;
            struct ps_span copy = exact_copy(packed);
            ((char *)(uintptr_t)copy.data)[at] ^= 0x40;
            CHECK_ERR(ps_gzip_inflate(&arena, copy, kind, MAX, &out), PS_ERR_BAD_INPUT);
            exact_free(copy);
            ps_arena_reset(&arena, 1 << 20);
        }
        exact_free(packed);
    }
    exact_free(text);
    ps_arena_fini(&arena);
}

static void an_error_names_the_offset_of_the_member(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span one = compress_with(PS_SPAN("hello"), GZIP_WINDOW, NULL);
    struct ps_span two = join(one, PS_SPAN("rubbish"));
    struct ps_span out = { 0 };
    CHECK_ERR(ps_gzip_inflate(&arena, two, PS_GZIP_GZIP, MAX, &out), PS_ERR_BAD_INPUT);
    char wanted[100];
    (void)snprintf(wanted, sizeof wanted, "gzip: the member at byte %zu is damaged or cut", one.len);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), wanted);
    exact_free(one);
    exact_free(two);
    ps_arena_fini(&arena);
}

static void zeros_may_follow_and_nothing_else(void)
{
    struct ps_arena arena = check_arena(MAX);
    for (int form = 0; form < 2; form++) {
        enum ps_gzip_form kind = form == 0 ? PS_GZIP_GZIP : PS_GZIP_ZLIB;
        struct ps_span one = compress_with(PS_SPAN("hello"), form == 0 ? GZIP_WINDOW : ZLIB_WINDOW, NULL);
        struct ps_span zeros = join(one, PS_SPAN("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
        struct ps_span other = join(one, PS_SPAN("\0\0\0x"));
        struct ps_span out = { 0 };
        CHECK_OK(ps_gzip_inflate(&arena, zeros, kind, MAX, &out));
        CHECK_TEXT(out, "hello");
        CHECK_ERR(ps_gzip_inflate(&arena, other, kind, MAX, &out), PS_ERR_BAD_INPUT);
        exact_free(one);
        exact_free(zeros);
        exact_free(other);
    }
    ps_arena_fini(&arena);
}

static void headers_with_name_comment_and_extra_are_read(void)
{
    struct ps_arena arena = check_arena(MAX);
    gz_header header = { .text = 1,
                         .time = 12345,
                         .extra = (Bytef *)(uintptr_t) "extra",
                         .extra_len = 5,
                         .name = (Bytef *)(uintptr_t) "file.log",
                         .comment = (Bytef *)(uintptr_t) "a comment",
                         .hcrc = 1 };
    struct ps_span packed = compress_with(PS_SPAN("hello"), GZIP_WINDOW, &header);
    struct ps_span out = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, MAX, &out));
    CHECK_TEXT(out, "hello");
    for (size_t len = 0; len < packed.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(packed, len));
        CHECK_ERR(ps_gzip_inflate(&arena, copy, PS_GZIP_GZIP, MAX, &out), PS_ERR_BAD_INPUT);
        exact_free(copy);
    }
    exact_free(packed);
    ps_arena_fini(&arena);
}

static void inflating_stops_at_the_ceiling(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span text = make_text(100000);
    struct ps_span packed = compress_with(text, GZIP_WINDOW, NULL);
    struct ps_span out = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, 100000, &out));
    CHECK_EQ(out.len, 100000);
    CHECK_ERR(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, 99999, &out), PS_ERR_TOO_LARGE);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "inflates to more than 99999 bytes");
    CHECK_ERR(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, 1, &out), PS_ERR_TOO_LARGE);
    CHECK_ERR(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, 0, &out), PS_ERR_TOO_LARGE);
    exact_free(packed);
    exact_free(text);
    ps_arena_fini(&arena);
}

static void the_ceiling_counts_all_members_together(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span one = compress_with(PS_SPAN("0123456789"), GZIP_WINDOW, NULL);
    struct ps_span two = join(one, one);
    struct ps_span out = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, two, PS_GZIP_GZIP, 20, &out));
    CHECK_ERR(ps_gzip_inflate(&arena, two, PS_GZIP_GZIP, 19, &out), PS_ERR_TOO_LARGE);
    exact_free(one);
    exact_free(two);
    ps_arena_fini(&arena);
}

static void a_bomb_costs_no_more_than_the_ceiling(void)
{
    struct ps_arena arena = check_arena(MAX);
    size_t len = (size_t)1 << 26;
    char *zeros = calloc(len, 1);
    if (zeros == NULL) abort();
    struct ps_span packed = compress_with(ps_span_make(zeros, len), GZIP_WINDOW, NULL);
    free(zeros);
    CHECK(packed.len < 100000);
    struct ps_span out = { 0 };
    CHECK_ERR(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, 1 << 20, &out), PS_ERR_TOO_LARGE);
    CHECK(arena.peak_bytes <= (1 << 20) + 64);
    /* An arena smaller than the ceiling says so. */
    CHECK_ERR(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, (size_t)1 << 30, &out), PS_ERR_NO_MEMORY);
    CHECK_EQ(ps_arena_used(&arena), 0);
    exact_free(packed);
    ps_arena_fini(&arena);
}

static void a_lying_size_in_the_trailer_takes_no_memory(void)
{
    struct ps_arena arena = check_arena((size_t)1 << 30);
    struct ps_span packed = compress_with(PS_SPAN("hello"), GZIP_WINDOW, NULL);
    memset((char *)(uintptr_t)packed.data + packed.len - 4, 0xff, 4);
    struct ps_span out = { 0 };
    CHECK_ERR(ps_gzip_inflate(&arena, packed, PS_GZIP_GZIP, (size_t)1 << 29, &out), PS_ERR_BAD_INPUT);
    CHECK(arena.peak_bytes < 4096);
    exact_free(packed);
    ps_arena_fini(&arena);
}

static void an_arena_with_just_enough_room_is_enough(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span text = make_text(65536 - 64);
    struct ps_span packed = compress_with(text, ZLIB_WINDOW, NULL);
    struct ps_span out = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, packed, PS_GZIP_ZLIB, MAX, &out));
    CHECK(ps_span_eq(out, text));
    exact_free(packed);
    exact_free(text);
    ps_arena_fini(&arena);
}

static void forms_are_told_by_their_first_bytes(void)
{
    static const struct {
        struct ps_span data;
        enum ps_gzip_form form;
    } CASES[] = {
        { PS_SPAN_INIT("\x1f\x8b\x08"), PS_GZIP_GZIP },
        { PS_SPAN_INIT("\x1f\x8b"), PS_GZIP_PLAIN },
        { PS_SPAN_INIT("\x1f\x8b\x07"), PS_GZIP_PLAIN },
        { PS_SPAN_INIT("\x78\x01"), PS_GZIP_ZLIB },
        { PS_SPAN_INIT("\x78\x9c"), PS_GZIP_ZLIB },
        { PS_SPAN_INIT("\x78\xda"), PS_GZIP_ZLIB },
        { PS_SPAN_INIT("\x78\x9d"), PS_GZIP_PLAIN },
        { PS_SPAN_INIT("\x78"), PS_GZIP_PLAIN },
        { PS_SPAN_INIT(""), PS_GZIP_PLAIN },
        { PS_SPAN_INIT("{\"messageType\":"), PS_GZIP_PLAIN },
        { PS_SPAN_INIT("[1]"), PS_GZIP_PLAIN },
        { PS_SPAN_INIT(" {"), PS_GZIP_PLAIN },
        { PS_SPAN_INIT("\x78\xbb"), PS_GZIP_PLAIN }, /* asks for a dictionary */
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span copy = exact_copy(CASES[i].data);
        CHECK_EQ(ps_gzip_detect(copy), CASES[i].form);
        exact_free(copy);
    }
}

static void plain_bytes_are_not_inflated(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span out = { 0 };
    CHECK_ERR(ps_gzip_inflate(&arena, PS_SPAN("plain"), PS_GZIP_PLAIN, MAX, &out), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_gzip_inflate(&arena, PS_SPAN("plain"), PS_GZIP_GZIP, MAX, &out), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_gzip_inflate(&arena, ps_span_make(NULL, 0), PS_GZIP_ZLIB, MAX, &out), PS_ERR_BAD_INPUT);
    ps_arena_fini(&arena);
}

static enum ps_err inflate_twice(struct ps_arena *arena, struct ps_span packed)
{
    struct ps_span out = { 0 };
    PS_TRY(ps_gzip_inflate(arena, packed, PS_GZIP_ZLIB, MAX, &out));
    return ps_gzip_inflate(arena, packed, PS_GZIP_ZLIB, MAX, &out);
}

static void every_allocation_may_fail(void)
{
    struct ps_arena arena = check_arena(MAX);
    struct ps_span text = make_text(100000);
    struct ps_span packed = compress_with(text, ZLIB_WINDOW, NULL);
    PS_EACH_FAILURE(&arena, inflate_twice(&arena, packed));
    exact_free(packed);
    exact_free(text);
    ps_arena_fini(&arena);
}

static enum ps_err open_and_close(struct ps_arena *arena)
{
    struct ps_gzip_compressor *compressor = NULL;
    PS_TRY(ps_gzip_compressor_open(arena, 1, &compressor));
    ps_gzip_compressor_close(compressor);
    return PS_OK;
}

static void a_compressor_needs_memory_and_a_level(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    PS_EACH_FAILURE(&arena, open_and_close(&arena));
    struct ps_gzip_compressor *compressor = NULL;
    CHECK_ERR(ps_gzip_compressor_open(&arena, 0, &compressor), PS_ERR_BAD_CONFIG);
    CHECK_ERR(ps_gzip_compressor_open(&arena, 10, &compressor), PS_ERR_BAD_CONFIG);
    ps_arena_fini(&arena);
}

static bool zlib_reads(struct ps_span packed, struct ps_span text)
{
    z_stream stream = { 0 };
    char *out = malloc(text.len + 1);
    if (out == NULL || inflateInit2(&stream, GZIP_WINDOW) != Z_OK) abort();
    stream.next_in = (Bytef *)(uintptr_t)packed.data;
    stream.avail_in = (uInt)packed.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)text.len + 1;
    bool same = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0 &&
                ps_span_eq(ps_span_make(out, stream.total_out), text);
    (void)inflateEnd(&stream);
    free(out);
    return same;
}

static void bodies_are_compressed_alike_each_time_and_zlib_reads_them(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_span text = make_text(200000);
    for (int level = 1; level <= 9; level += 4) {
        struct ps_gzip_compressor *compressor = NULL;
        CHECK_OK(ps_gzip_compressor_open(&arena, level, &compressor));
        size_t cap = ps_gzip_compress_bound(compressor, text.len);
        char *first = malloc(cap);
        char *second = malloc(cap);
        size_t first_len = 0;
        size_t second_len = 0;
        CHECK_OK(ps_gzip_compress(compressor, text, first, cap, &first_len));
        CHECK_OK(ps_gzip_compress(compressor, text, second, cap, &second_len));
        CHECK(ps_span_eq(ps_span_make(first, first_len), ps_span_make(second, second_len)));
        CHECK_SPAN(ps_span_make(first + 3, 5), PS_SPAN("\0\0\0\0\0")); /* no flags, no time */
        CHECK(zlib_reads(ps_span_make(first, first_len), text));
        CHECK_OK(ps_gzip_compress(compressor, PS_SPAN(""), first, cap, &first_len));
        CHECK(zlib_reads(ps_span_make(first, first_len), PS_SPAN("")));
        free(first);
        free(second);
        ps_gzip_compressor_close(compressor);
    }
    exact_free(text);
    ps_arena_fini(&arena);
}

static void a_result_that_does_not_fit_is_too_large(void)
{
    struct ps_arena arena = check_arena(1 << 16);
    struct ps_gzip_compressor *compressor = NULL;
    CHECK_OK(ps_gzip_compressor_open(&arena, 1, &compressor));
    char out[64];
    size_t len = 7;
    struct ps_span text = make_text(5000);
    for (size_t cap = 0; cap <= sizeof out; cap += 16)
        CHECK_ERR(ps_gzip_compress(compressor, text, out, cap, &len), PS_ERR_TOO_LARGE);
    CHECK_EQ(len, 7);
    exact_free(text);
    ps_gzip_compressor_close(compressor);
    ps_arena_fini(&arena);
}

static void *inflate_in_a_thread(void *context)
{
    struct ps_arena arena = check_arena(1 << 20);
    struct ps_span inflated = { 0 };
    CHECK_OK(ps_gzip_inflate(&arena, *(const struct ps_span *)context, PS_GZIP_GZIP, 1 << 16, &inflated));
    CHECK_TEXT(inflated, "text");
    ps_arena_fini(&arena);
    return NULL;
}

/* LeakSanitizer watches. */
static void a_thread_leaves_no_decompressor_behind(void)
{
    struct ps_span member = compress_with(PS_SPAN("text"), GZIP_WINDOW, NULL);
    pthread_t thread;
    CHECK_OR_RETURN(pthread_create(&thread, NULL, inflate_in_a_thread, &member) == 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    exact_free(member);
}

int main(void)
{
    RUN(both_forms_are_inflated_whatever_the_size);
    RUN(the_result_takes_no_more_than_its_size);
    RUN(members_in_a_row_become_one_text);
    RUN(many_small_members_are_inflated);
    RUN(a_cut_or_damaged_input_gives_nothing);
    RUN(an_error_names_the_offset_of_the_member);
    RUN(zeros_may_follow_and_nothing_else);
    RUN(a_thread_leaves_no_decompressor_behind);
    RUN(headers_with_name_comment_and_extra_are_read);
    RUN(inflating_stops_at_the_ceiling);
    RUN(the_ceiling_counts_all_members_together);
    RUN(a_bomb_costs_no_more_than_the_ceiling);
    RUN(a_lying_size_in_the_trailer_takes_no_memory);
    RUN(an_arena_with_just_enough_room_is_enough);
    RUN(forms_are_told_by_their_first_bytes);
    RUN(plain_bytes_are_not_inflated);
    RUN(every_allocation_may_fail);
    RUN(a_compressor_needs_memory_and_a_level);
    RUN(bodies_are_compressed_alike_each_time_and_zlib_reads_them);
    RUN(a_result_that_does_not_fit_is_too_large);
    return check_finish();
}
