/* Target functions: ps_wire_advance, ps_wire_header. The first byte says how many bytes arrive at a time. */
#include <stdlib.h>

#include "base/assert.h"
#include "lambda/wire.h"

enum { BODY_BYTES_MAX = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 2) return 0;
    struct ps_span rest = { (const char *)input + 1, size - 1 };
    size_t piece_bytes = (size_t)input[0] + 1;
    char *data = malloc(rest.len);
    PS_ASSERT(data != NULL);
    size_t len = 0;
    struct ps_wire wire;
    ps_wire_init(&wire, BODY_BYTES_MAX);
    enum ps_err err = PS_OK;
    while (err == PS_OK && rest.len > 0 && wire.state != PS_WIRE_DONE) {
        struct ps_span piece = ps_span_first(rest, piece_bytes);
        memcpy(data + len, piece.data, piece.len);
        rest = ps_span_from(rest, piece.len);
        len += piece.len;
        size_t before = len;
        err = ps_wire_advance(&wire, data, &len);
        PS_ASSERT(len <= before);
        PS_ASSERT(wire.head_bytes + wire.body_bytes <= len);
        PS_ASSERT(wire.body_bytes <= BODY_BYTES_MAX);
        PS_ASSERT(err != PS_OK || (wire.state == PS_WIRE_DONE) == (ps_wire_wants(&wire) == 0));
    }
    struct ps_span head = { data, wire.head_bytes };
    PS_ASSERT(ps_wire_header(head, PS_SPAN("Lambda-Runtime-Trace-Id")).len <= head.len);
    free(data);
    return 0;
}
