#include "aws/dynamodb_priv.h"
#include "base/assert.h"
#include "base/json_read.h"

/* Bytes of UTF-8 that \uXXXX stands for, h being its digits. A surrogate is half of a four-byte pair. */
static size_t unicode_bytes(const char *h)
{
    if (h[0] == '0' && h[1] == '0' && h[2] < '8') return 1;
    if (h[0] == '0' && h[1] < '8') return 2;
    bool surrogate = (h[0] == 'd' || h[0] == 'D') && h[1] >= '8';
    return surrogate ? 2 : 3;
}

/* Of a string slice that the reader has found valid. */
static size_t text_bytes(struct ps_span text)
{
    size_t bytes = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool escape = text.data[i] == '\\';
        if (!escape || text.data[i + 1] != 'u') {
            bytes++;
            i += escape;
            continue;
        }
        bytes += unicode_bytes(text.data + i + 2);
        i += 5;
    }
    return bytes;
}

/* Two digits a byte, one for the exponent and one for a sign. Zeros at both ends are not kept, but counted here. */
static size_t number_bytes(struct ps_span text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len && text.data[i] != 'e' && text.data[i] != 'E'; i++)
        digits += text.data[i] >= '0' && text.data[i] <= '9';
    bool negative = text.len > 0 && text.data[0] == '-';
    return (digits + 1) / 2 + 1 + negative;
}

static size_t base64_bytes(struct ps_span text)
{
    size_t pads = 0;
    while (pads < text.len && pads < 2 && text.data[text.len - 1 - pads] == '=')
        pads++;
    return (text.len - pads) * 3 / 4;
}

/* Objects take turns: one holds names, the object of each name holds one type, and that of type M holds names again. */
struct walk {
    uint64_t names; /* bit d: the object at level d holds names */
    uint32_t level; /* of objects, from 1; the reader stops at PS_JSON_READ_DEPTH_MAX */
    struct ps_span type;
    bool after_key; /* else an object that begins is an element of a list */
    size_t bytes;
};

static bool holds_names(const struct walk *walk)
{
    return walk->level > 0 && (walk->names >> ((walk->level - 1) % 64) & 1) != 0;
}

static void open_object(struct walk *walk)
{
    bool whole_item = walk->level == 0;
    bool of_map = walk->after_key && !holds_names(walk); /* only the value of an M */
    if (!whole_item && !walk->after_key) walk->bytes++;  /* an element of a list costs a byte */
    PS_ASSERT(walk->level < PS_JSON_READ_DEPTH_MAX);
    uint64_t bit = 1ull << walk->level++;
    walk->names = whole_item || of_map ? walk->names | bit : walk->names & ~bit;
}

static void count_key(struct walk *walk, struct ps_span key)
{
    if (holds_names(walk)) {
        walk->bytes += text_bytes(key) + (walk->level > 1); /* so does one of a map */
        return;
    }
    walk->type = key;
    if (ps_span_eq(key, PS_SPAN("M")) || ps_span_eq(key, PS_SPAN("L"))) walk->bytes += 3;
}

static void count_string(struct walk *walk, struct ps_span text)
{
    char kind = walk->type.len > 0 ? walk->type.data[0] : 'S';
    walk->bytes += kind == 'N' ? number_bytes(text) : kind == 'B' ? base64_bytes(text) : text_bytes(text);
}

static void count(struct walk *walk, const struct ps_json_token *token)
{
    switch (token->kind) {
    case PS_JSON_OBJECT_BEGIN:
        open_object(walk);
        break;
    case PS_JSON_OBJECT_END:
        PS_ASSERT(walk->level > 0);
        walk->level--;
        break;
    case PS_JSON_KEY:
        count_key(walk, token->text);
        break;
    case PS_JSON_STRING:
        count_string(walk, token->text);
        break;
    case PS_JSON_TRUE:
    case PS_JSON_FALSE:
        walk->bytes++; /* of BOOL and NULL */
        break;
    case PS_JSON_END:
    case PS_JSON_ARRAY_BEGIN:
    case PS_JSON_ARRAY_END:
    case PS_JSON_NUMBER:
    case PS_JSON_NULL:
        break;
    }
    walk->after_key = token->kind == PS_JSON_KEY;
}

enum ps_err ps_dynamodb_size(struct ps_span item, size_t *out)
{
    struct ps_json_reader reader;
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    struct walk walk = { 0 };
    ps_json_read_init(&reader, item);
    while (token.kind != PS_JSON_END) {
        PS_TRY(ps_json_read_next(&reader, &token));
        count(&walk, &token);
    }
    *out = walk.bytes;
    return PS_OK;
}
