#include "record/container.h"

#include "base/json_read.h"
#include "base/num.h"
#include "base/time.h"
#include "record/clean.h"
#include "record/core.h"
#include "record/json_value.h"

enum { DOCKER_PIECE_BYTES = 16 << 10 }; /* Docker splits lines there and marks them by the missing line feed */

/* -- is it a wrapper? -- */

typedef uint8_t lanes __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

static lanes load(const char *at)
{
    lanes bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/* Whether "log" stands in text, in quotes: nearly all JSON lines are turned away here. Looks at 16 places at a time. */
static bool has_log_key(struct ps_span text)
{
    static const char KEY[] = "\"log\"";
    enum { KEY_BYTES = sizeof KEY - 1 };
    const char *at = text.data;
    const char *end = text.data + text.len;
    for (; end - at >= 16 + KEY_BYTES; at += 16) {
        lanes found = (lanes)(load(at + 1) == 'l') & (lanes)(load(at + 3) == 'g') & (lanes)(load(at + 4) == '"');
        halves any = (halves)found;
        if (PS_LIKELY((any[0] | any[1]) == 0)) continue;
        if (ps_span_find(ps_span_make(at, 16 + KEY_BYTES - 1), ps_span_make(KEY, KEY_BYTES)) != PS_SPAN_NONE)
            return true;
    }
    for (; end - at >= KEY_BYTES; at++) {
        if (memcmp(at, KEY, KEY_BYTES) == 0) return true;
    }
    return false;
}

/* What agents write beside the line. */
enum member {
    MEMBER_OTHER,
    MEMBER_LOG,
    MEMBER_STREAM,
    MEMBER_TIME,
    MEMBER_CONTAINER_NAME,
    MEMBER_TASK_ARN,
    MEMBER_KUBERNETES,
    MEMBER_CRI_TAG,
    MEMBER_PARTIAL_MESSAGE,
    MEMBER_PARTIAL_ID,
    MEMBER_PARTIAL_ORDINAL,
    MEMBER_PARTIAL_LAST,
    MEMBER_AGENT,   /* says that an agent wrote this; stays a field */
    MEMBER_MESSAGE, /* says that an application did */
};

static const struct {
    struct ps_span name;
    enum member member;
} MEMBERS[] = {
    { PS_SPAN_INIT("log"), MEMBER_LOG },
    { PS_SPAN_INIT("stream"), MEMBER_STREAM },
    { PS_SPAN_INIT("source"), MEMBER_STREAM },
    { PS_SPAN_INIT("time"), MEMBER_TIME },
    { PS_SPAN_INIT("date"), MEMBER_TIME },
    { PS_SPAN_INIT("@timestamp"), MEMBER_TIME },
    { PS_SPAN_INIT("container_name"), MEMBER_CONTAINER_NAME },
    { PS_SPAN_INIT("ecs_task_arn"), MEMBER_TASK_ARN },
    { PS_SPAN_INIT("kubernetes"), MEMBER_KUBERNETES },
    { PS_SPAN_INIT("_p"), MEMBER_CRI_TAG },
    { PS_SPAN_INIT("logtag"), MEMBER_CRI_TAG },
    { PS_SPAN_INIT("partial_message"), MEMBER_PARTIAL_MESSAGE },
    { PS_SPAN_INIT("partial_id"), MEMBER_PARTIAL_ID },
    { PS_SPAN_INIT("partial_ordinal"), MEMBER_PARTIAL_ORDINAL },
    { PS_SPAN_INIT("partial_last"), MEMBER_PARTIAL_LAST },
    { PS_SPAN_INIT("container_id"), MEMBER_AGENT },
    { PS_SPAN_INIT("ecs_cluster"), MEMBER_AGENT },
    { PS_SPAN_INIT("ecs_task_definition"), MEMBER_AGENT },
    { PS_SPAN_INIT("docker"), MEMBER_AGENT },
    { PS_SPAN_INIT("attrs"), MEMBER_AGENT },
    { PS_SPAN_INIT("message"), MEMBER_MESSAGE },
    { PS_SPAN_INIT("msg"), MEMBER_MESSAGE },
    { PS_SPAN_INIT("level"), MEMBER_MESSAGE },
};

static enum member member_of(struct ps_span name)
{
    for (size_t i = 0; i < sizeof MEMBERS / sizeof MEMBERS[0]; i++) {
        if (ps_span_eq(name, MEMBERS[i].name)) return MEMBERS[i].member;
    }
    return MEMBER_OTHER;
}

/* Reads the whole object once and counts who wrote it; *wrapper only for an object and nothing else. */
static enum ps_err look(struct ps_span message, bool *wrapper)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, message);
    struct ps_json_token token;
    size_t members = 0;
    size_t agent = 0;
    bool log = false;
    *wrapper = false;
    PS_TRY(ps_json_read_next(&reader, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_OBJECT_END) break;
        enum member member = member_of(token.text);
        struct ps_span raw;
        PS_TRY(ps_json_read_skip(&reader, &raw));
        members++;
        if (member == MEMBER_MESSAGE) return PS_OK;
        if (member == MEMBER_LOG) log = raw.data[0] == '"';
        agent += member != MEMBER_OTHER && member != MEMBER_LOG && member != MEMBER_TIME;
    }
    PS_TRY(ps_json_read_next(&reader, &token));
    *wrapper = log && (members == 1 || agent > 0);
    return PS_OK;
}

/* -- its members -- */

static enum ps_err text_of(struct ps_arena *arena, struct ps_field field, struct ps_span *out)
{
    bool cut = false;
    *out = field.value;
    if (field.kind != PS_FIELD_STRING) return PS_OK;
    PS_TRY(ps_json_read_unescape(arena, field.value, out));
    if (out->data == field.value.data) return PS_OK;
    return ps_clean(arena, *out, PS_CLEAN_UNLIMITED, out, &cut);
}

static enum ps_err set_log(struct ps_arena *arena, struct ps_record *record, struct ps_container *out,
                           struct ps_field field)
{
    struct ps_span text;
    PS_TRY(ps_json_read_unescape(arena, field.value, &text));
    bool ended = text.len > 0 && text.data[text.len - 1] == '\n';
    if (!ended && text.len >= DOCKER_PIECE_BYTES) out->partial = true;
    return ps_clean_piece(arena, text, &record->message);
}

static void set_if_empty(struct ps_span *member, struct ps_span text)
{
    if (member->len == 0 && text.len > 0 && text.len <= PS_CORE_TEXT_BYTES_MAX) *member = text;
}

static struct ps_span after_last(struct ps_span text, char separator)
{
    const char *at = text.len == 0 ? NULL : memrchr(text.data, separator, text.len);
    return at == NULL ? text : ps_span_between(at + 1, text.data + text.len);
}

/* One string member of an object, if it is there; its text goes to *out. */
static enum ps_err member_text(struct ps_arena *arena, struct ps_span object, struct ps_span name, struct ps_span *out)
{
    struct ps_json_token value;
    bool found = false;
    *out = PS_SPAN("");
    if (object.len == 0 || object.data[0] != '{') return PS_OK;
    PS_TRY(ps_json_read_member(object, name, &value, NULL, &found));
    if (!found || value.kind != PS_JSON_STRING) return PS_OK;
    return text_of(arena, (struct ps_field){ .value = value.text, .kind = PS_FIELD_STRING }, out);
}

/* Service: the app's own label, else the container's name; host: the pod. */
static enum ps_err set_kubernetes(struct ps_arena *arena, struct ps_record *record, struct ps_span object)
{
    static const struct ps_span LABELS[] = { PS_SPAN_INIT("app.kubernetes.io/name"), PS_SPAN_INIT("app"),
                                             PS_SPAN_INIT("k8s-app") };
    struct ps_span text;
    struct ps_json_token value;
    struct ps_span labels = PS_SPAN("");
    bool found = false;
    if (object.data[0] != '{') return PS_OK;
    PS_TRY(ps_json_read_member(object, PS_SPAN("labels"), &value, &labels, &found));
    for (size_t i = 0; found && i < sizeof LABELS / sizeof LABELS[0]; i++) {
        PS_TRY(member_text(arena, labels, LABELS[i], &text));
        set_if_empty(&record->service, text);
    }
    PS_TRY(member_text(arena, object, PS_SPAN("container_name"), &text));
    set_if_empty(&record->service, text);
    PS_TRY(member_text(arena, object, PS_SPAN("pod_name"), &text));
    set_if_empty(&record->host, text);
    return PS_OK;
}

static bool is_true(struct ps_span text)
{
    return ps_span_eq_nocase(text, PS_SPAN("true"));
}

/* What a member means; *field_too: it also stays a field. */
static enum ps_err put_member(struct ps_arena *arena, struct ps_record *record, struct ps_container *out,
                              enum member member, struct ps_field field, bool *field_too)
{
    struct ps_span text;
    uint64_t number = 0;
    PS_TRY(text_of(arena, field, &text));
    *field_too = false;
    switch (member) {
    case MEMBER_LOG:
        return set_log(arena, record, out, field);
    case MEMBER_STREAM:
        out->stream = text;
        break;
    case MEMBER_TIME: {
        bool taken = false;
        PS_TRY(ps_core_set(record, arena, PS_CORE_TIME, &field, &taken));
        *field_too = !taken;
        return PS_OK;
    }
    case MEMBER_CONTAINER_NAME:
        set_if_empty(&record->service, ps_span_starts(text, PS_SPAN("/")) ? ps_span_from(text, 1) : text);
        break;
    case MEMBER_TASK_ARN:
        set_if_empty(&record->host, after_last(text, '/'));
        break;
    case MEMBER_KUBERNETES:
        if (field.kind == PS_FIELD_JSON) PS_TRY(set_kubernetes(arena, record, field.value));
        break;
    case MEMBER_CRI_TAG:
        out->partial = ps_span_starts(text, PS_SPAN("P"));
        return PS_OK;
    case MEMBER_PARTIAL_MESSAGE:
        out->partial = is_true(text);
        return PS_OK;
    case MEMBER_PARTIAL_ID:
        out->partial_id = text;
        return PS_OK;
    case MEMBER_PARTIAL_ORDINAL:
        if (ps_span_to_u64(text, &number) && number <= UINT32_MAX) out->ordinal = (uint32_t)number;
        return PS_OK;
    case MEMBER_PARTIAL_LAST:
        out->last = is_true(text);
        return PS_OK;
    case MEMBER_AGENT:
    case MEMBER_MESSAGE:
    case MEMBER_OTHER:
        break;
    }
    *field_too = true;
    return PS_OK;
}

static enum ps_err put_members(struct ps_arena *arena, struct ps_record *record, struct ps_container *out)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, record->message);
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reader, &token));
    for (;;) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_OBJECT_END) return PS_OK;
        struct ps_field field = { .name = token.text };
        if (token.escaped) PS_TRY(ps_json_value_plain_name(arena, field.name, &field.name));
        enum member member = member_of(token.text);
        PS_TRY(ps_json_value_read(arena, &reader, &field, &record->cut_values));
        bool field_too = false;
        PS_TRY(put_member(arena, record, out, member, field, &field_too));
        if (field_too) PS_TRY(ps_record_add(record, arena, field));
    }
}

static enum ps_err unwrap_object(struct ps_arena *arena, struct ps_record *record, struct ps_container *out,
                                 bool *matched)
{
    PS_TRY(look(record->message, matched));
    if (!*matched) return PS_OK;
    PS_TRY(put_members(arena, record, out));
    if (out->partial_id.len > 0) out->partial = true;
    if (!out->partial) out->last = false;
    /* Members come in any order, so only now is it known whether the line goes on. */
    if (!out->partial || out->last) record->message = ps_clean_end(record->message);
    return PS_OK;
}

/* -- CRI: "2026-11-21T10:00:00.000000000Z stdout F message" -- */

static bool unwrap_cri(struct ps_record *record, struct ps_container *out)
{
    struct ps_span rest = record->message;
    if (rest.len < 30 || rest.data[0] != '2' || rest.data[10] != 'T') return false;
    bool more = false;
    int64_t ms = 0;
    if (!ps_time_parse_iso(ps_span_split(&rest, ' ', &more), &ms) || !more) return false;
    struct ps_span stream = ps_span_split(&rest, ' ', &more);
    if (!ps_span_eq(stream, PS_SPAN("stdout")) && !ps_span_eq(stream, PS_SPAN("stderr"))) return false;
    struct ps_span tags = ps_span_split(&rest, ' ', &more);
    bool partial = tags.len > 0 && tags.data[0] == 'P';
    if (!partial && (tags.len == 0 || tags.data[0] != 'F')) return false;
    if (tags.len > 1 && tags.data[1] != ':') return false;
    out->stream = stream;
    out->partial = partial;
    record->message = partial ? rest : ps_clean_end(rest);
    (void)ps_record_accept_time(record, ms);
    return true;
}

enum ps_err ps_container_unwrap(struct ps_arena *arena, struct ps_record *record, struct ps_container *out,
                                bool *matched)
{
    *out = (struct ps_container){ 0 };
    *matched = false;
    if (record->message.len == 0) return PS_OK;
    if (record->message.data[0] != '{') {
        *matched = unwrap_cri(record, out);
        if (!*matched) return PS_OK;
        return ps_record_add(record, arena, (struct ps_field){ .name = PS_SPAN("stream"), .value = out->stream });
    }
    if (PS_LIKELY(!has_log_key(record->message))) return PS_OK;
    struct ps_record work = *record;
    struct ps_container container = { 0 };
    bool unwrapped = false;
    PS_TRY(ps_record_own_fields(&work, arena));
    enum ps_err err = unwrap_object(arena, &work, &container, &unwrapped);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK || !unwrapped) return PS_OK;
    *record = work;
    *out = container;
    *matched = true;
    return PS_OK;
}

/* -- names of groups and streams -- */

/* "2026/11/21/[$LATEST]0123456789abcdef", or "2026/11/21/name[$LATEST]0123..." in groups of one's own. */
static bool lambda_stream(struct ps_span stream, struct ps_span *function, struct ps_span *instance)
{
    ptrdiff_t open = ps_span_find_byte(stream, '[');
    ptrdiff_t close = ps_span_find_byte(stream, ']');
    if (open < 11 || close < open || stream.data[4] != '/' || stream.data[7] != '/' || stream.data[10] != '/')
        return false;
    struct ps_span rest = ps_span_from(stream, (size_t)close + 1);
    if (rest.len < 16) return false;
    *function = ps_span_make(stream.data + 11, (size_t)open - 11);
    *instance = rest;
    return true;
}

static bool is_task_id(struct ps_span text)
{
    if (text.len < 32 || text.len > 36) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
        if (!hex) return false;
    }
    return true;
}

/* "prefix/container/task id": the last two parts count, the prefix may hold slashes. */
static bool task_stream(struct ps_span stream, struct ps_span *container, struct ps_span *task)
{
    struct ps_span id = after_last(stream, '/');
    if (id.len == stream.len || !is_task_id(id)) return false;
    struct ps_span before = ps_span_first(stream, stream.len - id.len - 1);
    struct ps_span name = after_last(before, '/');
    if (name.len == 0 || name.len == before.len) return false;
    *container = name;
    *task = id;
    return true;
}

/* "...var.log.containers.<pod>_<namespace>_<container>-<64 hex>.log" */
static bool pod_stream(struct ps_span stream, struct ps_span *container, struct ps_span *pod)
{
    enum { ID_BYTES = 64 };
    ptrdiff_t at = ps_span_find(stream, PS_SPAN("var.log.containers."));
    if (at == PS_SPAN_NONE) return false;
    struct ps_span rest = ps_span_from(stream, (size_t)at + 19);
    bool more = false;
    struct ps_span pod_name = ps_span_split(&rest, '_', &more);
    (void)ps_span_split(&rest, '_', &more);
    if (!more) return false;
    if (ps_span_ends(rest, PS_SPAN(".log"))) rest.len -= 4;
    if (rest.len > ID_BYTES + 1 && rest.data[rest.len - ID_BYTES - 1] == '-') rest.len -= ID_BYTES + 1;
    *container = rest;
    *pod = pod_name;
    return rest.len > 0;
}

/* Lambda@Edge puts the home region before the name: "us-east-1.name". */
static struct ps_span without_region(struct ps_span name)
{
    ptrdiff_t dot = ps_span_find_byte(name, '.');
    bool region = dot >= 9 && name.data[2] == '-' && name.data[dot - 2] == '-' && name.data[dot - 1] >= '1' &&
                  name.data[dot - 1] <= '9';
    return region ? ps_span_from(name, (size_t)dot + 1) : name;
}

static struct ps_span first_part(struct ps_span text)
{
    bool more = false;
    return ps_span_split(&text, '/', &more);
}

void ps_container_names(struct ps_span log_group, struct ps_span log_stream, struct ps_span *service,
                        struct ps_span *host)
{
    static const struct ps_span GROUPS[] = {
        PS_SPAN_INIT("/aws/codebuild/"),           PS_SPAN_INIT("/aws/apprunner/"),
        PS_SPAN_INIT("/aws/rds/instance/"),        PS_SPAN_INIT("/aws/rds/cluster/"),
        PS_SPAN_INIT("/aws/sagemaker/Endpoints/"), PS_SPAN_INIT("/ecs/"),
    };
    struct ps_span function;
    *service = PS_SPAN("");
    *host = PS_SPAN("");
    if (lambda_stream(log_stream, &function, host)) *service = function;
    if (ps_span_starts(log_group, PS_SPAN("/aws/lambda/"))) {
        *service = without_region(ps_span_from(log_group, 12));
        return;
    }
    if (host->len > 0 || task_stream(log_stream, service, host) || pod_stream(log_stream, service, host)) return;
    for (size_t i = 0; i < sizeof GROUPS / sizeof GROUPS[0]; i++) {
        if (!ps_span_starts(log_group, GROUPS[i])) continue;
        *service = first_part(ps_span_from(log_group, GROUPS[i].len));
        return;
    }
}

bool ps_container_continues(const struct ps_container *held, const struct ps_container *next)
{
    if (!held->partial || held->last) return false;
    if (!ps_span_eq(held->stream, next->stream) || !ps_span_eq(held->partial_id, next->partial_id)) return false;
    return held->ordinal == 0 || next->ordinal == held->ordinal + 1;
}
