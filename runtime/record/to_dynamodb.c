#include "record/to_dynamodb.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/json_write.h"
#include "base/num.h"
#include "record/clean.h"
#include "record/dynamodb_value.h"
#include "record/json_value.h"

enum {
    MESSAGE_BYTES_MIN = 16 << 10, /* of a long message when fields must be cut too */
    FIELD_BYTES_MIN = 64,         /* of a cut value: the marker and some text */
    FIELD_WRAP_BYTES = sizeof ",\"_\":{\"S\":\"\"}" - 1,
    TAIL_BYTES = 128, /* the attributes that say what was cut */
    /* While it is measured, an item is at most its limit, a value of that size as lists of one-digit numbers are
     * written, and a message of that size as control characters are. */
    MEASURED_BYTES_MAX = 16 * PS_TO_DYNAMODB_ITEM_BYTES_MAX,
    MS_DIGITS = 13,
    DAY_S = 24 * 60 * 60,
};

/* -- names -- */

static const struct ps_span OWN_NAMES[] = {
    PS_SPAN_INIT(""),
    PS_SPAN_INIT("pk"),
    PS_SPAN_INIT("sk"),
    PS_SPAN_INIT("service"),
    PS_SPAN_INIT("ts"),
    PS_SPAN_INIT("tsSource"),
    PS_SPAN_INIT("level"),
    PS_SPAN_INIT("message"),
    PS_SPAN_INIT("ttl"),
    PS_SPAN_INIT("unparsed"),
    PS_SPAN_INIT("base64"),
    PS_SPAN_INIT("coordinates"),
    PS_SPAN_INIT("truncated"),
    PS_SPAN_INIT("originalBytes"),
    PS_SPAN_INIT("droppedFields"),
};

/* One of our names, with any number of '_' before it: such a name gets one more, so that no two become one. */
static bool is_taken(struct ps_span name)
{
    while (name.len > 0 && name.data[0] == '_')
        name = ps_span_from(name, 1);
    for (size_t i = 0; i < sizeof OWN_NAMES / sizeof OWN_NAMES[0]; i++) {
        if (ps_span_eq(name, OWN_NAMES[i])) return true;
    }
    return false;
}

static enum ps_err write_name(struct ps_json_writer *w, struct ps_arena *arena, struct ps_span name)
{
    if (!is_taken(name)) {
        ps_json_write_key_escaped(w, name);
        return PS_OK;
    }
    char *longer = ps_arena_bytes(arena, name.len + 1);
    if (longer == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a name of %zu bytes", name.len);
    longer[0] = '_';
    if (name.len > 0) memcpy(longer + 1, name.data, name.len);
    ps_json_write_key_escaped(w, ps_span_make(longer, name.len + 1));
    return PS_OK;
}

/* -- the item -- */

/* What may be written of an item. */
struct limits {
    size_t message_bytes;
    size_t value_bytes; /* of each field's value, as written */
    size_t fields;
    bool cut; /* they are less than the whole */
};

/* What an item takes: as written, but the message without its escapes, which are of the wire and not of the item. */
struct sizes {
    size_t all;
    size_t message;
    size_t escapes;   /* of the message; not in all */
    size_t unwritten; /* of fields that were taken back */
    size_t *fields;   /* name and value of each; 0 before they are measured */
};

struct item {
    struct ps_buf text;
    struct ps_json_writer w; /* onto text */
    struct ps_arena *arena;
    const struct ps_to_dynamodb_options *options;
    const struct ps_stream_line *line;
    struct ps_span id;
    struct ps_span coordinates;
    struct sizes sizes;
};

static void write_text(struct item *item, struct ps_span name, struct ps_span text)
{
    ps_json_write_key(&item->w, name);
    ps_dynamodb_value_typed(&item->w, PS_SPAN("S"), text);
}

static void write_integer(struct item *item, struct ps_span name, int64_t value)
{
    char digits[PS_NUM_TEXT_BYTES_MAX];
    struct ps_buf text;
    ps_buf_init_fixed(&text, digits, sizeof digits);
    ps_buf_i64(&text, value);
    ps_json_write_key(&item->w, name);
    ps_dynamodb_value_typed(&item->w, PS_SPAN("N"), ps_buf_span(&text));
}

static void write_true(struct item *item, struct ps_span name)
{
    ps_json_write_key(&item->w, name);
    ps_dynamodb_value_true(&item->w);
}

/* The first 32 bits of the id, which is a hash, choose the shard: the same record is always in the same one. */
static uint32_t shard_of(struct ps_span id, uint32_t shards)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 8; i++) {
        char c = id.data[i];
        bits = bits << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return shards <= 1 ? 0 : bits % shards;
}

void ps_to_dynamodb_key(const struct ps_to_dynamodb_options *options, const struct ps_stream_line *line,
                        struct ps_span id, struct ps_to_dynamodb_key *out)
{
    struct ps_buf text;
    ps_buf_init_fixed(&text, out->memory, sizeof out->memory);
    ps_buf_put(&text, line->record.service);
    uint32_t shard = shard_of(id, options->shards);
    if (shard > 0) ps_buf_printf(&text, "#%u", shard);
    size_t pk_bytes = text.len;
    ps_buf_printf(&text, "%0*lld#", MS_DIGITS, (long long)line->record.time_ms);
    ps_buf_put(&text, id);
    PS_ASSERT(text.err == PS_OK);
    out->pk = ps_span_make(out->memory, pk_bytes);
    out->sk = ps_span_make(out->memory + pk_bytes, text.len - pk_bytes);
}

static void write_keys(struct item *item)
{
    const struct ps_record *record = &item->line->record;
    struct ps_to_dynamodb_key key;
    ps_to_dynamodb_key(item->options, item->line, item->id, &key);
    write_text(item, PS_SPAN("pk"), key.pk);
    write_text(item, PS_SPAN("sk"), key.sk);
    if (key.pk.len > record->service.len) write_text(item, PS_SPAN("service"), record->service);
}

/* Whether the field is the line's level in its own word. */
static bool is_given_level(const struct ps_field *field)
{
    return field->kind != PS_FIELD_JSON && ps_span_eq(field->name, PS_SPAN("level"));
}

static enum ps_err write_base64(struct item *item, struct ps_span bytes, size_t bytes_max)
{
    struct ps_span head = ps_span_first(bytes, bytes_max / 4 * 3);
    struct ps_buf text;
    struct ps_span base64;
    ps_buf_init(&text, item->arena, head.len / 3 * 4 + 4);
    ps_base64_encode(&text, head);
    PS_TRY(ps_buf_finish(&text, &base64));
    write_text(item, PS_SPAN("message"), base64);
    write_true(item, PS_SPAN("base64"));
    item->sizes.message = base64.len;
    return PS_OK;
}

static enum ps_err write_message(struct item *item, size_t bytes_max)
{
    struct ps_span message = item->line->record.message;
    if (item->line->binary) return write_base64(item, message, bytes_max);
    bool cut = false;
    PS_TRY(ps_clean_cut(item->arena, message, bytes_max, &message, &cut));
    size_t begin = item->text.len;
    write_text(item, PS_SPAN("message"), message);
    item->sizes.message = message.len;
    item->sizes.escapes = item->text.len - begin - (sizeof ",\"message\":{\"S\":\"\"}" - 1) - message.len;
    return PS_OK;
}

/* A value as a string's inside, at most bytes_max bytes. */
static enum ps_err cut_value(struct ps_arena *arena, const struct ps_field *field, size_t bytes_max,
                             struct ps_span *out)
{
    struct ps_span inside = field->value;
    if (field->kind != PS_FIELD_STRING) {
        struct ps_buf buf;
        ps_buf_init(&buf, arena, 6 * inside.len + 1); /* \u0000 is the longest escape */
        ps_json_write_escape(&buf, inside);
        PS_TRY(ps_buf_finish(&buf, &inside));
    }
    bool cut = false;
    return ps_json_value_cut(arena, inside, bytes_max, out, &cut);
}

static enum ps_err write_value(struct item *item, const struct ps_field *field, size_t bytes, size_t bytes_max)
{
    bool fits = field->value.len <= bytes_max && bytes <= field->name.len + FIELD_WRAP_BYTES + bytes_max;
    if (fits) return ps_dynamodb_value_write(&item->w, field);
    struct ps_span cut;
    PS_TRY(cut_value(item->arena, field, bytes_max, &cut));
    ps_dynamodb_value_string(&item->w, cut);
    return PS_OK;
}

/* Once the item is over its limit, fields are measured only: a line of megabytes must not take memory for all of them.
 */
static void take_back(struct item *item, size_t begin)
{
    if (item->text.len - item->sizes.escapes <= item->options->item_bytes_max) return;
    item->sizes.unwritten += item->text.len - begin;
    item->text.len = begin;
}

static enum ps_err write_fields(struct item *item, const struct limits *limits)
{
    const struct ps_record *record = &item->line->record;
    for (size_t i = 0; i < limits->fields; i++) {
        const struct ps_field *field = &record->fields[i];
        size_t begin = item->text.len;
        if (is_given_level(field))
            ps_json_write_key_escaped(&item->w, field->name);
        else
            PS_TRY(write_name(&item->w, item->arena, field->name));
        PS_TRY(write_value(item, field, item->sizes.fields[i], limits->value_bytes));
        item->sizes.fields[i] = item->text.len - begin;
        take_back(item, begin);
    }
    return PS_OK;
}

static void write_level(struct item *item)
{
    const struct ps_record *record = &item->line->record;
    const struct ps_field *given = ps_record_field(record, PS_SPAN("level"));
    if (record->unparsed.len > 0) {
        write_text(item, PS_SPAN("level"), PS_SPAN("UNPARSED"));
        write_text(item, PS_SPAN("unparsed"), record->unparsed);
        if (item->coordinates.len > 0) write_text(item, PS_SPAN("coordinates"), item->coordinates);
    } else if (record->level != PS_LEVEL_NONE && (given == NULL || !is_given_level(given))) {
        write_text(item, PS_SPAN("level"), ps_record_level_name(record->level));
    }
}

static void write_tail(struct item *item, const struct limits *limits)
{
    const struct ps_record *record = &item->line->record;
    if (item->options->ttl_days > 0)
        write_integer(item, PS_SPAN("ttl"), record->time_ms / 1000 + (int64_t)item->options->ttl_days * DAY_S);
    if (!limits->cut && record->cut_values == 0) return;
    write_true(item, PS_SPAN("truncated"));
    write_integer(item, PS_SPAN("originalBytes"), (int64_t)item->line->bytes.len);
    if (limits->fields < record->field_count)
        write_integer(item, PS_SPAN("droppedFields"), (int64_t)(record->field_count - limits->fields));
}

/* Makes the item's text as far as the limits go, and measures it. */
static enum ps_err write_item(struct item *item, const struct limits *limits)
{
    item->text.len = 0;
    item->sizes.unwritten = 0;
    ps_json_write_init(&item->w, &item->text);
    ps_json_write_object_begin(&item->w);
    write_keys(item);
    write_integer(item, PS_SPAN("ts"), item->line->record.time_ms);
    if (item->line->arrival) write_text(item, PS_SPAN("tsSource"), PS_SPAN("arrival"));
    write_level(item);
    PS_TRY(write_message(item, limits->message_bytes));
    PS_TRY(write_fields(item, limits));
    write_tail(item, limits);
    ps_json_write_object_end(&item->w);
    struct ps_span all;
    PS_TRY(ps_json_write_finish(&item->w, &all));
    item->sizes.all = item->text.len + item->sizes.unwritten - item->sizes.escapes;
    return PS_OK;
}

/* -- cutting -- */

/* What the first count fields take when no value is longer than value_bytes. */
static size_t fields_bytes(const struct item *item, size_t count, size_t value_bytes)
{
    size_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        size_t cut = item->line->record.fields[i].name.len + FIELD_WRAP_BYTES + value_bytes;
        sum += item->sizes.fields[i] < cut ? item->sizes.fields[i] : cut;
    }
    return sum;
}

/* The largest size at which the first count fields take no more than room, when no value is longer; by halving. */
static size_t common_value_bytes(const struct item *item, size_t count, size_t room)
{
    size_t fits = FIELD_BYTES_MIN;
    size_t beyond = item->options->item_bytes_max;
    while (beyond - fits > 1) {
        size_t middle = fits + (beyond - fits) / 2;
        if (fields_bytes(item, count, middle) <= room)
            fits = middle;
        else
            beyond = middle;
    }
    return fits;
}

/* Nothing that fits into an item is cut, and nothing larger than one is even measured whole. */
static struct limits whole_of(const struct item *item)
{
    return (struct limits){
        .message_bytes = item->options->item_bytes_max,
        .value_bytes = item->options->item_bytes_max,
        .fields = item->line->record.field_count,
    };
}

/* The limits at which an item that was measured whole fits: the message gives way down to its minimum, then the
 * largest values down to one common size, and only if the names alone are too much, the last fields. */
static struct limits limits_of(const struct item *item)
{
    const struct sizes *sizes = &item->sizes;
    struct limits limits = whole_of(item);
    size_t fields = fields_bytes(item, limits.fields, SIZE_MAX / 2);
    limits.cut = true;
    size_t rest = sizes->all - sizes->message - fields + TAIL_BYTES;
    size_t room = item->options->item_bytes_max > rest ? item->options->item_bytes_max - rest : 0;
    size_t message_min = sizes->message < MESSAGE_BYTES_MIN ? sizes->message : MESSAGE_BYTES_MIN;
    if (room >= message_min && room - message_min >= fields) {
        limits.message_bytes = room - fields;
        return limits;
    }
    limits.message_bytes = message_min;
    room = room > message_min ? room - message_min : 0;
    while (limits.fields > 0 && fields_bytes(item, limits.fields, FIELD_BYTES_MIN) > room)
        limits.fields--;
    limits.value_bytes = common_value_bytes(item, limits.fields, room);
    return limits;
}

enum ps_err ps_to_dynamodb_put(struct ps_buf *buf, struct ps_arena *arena, const struct ps_to_dynamodb_options *options,
                               const struct ps_stream_line *line, struct ps_span id, struct ps_span coordinates)
{
    PS_ASSERT(options->item_bytes_max >= PS_TO_DYNAMODB_ITEM_BYTES_MIN);
    PS_ASSERT(options->item_bytes_max <= PS_TO_DYNAMODB_ITEM_BYTES_MAX);
    PS_ASSERT(id.len == 36);
    PS_ASSERT(line->record.service.len > 0 && line->record.service.len <= PS_STREAM_LINE_SERVICE_BYTES_MAX);
    struct item item = { .arena = arena, .options = options, .line = line, .id = id, .coordinates = coordinates };
    ps_buf_init(&item.text, arena, MEASURED_BYTES_MAX);
    item.sizes.fields = PS_ARENA_ARRAY(arena, size_t, line->record.field_count + 1);
    if (item.sizes.fields == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "an item of %zu fields", line->record.field_count);
    struct limits limits = whole_of(&item);
    PS_TRY(write_item(&item, &limits));
    if (item.sizes.all > options->item_bytes_max) {
        limits = limits_of(&item);
        PS_TRY(write_item(&item, &limits));
    }
    if (item.sizes.all > options->item_bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "an item of %zu bytes with nothing left to cut", item.sizes.all);
    struct ps_span all;
    ps_buf_put(buf, ps_buf_span(&item.text));
    return ps_buf_finish(buf, &all);
}
