#include "record/redact.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "support/check.h"

#define KEY_ID "AKIAIOSFODNN7EXAMPLE"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define CARD "4111111111111111"

static struct ps_arena t_arena;

static struct ps_redact *opened(const char *classes, const char *patterns)
{
    struct ps_redact *redact = NULL;
    if (!CHECK_OK(ps_redact_open(&t_arena, ps_span_of(classes), ps_span_of(patterns), &redact))) abort();
    return redact;
}

static struct ps_redact_counts check_text(const char *classes, const char *patterns, const char *in, const char *wanted)
{
    struct ps_redact *redact = opened(classes, patterns);
    struct ps_redact_counts counts = { 0 };
    struct ps_span out = { 0 };
    CHECK_OK(ps_redact_text(redact, &t_arena, ps_span_of(in), &out, &counts));
    CHECK_SPAN(out, ps_span_of(wanted));
    /* Twice is the same as once, and nothing found means nothing copied. */
    struct ps_redact_counts again = { 0 };
    struct ps_span twice = { 0 };
    CHECK_OK(ps_redact_text(redact, &t_arena, out, &twice, &again));
    CHECK(twice.data == out.data && twice.len == out.len);
    CHECK_EQ(ps_redact_total(&again), 0);
    CHECK((ps_redact_total(&counts) > 0) == (out.data != in));
    CHECK(ps_redact_total(&counts) == 0 || ps_redact_suspects(redact, ps_span_of(in)));
    ps_redact_close(redact);
    return counts;
}

/* -- settings --------------------------------------------------------------------------------------------------------
 */

static void the_default_has_keys_tokens_and_cards_but_no_addresses(void)
{
    static const char TEXT[] = KEY_ID " " CARD " bearer abc123def anna@example.com 10.1.2.3";
    static const char WANTED[] =
        "[REDACTED:aws_keys] [REDACTED:card] bearer [REDACTED:bearer] anna@example.com 10.1.2.3";
    struct ps_redact_counts counts = check_text("", "", TEXT, WANTED);
    CHECK_EQ(counts.by_class[PS_SECRET_AWS_KEYS], 1);
    CHECK_EQ(counts.by_class[PS_SECRET_CARD], 1);
    CHECK_EQ(counts.by_class[PS_SECRET_BEARER], 1);
    CHECK_EQ(ps_redact_total(&counts), 3);
    check_text(" Default ", "", TEXT, WANTED);
    check_text("aws_keys,jwt,bearer,card", "", TEXT, WANTED);
    check_text("ip, email", "", TEXT, KEY_ID " " CARD " bearer abc123def [REDACTED:email] [REDACTED:ip]");
}

static void off_changes_nothing(void)
{
    check_text("off", "", KEY_ID, KEY_ID);
    check_text("OFF", "digits=\\d+", "a 12", "a [REDACTED:digits]");
    struct ps_redact *redact = opened("off", "");
    CHECK(ps_redact_is_off(redact));
    CHECK(!ps_redact_suspects(redact, PS_SPAN(KEY_ID)));
    ps_redact_close(redact);
}

static void mistakes_in_settings_are_named(void)
{
    static const char *const CASES[][3] = {
        { "cards", "",
          "REDACT: unknown class \"cards\": use off, or some of default, aws_keys, jwt, bearer, card, email, ip" },
        { "off,card", "", "REDACT: unknown class \"off\"" },
        { "card,", "", "REDACT: unknown class \"\"" },
        { "", "no pattern", "REDACT_PATTERNS: pattern 1: not name=regex" },
        { "", "a=b\nA=b", "REDACT_PATTERNS: pattern 2: a name is 1 to 32" },
        { "", "1a=b", "REDACT_PATTERNS: pattern 1: a name is" },
        { "", "card=b", "REDACT_PATTERNS: pattern \"card\": the name is taken" },
        { "", "a=b\na=c", "REDACT_PATTERNS: pattern \"a\": the name is taken" },
        { "", "a=b(", "REDACT_PATTERNS: a: pattern: offset 2: missing closing parenthesis" },
        { "", "a=", "REDACT_PATTERNS: a: pattern: empty" },
        { "", "a4111111111111111=x", "REDACT_PATTERNS: pattern 1: a name is" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_redact *redact = NULL;
        CHECK_ERR(ps_redact_open(&t_arena, ps_span_of(CASES[i][0]), ps_span_of(CASES[i][1]), &redact),
                  PS_ERR_BAD_CONFIG);
        CHECK(redact == NULL);
        struct ps_span text = ps_span_of(ps_err_note()->text);
        CHECK_SPAN(ps_span_first(text, strlen(CASES[i][2])), ps_span_of(CASES[i][2]));
    }
}

static void more_patterns_than_the_limit_are_refused(void)
{
    char patterns[1024] = "";
    size_t len = 0;
    for (int i = 0; i <= PS_REDACT_PATTERNS_MAX; i++)
        len += (size_t)snprintf(patterns + len, sizeof patterns - len, "p_%d=x%d\n", i, i);
    struct ps_redact *redact = NULL;
    CHECK_ERR(ps_redact_open(&t_arena, PS_SPAN(""), ps_span_make(patterns, len), &redact), PS_ERR_BAD_CONFIG);
    patterns[len - strlen("p_16=x16\n")] = '\0';
    redact = opened("", patterns);
    CHECK_TEXT(ps_redact_class_name(redact, PS_SECRET_CLASS_COUNT), "p_0");
    CHECK_TEXT(ps_redact_class_name(redact, PS_REDACT_COUNTS - 1), "p_15");
    CHECK_TEXT(ps_redact_class_name(redact, PS_SECRET_CARD), "card");
    ps_redact_close(redact);
}

static enum ps_err open_and_close(struct ps_arena *arena)
{
    struct ps_redact *redact = NULL;
    PS_TRY(ps_redact_open(arena, PS_SPAN("default,email"), PS_SPAN("a=b(c|d)\ne=f+"), &redact));
    ps_redact_close(redact);
    return PS_OK;
}

static void every_failing_allocation_of_open_is_reported(void)
{
    PS_EACH_FAILURE(&t_arena, open_and_close(&t_arena));
}

/* -- texts -----------------------------------------------------------------------------------------------------------
 */

static void what_surrounds_a_secret_stays(void)
{
    check_text("", "", "", "");
    check_text("", "", "nothing here", "nothing here");
    check_text("", "", CARD, "[REDACTED:card]");
    check_text("", "", "a" CARD " b " CARD "c", "a[REDACTED:card] b [REDACTED:card]c");
    check_text("", "", "SecretKey=" SECRET_KEY " other=" SECRET_KEY, "SecretKey=[REDACTED:aws_keys] other=" SECRET_KEY);
    check_text("", "", "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOjF9.x",
               "Authorization: Bearer [REDACTED:bearer]");
}

static void secrets_that_overlap_are_hidden_as_one(void)
{
    check_text("", "", "Authorization: Bearer 4111 1111 1111 1111 x", "Authorization: Bearer [REDACTED:bearer] x");
    check_text("", "", "x 2222 3111 4111 1111 1111 1111 x", "x [REDACTED:card] x");
    check_text("default,email", "", "Authorization: Basic dTpw@example.com, x",
               "Authorization: Basic [REDACTED:bearer], x");
}

static void own_patterns_hide_what_they_match(void)
{
    check_text("off", "order=ORD-\\d{4}", "x ORD-1234, ORD-99999", "x [REDACTED:order], [REDACTED:order]9");
    check_text("", "a=x+\n\n b=y+\n", "xx yy " CARD, "[REDACTED:a] [REDACTED:b] [REDACTED:card]");
    check_text("off", "a=^x", "xxx", "[REDACTED:a]xx");
    check_text("off", "a=(?<=k=)\\w+", "k=abc", "k=[REDACTED:a]");
    check_text("off", "a=x*", "bxb", "b[REDACTED:a]b");
    check_text("off", "a=caf\xc3\xa9", "un caf\xc3\xa9", "un [REDACTED:a]");
}

static void a_pattern_does_not_eat_markers(void)
{
    check_text("", "all=[A-Z]+", "AB " CARD " CD", "[REDACTED:all] [REDACTED:card] [REDACTED:all]");
    check_text("off", "a=x", "[REDACTED:card]x[REDACTED:X]", "[REDACTED:card][REDACTED:a][REDACTED:X]");
}

static void a_text_that_cant_be_searched_is_hidden_whole(void)
{
    struct ps_redact_counts counts = check_text(
        "off", "slow=^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "[REDACTED:slow]");
    CHECK_EQ(counts.given_up, 1);
    char text[2001];
    memset(text, 'a', 2000);
    text[2000] = '\0';
    counts = check_text("off", "any=a", text, "[REDACTED:any]");
    CHECK_EQ(counts.given_up, 1);
}

static enum ps_err redact_a_text(const struct ps_redact *redact, struct ps_arena *arena)
{
    struct ps_redact_counts counts = { 0 };
    struct ps_span out = { 0 };
    return ps_redact_text(redact, arena, PS_SPAN("x " CARD " zz \\u0079"), &out, &counts);
}

static void every_failing_allocation_of_a_text_is_reported(void)
{
    struct ps_redact *redact = opened("", "z=z+");
    PS_EACH_FAILURE(&t_arena, redact_a_text(redact, &t_arena));
    ps_redact_close(redact);
}

/* -- records ---------------------------------------------------------------------------------------------------------
 */

static struct ps_field field_of(const char *name, const char *value, enum ps_field_kind kind)
{
    return (struct ps_field){ .name = ps_span_of(name), .value = ps_span_of(value), .kind = kind };
}

static void check_field(enum ps_field_kind kind, const char *name, const char *value, enum ps_field_kind wanted_kind,
                        const char *wanted)
{
    struct ps_redact *redact = opened("", "");
    struct ps_field field = field_of(name, value, kind);
    struct ps_record record = { .fields = &field, .field_count = 1, .field_cap = 1 };
    struct ps_redact_counts counts = { 0 };
    CHECK_OK(ps_redact_record(redact, &t_arena, ps_span_make(NULL, 0), &record, &counts));
    CHECK_SPAN(field.value, ps_span_of(wanted));
    CHECK_EQ(field.kind, wanted_kind);
    CHECK_TEXT(field.name, name);
    struct ps_redact_counts again = { 0 };
    CHECK_OK(ps_redact_record(redact, &t_arena, ps_span_make(NULL, 0), &record, &again));
    CHECK_EQ(ps_redact_total(&again), 0);
    ps_redact_close(redact);
}

static void strings_are_searched_as_what_they_mean(void)
{
    check_field(PS_FIELD_TEXT, "a", "x \"" CARD "\"", PS_FIELD_TEXT, "x \"[REDACTED:card]\"");
    check_field(PS_FIELD_STRING, "a", "x " CARD, PS_FIELD_STRING, "x [REDACTED:card]");
    check_field(PS_FIELD_STRING, "a", "\\\"" CARD "\\\"\\n", PS_FIELD_STRING, "\\\"[REDACTED:card]\\\"\\n");
    check_field(PS_FIELD_STRING, "a", "411111111111111\\u0031", PS_FIELD_STRING, "[REDACTED:card]");
    check_field(PS_FIELD_STRING, "a", "\\u0022" CARD, PS_FIELD_STRING, "\\\"[REDACTED:card]");
    check_field(PS_FIELD_STRING, "a", "\\u00e9 \\u003c \\n", PS_FIELD_STRING, "\\u00e9 \\u003c \\n");
}

static void nested_values_are_rewritten_only_where_something_was_found(void)
{
    check_field(PS_FIELD_JSON, "a", "{ \"b\" : [1, 2.50, true,null,\"x\\u00e9\"] }", PS_FIELD_JSON,
                "{ \"b\" : [1, 2.50, true,null,\"x\\u00e9\"] }");
    check_field(PS_FIELD_JSON, "a", "{\"b\":[1, 2.50,true,null,{\"c\":\"\\u00e9 " CARD "\"}]}", PS_FIELD_JSON,
                "{\"b\":[1,2.50,true,null,{\"c\":\"\xc3\xa9 [REDACTED:card]\"}]}");
    check_field(PS_FIELD_JSON, "a", "{\"" CARD "\":1,\"5555555555554444\":2}", PS_FIELD_JSON,
                "{\"[REDACTED:card]\":1,\"[REDACTED:card]_2\":2}");
    check_field(PS_FIELD_JSON, "a", "[[[[" CARD ",5]]]]", PS_FIELD_JSON, "[[[[\"[REDACTED:card]\",5]]]]");
}

static void a_number_that_is_a_card_becomes_a_string(void)
{
    check_field(PS_FIELD_JSON, "a", CARD, PS_FIELD_STRING, "[REDACTED:card]");
    check_field(PS_FIELD_JSON, "a", "-" CARD, PS_FIELD_STRING, "-[REDACTED:card]");
    check_field(PS_FIELD_JSON, "a", "1795255200000", PS_FIELD_JSON, "1795255200000");
}

static void a_members_name_tells_what_it_holds(void)
{
    check_field(PS_FIELD_STRING, "SecretAccessKey", "wJalrXUtnFEMI\\/K7MDENG+bPxRfiCYEXAMPLEKEY", PS_FIELD_STRING,
                "[REDACTED:aws_keys]");
    check_field(PS_FIELD_TEXT, "aws_secret_access_key", SECRET_KEY, PS_FIELD_TEXT, "[REDACTED:aws_keys]");
    check_field(PS_FIELD_STRING, "Authorization", "Basic dTpw", PS_FIELD_STRING, "Basic [REDACTED:bearer]");
    check_field(PS_FIELD_JSON, "headers", "{\"authorization\":[\"Basic dTpw\"]}", PS_FIELD_JSON,
                "{\"authorization\":[\"Basic [REDACTED:bearer]\"]}");
    check_field(PS_FIELD_JSON, "authorization", "[\"Basic dTpw\"]", PS_FIELD_JSON, "[\"Basic [REDACTED:bearer]\"]");
    check_field(PS_FIELD_JSON, "headers",
                "[{\"name\":\"Authorization\",\"value\":\"Basic dTpw\"},{\"value\":\"Basic plan\"}]", PS_FIELD_JSON,
                "[{\"name\":\"Authorization\",\"value\":\"Basic [REDACTED:bearer]\"},{\"value\":\"Basic plan\"}]");
    check_field(PS_FIELD_JSON, "raw", "[\"Authorization\",\"Basic dTpw\",\"Accept\",\"Basic plan\"]", PS_FIELD_JSON,
                "[\"Authorization\",\"Basic [REDACTED:bearer]\",\"Accept\",\"Basic plan\"]");
    check_field(PS_FIELD_STRING, "a", "Basic dTpw", PS_FIELD_STRING, "Basic dTpw");
}

static void names_of_fields_are_hidden_and_stay_unique(void)
{
    struct ps_redact *redact = opened("", "");
    struct ps_field fields[] = { field_of(CARD, "a", PS_FIELD_TEXT), field_of("5555555555554444", "b", PS_FIELD_TEXT) };
    struct ps_record record = { .fields = fields, .field_count = 2, .field_cap = 2 };
    struct ps_redact_counts counts = { 0 };
    CHECK_OK(ps_redact_record(redact, &t_arena, PS_SPAN("{\"" CARD "\":1"), &record, &counts));
    CHECK_TEXT(fields[0].name, "[REDACTED:card]");
    CHECK_TEXT(fields[1].name, "[REDACTED:card]_2");
    CHECK_EQ(counts.by_class[PS_SECRET_CARD], 2);
    CHECK(ps_record_field(&record, fields[1].name) == &fields[1]);
    ps_redact_close(redact);
}

static void every_text_of_a_record_is_searched(void)
{
    struct ps_redact *redact = opened("", "");
    static const size_t OFFSETS[] = {
        offsetof(struct ps_record, message),     offsetof(struct ps_record, service),
        offsetof(struct ps_record, env),         offsetof(struct ps_record, host),
        offsetof(struct ps_record, logger),      offsetof(struct ps_record, request_id),
        offsetof(struct ps_record, trace_id),    offsetof(struct ps_record, span_id),
        offsetof(struct ps_record, error_type),  offsetof(struct ps_record, error_message),
        offsetof(struct ps_record, stack_trace),
    };
    for (size_t i = 0; i < sizeof OFFSETS / sizeof OFFSETS[0]; i++) {
        struct ps_record record = { 0 };
        struct ps_span *text = (struct ps_span *)(void *)((char *)&record + OFFSETS[i]);
        *text = PS_SPAN("x " CARD);
        struct ps_redact_counts counts = { 0 };
        CHECK_OK(ps_redact_record(redact, &t_arena, PS_SPAN("x " CARD), &record, &counts));
        CHECK_TEXT(*text, "x [REDACTED:card]");
        CHECK_EQ(ps_redact_total(&counts), 1);
    }
    struct ps_record record = { .duration_ms = PS_SPAN(CARD) };
    struct ps_redact_counts counts = { 0 };
    CHECK_OK(ps_redact_record(redact, &t_arena, PS_SPAN(CARD), &record, &counts));
    CHECK_EQ(record.duration_ms.len, 0);
    ps_redact_close(redact);
}

static void secrets_behind_escapes_inside_a_text_are_hidden(void)
{
    struct ps_redact *redact = opened("", "");
    struct ps_span text = PS_SPAN("{\"aws_secret_access_key\":\"wJalrXUtnFEMI\\u002BK7MDENG/bPxRfiCYEXAMPLEKEY\"}");
    struct ps_record record = { .message = text };
    struct ps_redact_counts counts = { 0 };
    CHECK_OK(ps_redact_record(redact, &t_arena, text, &record, &counts));
    CHECK_TEXT(record.message, "{\"aws_secret_access_key\":\"[REDACTED:aws_keys]\"}");
    text = PS_SPAN("nothing \\u0041 here");
    CHECK_OK(ps_redact_text(redact, &t_arena, text, &record.message, &counts));
    CHECK_SPAN(record.message, text);
    ps_redact_close(redact);
}

/* JSON in a text may itself hold JSON: what comes out of one level must not be a way to write a secret. */
static void escapes_that_come_out_of_escapes_are_undone_too(void)
{
    check_text("", "", "x 411111111111111\\u005cu0031", "x [REDACTED:card]");
    check_text("", "", "\\u0041KIAIOSFODNN7EXAMPLE 411111111111111\\u005cu0031", "[REDACTED:aws_keys] [REDACTED:card]");
    check_text("", "", "x 411111111111111\\u00\\u0033\\u0031", "x [REDACTED:card]");
    check_text("", "", CARD " 41111111111111\\u005cu005cu0031", "[REDACTED:card] 41111111111111\\u005cu005cu0031");
}

static void an_escape_whose_backslash_is_escaped_is_undone_too(void)
{
    check_text("", "", "{\"body\":\"{\\\"SecretKey\\\":\\\"wJalrXUtnFEMI\\\\u002BK7MDENG/bPxRfiCYEXAMPLEKEY\\\"}\"}",
               "{\"body\":\"{\\\"SecretKey\\\":\\\"[REDACTED:aws_keys]\\\"}\"}");
    check_text("", "", "x 411111111111111\\\\\\\\u0031", "x [REDACTED:card]");
}

static void an_innocent_source_is_all_that_is_looked_at(void)
{
    struct ps_redact *redact = opened("", "");
    struct ps_record record = { .message = PS_SPAN(CARD) };
    struct ps_redact_counts counts = { 0 };
    CHECK_OK(ps_redact_record(redact, &t_arena, PS_SPAN("innocent"), &record, &counts));
    CHECK_TEXT(record.message, CARD);
    /* Without a source everything is looked at. */
    CHECK_OK(ps_redact_record(redact, &t_arena, ps_span_make(NULL, 0), &record, &counts));
    CHECK_TEXT(record.message, "[REDACTED:card]");
    ps_redact_close(redact);
}

/* A JSON string of which every character may be escaped in its own way. */
static size_t escape_some(struct ps_span plain, unsigned how, char *out, size_t room)
{
    size_t len = 0;
    for (size_t i = 0; i < plain.len; i++) {
        unsigned char c = (unsigned char)plain.data[i];
        bool escape = c < 0x20 || c == '"' || c == '\\' || (how != 0 && (i + how) % (how + 2) == 0 && c < 0x80);
        len += (size_t)snprintf(out + len, room - len, escape ? "\\u%04x" : "%c", c);
    }
    return len;
}

/* The promise of the fast path: planted in any kind of field, at any offset, escaped or not, a secret is hidden when
 * the source text is given. */
static void a_planted_secret_never_gets_past_the_fast_path(void)
{
    static const struct {
        const char *text;
        const char *secret;
    } PLANTS[] = {
        { KEY_ID, KEY_ID },
        { CARD, CARD },
        { "4111 1111 1111 1111", "1111 1111" },
        { "secretKey: \"" SECRET_KEY "\"", SECRET_KEY },
        { "Authorization: Basic dTpwdw", "dTpwdw" },
        { "eyJhbGciOiJub25lIn0.eyJzdWIiOjF9.abc", "eyJzdWIiOjF9" },
    };
    struct ps_redact *redact = opened("", "");
    for (size_t p = 0; p < sizeof PLANTS / sizeof PLANTS[0]; p++) {
        for (size_t before = 0; before <= 70; before++) {
            for (unsigned how = 0; how < 12; how++) {
                struct ps_arena_mark mark = ps_arena_mark(&t_arena);
                char plain[512];
                int plain_len = snprintf(
                    plain, sizeof plain, "%.*s%s, end", (int)before,
                    "one \"two\", three / four\n: x:y, {five}, a-b-c six; seven? eight <nine> ten,", PLANTS[p].text);
                char inside[4096];
                size_t inside_len = escape_some(ps_span_make(plain, (size_t)plain_len), how, inside, sizeof inside);
                char source[8192];
                int source_len = snprintf(source, sizeof source, "{\"k\":\"%.*s\",\"o\":{\"a\":[\"%.*s\"]}}",
                                          (int)inside_len, inside, (int)inside_len, inside);
                struct ps_span text = ps_span_make(source, (size_t)source_len);
                struct ps_field fields[] = {
                    { .name = PS_SPAN("k"), .value = ps_span_make(inside, inside_len), .kind = PS_FIELD_STRING },
                    { .name = PS_SPAN("o"),
                      .value = ps_span_make(source + inside_len + 12, inside_len + 10),
                      .kind = PS_FIELD_JSON },
                    { .name = PS_SPAN("t"), .value = ps_span_make(plain, (size_t)plain_len), .kind = PS_FIELD_TEXT },
                };
                CHECK_OK(ps_json_read_check(fields[1].value));
                struct ps_record record = {
                    .message = fields[2].value, .fields = fields, .field_count = 3, .field_cap = 3
                };
                struct ps_redact_counts counts = { 0 };
                CHECK_OK(ps_redact_record(redact, &t_arena, text, &record, &counts));
                struct ps_span secret = ps_span_of(PLANTS[p].secret);
                bool hidden = ps_span_find(record.message, secret) == PS_SPAN_NONE;
                for (size_t i = 0; i < 3; i++)
                    hidden = hidden && ps_span_find(fields[i].value, secret) == PS_SPAN_NONE &&
                             ps_span_find(fields[i].value, PS_SPAN("[REDACTED:")) != PS_SPAN_NONE;
                if (!CHECK(hidden)) printf("# plant %zu before %zu how %u: %s\n", p, before, how, source);
                CHECK_OK(ps_json_read_check(fields[1].value));
                ps_arena_rewind(&t_arena, mark);
            }
        }
    }
    ps_redact_close(redact);
}

static enum ps_err redact_a_record(const struct ps_redact *redact, struct ps_arena *arena)
{
    struct ps_field fields[] = {
        field_of("a" CARD, "x", PS_FIELD_TEXT),
        field_of("b" CARD, "\\n" CARD, PS_FIELD_STRING),
        field_of("c", "{\"a\":[\"\\n" CARD "\"]}", PS_FIELD_JSON),
    };
    struct ps_record record = { .message = PS_SPAN(CARD), .fields = fields, .field_count = 3, .field_cap = 3 };
    struct ps_redact_counts counts = { 0 };
    return ps_redact_record(redact, arena, ps_span_make(NULL, 0), &record, &counts);
}

static void every_failing_allocation_of_a_record_is_reported(void)
{
    struct ps_redact *redact = opened("", "");
    PS_EACH_FAILURE(&t_arena, redact_a_record(redact, &t_arena));
    ps_redact_close(redact);
}

int main(void)
{
    t_arena = check_arena(256 << 20);
    RUN(the_default_has_keys_tokens_and_cards_but_no_addresses);
    RUN(off_changes_nothing);
    RUN(mistakes_in_settings_are_named);
    RUN(more_patterns_than_the_limit_are_refused);
    RUN(every_failing_allocation_of_open_is_reported);
    RUN(what_surrounds_a_secret_stays);
    RUN(secrets_that_overlap_are_hidden_as_one);
    RUN(own_patterns_hide_what_they_match);
    RUN(a_pattern_does_not_eat_markers);
    RUN(a_text_that_cant_be_searched_is_hidden_whole);
    RUN(every_failing_allocation_of_a_text_is_reported);
    RUN(strings_are_searched_as_what_they_mean);
    RUN(nested_values_are_rewritten_only_where_something_was_found);
    RUN(a_number_that_is_a_card_becomes_a_string);
    RUN(a_members_name_tells_what_it_holds);
    RUN(names_of_fields_are_hidden_and_stay_unique);
    RUN(every_text_of_a_record_is_searched);
    RUN(secrets_behind_escapes_inside_a_text_are_hidden);
    RUN(escapes_that_come_out_of_escapes_are_undone_too);
    RUN(an_escape_whose_backslash_is_escaped_is_undone_too);
    RUN(an_innocent_source_is_all_that_is_looked_at);
    RUN(a_planted_secret_never_gets_past_the_fast_path);
    RUN(every_failing_allocation_of_a_record_is_reported);
    ps_arena_fini(&t_arena);
    return check_finish();
}
