#include "scan/patterns.h"

#include "base/json_read.h"
#include "scan/required.h"

_Static_assert(PS_PATTERNS_MAX *PS_REQUIRED_MAX <= PS_LITERALS_MAX, "one search serves all patterns");

enum { SAMPLES_DEFAULT = 3 };

enum member { MEMBER_NAME, MEMBER_REGEX, MEMBER_SEVERITY, MEMBER_MAX_SAMPLES, MEMBER_COUNT };

struct reading {
    struct ps_arena *process;
    struct ps_json_reader json;
    struct ps_patterns patterns;
};

static const struct ps_span SEVERITY_NAMES[PS_SEVERITY_COUNT] = {
    [PS_SEVERITY_INFO] = PS_SPAN_INIT("info"),
    [PS_SEVERITY_WARN] = PS_SPAN_INIT("warn"),
    [PS_SEVERITY_ERROR] = PS_SPAN_INIT("error"),
    [PS_SEVERITY_FATAL] = PS_SPAN_INIT("fatal"),
};

struct ps_span ps_severity_name(enum ps_severity severity)
{
    return SEVERITY_NAMES[severity];
}

bool ps_severity_parse(struct ps_span text, enum ps_severity *out)
{
    for (int i = 0; i < PS_SEVERITY_COUNT; i++) {
        if (!ps_span_eq(text, SEVERITY_NAMES[i])) continue;
        *out = (enum ps_severity)i;
        return true;
    }
    return false;
}

/* -- one member ---------------------------------------------------------------------------------------------------- */

static bool is_name(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '0' && c <= '9') && c != '-' && c != '_') return false;
    }
    return text.len > 0 && text.len <= PS_PATTERN_NAME_BYTES_MAX;
}

static enum ps_err read_name(struct reading *reading, struct ps_span value, struct ps_pattern *pattern)
{
    if (!is_name(value))
        PS_FAIL(PS_ERR_BAD_CONFIG, "name: not 1 to %d letters, digits, - and _", PS_PATTERN_NAME_BYTES_MAX);
    for (const struct ps_pattern *other = reading->patterns.items; other < pattern; other++) {
        if (ps_span_eq(other->name, value)) PS_FAIL(PS_ERR_BAD_CONFIG, "name: \"%.*s\" is taken", PS_SPAN_ARG(value));
    }
    pattern->name = value;
    return PS_OK;
}

static enum ps_err read_groups(struct ps_pattern *pattern)
{
    pattern->group_count = ps_match_groups(pattern->match, pattern->groups, PS_PATTERN_GROUPS_MAX);
    if (pattern->group_count > PS_PATTERN_GROUPS_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%zu named groups, over %d", pattern->group_count, PS_PATTERN_GROUPS_MAX);
    for (size_t i = 0; i < pattern->group_count; i++) {
        if (pattern->groups[i].number > PS_MATCH_GROUPS_MAX)
            PS_FAIL(PS_ERR_BAD_CONFIG, "group %.*s: there are more than %d groups before it",
                    PS_SPAN_ARG(pattern->groups[i].name), PS_MATCH_GROUPS_MAX - 1);
    }
    return PS_OK;
}

static enum ps_err compile(struct ps_arena *process, struct ps_pattern *pattern)
{
    PS_TRY(ps_match_compile(process, pattern->regex, 0, &pattern->match));
    PS_TRY(read_groups(pattern));
    return ps_required_find(process, pattern->regex, &pattern->literals, &pattern->literal_count);
}

static enum ps_err read_regex(struct reading *reading, struct ps_span value, struct ps_pattern *pattern)
{
    pattern->regex = value;
    enum ps_err err = compile(reading->process, pattern);
    return err == PS_OK ? PS_OK : ps_err_wrap(err, "regex");
}

static enum ps_err read_severity(struct reading *reading, struct ps_span value, struct ps_pattern *pattern)
{
    (void)reading;
    if (ps_severity_parse(value, &pattern->severity)) return PS_OK;
    PS_FAIL(PS_ERR_BAD_CONFIG, "severity: \"%.*s\" is not fatal, error, warn or info", PS_SPAN_ARG(value));
}

static enum ps_err read_max_samples(struct reading *reading, struct ps_span value, struct ps_pattern *pattern)
{
    (void)reading;
    uint64_t count;
    if (!ps_span_to_u64(value, &count) || count > PS_PATTERN_SAMPLES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "max_samples: %.*s is not 0 to %d", PS_SPAN_ARG(value), PS_PATTERN_SAMPLES_MAX);
    pattern->samples_max = (uint32_t)count;
    return PS_OK;
}

/* -- one pattern --------------------------------------------------------------------------------------------------- */

/* value: unescaped when it is a string, else as written. */
typedef enum ps_err read_member(struct reading *reading, struct ps_span value, struct ps_pattern *pattern);

static const struct {
    struct ps_span name;
    read_member *read;
    const char *kind_name;
    enum ps_json_kind kind;
    bool is_optional;
} MEMBERS[MEMBER_COUNT] = {
    [MEMBER_NAME] = { PS_SPAN_INIT("name"), read_name, "a string", PS_JSON_STRING, false },
    [MEMBER_REGEX] = { PS_SPAN_INIT("regex"), read_regex, "a string", PS_JSON_STRING, false },
    [MEMBER_SEVERITY] = { PS_SPAN_INIT("severity"), read_severity, "a string", PS_JSON_STRING, false },
    [MEMBER_MAX_SAMPLES] = { PS_SPAN_INIT("max_samples"), read_max_samples, "a number", PS_JSON_NUMBER, true },
};

static enum ps_err find_member(struct ps_span name, enum member *member)
{
    for (int i = 0; i < MEMBER_COUNT; i++) {
        if (!ps_span_eq(name, MEMBERS[i].name)) continue;
        *member = (enum member)i;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "\"%.*s\" is not name, regex, severity or max_samples", PS_SPAN_ARG(name));
}

static enum ps_err read_value(struct reading *reading, enum member member, struct ps_pattern *pattern)
{
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reading->json, &token));
    if (token.kind != MEMBERS[member].kind)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%.*s: not %s", PS_SPAN_ARG(MEMBERS[member].name), MEMBERS[member].kind_name);
    struct ps_span value = token.text;
    if (token.kind == PS_JSON_STRING) PS_TRY(ps_json_read_unescape(reading->process, token.text, &value));
    return MEMBERS[member].read(reading, value, pattern);
}

static enum ps_err check_members(unsigned named)
{
    for (int i = 0; i < MEMBER_COUNT; i++) {
        if ((named & 1U << i) == 0 && !MEMBERS[i].is_optional)
            PS_FAIL(PS_ERR_BAD_CONFIG, "%.*s: missing", PS_SPAN_ARG(MEMBERS[i].name));
    }
    return PS_OK;
}

/* Behind the object's begin, up to and with its end. */
static enum ps_err read_pattern(struct reading *reading, struct ps_pattern *pattern)
{
    unsigned named = 0; /* bits: 1 << enum member */
    pattern->samples_max = SAMPLES_DEFAULT;
    for (;;) {
        struct ps_json_token token;
        PS_TRY(ps_json_read_next(&reading->json, &token));
        if (token.kind == PS_JSON_OBJECT_END) return check_members(named);
        struct ps_span name;
        enum member member = MEMBER_COUNT;
        PS_TRY(ps_json_read_unescape(reading->process, token.text, &name));
        PS_TRY(find_member(name, &member));
        if ((named & 1U << member) != 0) PS_FAIL(PS_ERR_BAD_CONFIG, "%.*s: given twice", PS_SPAN_ARG(name));
        named |= 1U << member;
        PS_TRY(read_value(reading, member, pattern));
    }
}

/* -- all patterns -------------------------------------------------------------------------------------------------- */

static enum ps_err tell_which(enum ps_err err, const struct ps_pattern *pattern, size_t number)
{
    if (pattern->name.len == 0) return ps_err_wrap(err, "pattern %zu", number);
    return ps_err_wrap(err, "pattern %zu, %.*s", number, PS_SPAN_ARG(pattern->name));
}

static enum ps_err read_patterns(struct reading *reading)
{
    struct ps_patterns *patterns = &reading->patterns;
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reading->json, &token));
    if (token.kind != PS_JSON_ARRAY_BEGIN) PS_FAIL(PS_ERR_BAD_CONFIG, "not an array of patterns");
    for (;;) {
        PS_TRY(ps_json_read_next(&reading->json, &token));
        if (token.kind == PS_JSON_ARRAY_END) break;
        if (patterns->count == PS_PATTERNS_MAX) PS_FAIL(PS_ERR_BAD_CONFIG, "more than %d patterns", PS_PATTERNS_MAX);
        /* Counted first: one that fails may have a regex to be closed. */
        struct ps_pattern *pattern = &patterns->items[patterns->count++];
        if (token.kind != PS_JSON_OBJECT_BEGIN)
            PS_FAIL(PS_ERR_BAD_CONFIG, "pattern %zu: not an object", patterns->count);
        enum ps_err err = read_pattern(reading, pattern);
        if (err != PS_OK) return tell_which(err, pattern, patterns->count);
    }
    if (patterns->count == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "no patterns");
    return PS_OK;
}

/* Names and regexes are views of the text: it is kept. */
static enum ps_err open_all(struct reading *reading, struct ps_span json)
{
    struct ps_patterns *patterns = &reading->patterns;
    if (json.len > PS_PATTERNS_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%zu bytes, over the limit of %d", json.len, PS_PATTERNS_BYTES_MAX);
    PS_TRY(ps_json_read_check(json));
    char *copy = ps_arena_bytes(reading->process, json.len);
    patterns->items = PS_ARENA_ARRAY(reading->process, struct ps_pattern, PS_PATTERNS_MAX);
    if (copy == NULL || patterns->items == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for patterns");
    memcpy(copy, json.data, json.len);
    ps_json_read_init(&reading->json, ps_span_make(copy, json.len));
    PS_TRY(read_patterns(reading));
    return ps_match_scratch_open(reading->process, &patterns->scratch);
}

enum ps_err ps_patterns_open(struct ps_arena *process, struct ps_span json, struct ps_patterns *out)
{
    struct reading reading = { .process = process };
    enum ps_err err = open_all(&reading, json);
    if (err != PS_OK) ps_patterns_close(&reading.patterns);
    /* A person wrote it: broken JSON is a mistake in the settings. */
    if (err == PS_ERR_BAD_INPUT || err == PS_ERR_TOO_DEEP) PS_FAIL(PS_ERR_BAD_CONFIG, "%s", ps_err_note()->text);
    if (err == PS_OK) *out = reading.patterns;
    return err;
}

void ps_patterns_close(struct ps_patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++)
        ps_match_close(patterns->items[i].match);
    ps_match_scratch_close(patterns->scratch);
    *patterns = (struct ps_patterns){ 0 };
}
