#include "summary_item.h"

#include "base/assert.h"
#include "base/time.h"
#include "record/item.h"

static const struct ps_span STATES[] = {
    [SUMMARY_NONE] = PS_SPAN_INIT(""),
    [SUMMARY_PARTIAL] = PS_SPAN_INIT("partial"),
    [SUMMARY_DONE] = PS_SPAN_INIT("done"),
    [SUMMARY_DEAD] = PS_SPAN_INIT("dead"),
};

/* What every reader of JSON holds exactly; no text has more, and no sum of counts can wrap. */
#define COUNT_MAX (INT64_C(1) << 53)

enum { STATE_COUNT = sizeof STATES / sizeof STATES[0] };

struct ps_span summary_item_state(enum summary_state state)
{
    return STATES[state];
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static void put_u64(struct ps_item *item, const char *name, uint64_t number)
{
    PS_ASSERT(number <= INT64_MAX);
    ps_item_put_number(item, name, (int64_t)number);
}

static bool is_counted(const struct ps_scan_totals *totals, size_t pattern)
{
    return (totals->line_counted[pattern / 64] >> pattern % 64 & 1) != 0;
}

static void put_head(struct ps_item *item, const struct ps_dynamodb_key *key, int64_t ttl_s,
                     const struct summary *summary)
{
    bool partial = summary->state == SUMMARY_PARTIAL;
    ps_item_put_text(item, "pk", key->pk);
    ps_item_put_text(item, "sk", key->sk);
    ps_item_put_text(item, "state", STATES[summary->state]);
    ps_item_put_text(item, "reason", summary->reason);
    put_u64(item, "offset", summary->offset);
    put_u64(item, "hop", summary->hop);
    put_u64(item, "objectBytes", summary->object_bytes);
    ps_item_put_number(item, "modifiedMs", summary->modified_ms);
    put_u64(item, "scanMs", summary->scan_ms);
    if (partial) ps_item_put_text(item, "restart", summary->restart);
    if (ttl_s != 0) ps_item_put_number(item, "ttl", ttl_s);
    if (partial) return;
    char day[PS_TIME_DAY_BYTES];
    ps_time_day(summary->modified_ms, '-', day);
    ps_item_put_text(item, "day", ps_span_make(day, sizeof day));
}

static void put_totals(struct ps_item *item, const struct ps_scan_totals *totals)
{
    put_u64(item, "bytes", totals->bytes);
    put_u64(item, "lines", totals->lines);
    put_u64(item, "splitLines", totals->split_lines);
    put_u64(item, "givenUp", totals->given_up);
    put_u64(item, "nulBytes", totals->nul_bytes);
    if (totals->in_split_line) put_u64(item, "splitLineBegin", totals->line_begin);
}

/* For people and the index: a line that two patterns have counts in both. */
static void put_severities(struct ps_item *item, const struct ps_patterns *patterns,
                           const struct ps_scan_totals *totals)
{
    uint64_t lines[PS_SEVERITY_COUNT] = { 0 };
    for (size_t i = 0; i < patterns->count; i++)
        lines[patterns->items[i].severity] += totals->counts[i].lines;
    ps_item_map_begin(item, PS_SPAN("severities"));
    for (unsigned severity = PS_SEVERITY_COUNT; severity-- > 0;) {
        if (lines[severity] == 0) continue;
        ps_item_put_named_number(item, ps_severity_name((enum ps_severity)severity), (int64_t)lines[severity]);
    }
    ps_item_map_end(item);
}

static void put_sample(struct ps_item *item, const struct ps_scan_sample *sample)
{
    ps_item_element_begin(item);
    put_u64(item, "line", sample->at.line);
    put_u64(item, "byte", sample->at.byte);
    if (sample->at.time_ms != INT64_MIN) ps_item_put_number(item, "time", sample->at.time_ms);
    ps_item_put_text(item, "text", sample->text);
    ps_item_map_begin(item, PS_SPAN("fields"));
    for (size_t i = 0; i < sample->field_count; i++)
        ps_item_put_named_text(item, sample->fields[i].name, sample->fields[i].value);
    ps_item_map_end(item);
    ps_item_map_end(item);
}

static void put_hit(struct ps_item *item, const char *const names[3], const struct ps_scan_hit *hit)
{
    put_u64(item, names[0], hit->line);
    put_u64(item, names[1], hit->byte);
    if (hit->time_ms != INT64_MIN) ps_item_put_number(item, names[2], hit->time_ms);
}

static const char *const FIRST[] = { "firstLine", "firstByte", "firstTime" };
static const char *const LAST[] = { "lastLine", "lastByte", "lastTime" };

static void put_count(struct ps_item *item, const struct ps_pattern *pattern, const struct ps_scan_count *count,
                      bool counted, size_t samples)
{
    ps_item_map_begin(item, pattern->name);
    ps_item_put_text(item, "severity", ps_severity_name(pattern->severity));
    put_u64(item, "lines", count->lines);
    if (count->lines > 0) {
        put_hit(item, FIRST, &count->first);
        put_hit(item, LAST, &count->last);
    }
    if (count->given_up > 0) put_u64(item, "givenUp", count->given_up);
    if (counted) ps_item_put_number(item, "inSplitLine", 1);
    ps_item_list_begin(item, PS_SPAN("samples"));
    for (size_t i = 0; i < samples; i++)
        put_sample(item, &count->samples[i]);
    ps_item_list_end(item);
    ps_item_map_end(item);
}

/* What an item is made of. */
struct parts {
    const struct ps_patterns *patterns;
    const struct ps_dynamodb_key *key;
    int64_t ttl_s;
    const struct summary *summary;
    uint8_t samples[PS_PATTERNS_MAX]; /* by pattern: how many of them have room */
};

static enum ps_err write_parts(struct ps_arena *arena, const struct parts *parts, struct ps_span *out)
{
    const struct ps_scan_totals *totals = &parts->summary->totals;
    struct ps_item item;
    ps_item_begin(&item, arena);
    put_head(&item, parts->key, parts->ttl_s, parts->summary);
    put_totals(&item, totals);
    put_severities(&item, parts->patterns, totals);
    ps_item_map_begin(&item, PS_SPAN("counts"));
    for (size_t i = 0; i < parts->patterns->count; i++) {
        bool counted = totals->in_split_line && is_counted(totals, i);
        if (totals->counts[i].lines == 0 && totals->counts[i].given_up == 0) continue;
        put_count(&item, &parts->patterns->items[i], &totals->counts[i], counted, parts->samples[i]);
    }
    ps_item_map_end(&item);
    return ps_item_finish(&item, out);
}

/* -- which samples stay -------------------------------------------------------------------------------------------- */

/* Of an item without samples, and so what they may take. */
static enum ps_err find_room(struct ps_arena *arena, const struct parts *parts, size_t *out)
{
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct ps_span bare;
    PS_TRY(write_parts(arena, parts, &bare));
    if (bare.len > SUMMARY_ITEM_BYTES_MAX) PS_FAIL(PS_ERR_TOO_LARGE, "summary: %zu bytes without samples", bare.len);
    *out = SUMMARY_ITEM_BYTES_MAX - bare.len;
    ps_arena_rewind(arena, mark);
    return PS_OK;
}

/* As part of a list: with its comma. */
static enum ps_err sample_bytes(struct ps_arena *arena, const struct ps_scan_sample *sample, size_t *out)
{
    struct ps_arena_mark mark = ps_arena_mark(arena);
    struct ps_item item = { 0 };
    struct ps_span text;
    ps_buf_init(&item.buf, arena, PS_ITEM_BYTES_MAX);
    ps_json_write_init(&item.json, &item.buf);
    put_sample(&item, sample);
    PS_TRY(ps_json_write_finish(&item.json, &text));
    *out = text.len + 1;
    ps_arena_rewind(arena, mark);
    return PS_OK;
}

/* Gives every pattern of a severity its sample number i, if it has one and those before it were given. */
static enum ps_err give_samples(struct ps_arena *arena, struct parts *parts, unsigned severity, size_t i, size_t *room)
{
    for (size_t p = 0; p < parts->patterns->count; p++) {
        const struct ps_scan_count *count = &parts->summary->totals.counts[p];
        if (parts->patterns->items[p].severity != severity) continue;
        if (i >= count->sample_count || parts->samples[p] != i) continue;
        size_t bytes = 0;
        PS_TRY(sample_bytes(arena, &count->samples[i], &bytes));
        if (bytes > *room) continue;
        *room -= bytes;
        parts->samples[p]++;
    }
    return PS_OK;
}

/* The gravest severity first; of its patterns, the first sample of each before a second of any. */
static enum ps_err choose_samples(struct ps_arena *arena, struct parts *parts)
{
    size_t room = 0;
    PS_TRY(find_room(arena, parts, &room));
    for (unsigned severity = PS_SEVERITY_COUNT; severity-- > 0;) {
        for (size_t i = 0; i < PS_PATTERN_SAMPLES_MAX; i++)
            PS_TRY(give_samples(arena, parts, severity, i, &room));
    }
    return PS_OK;
}

enum ps_err summary_item_write(struct ps_arena *arena, const struct ps_patterns *patterns,
                               const struct ps_dynamodb_key *key, int64_t ttl_s, const struct summary *summary,
                               struct ps_span *out)
{
    PS_ASSERT(summary->state != SUMMARY_NONE);
    struct parts parts = { .patterns = patterns, .key = key, .ttl_s = ttl_s, .summary = summary };
    PS_TRY(choose_samples(arena, &parts));
    return write_parts(arena, &parts, out);
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static enum ps_err read_u64(struct ps_span json, struct ps_span name, uint64_t *out)
{
    int64_t number = ps_dynamodb_item_number(json, name, -1);
    if (number < 0 || number > COUNT_MAX) PS_FAIL(PS_ERR_BAD_INPUT, "summary: %.*s is no count", PS_SPAN_ARG(name));
    *out = (uint64_t)number;
    return PS_OK;
}

/* The M or L of a typed value, as its JSON. Empty when it is of another type. */
static struct ps_span untyped(struct ps_span value, struct ps_span type)
{
    struct ps_span inside;
    bool found = false;
    if (ps_json_read_member(value, type, NULL, &inside, &found) != PS_OK || !found) return PS_SPAN("");
    return inside;
}

/* What is in {"name":{"M":{...}}}; BAD_INPUT when it is missing. */
static enum ps_err open_member(struct ps_span json, struct ps_span name, struct ps_span type,
                               struct ps_json_reader *reader)
{
    enum ps_json_kind wanted = ps_span_eq(type, PS_SPAN("M")) ? PS_JSON_OBJECT_BEGIN : PS_JSON_ARRAY_BEGIN;
    struct ps_json_token token;
    struct ps_span value;
    bool found = false;
    PS_TRY(ps_json_read_member(json, name, NULL, &value, &found));
    if (!found) PS_FAIL(PS_ERR_BAD_INPUT, "summary: it has no %.*s", PS_SPAN_ARG(name));
    ps_json_read_init(reader, untyped(value, type));
    PS_TRY(ps_json_read_next(reader, &token));
    if (token.kind != wanted) PS_FAIL(PS_ERR_BAD_INPUT, "summary: %.*s is of another type", PS_SPAN_ARG(name));
    return PS_OK;
}

/* The next {"name": value} of an open map. */
static enum ps_err next_member(struct ps_arena *arena, struct ps_json_reader *reader, struct ps_span *name,
                               struct ps_span *value, bool *more)
{
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(reader, &token));
    *more = token.kind == PS_JSON_KEY;
    if (!*more) return PS_OK;
    PS_TRY(ps_json_read_unescape(arena, token.text, name));
    return ps_json_read_skip(reader, value);
}

static enum ps_err read_hit(struct ps_span json, const char *const names[3], struct ps_scan_hit *hit)
{
    PS_TRY(read_u64(json, ps_span_of(names[0]), &hit->line));
    PS_TRY(read_u64(json, ps_span_of(names[1]), &hit->byte));
    hit->time_ms = ps_dynamodb_item_number(json, ps_span_of(names[2]), INT64_MIN);
    return PS_OK;
}

static enum ps_err read_fields(struct ps_arena *arena, struct ps_span json, struct ps_scan_sample *sample)
{
    struct ps_json_reader reader;
    struct ps_span name, value;
    bool more = true;
    PS_TRY(open_member(json, PS_SPAN("fields"), PS_SPAN("M"), &reader));
    while (sample->field_count < PS_PATTERN_GROUPS_MAX) {
        PS_TRY(next_member(arena, &reader, &name, &value, &more));
        if (!more) break;
        struct ps_scan_field *field = &sample->fields[sample->field_count++];
        struct ps_span text = untyped(value, PS_SPAN("S"));
        if (text.len < 2 || text.data[0] != '"') PS_FAIL(PS_ERR_BAD_INPUT, "summary: a field is no text");
        field->name = name;
        PS_TRY(ps_json_read_unescape(arena, ps_span_make(text.data + 1, text.len - 2), &field->value));
    }
    return PS_OK;
}

static enum ps_err read_samples(struct ps_arena *arena, struct ps_span json, struct ps_scan_count *count)
{
    static const char *const PLACE[] = { "line", "byte", "time" };
    struct ps_json_reader reader;
    PS_TRY(open_member(json, PS_SPAN("samples"), PS_SPAN("L"), &reader));
    while (count->sample_count < PS_PATTERN_SAMPLES_MAX) {
        struct ps_json_reader before = reader;
        struct ps_json_token token;
        struct ps_span value;
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_ARRAY_END) break;
        reader = before;
        PS_TRY(ps_json_read_skip(&reader, &value));
        struct ps_span inside = untyped(value, PS_SPAN("M"));
        struct ps_scan_sample *sample = &count->samples[count->sample_count++];
        PS_TRY(read_hit(inside, PLACE, &sample->at));
        PS_TRY(ps_dynamodb_item_text(arena, inside, PS_SPAN("text"), &sample->text));
        PS_TRY(read_fields(arena, inside, sample));
    }
    return PS_OK;
}

static enum ps_err read_count(struct ps_arena *arena, struct ps_span json, size_t pattern,
                              struct ps_scan_totals *totals)
{
    struct ps_scan_count *count = &totals->counts[pattern];
    PS_TRY(read_u64(json, PS_SPAN("lines"), &count->lines));
    if (count->lines > 0) PS_TRY(read_hit(json, FIRST, &count->first));
    if (count->lines > 0) PS_TRY(read_hit(json, LAST, &count->last));
    count->given_up = (uint64_t)ps_dynamodb_item_number(json, PS_SPAN("givenUp"), 0);
    if (totals->in_split_line && ps_dynamodb_item_number(json, PS_SPAN("inSplitLine"), 0) != 0)
        totals->line_counted[pattern / 64] |= UINT64_C(1) << pattern % 64;
    return read_samples(arena, json, count);
}

static size_t find_pattern(const struct ps_patterns *patterns, struct ps_span name)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (ps_span_eq(patterns->items[i].name, name)) return i;
    return SIZE_MAX;
}

static enum ps_err read_counts(struct ps_arena *arena, const struct ps_patterns *patterns, struct ps_span json,
                               struct ps_scan_totals *totals)
{
    struct ps_json_reader reader;
    PS_TRY(open_member(json, PS_SPAN("counts"), PS_SPAN("M"), &reader));
    for (;;) {
        struct ps_span name, value;
        bool more = false;
        PS_TRY(next_member(arena, &reader, &name, &value, &more));
        if (!more) return PS_OK;
        size_t pattern = find_pattern(patterns, name);
        if (pattern == SIZE_MAX || totals->counts[pattern].lines > 0) continue;
        PS_TRY(read_count(arena, untyped(value, PS_SPAN("M")), pattern, totals));
    }
}

static enum ps_err read_totals(struct ps_arena *arena, const struct ps_patterns *patterns, struct ps_span json,
                               struct ps_scan_totals *totals)
{
    int64_t begin = ps_dynamodb_item_number(json, PS_SPAN("splitLineBegin"), -1);
    PS_TRY(ps_scan_totals_make(arena, patterns, totals));
    PS_TRY(read_u64(json, PS_SPAN("bytes"), &totals->bytes));
    PS_TRY(read_u64(json, PS_SPAN("lines"), &totals->lines));
    PS_TRY(read_u64(json, PS_SPAN("splitLines"), &totals->split_lines));
    PS_TRY(read_u64(json, PS_SPAN("givenUp"), &totals->given_up));
    PS_TRY(read_u64(json, PS_SPAN("nulBytes"), &totals->nul_bytes));
    totals->in_split_line = begin >= 0;
    if (totals->in_split_line) totals->line_begin = (uint64_t)begin;
    return read_counts(arena, patterns, json, totals);
}

static enum ps_err read_state(struct ps_arena *arena, struct ps_span json, struct summary *summary)
{
    struct ps_span word, mail;
    PS_TRY(ps_dynamodb_item_text(arena, json, PS_SPAN("state"), &word));
    size_t state = SUMMARY_PARTIAL;
    while (state < STATE_COUNT && !ps_span_eq(STATES[state], word))
        state++;
    if (state == STATE_COUNT) PS_FAIL(PS_ERR_BAD_INPUT, "summary: a state of %zu bytes that is none", word.len);
    summary->state = (enum summary_state)state;
    PS_TRY(ps_dynamodb_item_text(arena, json, PS_SPAN("mail"), &mail));
    summary->mailed = ps_span_eq(mail, PS_SPAN("sent")) || ps_span_eq(mail, PS_SPAN("held"));
    return PS_OK;
}

enum ps_err summary_item_read(struct ps_arena *arena, const struct ps_patterns *patterns, struct ps_span json,
                              struct summary *out)
{
    struct summary summary = { 0 };
    uint64_t hop = 0;
    PS_TRY(ps_json_read_check(json));
    PS_TRY(read_state(arena, json, &summary));
    PS_TRY(read_u64(json, PS_SPAN("offset"), &summary.offset));
    PS_TRY(read_u64(json, PS_SPAN("hop"), &hop));
    if (hop > UINT32_MAX) PS_FAIL(PS_ERR_BAD_INPUT, "summary: hop is too large");
    summary.hop = (uint32_t)hop;
    PS_TRY(read_u64(json, PS_SPAN("objectBytes"), &summary.object_bytes));
    PS_TRY(read_u64(json, PS_SPAN("scanMs"), &summary.scan_ms));
    summary.modified_ms = ps_dynamodb_item_number(json, PS_SPAN("modifiedMs"), INT64_MIN);
    if (summary.modified_ms < PS_TIME_TEXT_MS_MIN || summary.modified_ms > PS_TIME_TEXT_MS_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "summary: modifiedMs is no time");
    PS_TRY(ps_dynamodb_item_text(arena, json, PS_SPAN("reason"), &summary.reason));
    PS_TRY(ps_dynamodb_item_text(arena, json, PS_SPAN("restart"), &summary.restart));
    PS_TRY(read_totals(arena, patterns, json, &summary.totals));
    *out = summary;
    return PS_OK;
}
