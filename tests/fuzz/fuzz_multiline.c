/* Target functions: ps_multiline_begin, ps_multiline_continues.
 * Properties: the first text begins a record; the limits hold; the same texts are joined the same way again. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "record/multiline.h"

enum { TEXTS_MAX = 2000 };

static uint64_t joins_of(const struct ps_span *texts, size_t count)
{
    struct ps_multiline state;
    uint64_t hash = 0;
    size_t lines = 0;
    size_t bytes = 0;
    ps_multiline_begin(&state);
    for (size_t i = 0; i < count; i++) {
        bool continues = ps_multiline_continues(&state, texts[i]);
        PS_ASSERT(i > 0 || !continues);
        lines = continues ? lines + 1 : 1;
        bytes = continues ? bytes + 1 + texts[i].len : texts[i].len;
        PS_ASSERT(lines <= PS_MULTILINE_LINES_MAX);
        PS_ASSERT(lines == 1 || bytes <= PS_MULTILINE_BYTES_MAX);
        PS_ASSERT(!continues || texts[i].len == 0 || texts[i].data[0] != '{');
        hash = hash * 31 + continues;
    }
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_span texts[TEXTS_MAX];
    size_t count = 0;
    struct ps_span rest = ps_span_make((const char *)data, size);
    bool more = true;
    /* A line feed parts events, a 0x1f inside one stands for a line feed of its text. */
    while (more && count < TEXTS_MAX) {
        struct ps_span text = ps_span_split(&rest, '\n', &more);
        char *copy = malloc(text.len == 0 ? 1 : text.len);
        if (copy == NULL) abort();
        for (size_t i = 0; i < text.len; i++)
            copy[i] = text.data[i] == 0x1f ? '\n' : text.data[i];
        texts[count++] = ps_span_make(copy, text.len);
    }
    PS_ASSERT(joins_of(texts, count) == joins_of(texts, count));
    for (size_t i = 0; i < count; i++) {
        char *copy = (char *)(uintptr_t)texts[i].data;
        free(copy);
    }
    return 0;
}
