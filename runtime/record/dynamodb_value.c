#include "record/dynamodb_value.h"

#include "base/json_read.h"
#include "base/num.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The exponent behind the 'e' of a JSON number; false when it is out of any store's reach. */
static bool read_exponent(struct ps_span text, int64_t *exponent)
{
    enum { EXPONENT_MAX = 1000 };
    if (text.len > 0 && text.data[0] == '+') text = ps_span_from(text, 1);
    return ps_num_scaled(text, 0, exponent) && *exponent >= -EXPONENT_MAX && *exponent <= EXPONENT_MAX;
}

bool ps_dynamodb_value_is_number(struct ps_span text)
{
    enum { TEXT_BYTES_MAX = 256, DIGITS_MAX = 38, EXPONENT_MIN = -130, EXPONENT_MAX = 125 };
    if (text.len > TEXT_BYTES_MAX) return false;
    int64_t digits = 0; /* from the first that is not 0 */
    int64_t zeros = 0;  /* at the end of those */
    int64_t whole = 0;  /* those before the point */
    int64_t lead = 0;   /* zeros between the point and the first of those */
    int64_t exponent = 0;
    bool fraction = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if ((c | 0x20) == 'e') {
            if (!read_exponent(ps_span_from(text, i + 1), &exponent)) return false;
            break;
        }
        fraction = fraction || c == '.';
        if (!is_digit(c)) continue;
        bool counts = digits > 0 || c != '0';
        digits += counts;
        zeros = counts && c == '0' ? zeros + 1 : 0;
        whole += counts && !fraction;
        lead += !counts && fraction;
    }
    if (digits == 0) return exponent == 0;
    int64_t magnitude = exponent + (whole > 0 ? whole - 1 : -lead - 1);
    return digits - zeros <= DIGITS_MAX && magnitude >= EXPONENT_MIN && magnitude <= EXPONENT_MAX;
}

void ps_dynamodb_value_typed(struct ps_json_writer *w, struct ps_span type, struct ps_span text)
{
    ps_json_write_object_begin(w);
    ps_json_write_member(w, type, text);
    ps_json_write_object_end(w);
}

void ps_dynamodb_value_string(struct ps_json_writer *w, struct ps_span inside)
{
    ps_json_write_object_begin(w);
    ps_json_write_key(w, PS_SPAN("S"));
    ps_json_write_string_escaped(w, inside);
    ps_json_write_object_end(w);
}

static void write_word(struct ps_json_writer *w, struct ps_span type, bool value)
{
    ps_json_write_object_begin(w);
    ps_json_write_key(w, type);
    ps_json_write_bool(w, value);
    ps_json_write_object_end(w);
}

void ps_dynamodb_value_true(struct ps_json_writer *w)
{
    write_word(w, PS_SPAN("BOOL"), true);
}

static void write_number(struct ps_json_writer *w, struct ps_span text)
{
    ps_dynamodb_value_typed(w, ps_dynamodb_value_is_number(text) ? PS_SPAN("N") : PS_SPAN("S"), text);
}

static enum ps_err open_container(struct ps_json_writer *w, struct ps_json_reader *reader, struct ps_json_reader before,
                                  bool object)
{
    if (reader->depth > PS_DYNAMODB_VALUE_NESTING_MAX) {
        struct ps_span raw;
        *reader = before;
        PS_TRY(ps_json_read_skip(reader, &raw));
        ps_dynamodb_value_typed(w, PS_SPAN("S"), raw);
        return PS_OK;
    }
    ps_json_write_object_begin(w);
    ps_json_write_key(w, object ? PS_SPAN("M") : PS_SPAN("L"));
    if (object)
        ps_json_write_object_begin(w);
    else
        ps_json_write_array_begin(w);
    return PS_OK;
}

static enum ps_err write_token(struct ps_json_writer *w, struct ps_json_reader *reader, struct ps_json_reader before,
                               const struct ps_json_token *token)
{
    switch (token->kind) {
    case PS_JSON_OBJECT_BEGIN:
    case PS_JSON_ARRAY_BEGIN:
        return open_container(w, reader, before, token->kind == PS_JSON_OBJECT_BEGIN);
    case PS_JSON_OBJECT_END:
        ps_json_write_object_end(w);
        ps_json_write_object_end(w);
        break;
    case PS_JSON_ARRAY_END:
        ps_json_write_array_end(w);
        ps_json_write_object_end(w);
        break;
    case PS_JSON_KEY:
        ps_json_write_key_escaped(w, token->text);
        break;
    case PS_JSON_STRING:
        ps_dynamodb_value_string(w, token->text);
        break;
    case PS_JSON_NUMBER:
        write_number(w, token->text);
        break;
    case PS_JSON_TRUE:
    case PS_JSON_FALSE:
        write_word(w, PS_SPAN("BOOL"), token->kind == PS_JSON_TRUE);
        break;
    case PS_JSON_NULL:
        write_word(w, PS_SPAN("NULL"), true);
        break;
    case PS_JSON_END:
        break;
    }
    return PS_OK;
}

static enum ps_err write_json(struct ps_json_writer *w, struct ps_span json)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, json);
    do {
        struct ps_json_reader before = reader;
        PS_TRY(ps_json_read_next(&reader, &token));
        PS_TRY(write_token(w, &reader, before, &token));
    } while (token.kind != PS_JSON_END);
    return PS_OK;
}

enum ps_err ps_dynamodb_value_write(struct ps_json_writer *w, const struct ps_field *field)
{
    switch (field->kind) {
    case PS_FIELD_JSON:
        return write_json(w, field->value);
    case PS_FIELD_STRING:
        ps_dynamodb_value_string(w, field->value);
        break;
    case PS_FIELD_TEXT:
        ps_dynamodb_value_typed(w, PS_SPAN("S"), field->value);
        break;
    }
    return PS_OK;
}
