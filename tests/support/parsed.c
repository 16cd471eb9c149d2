#include "support/parsed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_write.h"
#include "support/check.h"

struct ps_record parsed_record(struct ps_span message)
{
    static char *blocks[4];
    static unsigned next;
    char **block = &blocks[next++ % 4];
    free(*block);
    *block = malloc(message.len + (message.len == 0 ? 1 : 0));
    if (*block == NULL) exit(EXIT_FAILURE);
    if (message.len > 0) memcpy(*block, message.data, message.len);
    return (struct ps_record){
        .event_time_ms = PARSED_EVENT_TIME_MS,
        .time_ms = PARSED_EVENT_TIME_MS,
        .message = { *block, message.len },
    };
}

static void put(struct ps_json_writer *json, const char *key, struct ps_span text)
{
    if (text.len > 0) ps_json_write_member(json, ps_span_of(key), text);
}

static void put_fields(struct ps_json_writer *json, const struct ps_record *record)
{
    if (record->field_count == 0) return;
    ps_json_write_key(json, PS_SPAN("fields"));
    ps_json_write_object_begin(json);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct ps_field *field = &record->fields[i];
        ps_json_write_key_escaped(json, field->name);
        if (field->kind == PS_FIELD_TEXT)
            ps_json_write_string(json, field->value);
        else if (field->kind == PS_FIELD_STRING)
            ps_json_write_string_escaped(json, field->value);
        else
            ps_json_write_raw(json, field->value);
    }
    ps_json_write_object_end(json);
}

struct ps_span parsed_show(struct ps_arena *arena, const struct ps_record *record, struct ps_span input)
{
    struct ps_buf buf;
    struct ps_json_writer json;
    struct ps_span text = PS_SPAN("");
    ps_buf_init(&buf, arena, 8 << 20);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    put(&json, "format", ps_record_format_name(record->format));
    put(&json, "level", ps_record_level_name(record->level));
    if (record->time_ms != record->event_time_ms) {
        ps_json_write_key(&json, PS_SPAN("time"));
        ps_json_write_i64(&json, record->time_ms - record->event_time_ms);
    }
    if (!ps_span_eq(record->message, input)) ps_json_write_member(&json, PS_SPAN("message"), record->message);
    put(&json, "service", record->service);
    put(&json, "env", record->env);
    put(&json, "host", record->host);
    put(&json, "logger", record->logger);
    put(&json, "request_id", record->request_id);
    put(&json, "trace_id", record->trace_id);
    put(&json, "span_id", record->span_id);
    put(&json, "error_type", record->error_type);
    put(&json, "error_message", record->error_message);
    put(&json, "stack_trace", record->stack_trace);
    put(&json, "duration_ms", record->duration_ms);
    if (record->status != 0) {
        ps_json_write_key(&json, PS_SPAN("status"));
        ps_json_write_u64(&json, record->status);
    }
    put(&json, "unparsed", record->unparsed);
    put_fields(&json, record);
    ps_json_write_object_end(&json);
    CHECK_OK(ps_json_write_finish(&json, &text));
    return text;
}

static void check_prefixes(struct ps_arena *arena, parsed_parser *parser, struct ps_span input)
{
    struct ps_arena_mark mark = ps_arena_mark(arena);
    for (size_t len = 0; len < input.len; len++) {
        struct ps_record record = parsed_record(ps_span_first(input, len));
        bool matched = false;
        CHECK_OK(parser(arena, &record, &matched));
        ps_arena_rewind(arena, mark);
    }
}

void parsed_check(parsed_parser *parser, const struct parsed_case *cases, size_t count)
{
    struct ps_arena arena = check_arena(16 << 20);
    for (size_t i = 0; i < count; i++) {
        struct ps_span input = ps_span_of(cases[i].input);
        struct ps_record record = parsed_record(input);
        struct ps_span before = parsed_show(&arena, &record, input);
        bool matched = false;
        if (!CHECK_OK(parser(&arena, &record, &matched))) return;
        struct ps_span wanted = ps_span_of(cases[i].wanted);
        CHECK_EQ(matched, wanted.len > 0);
        if (!CHECK_SPAN(parsed_show(&arena, &record, input), matched ? wanted : before))
            printf("# of: %.300s\n", cases[i].input);
        check_prefixes(&arena, parser, input);
    }
    ps_arena_fini(&arena);
}
