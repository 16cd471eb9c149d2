/* Targets: ps_time_parse_iso, ps_time_parse_clf, ps_time_parse_epoch, ps_time_iso, ps_num_scaled, ps_num_scaled_cut,
 * ps_num_is_json, ps_num_put_scaled. */
#include "base/json_read.h"
#include "base/num.h"
#include "base/time.h"
#include "support/exact.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a parser gives can be written, and reads back the same. */
static void times(struct ps_span text, bool (*parse)(struct ps_span, int64_t *))
{
    int64_t ms = 0;
    if (!parse(text, &ms)) return;
    char iso[PS_TIME_ISO_BYTES];
    ps_time_iso(ms, iso);
    int64_t again = 0;
    PS_ASSERT(ps_time_parse_iso(ps_span_make(iso, sizeof iso), &again) && again == ms);
}

static void numbers(struct ps_span text, int scale)
{
    int64_t value = 0;
    int64_t cut = 0;
    if (!ps_num_scaled(text, scale, &value)) return;
    PS_ASSERT(ps_num_scaled_cut(text, scale, &cut));
    PS_ASSERT(value == cut || value == cut + (text.data[0] == '-' ? -1 : 1));
    char room[PS_NUM_TEXT_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, room, sizeof room);
    ps_num_put_scaled(&buf, value, scale);
    int64_t again = 0;
    PS_ASSERT(ps_num_is_json(ps_buf_span(&buf)));
    PS_ASSERT(ps_num_scaled(ps_buf_span(&buf), scale, &again) && again == value);
}

/* The reader of JSON and this file mean the same by a number. */
static void grammar(struct ps_span text)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, text);
    struct ps_json_token token = { 0 };
    bool number = ps_json_read_next(&reader, &token) == PS_OK && token.kind == PS_JSON_NUMBER;
    PS_ASSERT((number && token.text.len == text.len) == ps_num_is_json(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_span text = exact_copy(ps_span_make((const char *)data, size));
    times(text, ps_time_parse_iso);
    times(text, ps_time_parse_clf);
    times(text, ps_time_parse_epoch);
    for (int scale = 0; scale <= 18; scale += 3)
        numbers(text, scale);
    grammar(text);
    exact_free(text);
    return 0;
}
