/* Target Functions: query_row_read query_row_matches query_row_line. What is read is JSON again, and what is shown is
 * one line that no terminal acts upon. */
#include "../tools/query_row.h"
#include "base/assert.h"
#include "base/json_read.h"
#include "base/utf8.h"
#include "support/exact.h"

enum { COLUMNS = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_line(struct ps_arena *arena, const struct query_row *row)
{
    struct ps_span line;
    PS_ASSERT(query_row_line(arena, row, COLUMNS, &line) == PS_OK);
    PS_ASSERT(ps_utf8_valid_prefix(line) == line.len);
    size_t characters = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.data[i];
        PS_ASSERT(c >= ' ' && c != 0x7f);
        characters += (c & 0xc0) != 0x80;
    }
    PS_ASSERT(characters <= COLUMNS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    static const struct query_args ALL = { 0 };
    if (arena.base == NULL && ps_arena_init(&arena, 16 << 20) != PS_OK) return 0;
    ps_arena_reset(&arena, 1 << 20);
    struct ps_span item = exact_copy(ps_span_make((const char *)data, size));
    struct query_row row;
    enum ps_err err = query_row_read(&arena, item, &row);
    exact_free(item);
    PS_ASSERT(err == PS_OK || ps_err_class(err) == PS_CLASS_INPUT || ps_err_class(err) == PS_CLASS_LIMIT);
    if (err != PS_OK) return 0;
    PS_ASSERT(ps_json_read_check(row.plain) == PS_OK);
    (void)query_row_matches(&row, &ALL, 0);
    check_line(&arena, &row);
    return 0;
}
