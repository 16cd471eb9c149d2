#include "record/parse_lambda.h"

#include "base/json_read.h"
#include "base/time.h"
#include "record/columns.h"
#include "record/core.h"
#include "record/detect.h"
#include "record/json_value.h"
#include "record/parse_json.h"

enum { STAMP_BYTES_MAX = 32, NAME_BYTES_MAX = 64 };

static enum ps_err add_type(struct ps_record *record, struct ps_arena *arena, struct ps_span type)
{
    return ps_record_add_text(record, arena, PS_SPAN("type"), type);
}

static enum ps_err set_core(struct ps_record *record, struct ps_arena *arena, enum ps_core core, struct ps_span text,
                            bool *taken)
{
    return ps_core_set(record, arena, core, &(struct ps_field){ .value = text, .kind = PS_FIELD_TEXT }, taken);
}

/* "success" and anything new is no error. */
static void set_level_by_status(struct ps_record *record, struct ps_span status)
{
    bool bad = ps_span_eq(status, PS_SPAN("error")) || ps_span_eq(status, PS_SPAN("failure")) ||
               ps_span_eq(status, PS_SPAN("timeout"));
    record->level = bad ? PS_LEVEL_ERROR : PS_LEVEL_INFO;
}

/* -- measures, by their name in text and in JSON -- */

struct measure {
    struct ps_span text;
    struct ps_span json;
    struct ps_span field; /* empty: a core member */
    enum ps_core core;
};

static const struct measure MEASURES[] = {
    { PS_SPAN_INIT("Duration"), PS_SPAN_INIT("durationMs"), PS_SPAN_INIT(""), PS_CORE_DURATION_MS },
    { PS_SPAN_INIT("Billed Duration"), PS_SPAN_INIT("billedDurationMs"), PS_SPAN_INIT("billed_duration_ms"), 0 },
    { PS_SPAN_INIT("Memory Size"), PS_SPAN_INIT("memorySizeMB"), PS_SPAN_INIT("memory_size_mb"), 0 },
    { PS_SPAN_INIT("Max Memory Used"), PS_SPAN_INIT("maxMemoryUsedMB"), PS_SPAN_INIT("max_memory_used_mb"), 0 },
    { PS_SPAN_INIT("Init Duration"), PS_SPAN_INIT("initDurationMs"), PS_SPAN_INIT("init_duration_ms"), 0 },
    { PS_SPAN_INIT("Restore Duration"), PS_SPAN_INIT("restoreDurationMs"), PS_SPAN_INIT("restore_duration_ms"), 0 },
    { PS_SPAN_INIT("Billed Restore Duration"), PS_SPAN_INIT("billedRestoreDurationMs"),
      PS_SPAN_INIT("billed_restore_duration_ms"), 0 },
    { PS_SPAN_INIT("RequestId"), PS_SPAN_INIT("requestId"), PS_SPAN_INIT(""), PS_CORE_REQUEST_ID },
    { PS_SPAN_INIT("XRAY TraceId"), PS_SPAN_INIT(""), PS_SPAN_INIT(""), PS_CORE_TRACE_ID },
    { PS_SPAN_INIT("TraceId"), PS_SPAN_INIT(""), PS_SPAN_INIT(""), PS_CORE_TRACE_ID },
    { PS_SPAN_INIT("SegmentId"), PS_SPAN_INIT("spanId"), PS_SPAN_INIT(""), PS_CORE_SPAN_ID },
    { PS_SPAN_INIT("Error Type"), PS_SPAN_INIT("errorType"), PS_SPAN_INIT(""), PS_CORE_ERROR_TYPE },
    { PS_SPAN_INIT("Sampled"), PS_SPAN_INIT("sampled"), PS_SPAN_INIT("sampled"), 0 },
    { PS_SPAN_INIT("Status"), PS_SPAN_INIT("status"), PS_SPAN_INIT("status"), 0 },
    { PS_SPAN_INIT("Version"), PS_SPAN_INIT("version"), PS_SPAN_INIT("version"), 0 },
    { PS_SPAN_INIT("Runtime Version"), PS_SPAN_INIT("runtimeVersion"), PS_SPAN_INIT("runtime_version"), 0 },
    { PS_SPAN_INIT("Runtime Version ARN"), PS_SPAN_INIT("runtimeVersionArn"), PS_SPAN_INIT("runtime_version_arn"), 0 },
    { PS_SPAN_INIT("Phase"), PS_SPAN_INIT("phase"), PS_SPAN_INIT("phase"), 0 },
};

static const struct measure *find_measure(struct ps_span name, bool json)
{
    for (size_t i = 0; i < sizeof MEASURES / sizeof MEASURES[0]; i++) {
        if (name.len > 0 && ps_span_eq(name, json ? MEASURES[i].json : MEASURES[i].text)) return &MEASURES[i];
    }
    return NULL;
}

/* -- platform lines as text -- */

static const struct {
    struct ps_span word;
    struct ps_span type;
} PLATFORM_WORDS[] = {
    { PS_SPAN_INIT("REPORT "), PS_SPAN_INIT("platform.report") },
    { PS_SPAN_INIT("START "), PS_SPAN_INIT("platform.start") },
    { PS_SPAN_INIT("END "), PS_SPAN_INIT("platform.end") },
    { PS_SPAN_INIT("INIT_START "), PS_SPAN_INIT("platform.initStart") },
    { PS_SPAN_INIT("INIT_REPORT "), PS_SPAN_INIT("platform.initReport") },
    { PS_SPAN_INIT("RESTORE_START "), PS_SPAN_INIT("platform.restoreStart") },
    { PS_SPAN_INIT("RESTORE_REPORT "), PS_SPAN_INIT("platform.restoreReport") },
    { PS_SPAN_INIT("EXTENSION\t"), PS_SPAN_INIT("platform.extension") },
    { PS_SPAN_INIT("TELEMETRY\t"), PS_SPAN_INIT("platform.telemetrySubscription") },
    { PS_SPAN_INIT("LOGS\t"), PS_SPAN_INIT("platform.logsSubscription") },
};

/* A name of a new kind becomes lower_case_with_underscores. */
static struct ps_span snake(struct ps_span name, char out[NAME_BYTES_MAX])
{
    size_t len = 0;
    for (; len < name.len && len < NAME_BYTES_MAX; len++) {
        char c = name.data[len];
        out[len] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c == ' ' ? '_' : c);
    }
    return ps_span_make(out, len);
}

static struct ps_span without_unit(struct ps_span value)
{
    static const struct ps_span UNITS[] = { PS_SPAN_INIT(" ms"), PS_SPAN_INIT(" MB") };
    for (size_t i = 0; i < sizeof UNITS / sizeof UNITS[0]; i++) {
        if (ps_span_ends(value, UNITS[i])) return ps_span_first(value, value.len - UNITS[i].len);
    }
    return value;
}

static enum ps_err put_text_measure(struct ps_record *record, struct ps_arena *arena, struct ps_span name,
                                    struct ps_span value)
{
    const struct measure *measure = find_measure(name, false);
    struct ps_span bare = without_unit(value);
    if (ps_span_eq(name, PS_SPAN("Status"))) set_level_by_status(record, value);
    bool taken = false;
    if (measure != NULL && measure->field.len == 0) PS_TRY(set_core(record, arena, measure->core, bare, &taken));
    if (taken) return PS_OK;
    if (measure != NULL && measure->field.len > 0) return ps_record_add_column(record, arena, measure->field, bare);
    char text[NAME_BYTES_MAX];
    struct ps_span short_name = snake(name, text);
    char *copy = ps_arena_bytes(arena, short_name.len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "a field name of %zu bytes", short_name.len);
    if (short_name.len > 0) memcpy(copy, short_name.data, short_name.len);
    return ps_record_add_column(record, arena, ps_span_make(copy, short_name.len), bare);
}

/* "Name: value" parts between tabs; in START lines also "RequestId: x Version: y" with a space between. */
static enum ps_err put_text_measures(struct ps_record *record, struct ps_arena *arena, struct ps_span rest)
{
    bool more = rest.len > 0;
    while (more) {
        struct ps_span part = ps_span_trim(ps_span_split(&rest, '\t', &more));
        ptrdiff_t colon = ps_span_find(part, PS_SPAN(": "));
        if (colon == PS_SPAN_NONE) continue;
        struct ps_span name = ps_span_first(part, (size_t)colon);
        struct ps_span value = ps_span_from(part, (size_t)colon + 2);
        ptrdiff_t version = ps_span_find(value, PS_SPAN(" Version: "));
        if (version != PS_SPAN_NONE) {
            PS_TRY(put_text_measure(record, arena, PS_SPAN("Version"), ps_span_from(value, (size_t)version + 10)));
            value = ps_span_first(value, (size_t)version);
        }
        PS_TRY(put_text_measure(record, arena, name, value));
    }
    return PS_OK;
}

static enum ps_err read_platform_text(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    for (size_t i = 0; i < sizeof PLATFORM_WORDS / sizeof PLATFORM_WORDS[0]; i++) {
        if (!ps_span_starts(record->message, PLATFORM_WORDS[i].word)) continue;
        struct ps_span rest = ps_span_from(record->message, PLATFORM_WORDS[i].word.len);
        *matched = ps_span_find(ps_span_first(rest, NAME_BYTES_MAX), PS_SPAN(": ")) != PS_SPAN_NONE;
        if (!*matched) return PS_OK;
        record->level = PS_LEVEL_INFO;
        PS_TRY(add_type(record, arena, PLATFORM_WORDS[i].type));
        return put_text_measures(record, arena, rest);
    }
    /* "XRAY TraceId: ..." is a line of measures without a word of its own. */
    if (!ps_span_starts(record->message, PS_SPAN("XRAY TraceId: "))) return PS_OK;
    *matched = true;
    record->level = PS_LEVEL_INFO;
    PS_TRY(add_type(record, arena, PS_SPAN("platform.xray")));
    return put_text_measures(record, arena, record->message);
}

/* -- platform lines as JSON -- */

static enum ps_err put_json_measure(struct ps_record *record, struct ps_arena *arena, struct ps_field field)
{
    const struct measure *measure = find_measure(field.name, true);
    if (measure == NULL) return ps_record_add(record, arena, field);
    if (ps_span_eq(field.name, PS_SPAN("status")) && field.kind == PS_FIELD_STRING)
        set_level_by_status(record, field.value);
    bool taken = false;
    if (measure->field.len == 0) PS_TRY(ps_core_set(record, arena, measure->core, &field, &taken));
    if (taken) return PS_OK;
    if (measure->field.len > 0) field.name = measure->field;
    return ps_record_add(record, arena, field);
}

/* {"spanId":"...","type":"X-Amzn-Trace-Id","value":"Root=1-...;Parent=..."} */
static enum ps_err put_tracing(struct ps_record *record, struct ps_span raw)
{
    struct ps_json_token value;
    bool found = false;
    PS_TRY(ps_json_read_member(raw, PS_SPAN("value"), &value, NULL, &found));
    if (!found || value.kind != PS_JSON_STRING || value.escaped) return PS_OK;
    bool more = false;
    struct ps_span rest = value.text;
    struct ps_span root = ps_span_split(&rest, ';', &more);
    if (ps_span_starts(root, PS_SPAN("Root=")) && root.len <= PS_CORE_TEXT_BYTES_MAX)
        record->trace_id = ps_span_from(root, 5);
    return PS_OK;
}

/* The members of "record" or of its "metrics", one level each: containers inside stay as they are. */
static enum ps_err put_json_measures(struct ps_record *record, struct ps_arena *arena, struct ps_span object,
                                     struct ps_span *metrics)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, object);
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reader, &token));
    if (token.kind != PS_JSON_OBJECT_BEGIN) return PS_OK;
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_OBJECT_END) return PS_OK;
        struct ps_field field = { .name = token.text };
        if (token.escaped) PS_TRY(ps_json_value_plain_name(arena, field.name, &field.name));
        PS_TRY(ps_json_value_read(arena, &reader, 0, &field, &record->cut_values));
        if (ps_span_eq(field.name, PS_SPAN("metrics")) && field.kind == PS_FIELD_JSON && metrics != NULL) {
            *metrics = field.value;
            continue;
        }
        if (ps_span_eq(field.name, PS_SPAN("tracing")) && field.kind == PS_FIELD_JSON && field.value.data[0] == '{')
            PS_TRY(put_tracing(record, field.value));
        PS_TRY(put_json_measure(record, arena, field));
    }
}

static enum ps_err read_platform_json(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    struct ps_span message = record->message;
    if (!ps_span_starts(message, PS_SPAN("{\"time\":\""))) return PS_OK;
    struct ps_span head = ps_span_first(message, 80);
    if (ps_span_find(head, PS_SPAN("\",\"type\":\"platform.")) == PS_SPAN_NONE) return PS_OK;
    struct ps_json_token token;
    struct ps_span object;
    bool found = false;
    bool taken = false;
    PS_TRY(ps_json_read_check(message));
    PS_TRY(ps_json_read_member(message, PS_SPAN("record"), &token, &object, &found));
    if (!found || token.kind != PS_JSON_OBJECT_BEGIN) return PS_OK;
    record->level = PS_LEVEL_INFO;
    PS_TRY(ps_json_read_member(message, PS_SPAN("type"), &token, NULL, &found));
    PS_TRY(ps_record_add(record, arena,
                         (struct ps_field){ .name = PS_SPAN("type"), .value = token.text, .kind = PS_FIELD_STRING }));
    PS_TRY(ps_json_read_member(message, PS_SPAN("time"), &token, NULL, &found));
    PS_TRY(set_core(record, arena, PS_CORE_TIME, token.text, &taken));
    struct ps_span metrics = PS_SPAN("");
    PS_TRY(put_json_measures(record, arena, object, &metrics));
    if (metrics.len > 0 && metrics.data[0] == '{') PS_TRY(put_json_measures(record, arena, metrics, NULL));
    *matched = true;
    return PS_OK;
}

/* -- lines of the function in text mode -- */

struct prefix {
    struct ps_span time;
    struct ps_span request_id;
    struct ps_span level;
    struct ps_span rest;
};

static bool is_stamp(struct ps_span text)
{
    int64_t ms = 0;
    return text.len >= 20 && text.len <= STAMP_BYTES_MAX && ps_time_parse_iso(text, &ms);
}

/* Node writes "undefined" while it starts up. */
static bool is_request_id(struct ps_span text)
{
    return ps_detect_uuid(text) || ps_span_eq(text, PS_SPAN("undefined"));
}

static bool read_prefix(struct ps_span message, struct prefix *out)
{
    struct ps_span part[3];
    struct ps_span rest = message;
    bool more = true;
    for (size_t i = 0; i < 3; i++) {
        if (!more) return false;
        part[i] = ps_span_split(&rest, '\t', &more);
    }
    if (!more) rest = ps_span_make(message.data + message.len, 0);
    bool python = part[0].len > 2 && part[0].data[0] == '[' && part[0].data[part[0].len - 1] == ']';
    *out = python ? (struct prefix){ part[1], part[2], ps_span_make(part[0].data + 1, part[0].len - 2), rest }
                  : (struct prefix){ part[0], part[1], part[2], rest };
    return is_stamp(out->time) && is_request_id(out->request_id) &&
           ps_record_level_parse(ps_span_trim(out->level)) != PS_LEVEL_NONE;
}

static enum ps_err read_text_line(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    struct prefix prefix;
    if (!read_prefix(record->message, &prefix)) return PS_OK;
    bool taken = false;
    *matched = true;
    record->format = PS_FORMAT_LAMBDA;
    record->message = prefix.rest;
    record->level = ps_record_level_parse(ps_span_trim(prefix.level));
    if (ps_detect_uuid(prefix.request_id)) record->request_id = prefix.request_id;
    PS_TRY(set_core(record, arena, PS_CORE_TIME, prefix.time, &taken));
    /* The object's own level, time and message are better than those of the call that printed it. */
    if (ps_span_find_byte(prefix.rest, '{') == PS_SPAN_NONE) return PS_OK;
    return ps_parse_json(arena, record, &taken);
}

/* -- failures -- */

static void fail_record(struct ps_record *record, enum ps_level level, struct ps_span type, struct ps_span message)
{
    record->level = level;
    record->error_type = type;
    record->error_message = ps_span_first(message, PS_CORE_TEXT_BYTES_MAX);
}

static struct ps_span first_line(struct ps_span text)
{
    bool more = false;
    return ps_span_split(&text, '\n', &more);
}

/* "<time> <request id> Task timed out after 3.00 seconds", and other failures in that form. */
static bool read_timeout(struct ps_record *record)
{
    struct ps_span rest = record->message;
    bool more = false;
    struct ps_span time = ps_span_split(&rest, ' ', &more);
    if (!more || !is_stamp(time)) return false;
    struct ps_span id = ps_span_split(&rest, ' ', &more);
    if (!ps_detect_uuid(id) || !ps_span_starts(rest, PS_SPAN("Task timed out after "))) return false;
    int64_t ms = 0;
    if (ps_time_parse_iso(time, &ms)) (void)ps_record_accept_time(record, ms);
    record->request_id = id;
    fail_record(record, PS_LEVEL_ERROR, PS_SPAN("Sandbox.Timedout"), first_line(rest));
    return true;
}

/* "RequestId: <id> Error: Runtime exited with error: signal: killed", its second line naming the type. */
static bool read_exit(struct ps_record *record)
{
    struct ps_span rest = record->message;
    if (!ps_span_starts(rest, PS_SPAN("RequestId: "))) return false;
    rest = ps_span_from(rest, 11);
    bool more = false;
    struct ps_span id = ps_span_split(&rest, ' ', &more);
    if (!more || !ps_detect_uuid(id)) return false;
    bool error = ps_span_starts(rest, PS_SPAN("Error: "));
    if (!error && !ps_span_starts(rest, PS_SPAN("Process exited"))) return false;
    if (error) rest = ps_span_from(rest, 7);
    record->request_id = id;
    struct ps_span what = first_line(rest);
    struct ps_span second = what.len < rest.len ? first_line(ps_span_from(rest, what.len + 1)) : PS_SPAN("");
    bool killed = ps_span_ends(what, PS_SPAN("signal: killed")) ||
                  ps_span_find(ps_span_first(rest, PS_CORE_TEXT_BYTES_MAX), PS_SPAN("OutOfMemory")) != PS_SPAN_NONE;
    bool named = ps_span_starts(second, PS_SPAN("Runtime.")) || ps_span_starts(second, PS_SPAN("Extension."));
    struct ps_span type = named ? ps_span_first(second, PS_CORE_TEXT_BYTES_MAX) : PS_SPAN("Runtime.ExitError");
    if (killed)
        fail_record(record, PS_LEVEL_FATAL, PS_SPAN("OutOfMemory"), what);
    else
        fail_record(record, PS_LEVEL_ERROR, type, what);
    return true;
}

/* Whether text stands at the start of one of the message's lines. */
static bool begins_line(struct ps_span message, struct ps_span text)
{
    ptrdiff_t at = ps_span_find(message, text);
    return at == 0 || (at > 0 && message.data[at - 1] == '\n');
}

static bool read_out_of_memory(struct ps_record *record)
{
    struct ps_span message = record->message;
    bool node = ps_span_find(message, PS_SPAN("JavaScript heap out of memory")) != PS_SPAN_NONE;
    bool java = ps_span_find(message, PS_SPAN("java.lang.OutOfMemoryError")) != PS_SPAN_NONE;
    bool python =
        begins_line(message, PS_SPAN("MemoryError")) || ps_span_starts(message, PS_SPAN("[ERROR] MemoryError"));
    bool platform = ps_span_find(message, PS_SPAN("Runtime.OutOfMemory")) != PS_SPAN_NONE;
    if (!node && !java && !python && !platform) return false;
    fail_record(record, PS_LEVEL_FATAL, PS_SPAN("OutOfMemory"), first_line(message));
    return true;
}

/* "[ERROR] ValueError: no such thing", then the traceback: Python's uncaught exceptions. */
static bool read_python_error(struct ps_record *record)
{
    struct ps_span message = record->message;
    struct ps_span line = first_line(message);
    if (!ps_span_starts(line, PS_SPAN("[ERROR] ")) || line.len == message.len) return false;
    struct ps_span trace = ps_span_from(message, line.len + 1);
    if (!ps_span_starts(trace, PS_SPAN("Traceback (most recent call last):"))) return false;
    struct ps_span what = ps_span_from(line, 8);
    ptrdiff_t colon = ps_span_find(what, PS_SPAN(": "));
    bool named = colon > 0 && colon <= NAME_BYTES_MAX;
    struct ps_span type = named ? ps_span_first(what, (size_t)colon) : ps_span_first(what, NAME_BYTES_MAX);
    fail_record(record, PS_LEVEL_ERROR, type, named ? ps_span_from(what, (size_t)colon + 2) : what);
    record->stack_trace = trace;
    return true;
}

static bool read_failure(struct ps_record *record)
{
    if (read_timeout(record) || read_exit(record)) return true;
    bool lambda =
        ps_detect_lambda_group(record->log_group) || ps_span_starts(record->message, PS_SPAN("FATAL ERROR: "));
    if (lambda && record->message.data[0] != '{' && read_out_of_memory(record)) return true;
    return read_python_error(record);
}

static enum ps_err read_any(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    record->format = PS_FORMAT_LAMBDA;
    PS_TRY(read_text_line(arena, record, matched));
    if (!*matched) PS_TRY(read_platform_text(arena, record, matched));
    if (!*matched) PS_TRY(read_platform_json(arena, record, matched));
    if (!*matched) *matched = read_failure(record);
    return PS_OK;
}

enum ps_err ps_parse_lambda(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    *matched = false;
    if (record->message.len == 0) return PS_OK;
    struct ps_record work = *record;
    PS_TRY(ps_record_own_fields(&work, arena));
    bool taken = false;
    enum ps_err err = read_any(arena, &work, &taken);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK || !taken) return PS_OK;
    *record = work;
    *matched = true;
    return PS_OK;
}
