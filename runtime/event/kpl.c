#include "event/kpl.h"

#include "base/assert.h"

/* Protobuf's wire types. */
enum { WIRE_VARINT, WIRE_FIXED64, WIRE_BYTES, WIRE_GROUP_BEGIN, WIRE_GROUP_END, WIRE_FIXED32 };

/* Field numbers of AggregatedRecord and of Record. */
enum { AGGREGATE_PARTITION_KEYS = 1, AGGREGATE_HASH_KEYS = 2, AGGREGATE_RECORDS = 3 };
enum { RECORD_PARTITION_KEY = 1, RECORD_HASH_KEY = 2, RECORD_DATA = 3 };

enum { FIELD_NUMBER_MAX = (1 << 29) - 1 };

struct field {
    uint32_t number;
    unsigned wire_type;
    uint64_t value;       /* of a varint */
    struct ps_span bytes; /* of anything else but a group */
};

/* A Record as it stands on the wire. */
struct entry {
    bool has_index[PS_KPL_TABLES];
    uint64_t index[PS_KPL_TABLES];
    bool has_data;
    struct ps_span data;
};

static enum ps_err read_varint(struct ps_span text, size_t *at, uint64_t *out)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (*at == text.len) PS_FAIL(PS_ERR_BAD_INPUT, "protobuf: a number is cut at byte %zu", *at);
        uint64_t byte = (unsigned char)text.data[(*at)++];
        uint64_t bits = byte & 0x7f;
        if (shift == 63 && byte > 1) break;
        value |= bits << shift;
        if (byte < 0x80) {
            *out = value;
            return PS_OK;
        }
    }
    PS_FAIL(PS_ERR_BAD_INPUT, "protobuf: the number before byte %zu has more than 64 bits", *at);
}

static enum ps_err take_bytes(struct ps_span text, size_t *at, uint64_t len, struct ps_span *out)
{
    if (len > text.len - *at)
        PS_FAIL(PS_ERR_BAD_INPUT, "protobuf: %llu bytes wanted at byte %zu, %zu are left", (unsigned long long)len, *at,
                text.len - *at);
    *out = ps_span_make(text.data + *at, (size_t)len);
    *at += (size_t)len;
    return PS_OK;
}

static enum ps_err read_tag(struct ps_span text, size_t *at, struct field *out)
{
    uint64_t tag = 0;
    PS_TRY(read_varint(text, at, &tag));
    uint64_t number = tag >> 3;
    if (number == 0 || number > FIELD_NUMBER_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "protobuf: no field has the number before byte %zu", *at);
    *out = (struct field){ .number = (uint32_t)number, .wire_type = tag & 7 };
    return PS_OK;
}

static enum ps_err read_value(struct ps_span text, size_t *at, struct field *field)
{
    uint64_t len = 0;
    switch (field->wire_type) {
    case WIRE_VARINT:
        return read_varint(text, at, &field->value);
    case WIRE_FIXED64:
        return take_bytes(text, at, 8, &field->bytes);
    case WIRE_BYTES:
        PS_TRY(read_varint(text, at, &len));
        return take_bytes(text, at, len, &field->bytes);
    case WIRE_FIXED32:
        return take_bytes(text, at, 4, &field->bytes);
    default:
        PS_FAIL(PS_ERR_BAD_INPUT, "protobuf: no value has the wire type %u before byte %zu", field->wire_type, *at);
    }
}

/* To the end of the group that has just begun. */
static enum ps_err skip_group(struct ps_span text, size_t *at, uint32_t number)
{
    uint32_t numbers[PS_KPL_GROUPS_DEEP_MAX] = { number };
    size_t depth = 1;
    while (depth > 0) {
        struct field field = { 0 };
        PS_TRY(read_tag(text, at, &field));
        if (field.wire_type == WIRE_GROUP_BEGIN) {
            if (depth == PS_KPL_GROUPS_DEEP_MAX)
                PS_FAIL(PS_ERR_TOO_DEEP, "protobuf: more than %d groups deep at byte %zu", PS_KPL_GROUPS_DEEP_MAX, *at);
            numbers[depth++] = field.number;
        } else if (field.wire_type == WIRE_GROUP_END) {
            depth--;
            if (field.number != numbers[depth])
                PS_FAIL(PS_ERR_BAD_INPUT, "protobuf: group %u is ended as %u at byte %zu", numbers[depth], field.number,
                        *at);
        } else {
            PS_TRY(read_value(text, at, &field));
        }
    }
    return PS_OK;
}

static enum ps_err read_field(struct ps_span text, size_t *at, struct field *out)
{
    PS_TRY(read_tag(text, at, out));
    if (out->wire_type == WIRE_GROUP_BEGIN) return skip_group(text, at, out->number);
    return read_value(text, at, out);
}

/* A known number with another wire type is an unknown field, as everywhere in protobuf. */
static bool is_field(const struct field *field, uint32_t number, unsigned wire_type)
{
    return field->number == number && field->wire_type == wire_type;
}

/* Of a field that comes twice the last one counts. */
static enum ps_err read_entry(struct ps_span record, struct entry *out)
{
    struct entry entry = { 0 };
    for (size_t at = 0; at < record.len;) {
        struct field field = { 0 };
        PS_TRY(read_field(record, &at, &field));
        if (is_field(&field, RECORD_PARTITION_KEY, WIRE_VARINT)) {
            entry.has_index[PS_KPL_PARTITION_KEYS] = true;
            entry.index[PS_KPL_PARTITION_KEYS] = field.value;
        } else if (is_field(&field, RECORD_HASH_KEY, WIRE_VARINT)) {
            entry.has_index[PS_KPL_HASH_KEYS] = true;
            entry.index[PS_KPL_HASH_KEYS] = field.value;
        } else if (is_field(&field, RECORD_DATA, WIRE_BYTES)) {
            entry.has_data = true;
            entry.data = field.bytes;
        }
    }
    *out = entry;
    return PS_OK;
}

/* Marks stand at equal distances; when there is no room for another one, every second goes. */
static void put_mark(struct ps_kpl *kpl, size_t at)
{
    if (kpl->mark_count == PS_KPL_MARKS_MAX) {
        for (size_t i = 0; i < PS_KPL_MARKS_MAX / 2; i++)
            kpl->marks[i] = kpl->marks[2 * i];
        kpl->mark_count = PS_KPL_MARKS_MAX / 2;
        kpl->mark_distance *= 2;
    }
    struct ps_kpl_mark *mark = &kpl->marks[kpl->mark_count++];
    mark->at = (uint32_t)at;
    memcpy(mark->keys, kpl->key_count, sizeof mark->keys);
}

static enum ps_err count_field(struct ps_kpl *kpl, const struct field *field)
{
    struct entry entry = { 0 };
    if (is_field(field, AGGREGATE_PARTITION_KEYS, WIRE_BYTES)) {
        kpl->key_count[PS_KPL_PARTITION_KEYS]++;
    } else if (is_field(field, AGGREGATE_HASH_KEYS, WIRE_BYTES)) {
        kpl->key_count[PS_KPL_HASH_KEYS]++;
    } else if (is_field(field, AGGREGATE_RECORDS, WIRE_BYTES)) {
        enum ps_err err = read_entry(field->bytes, &entry);
        if (err != PS_OK) return ps_err_wrap(err, "sub-record %zu", kpl->record_count);
        kpl->record_count++;
    }
    return PS_OK;
}

bool ps_kpl_detect(struct ps_span data, struct ps_span *message, struct ps_span *md5)
{
    const struct ps_span magic = PS_SPAN("\xf3\x89\x9a\xc2");
    if (data.len <= magic.len + PS_KPL_MD5_BYTES || !ps_span_starts(data, magic)) return false;
    size_t end = data.len - PS_KPL_MD5_BYTES;
    *message = ps_span_make(data.data + magic.len, end - magic.len);
    *md5 = ps_span_from(data, end);
    return true;
}

enum ps_err ps_kpl_open(struct ps_span message, struct ps_kpl *out)
{
    if (message.len > PS_KPL_MESSAGE_BYTES_MAX)
        PS_FAIL(PS_ERR_TOO_LARGE, "the aggregate has %zu bytes, more than any Kinesis record (%d)", message.len,
                PS_KPL_MESSAGE_BYTES_MAX);
    struct ps_kpl kpl = { .message = message, .mark_distance = 1 };
    size_t at = 0;
    for (size_t fields = 0; at < message.len; fields++) {
        if (fields % kpl.mark_distance == 0) put_mark(&kpl, at);
        struct field field = { 0 };
        PS_TRY(read_field(message, &at, &field));
        PS_TRY(count_field(&kpl, &field));
    }
    if (kpl.record_count == 0) PS_FAIL(PS_ERR_BAD_INPUT, "the aggregate holds no sub-record");
    *out = kpl;
    return PS_OK;
}

/* The last mark that has the wanted key at or after it. The first mark always does. */
static const struct ps_kpl_mark *find_mark(const struct ps_kpl *kpl, enum ps_kpl_table table, uint64_t index)
{
    size_t low = 0;
    size_t high = kpl->mark_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (kpl->marks[middle].keys[table] <= index) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &kpl->marks[low];
}

/* A key by its place in its table; false when there is none. Tables may stand anywhere in the message, also after
 * the sub-records. */
static bool find_key(const struct ps_kpl *kpl, enum ps_kpl_table table, uint64_t index, struct ps_span *out)
{
    static const uint32_t NUMBERS[] = {
        [PS_KPL_PARTITION_KEYS] = AGGREGATE_PARTITION_KEYS,
        [PS_KPL_HASH_KEYS] = AGGREGATE_HASH_KEYS,
    };
    if (index >= kpl->key_count[table]) return false;
    const struct ps_kpl_mark *mark = find_mark(kpl, table, index);
    size_t at = mark->at;
    for (uint64_t next = mark->keys[table];;) {
        struct field field = { 0 };
        enum ps_err err = read_field(kpl->message, &at, &field);
        PS_ASSERT(err == PS_OK);
        if (!is_field(&field, NUMBERS[table], WIRE_BYTES)) continue;
        if (next == index) {
            *out = field.bytes;
            return true;
        }
        next++;
    }
}

static const char *read_record(const struct ps_kpl *kpl, const struct entry *entry, struct ps_kpl_record *record)
{
    const char *fault = NULL;
    if (entry->has_index[PS_KPL_HASH_KEYS] &&
        !find_key(kpl, PS_KPL_HASH_KEYS, entry->index[PS_KPL_HASH_KEYS], &record->explicit_hash_key))
        fault = "hash_key_unknown";
    if (!entry->has_index[PS_KPL_PARTITION_KEYS]) {
        fault = "partition_key_missing";
    } else if (!find_key(kpl, PS_KPL_PARTITION_KEYS, entry->index[PS_KPL_PARTITION_KEYS], &record->partition_key)) {
        fault = "partition_key_unknown";
    }
    record->data = entry->data;
    return entry->has_data ? fault : "data_missing";
}

bool ps_kpl_next(struct ps_kpl *kpl, struct ps_kpl_record *out)
{
    if (kpl->position == kpl->record_count) return false;
    struct field field = { 0 };
    while (!is_field(&field, AGGREGATE_RECORDS, WIRE_BYTES)) {
        enum ps_err err = read_field(kpl->message, &kpl->at, &field);
        PS_ASSERT(err == PS_OK);
    }
    struct entry entry = { 0 };
    enum ps_err err = read_entry(field.bytes, &entry);
    PS_ASSERT(err == PS_OK);
    struct ps_kpl_record record = { .sub_sequence = kpl->position++ };
    record.fault = read_record(kpl, &entry, &record);
    *out = record;
    return true;
}
