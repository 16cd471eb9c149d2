/* Target functions: ps_parse and each ps_parse_*, ps_container_unwrap, ps_container_names. The first byte chooses. */
#include <stdlib.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "record/clean.h"
#include "record/container.h"
#include "record/parse.h"
#include "record/parse_access.h"
#include "record/parse_alb.h"
#include "record/parse_lambda.h"
#include "record/parse_logfmt.h"
#include "record/parse_vpcflow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ps_err unwrap_and_parse(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    struct ps_container container;
    PS_TRY(ps_container_unwrap(arena, record, &container, matched));
    *matched = true;
    return ps_parse(arena, record);
}

static enum ps_err parse_declared(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    struct ps_parse_vpcflow_format format;
    bool more = false;
    struct ps_span rest = record->message;
    struct ps_span header = ps_span_split(&rest, '\n', &more);
    PS_TRY(ps_parse_vpcflow_format(arena, header, &format, matched));
    if (!*matched) return PS_OK;
    record->message = rest;
    return ps_parse_vpcflow_fields(arena, record, &format, matched);
}

static enum ps_err name_streams(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    (void)arena;
    bool more = false;
    struct ps_span stream = record->message;
    struct ps_span group = ps_span_split(&stream, '\n', &more);
    ps_container_names(group, stream, &record->service, &record->host);
    *matched = false;
    return PS_OK;
}

static enum ps_err (*const PARSERS[])(struct ps_arena *arena, struct ps_record *record, bool *matched) = {
    unwrap_and_parse, ps_parse_lambda,  ps_parse_logfmt, ps_parse_access,
    ps_parse_alb,     ps_parse_vpcflow, parse_declared,  name_streams,
};

static void check_record(const struct ps_record *record)
{
    PS_ASSERT(record->field_count <= PS_RECORD_FIELDS_MAX);
    PS_ASSERT(record->status == 0 || (record->status >= 100 && record->status <= 599));
    for (size_t i = 0; i < record->field_count; i++) {
        PS_ASSERT(record->fields[i].name.len > 0);
        PS_ASSERT(ps_record_field(record, record->fields[i].name) == &record->fields[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, 64 << 20) != PS_OK) abort();
    if (size == 0 || size > 1 << 16) return 0;
    ps_arena_reset(&arena, 1 << 20);
    char *copy = malloc(size);
    memcpy(copy, data, size);
    struct ps_record record = { .event_time_ms = INT64_C(1795255200000), .log_group = PS_SPAN("/aws/lambda/f") };
    size_t repaired = 0;
    bool cut = false;
    bool matched = false;
    PS_ASSERT(ps_utf8_repair(&arena, ps_span_make(copy + 1, size - 1), &record.message, &repaired) == PS_OK);
    PS_ASSERT(ps_clean(&arena, record.message, PS_CLEAN_UNLIMITED, &record.message, &cut) == PS_OK);
    PS_ASSERT(PARSERS[data[0] % (sizeof PARSERS / sizeof PARSERS[0])](&arena, &record, &matched) == PS_OK);
    if (matched) check_record(&record);
    free(copy);
    return 0;
}
