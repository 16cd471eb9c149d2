#include "rules.h"

#include "base/json_read.h"
#include "host/config.h"
#include "record/match.h"

enum member {
    MEMBER_SOURCE,
    MEMBER_LEVEL,
    MEMBER_SERVICE,
    MEMBER_PATTERN,
    MEMBER_RATE,
    MEMBER_CHANNELS,
    MEMBER_DROP,
    MEMBER_COUNT,
};

struct rule {
    unsigned named; /* 1 << enum member */
    enum alert_source source;
    enum ps_level level;
    struct ps_span service;
    struct ps_match *pattern; /* NULL when the rule has none */
    struct ruling ruling;
};

struct rules {
    size_t count;
    struct rule list[RULES_MAX];
    struct ps_match_scratch *scratch; /* NULL when no rule has a pattern */
};

struct reading {
    struct ps_arena *process;
    struct ps_json_reader json;
};

static const struct ps_span CHANNEL_NAMES[CHANNEL_COUNT] = {
    [CHANNEL_PAGERDUTY] = PS_SPAN_INIT("pagerduty"),
    [CHANNEL_SLACK] = PS_SPAN_INIT("slack"),
    [CHANNEL_MAIL] = PS_SPAN_INIT("mail"),
};

struct ps_span channel_name(enum channel channel)
{
    return CHANNEL_NAMES[channel];
}

/* -- one member ---------------------------------------------------------------------------------------------------- */

static const struct ps_span SOURCE_NAMES[] = {
    [ALERT_LOG] = PS_SPAN_INIT("log"),
    [ALERT_ALARM] = PS_SPAN_INIT("alarm"),
    [ALERT_OPENSEARCH] = PS_SPAN_INIT("opensearch"),
    [ALERT_TEXT] = PS_SPAN_INIT("text"),
};

static enum ps_err read_source(struct reading *reading, struct ps_span value, struct rule *rule)
{
    (void)reading;
    for (size_t i = 0; i < sizeof SOURCE_NAMES / sizeof SOURCE_NAMES[0]; i++) {
        if (!ps_span_eq(value, SOURCE_NAMES[i])) continue;
        rule->source = (enum alert_source)i;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "source: \"%.*s\" is not log, alarm, opensearch or text", PS_SPAN_ARG(value));
}

static enum ps_err read_level(struct reading *reading, struct ps_span value, struct rule *rule)
{
    (void)reading;
    rule->level = ps_record_level_parse(value);
    if (rule->level != PS_LEVEL_NONE) return PS_OK;
    PS_FAIL(PS_ERR_BAD_CONFIG, "level: \"%.*s\" is not TRACE, DEBUG, INFO, WARN, ERROR or FATAL", PS_SPAN_ARG(value));
}

static enum ps_err read_service(struct reading *reading, struct ps_span value, struct rule *rule)
{
    (void)reading;
    if (value.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "service: empty, which fits no alert");
    rule->service = value;
    return PS_OK;
}

/* What is wrong with a pattern is told with the member's name before it. */
static enum ps_err read_pattern(struct reading *reading, struct ps_span value, struct rule *rule)
{
    return ps_match_compile(reading->process, value, PS_MATCH_UTF, &rule->pattern);
}

static bool parse_rate(struct ps_span text, uint64_t *count, uint64_t *seconds)
{
    bool more;
    struct ps_span times = ps_span_split(&text, '/', &more);
    if (!more || !ps_span_ends(text, PS_SPAN("s"))) return false;
    if (!ps_span_to_u64(times, count) || !ps_span_to_u64(ps_span_first(text, text.len - 1), seconds)) return false;
    return *count >= 1 && *count <= RATE_COUNT_MAX && *seconds >= 1 && *seconds <= RATE_SECONDS_MAX;
}

static enum ps_err read_rate(struct reading *reading, struct ps_span value, struct rule *rule)
{
    (void)reading;
    uint64_t count, seconds;
    if (!parse_rate(value, &count, &seconds))
        PS_FAIL(PS_ERR_BAD_CONFIG, "rate: \"%.*s\" is not N/Ts with N from 1 to %d and T from 1 to %d",
                PS_SPAN_ARG(value), RATE_COUNT_MAX, RATE_SECONDS_MAX);
    rule->ruling.rate_count = (uint32_t)count;
    rule->ruling.rate_seconds = count == 1 ? 0 : (uint32_t)seconds;
    return PS_OK;
}

static enum ps_err find_channel(struct ps_span name, unsigned *bit)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (!ps_span_eq(name, CHANNEL_NAMES[i])) continue;
        *bit = 1U << i;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "channels: \"%.*s\" is not pagerduty, slack or mail", PS_SPAN_ARG(name));
}

/* Behind the array's begin, up to and with its end. */
static enum ps_err read_channels(struct reading *reading, struct ps_span value, struct rule *rule)
{
    (void)value;
    unsigned channels = 0;
    for (;;) {
        struct ps_json_token token;
        PS_TRY(ps_json_read_next(&reading->json, &token));
        if (token.kind == PS_JSON_ARRAY_END) break;
        if (token.kind != PS_JSON_STRING) PS_FAIL(PS_ERR_BAD_CONFIG, "channels: not an array of strings");
        struct ps_span name;
        unsigned bit = 0;
        PS_TRY(ps_json_read_unescape(reading->process, token.text, &name));
        PS_TRY(find_channel(name, &bit));
        channels |= bit;
    }
    if (channels == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "channels: empty: say \"drop\":true to tell nobody");
    rule->ruling.channels = channels;
    return PS_OK;
}

static enum ps_err read_drop(struct reading *reading, struct ps_span value, struct rule *rule)
{
    (void)reading;
    rule->ruling.drop = ps_span_eq(value, PS_SPAN("true"));
    return PS_OK;
}

/* -- one rule ------------------------------------------------------------------------------------------------------ */

/* value: unescaped when it is a string, else as written. */
typedef enum ps_err read_member(struct reading *reading, struct ps_span value, struct rule *rule);

static const struct {
    struct ps_span name;
    enum ps_json_kind kind;
    const char *kind_name;
    read_member *read;
} MEMBERS[MEMBER_COUNT] = {
    [MEMBER_SOURCE] = { PS_SPAN_INIT("source"), PS_JSON_STRING, "a string", read_source },
    [MEMBER_LEVEL] = { PS_SPAN_INIT("level"), PS_JSON_STRING, "a string", read_level },
    [MEMBER_SERVICE] = { PS_SPAN_INIT("service"), PS_JSON_STRING, "a string", read_service },
    [MEMBER_PATTERN] = { PS_SPAN_INIT("pattern"), PS_JSON_STRING, "a string", read_pattern },
    [MEMBER_RATE] = { PS_SPAN_INIT("rate"), PS_JSON_STRING, "a string", read_rate },
    [MEMBER_CHANNELS] = { PS_SPAN_INIT("channels"), PS_JSON_ARRAY_BEGIN, "an array of strings", read_channels },
    [MEMBER_DROP] = { PS_SPAN_INIT("drop"), PS_JSON_TRUE, "true or false", read_drop },
};

static bool has(const struct rule *rule, enum member member)
{
    return (rule->named & 1U << member) != 0;
}

static enum ps_err find_member(struct ps_span name, enum member *member)
{
    for (int i = 0; i < MEMBER_COUNT; i++) {
        if (!ps_span_eq(name, MEMBERS[i].name)) continue;
        *member = (enum member)i;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "\"%.*s\" is not source, level, service, pattern, rate, channels or drop",
            PS_SPAN_ARG(name));
}

static enum ps_err read_value(struct reading *reading, enum member member, struct rule *rule)
{
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reading->json, &token));
    enum ps_json_kind kind = token.kind == PS_JSON_FALSE ? PS_JSON_TRUE : token.kind;
    if (kind != MEMBERS[member].kind)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%.*s: not %s", PS_SPAN_ARG(MEMBERS[member].name), MEMBERS[member].kind_name);
    struct ps_span value = token.text;
    if (kind == PS_JSON_STRING) PS_TRY(ps_json_read_unescape(reading->process, token.text, &value));
    return MEMBERS[member].read(reading, value, rule);
}

/* Behind the object's begin, up to and with its end. */
static enum ps_err read_rule(struct reading *reading, struct rule *rule)
{
    rule->ruling = (struct ruling){ .channels = CHANNELS_ALL, .rate_count = 1 };
    for (;;) {
        struct ps_json_token token;
        PS_TRY(ps_json_read_next(&reading->json, &token));
        if (token.kind == PS_JSON_OBJECT_END) break;
        struct ps_span name;
        enum member member = MEMBER_COUNT;
        PS_TRY(ps_json_read_unescape(reading->process, token.text, &name));
        PS_TRY(find_member(name, &member));
        if (has(rule, member)) PS_FAIL(PS_ERR_BAD_CONFIG, "%.*s: given twice", PS_SPAN_ARG(name));
        rule->named |= 1U << member;
        PS_TRY(read_value(reading, member, rule));
    }
    if (rule->ruling.drop && (has(rule, MEMBER_CHANNELS) || has(rule, MEMBER_RATE)))
        PS_FAIL(PS_ERR_BAD_CONFIG, "drop: what is dropped has no channels and no rate");
    return PS_OK;
}

/* -- all rules ----------------------------------------------------------------------------------------------------- */

static enum ps_err read_rules(struct reading *reading, struct rules *rules)
{
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reading->json, &token));
    if (token.kind != PS_JSON_ARRAY_BEGIN) PS_FAIL(PS_ERR_BAD_CONFIG, "not an array of rules");
    for (;;) {
        PS_TRY(ps_json_read_next(&reading->json, &token));
        if (token.kind == PS_JSON_ARRAY_END) return PS_OK;
        if (rules->count == RULES_MAX) PS_FAIL(PS_ERR_BAD_CONFIG, "more than %d rules", RULES_MAX);
        /* Counted first: a rule that fails may have a pattern to be closed. */
        struct rule *rule = &rules->list[rules->count++];
        if (token.kind != PS_JSON_OBJECT_BEGIN) PS_FAIL(PS_ERR_BAD_CONFIG, "rule %zu: not an object", rules->count);
        enum ps_err err = read_rule(reading, rule);
        if (err != PS_OK) return ps_err_wrap(err, "rule %zu", rules->count);
        if (rule->pattern != NULL && rules->scratch == NULL)
            PS_TRY(ps_match_scratch_open(reading->process, &rules->scratch));
    }
}

/* Names and patterns are views of the text, which may be the environment: it is kept. */
static enum ps_err read_text(struct ps_arena *process, struct ps_span text, struct rules *rules)
{
    text = ps_span_trim(text);
    if (text.len == 0) return PS_OK;
    if (text.len > RULES_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%zu bytes, over the limit of %d", text.len, RULES_BYTES_MAX);
    char *copy = ps_arena_bytes(process, text.len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for alert rules");
    memcpy(copy, text.data, text.len);
    text.data = copy;
    struct reading reading = { .process = process };
    enum ps_err err = ps_json_read_check(text);
    ps_json_read_init(&reading.json, text);
    if (err == PS_OK) err = read_rules(&reading, rules);
    if (err == PS_ERR_BAD_INPUT || err == PS_ERR_TOO_DEEP) PS_FAIL(PS_ERR_BAD_CONFIG, "%s", ps_err_note()->text);
    return err;
}

enum ps_err rules_open(struct ps_arena *process, struct ps_span text, struct rules **out)
{
    struct rules *rules = PS_ARENA_NEW(process, struct rules);
    if (rules == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for alert rules");
    enum ps_err err = read_text(process, text, rules);
    if (err != PS_OK) {
        rules_close(rules);
        return err;
    }
    *out = rules;
    return PS_OK;
}

void rules_close(struct rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        ps_match_close(rules->list[i].pattern);
    ps_match_scratch_close(rules->scratch);
    *rules = (struct rules){ 0 };
}

void rules_check_channels(const struct rules *rules, unsigned set, struct ps_buf *mistakes)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (!has(&rules->list[i], MEMBER_CHANNELS)) continue;
        for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
            if ((rules->list[i].ruling.channels & ~set & 1U << channel) == 0) continue;
            ps_config_mistake(mistakes, "ALERT_RULES: rule %zu names %.*s, which is not set", i + 1,
                              PS_SPAN_ARG(CHANNEL_NAMES[channel]));
        }
    }
}

/* -- judging ------------------------------------------------------------------------------------------------------- */

bool rules_glob_fits(struct ps_span glob, struct ps_span text)
{
    bool more;
    struct ps_span part = ps_span_split(&glob, '*', &more);
    if (!more) return ps_span_eq(part, text);
    if (!ps_span_starts(text, part)) return false;
    text = ps_span_from(text, part.len);
    /* Each part between two stars is taken where it comes first: that leaves most to the next, so that nothing is tried
     * twice. */
    for (;;) {
        part = ps_span_split(&glob, '*', &more);
        if (!more) return ps_span_ends(text, part);
        ptrdiff_t at = ps_span_find(text, part);
        if (at == PS_SPAN_NONE) return false;
        text = ps_span_from(text, (size_t)at + part.len);
    }
}

static bool may_be_in(const struct rules *rules, const struct rule *rule, struct ps_span text)
{
    size_t begin, end;
    return ps_match_find(rule->pattern, rules->scratch, text, 0, &begin, &end) != PS_MATCH_NOT_FOUND;
}

static bool fits(const struct rules *rules, const struct rule *rule, const struct alert *alert)
{
    if (has(rule, MEMBER_SOURCE) && rule->source != alert->source) return false;
    if (alert->level < rule->level) return false;
    if (has(rule, MEMBER_SERVICE) && !rules_glob_fits(rule->service, alert->service)) return false;
    return rule->pattern == NULL || may_be_in(rules, rule, alert->title) || may_be_in(rules, rule, alert->message);
}

struct ruling rules_judge(const struct rules *rules, const struct alert *alert)
{
    for (size_t i = 0; i < rules->count; i++) {
        if (fits(rules, &rules->list[i], alert)) return rules->list[i].ruling;
    }
    return (struct ruling){ .channels = CHANNELS_ALL, .rate_count = 1 };
}
