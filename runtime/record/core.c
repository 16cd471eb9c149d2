#include "record/core.h"

#include "base/assert.h"
#include "base/json_read.h"
#include "base/num.h"
#include "base/time.h"
#include "record/clean.h"
#include "record/core_priv.h"
#include "record/json_value.h"
#include "record/record_priv.h"

/* -- the names -- */

static const struct ps_core_name NAMES[] = {
    { PS_SPAN_INIT("level"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("lvl"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("severity"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("log.level"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("levelname"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("loglevel"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("log_level"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("severity_text"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("severitytext"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("level_name"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("@l"), PS_CORE_LEVEL, false },
    { PS_SPAN_INIT("message"), PS_CORE_MESSAGE, false },
    { PS_SPAN_INIT("msg"), PS_CORE_MESSAGE, false },
    { PS_SPAN_INIT("@message"), PS_CORE_MESSAGE, false },
    { PS_SPAN_INIT("@m"), PS_CORE_MESSAGE, false },
    { PS_SPAN_INIT("log"), PS_CORE_MESSAGE, true },
    { PS_SPAN_INIT("text"), PS_CORE_MESSAGE, true },
    { PS_SPAN_INIT("body"), PS_CORE_MESSAGE, true },
    { PS_SPAN_INIT("event"), PS_CORE_MESSAGE, true },
    { PS_SPAN_INIT("time"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("ts"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("timestamp"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("@timestamp"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("datetime"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("eventtime"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("@t"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("time_iso8601"), PS_CORE_TIME, false },
    { PS_SPAN_INIT("date"), PS_CORE_TIME, true },
    { PS_SPAN_INIT("asctime"), PS_CORE_TIME, true },
    { PS_SPAN_INIT("event_time"), PS_CORE_TIME, true },
    { PS_SPAN_INIT("duration_ms"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("latency_ms"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("latency"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("duration"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("elapsed_ms"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("durationms"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("elapsed_millis"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("response_time_ms"), PS_CORE_DURATION_MS, false },
    { PS_SPAN_INIT("took"), PS_CORE_DURATION_MS, true },
    { PS_SPAN_INIT("elapsed"), PS_CORE_DURATION_MS, true },
    { PS_SPAN_INIT("request_time"), PS_CORE_DURATION_S, false },
    { PS_SPAN_INIT("duration_s"), PS_CORE_DURATION_S, false },
    { PS_SPAN_INIT("event.duration"), PS_CORE_DURATION_NS, false },
    { PS_SPAN_INIT("duration_ns"), PS_CORE_DURATION_NS, false },
    { PS_SPAN_INIT("status"), PS_CORE_STATUS, false },
    { PS_SPAN_INIT("status_code"), PS_CORE_STATUS, false },
    { PS_SPAN_INIT("statuscode"), PS_CORE_STATUS, false },
    { PS_SPAN_INIT("http_status"), PS_CORE_STATUS, false },
    { PS_SPAN_INIT("http.response.status_code"), PS_CORE_STATUS, false },
    { PS_SPAN_INIT("http_status_code"), PS_CORE_STATUS, false },
    { PS_SPAN_INIT("http.status_code"), PS_CORE_STATUS, false },
    { PS_SPAN_INIT("service"), PS_CORE_SERVICE, false },
    { PS_SPAN_INIT("service_name"), PS_CORE_SERVICE, false },
    { PS_SPAN_INIT("service.name"), PS_CORE_SERVICE, false },
    { PS_SPAN_INIT("servicename"), PS_CORE_SERVICE, false },
    { PS_SPAN_INIT("dd.service"), PS_CORE_SERVICE, false },
    { PS_SPAN_INIT("app"), PS_CORE_SERVICE, true },
    { PS_SPAN_INIT("application"), PS_CORE_SERVICE, true },
    { PS_SPAN_INIT("app_name"), PS_CORE_SERVICE, true },
    { PS_SPAN_INIT("env"), PS_CORE_ENV, false },
    { PS_SPAN_INIT("environment"), PS_CORE_ENV, false },
    { PS_SPAN_INIT("service.environment"), PS_CORE_ENV, false },
    { PS_SPAN_INIT("deployment.environment"), PS_CORE_ENV, false },
    { PS_SPAN_INIT("deployment.environment.name"), PS_CORE_ENV, false },
    { PS_SPAN_INIT("dd.env"), PS_CORE_ENV, false },
    { PS_SPAN_INIT("stage"), PS_CORE_ENV, true },
    { PS_SPAN_INIT("host"), PS_CORE_HOST, false },
    { PS_SPAN_INIT("hostname"), PS_CORE_HOST, false },
    { PS_SPAN_INIT("host.name"), PS_CORE_HOST, false },
    { PS_SPAN_INIT("logger"), PS_CORE_LOGGER, false },
    { PS_SPAN_INIT("logger_name"), PS_CORE_LOGGER, false },
    { PS_SPAN_INIT("log.logger"), PS_CORE_LOGGER, false },
    { PS_SPAN_INIT("loggername"), PS_CORE_LOGGER, false },
    { PS_SPAN_INIT("request_id"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("requestid"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("aws_request_id"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("awsrequestid"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("x-request-id"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("function_request_id"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("reqid"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("http.request.id"), PS_CORE_REQUEST_ID, false },
    { PS_SPAN_INIT("trace_id"), PS_CORE_TRACE_ID, false },
    { PS_SPAN_INIT("traceid"), PS_CORE_TRACE_ID, false },
    { PS_SPAN_INIT("trace.id"), PS_CORE_TRACE_ID, false },
    { PS_SPAN_INIT("dd.trace_id"), PS_CORE_TRACE_ID, false },
    { PS_SPAN_INIT("xray_trace_id"), PS_CORE_TRACE_ID, false },
    { PS_SPAN_INIT("span_id"), PS_CORE_SPAN_ID, false },
    { PS_SPAN_INIT("spanid"), PS_CORE_SPAN_ID, false },
    { PS_SPAN_INIT("span.id"), PS_CORE_SPAN_ID, false },
    { PS_SPAN_INIT("dd.span_id"), PS_CORE_SPAN_ID, false },
    { PS_SPAN_INIT("error_type"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("errortype"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("error.type"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("error.name"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("error.kind"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("err.type"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("err.name"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("exception.type"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("exception.name"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("exception.class"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("error.class"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("exception_class"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("exception_type"), PS_CORE_ERROR_TYPE, false },
    { PS_SPAN_INIT("error_message"), PS_CORE_ERROR_MESSAGE, false },
    { PS_SPAN_INIT("errormessage"), PS_CORE_ERROR_MESSAGE, false },
    { PS_SPAN_INIT("error.message"), PS_CORE_ERROR_MESSAGE, false },
    { PS_SPAN_INIT("err.message"), PS_CORE_ERROR_MESSAGE, false },
    { PS_SPAN_INIT("exception.message"), PS_CORE_ERROR_MESSAGE, false },
    { PS_SPAN_INIT("exception_message"), PS_CORE_ERROR_MESSAGE, false },
    { PS_SPAN_INIT("error.msg"), PS_CORE_ERROR_MESSAGE, false },
    { PS_SPAN_INIT("stack_trace"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("stacktrace"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("stack"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("exc_info"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("error.stack_trace"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("error.stack"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("error.stacktrace"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("err.stack"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("exception.stack"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("exception.stack_trace"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("exception.stacktrace"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("@x"), PS_CORE_STACK_TRACE, false },
    { PS_SPAN_INIT("error"), PS_CORE_ERROR, false },
    { PS_SPAN_INIT("err"), PS_CORE_ERROR, false },
    { PS_SPAN_INIT("exception"), PS_CORE_ERROR, false },
    { PS_SPAN_INIT("trace"), PS_CORE_OBJECT, false },
    { PS_SPAN_INIT("span"), PS_CORE_OBJECT, false },
    { PS_SPAN_INIT("http"), PS_CORE_OBJECT, false },
    { PS_SPAN_INIT("http.response"), PS_CORE_OBJECT, false },
    { PS_SPAN_INIT("http.request"), PS_CORE_OBJECT, false },
};

/* A perfect hash: slot of a name -> its number in NAMES from 1. Made by tests/tools/core_slots.c, together with
 * PS_NAME_MULTIPLIER; to be made again when a name is added (a test says so). */
const uint8_t PS_CORE_SLOTS[PS_CORE_SLOT_COUNT] = {
    [15] = 46,    [17] = 89,    [41] = 85,   [56] = 29,   [58] = 32,   [59] = 73,   [61] = 23,   [69] = 105,
    [78] = 102,   [81] = 71,    [83] = 100,  [90] = 104,  [91] = 81,   [102] = 91,  [107] = 48,  [116] = 122,
    [117] = 93,   [130] = 83,   [139] = 26,  [145] = 53,  [150] = 57,  [169] = 82,  [177] = 55,  [183] = 74,
    [211] = 39,   [216] = 10,   [236] = 54,  [247] = 76,  [257] = 12,  [289] = 63,  [290] = 13,  [298] = 35,
    [301] = 44,   [312] = 125,  [332] = 128, [348] = 7,   [358] = 5,   [367] = 62,  [374] = 34,  [377] = 43,
    [378] = 14,   [401] = 28,   [404] = 95,  [405] = 130, [427] = 106, [431] = 116, [432] = 99,  [440] = 97,
    [445] = 79,   [447] = 4,    [449] = 69,  [470] = 33,  [477] = 24,  [487] = 108, [488] = 58,  [500] = 127,
    [509] = 59,   [514] = 110,  [522] = 98,  [529] = 38,  [539] = 41,  [552] = 90,  [566] = 1,   [567] = 31,
    [575] = 50,   [578] = 65,   [588] = 111, [596] = 52,  [616] = 86,  [635] = 40,  [650] = 42,  [655] = 61,
    [658] = 113,  [660] = 60,   [662] = 92,  [671] = 72,  [672] = 94,  [675] = 124, [684] = 88,  [703] = 37,
    [705] = 25,   [707] = 17,   [712] = 112, [726] = 117, [727] = 15,  [731] = 30,  [742] = 45,  [743] = 16,
    [744] = 80,   [748] = 2,    [763] = 56,  [768] = 36,  [769] = 8,   [776] = 118, [782] = 121, [784] = 66,
    [787] = 68,   [789] = 126,  [795] = 51,  [802] = 19,  [804] = 123, [805] = 49,  [818] = 120, [819] = 75,
    [823] = 70,   [829] = 84,   [844] = 109, [848] = 101, [859] = 103, [863] = 47,  [877] = 27,  [880] = 18,
    [884] = 22,   [890] = 9,    [906] = 11,  [926] = 20,  [927] = 3,   [929] = 21,  [936] = 6,   [941] = 96,
    [945] = 114,  [949] = 77,   [951] = 64,  [953] = 119, [967] = 67,  [996] = 87,  [999] = 78,  [1003] = 129,
    [1009] = 107, [1020] = 115,
};

const struct ps_core_name *ps_core_names(size_t *count)
{
    *count = sizeof NAMES / sizeof NAMES[0];
    return NAMES;
}

/* Whether a name that shares a known one's slot is that name. */
static bool is_known(struct ps_span name, struct ps_name_words words, struct ps_span known)
{
    if (name.len != known.len) return false;
    struct ps_name_words wanted = ps_name_words(known);
    bool same_ends = words.first == wanted.first && words.last == wanted.last;
    if (PS_LIKELY(same_ends && name.len <= PS_NAME_WORDS_BYTES)) return name.len > 0;
    return ps_span_eq_nocase(name, known);
}

const struct ps_core_name *ps_core_numbered(uint8_t number)
{
    PS_ASSERT(number > 0 && number <= sizeof NAMES / sizeof NAMES[0]);
    return &NAMES[number - 1];
}

uint8_t ps_core_number(struct ps_span name)
{
    struct ps_name_words words = ps_name_words(name);
    uint8_t number = PS_CORE_SLOTS[ps_name_words_hash(words, name.len) >> (64 - PS_CORE_SLOT_BITS)];
    if (number == 0) return 0;
    return is_known(name, words, NAMES[number - 1].name) ? number : 0;
}

const struct ps_core_name *ps_core_find(struct ps_span name)
{
    uint8_t number = ps_core_number(name);
    return number == 0 ? NULL : &NAMES[number - 1];
}

/* -- values -- */

/* The text of a string or number; empty for anything else. */
static enum ps_err text_of(struct ps_arena *arena, const struct ps_field *value, struct ps_span *out)
{
    struct ps_span text = value->value;
    if (value->kind == PS_FIELD_JSON) {
        bool number = text.len > 0 && (text.data[0] == '-' || (text.data[0] >= '0' && text.data[0] <= '9'));
        *out = number ? text : PS_SPAN("");
        return PS_OK;
    }
    if (value->kind == PS_FIELD_STRING && !value->plain) {
        PS_TRY(ps_json_read_unescape(arena, text, &text));
        /* What stood there unescaped was cleaned with the line; escapes may have hidden something. */
        bool cut = false;
        if (text.data != value->value.data) PS_TRY(ps_clean(arena, text, PS_CLEAN_UNLIMITED, &text, &cut));
    }
    *out = text;
    return PS_OK;
}

static bool set_level(struct ps_record *record, struct ps_span text)
{
    int64_t number = 0;
    enum ps_level level = ps_record_level_parse(text);
    if (level == PS_LEVEL_NONE && ps_num_scaled(text, 0, &number)) level = ps_record_level_from_number(number);
    if (level == PS_LEVEL_NONE) return false;
    record->level = level;
    return true;
}

static bool set_time(struct ps_record *record, struct ps_span text)
{
    int64_t ms = 0;
    bool iso = text.len >= 10 && text.data[4] == '-';
    if (iso ? !ps_time_parse_iso(text, &ms) : !ps_time_parse_epoch(text, &ms)) return false;
    return ps_record_accept_time(record, ms);
}

static bool set_status(struct ps_record *record, struct ps_span text)
{
    uint64_t status = 0;
    if (text.len != 3 || !ps_span_to_u64(text, &status) || status < 100 || status > 599) return false;
    record->status = (uint32_t)status;
    return true;
}

/* Units of durations: a number in one is read scaled by 10^read_scale and is then that many ms * 10^write_scale. */
struct unit {
    struct ps_span suffix;
    int read_scale;
    int write_scale;
};

static const struct unit UNITS[] = {
    { PS_SPAN_INIT("ms"), 6, 6 },        { PS_SPAN_INIT("ns"), 0, 6 }, { PS_SPAN_INIT("us"), 3, 6 },
    { PS_SPAN_INIT("\xc2\xb5s"), 3, 6 }, { PS_SPAN_INIT("s"), 6, 3 },
};

enum { UNIT_MS, UNIT_NS, UNIT_US, UNIT_MICRO, UNIT_S, UNIT_COUNT };

/* Short, without an exponent, and JSON: it can stay as it was written. */
static bool is_plain_number(struct ps_span text)
{
    if (text.len > 20) return false;
    bool exponent = false;
    for (size_t i = 0; i < text.len; i++)
        exponent = exponent || (text.data[i] | 0x20) == 'e';
    return !exponent && ps_num_is_json(text);
}

static enum ps_err put_duration(struct ps_record *record, struct ps_arena *arena, struct ps_span number,
                                const struct unit *unit, bool *taken)
{
    int64_t value = 0;
    *taken = ps_num_scaled(number, unit->read_scale, &value) && value >= 0;
    if (!*taken) return PS_OK;
    if (unit == &UNITS[UNIT_MS] && is_plain_number(number)) {
        record->duration_ms = number;
        return PS_OK;
    }
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_NUM_TEXT_BYTES_MAX);
    ps_num_put_scaled(&buf, value, unit->write_scale);
    return ps_buf_finish(&buf, &record->duration_ms);
}

static enum ps_err set_duration(struct ps_record *record, struct ps_arena *arena, struct ps_span text,
                                const struct unit *unit, bool *taken)
{
    bool has_unit = text.len > 0 && text.data[text.len - 1] == 's';
    for (size_t i = 0; has_unit && i < UNIT_COUNT; i++) {
        if (!ps_span_ends(text, UNITS[i].suffix)) continue;
        struct ps_span number = ps_span_trim(ps_span_first(text, text.len - UNITS[i].suffix.len));
        return put_duration(record, arena, number, &UNITS[i], taken);
    }
    return put_duration(record, arena, text, unit, taken);
}

/* An array of strings, as Lambda writes stack traces, becomes lines; other arrays are no stack trace. */
static enum ps_err join_lines(struct ps_arena *arena, struct ps_span array, struct ps_span *out, bool *taken)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, array);
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 2 * array.len + 1);
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reader, &token));
    *taken = false;
    if (token.kind != PS_JSON_ARRAY_BEGIN) return PS_OK;
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_ARRAY_END) break;
        if (token.kind != PS_JSON_STRING) return PS_OK;
        struct ps_span line;
        PS_TRY(ps_json_read_unescape(arena, token.text, &line));
        if (buf.len > 0 && buf.data[buf.len - 1] != '\n') ps_buf_byte(&buf, '\n');
        ps_buf_put(&buf, line);
    }
    struct ps_span text;
    PS_TRY(ps_buf_finish(&buf, &text));
    bool cut = false;
    *taken = text.len > 0;
    return ps_clean(arena, text, PS_CLEAN_UNLIMITED, out, &cut);
}

static enum ps_err set_stack_trace(struct ps_record *record, struct ps_arena *arena, const struct ps_field *value,
                                   struct ps_span text, bool *taken)
{
    if (value->kind == PS_FIELD_JSON && value->value.len > 0 && value->value.data[0] == '[')
        return join_lines(arena, value->value, &record->stack_trace, taken);
    *taken = value->kind != PS_FIELD_JSON && text.len > 0;
    if (*taken) record->stack_trace = text;
    return PS_OK;
}

static enum ps_err set_error_message(struct ps_record *record, struct ps_arena *arena, const struct ps_field *value,
                                     struct ps_span text, bool *taken)
{
    *taken = value->kind != PS_FIELD_JSON && text.len > 0;
    if (!*taken) return PS_OK;
    bool cut = false;
    PS_TRY(ps_json_value_cut(arena, text, ps_json_value_limit(text), &record->error_message, &cut));
    record->cut_values += cut;
    return PS_OK;
}

/* A message of another type than text keeps its JSON text; null is none. */
static bool set_message(struct ps_record *record, const struct ps_field *value, struct ps_span text)
{
    if (value->kind == PS_FIELD_JSON && ps_span_eq(value->value, PS_SPAN("null"))) return false;
    record->message = value->kind == PS_FIELD_JSON ? value->value : text;
    return true;
}

/* Where the core members that are just texts stand in a record. */
static const uint16_t TEXT_OFFSETS[PS_CORE_COUNT] = {
    [PS_CORE_SERVICE] = offsetof(struct ps_record, service),
    [PS_CORE_ENV] = offsetof(struct ps_record, env),
    [PS_CORE_HOST] = offsetof(struct ps_record, host),
    [PS_CORE_LOGGER] = offsetof(struct ps_record, logger),
    [PS_CORE_REQUEST_ID] = offsetof(struct ps_record, request_id),
    [PS_CORE_TRACE_ID] = offsetof(struct ps_record, trace_id),
    [PS_CORE_SPAN_ID] = offsetof(struct ps_record, span_id),
    [PS_CORE_ERROR_TYPE] = offsetof(struct ps_record, error_type),
};

static struct ps_span *text_member(struct ps_record *record, enum ps_core core)
{
    PS_ASSERT(TEXT_OFFSETS[core] != 0);
    return (struct ps_span *)(void *)((char *)record + TEXT_OFFSETS[core]);
}

static bool set_text(struct ps_span *member, struct ps_span text)
{
    if (text.len == 0 || text.len > PS_CORE_TEXT_BYTES_MAX) return false;
    *member = text;
    return true;
}

enum ps_err ps_core_set(struct ps_record *record, struct ps_arena *arena, enum ps_core core,
                        const struct ps_field *value, bool *taken)
{
    struct ps_span text;
    *taken = false;
    PS_TRY(text_of(arena, value, &text));
    switch (core) {
    case PS_CORE_LEVEL:
        *taken = set_level(record, text);
        return PS_OK;
    case PS_CORE_MESSAGE:
        *taken = set_message(record, value, text);
        return PS_OK;
    case PS_CORE_TIME:
        *taken = set_time(record, text);
        return PS_OK;
    case PS_CORE_DURATION_MS:
        return set_duration(record, arena, text, &UNITS[UNIT_MS], taken);
    case PS_CORE_DURATION_S:
        return set_duration(record, arena, text, &UNITS[UNIT_S], taken);
    case PS_CORE_DURATION_NS:
        return set_duration(record, arena, text, &UNITS[UNIT_NS], taken);
    case PS_CORE_STATUS:
        *taken = set_status(record, text);
        return PS_OK;
    case PS_CORE_ERROR:
        if (text.len > 0 && memchr(text.data, '\n', text.len) != NULL)
            return set_stack_trace(record, arena, value, text, taken);
        return set_error_message(record, arena, value, text, taken);
    case PS_CORE_ERROR_MESSAGE:
        return set_error_message(record, arena, value, text, taken);
    case PS_CORE_STACK_TRACE:
        return set_stack_trace(record, arena, value, text, taken);
    case PS_CORE_SERVICE:
    case PS_CORE_ENV:
    case PS_CORE_HOST:
    case PS_CORE_LOGGER:
    case PS_CORE_REQUEST_ID:
    case PS_CORE_TRACE_ID:
    case PS_CORE_SPAN_ID:
    case PS_CORE_ERROR_TYPE:
        *taken = set_text(text_member(record, core), text);
        return PS_OK;
    case PS_CORE_OBJECT:
    case PS_CORE_NONE:
    case PS_CORE_COUNT:
        break;
    }
    return PS_OK;
}

/* -- members of a line -- */

enum ps_err ps_core_set_by(struct ps_core_line *line, uint8_t number, const struct ps_field *value, bool *taken)
{
    enum ps_core core = NAMES[number - 1].core;
    *taken = false;
    if (line->seen.by[core] != 0 && line->seen.by[core] != number) return PS_OK;
    PS_TRY(ps_core_set(line->record, line->arena, core, value, taken));
    if (*taken) line->seen.by[core] = number;
    return PS_OK;
}

static bool wait_for_end(struct ps_core_seen *seen, uint8_t number, const struct ps_field *field)
{
    for (size_t i = 0; i < seen->weak_count; i++) {
        if (seen->weak_by[i] != number) continue;
        seen->weak[i] = *field;
        return true;
    }
    if (seen->weak_count == PS_CORE_WEAK_MAX) return false;
    seen->weak_by[seen->weak_count] = number;
    seen->weak[seen->weak_count++] = *field;
    return true;
}

enum ps_err ps_core_put_likely(struct ps_core_line *line, uint8_t number, const struct ps_field *field)
{
    if (!is_known(field->name, ps_name_words(field->name), NAMES[number - 1].name))
        return ps_record_put_slowly(line->record, line->arena, field);
    bool taken = false;
    bool object = field->kind == PS_FIELD_JSON && field->value.len > 0 && field->value.data[0] == '{';
    bool weak = NAMES[number - 1].weak;
    if (PS_UNLIKELY(object)) PS_TRY(ps_core_object_put(line, field->name, field->value, &taken));
    if (weak && !object) taken = wait_for_end(&line->seen, number, field);
    if (!weak && !taken) PS_TRY(ps_core_set_by(line, number, field, &taken));
    return taken ? PS_OK : ps_record_put_slowly(line->record, line->arena, field);
}

enum ps_err ps_core_put(struct ps_core_line *line, struct ps_span name, struct ps_span value, enum ps_field_kind kind,
                        bool plain)
{
    return ps_core_put_inline(line, name, value, kind, plain);
}

enum ps_err ps_core_settle(struct ps_core_line *line)
{
    for (size_t i = 0; i < line->seen.weak_count; i++) {
        bool taken = false;
        PS_TRY(ps_core_set_by(line, line->seen.weak_by[i], &line->seen.weak[i], &taken));
        if (!taken) PS_TRY(ps_record_add(line->record, line->arena, line->seen.weak[i]));
    }
    return PS_OK;
}
