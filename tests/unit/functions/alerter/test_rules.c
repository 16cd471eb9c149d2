#include "alerter/rules.h"

#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

static struct rules *opened(const char *text)
{
    struct rules *rules = NULL;
    if (CHECK_OK(rules_open(&arena, ps_span_of(text), &rules))) return rules;
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "");
    return NULL;
}

static struct alert alert_of(const char *service, enum ps_level level, const char *message)
{
    return (struct alert){ .source = ALERT_LOG,
                           .level = level,
                           .service = ps_span_of(service),
                           .title = ps_span_of(message),
                           .message = ps_span_of(message) };
}

/* The ruling of a single rule set on one alert. */
static struct ruling judged(const char *text, const struct alert *alert)
{
    struct rules *rules = opened(text);
    if (rules == NULL) return (struct ruling){ 0 };
    struct ruling ruling = rules_judge(rules, alert);
    rules_close(rules);
    return ruling;
}

static bool drops(const char *text, const struct alert *alert)
{
    return judged(text, alert).drop;
}

static void check_everywhere(struct ruling ruling)
{
    CHECK(!ruling.drop);
    CHECK_EQ(ruling.channels, CHANNELS_ALL);
    CHECK_EQ(ruling.rate_count, 1);
    CHECK_EQ(ruling.rate_seconds, 0);
}

static void without_rules_every_alert_goes_everywhere(void)
{
    const struct alert alert = alert_of("pay", PS_LEVEL_ERROR, "refused");
    check_everywhere(judged("", &alert));
    check_everywhere(judged(" \n", &alert));
    check_everywhere(judged("[]", &alert));
    check_everywhere(judged("[{}]", &alert));
    check_everywhere(judged("[{\"service\":\"ship\",\"drop\":true}]", &alert));
    check_everywhere(judged("[{\"drop\":false}]", &alert));
}

static void the_first_rule_that_fits_decides(void)
{
    struct rules *rules = opened("[{\"service\":\"batch-*\",\"drop\":true},"
                                 "{\"level\":\"fatal\",\"channels\":[\"pagerduty\",\"slack\"]},"
                                 "{\"source\":\"log\",\"pattern\":\"time(d )?out\",\"rate\":\"5/60s\","
                                 "\"channels\":[\"slack\"]},{\"channels\":[\"mail\"]}]");
    CHECK_OR_RETURN(rules != NULL);
    struct alert alert = alert_of("batch-7", PS_LEVEL_FATAL, "timed out");
    CHECK(rules_judge(rules, &alert).drop);
    alert.service = PS_SPAN("pay");
    struct ruling ruling = rules_judge(rules, &alert);
    CHECK(!ruling.drop);
    CHECK_EQ(ruling.channels, 1 << CHANNEL_PAGERDUTY | 1 << CHANNEL_SLACK);
    CHECK_EQ(ruling.rate_count, 1);
    alert.level = PS_LEVEL_ERROR;
    ruling = rules_judge(rules, &alert);
    CHECK_EQ(ruling.channels, 1 << CHANNEL_SLACK);
    CHECK_EQ(ruling.rate_count, 5);
    CHECK_EQ(ruling.rate_seconds, 60);
    alert.source = ALERT_ALARM;
    CHECK_EQ(rules_judge(rules, &alert).channels, 1 << CHANNEL_MAIL);
    rules_close(rules);
}

static void every_source_can_be_named(void)
{
    static const char *const TEXTS[] = {
        [ALERT_LOG] = "[{\"source\":\"log\",\"drop\":true}]",
        [ALERT_ALARM] = "[{\"source\":\"alarm\",\"drop\":true}]",
        [ALERT_OPENSEARCH] = "[{\"source\":\"opensearch\",\"drop\":true}]",
        [ALERT_TEXT] = "[{\"source\":\"text\",\"drop\":true}]",
    };
    for (int named = ALERT_LOG; named <= ALERT_TEXT; named++) {
        for (int source = ALERT_LOG; source <= ALERT_TEXT; source++) {
            struct alert alert = alert_of("pay", PS_LEVEL_ERROR, "x");
            alert.source = (enum alert_source)source;
            CHECK_EQ(drops(TEXTS[named], &alert), named == source);
        }
    }
}

static void a_level_is_a_minimum(void)
{
    static const char RULE[] = "[{\"level\":\"ERROR\",\"drop\":true}]";
    static const struct {
        enum ps_level level;
        bool fits;
    } CASES[] = {
        { PS_LEVEL_NONE, false }, { PS_LEVEL_WARN, false }, { PS_LEVEL_ERROR, true }, { PS_LEVEL_FATAL, true }
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct alert alert = alert_of("pay", CASES[i].level, "x");
        CHECK_EQ(drops(RULE, &alert), CASES[i].fits);
    }
}

static void a_service_is_compared_case_by_case(void)
{
    const struct alert alert = alert_of("Pay", PS_LEVEL_ERROR, "x");
    CHECK(drops("[{\"service\":\"Pay\",\"drop\":true}]", &alert));
    CHECK(drops("[{\"service\":\"P\\u0061*\",\"drop\":true}]", &alert));
    CHECK(!drops("[{\"service\":\"pay\",\"drop\":true}]", &alert));
    CHECK(!drops("[{\"service\":\"Pa\",\"drop\":true}]", &alert));
}

static void a_pattern_is_looked_for_in_title_and_message(void)
{
    struct alert alert = alert_of("pay", PS_LEVEL_ERROR, "");
    static const char RULE[] = "[{\"pattern\":\"^b.d$\",\"drop\":true}]";
    CHECK(!drops(RULE, &alert));
    alert.title = PS_SPAN("bad");
    CHECK(drops(RULE, &alert));
    alert.title = PS_SPAN("good");
    alert.message = PS_SPAN("bäd");
    CHECK(drops(RULE, &alert));
}

static void a_pattern_that_explodes_fits(void)
{
    char text[64];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 'b';
    struct alert alert = alert_of("pay", PS_LEVEL_ERROR, "x");
    alert.message = ps_span_make(text, sizeof text);
    CHECK(drops("[{\"pattern\":\"^(a+)+$\",\"drop\":true}]", &alert));
}

static void a_rate_of_one_is_none(void)
{
    const struct alert alert = alert_of("pay", PS_LEVEL_ERROR, "x");
    check_everywhere(judged("[{\"rate\":\"1/60s\"}]", &alert));
    const struct ruling most = judged("[{\"rate\":\"10000/86400s\"}]", &alert);
    CHECK_EQ(most.rate_count, RATE_COUNT_MAX);
    CHECK_EQ(most.rate_seconds, RATE_SECONDS_MAX);
}

static void mistakes_name_the_rule_and_its_member(void)
{
    static const struct {
        const char *text, *wanted;
    } CASES[] = {
        { "{}", "not an array of rules" },
        { "[", "offset" },
        { "[] []", "offset" },
        { "[7]", "rule 1: not an object" },
        { "[{},[]]", "rule 2: not an object" },
        { "[{},{\"servce\":\"x\"}]", "rule 2: \"servce\" is not source, level, service" },
        { "[{\"service\":7}]", "rule 1: service: not a string" },
        { "[{\"service\":null}]", "rule 1: service: not a string" },
        { "[{\"service\":\"\"}]", "rule 1: service: empty" },
        { "[{\"service\":\"a\",\"service\":\"b\"}]", "rule 1: service: given twice" },
        { "[{\"source\":\"logs\"}]", "rule 1: source: \"logs\" is not log, alarm, opensearch or text" },
        { "[{\"level\":\"loud\"}]", "rule 1: level: \"loud\" is not TRACE" },
        { "[{\"level\":\"\"}]", "rule 1: level: \"\" is not TRACE" },
        { "[{\"pattern\":\"a(b\"}]", "rule 1: pattern: offset 3: missing closing parenthesis" },
        { "[{\"pattern\":\"\"}]", "rule 1: pattern: empty" },
        { "[{\"rate\":\"5\"}]", "rule 1: rate: \"5\" is not N/Ts" },
        { "[{\"rate\":\"5/60\"}]", "rule 1: rate: " },
        { "[{\"rate\":\"0/60s\"}]", "rule 1: rate: " },
        { "[{\"rate\":\"5/0s\"}]", "rule 1: rate: " },
        { "[{\"rate\":\"10001/60s\"}]", "N from 1 to 10000 and T from 1 to 86400" },
        { "[{\"rate\":\"5/86401s\"}]", "rule 1: rate: " },
        { "[{\"rate\":\"-5/60s\"}]", "rule 1: rate: " },
        { "[{\"rate\":\"5/60ss\"}]", "rule 1: rate: " },
        { "[{\"rate\":\"5/s\"}]", "rule 1: rate: " },
        { "[{\"channels\":\"slack\"}]", "rule 1: channels: not an array of strings" },
        { "[{\"channels\":[7]}]", "rule 1: channels: not an array of strings" },
        { "[{\"channels\":[[]]}]", "rule 1: channels: not an array of strings" },
        { "[{\"channels\":[\"pager\"]}]", "rule 1: channels: \"pager\" is not pagerduty, slack or mail" },
        { "[{\"channels\":[]}]", "rule 1: channels: empty: say \"drop\":true" },
        { "[{\"drop\":\"true\"}]", "rule 1: drop: not true or false" },
        { "[{\"drop\":1}]", "rule 1: drop: not true or false" },
        { "[{\"drop\":true,\"channels\":[\"mail\"]}]", "rule 1: drop: what is dropped has no channels and no rate" },
        { "[{\"rate\":\"5/60s\",\"drop\":true}]", "rule 1: drop: what is dropped has no channels and no rate" },
        { "[{\"pattern\":\"x\"},{\"drop\":2}]", "rule 2: drop: " },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct rules *rules = NULL;
        CHECK_ERR(rules_open(&arena, ps_span_of(CASES[i].text), &rules), PS_ERR_BAD_CONFIG);
        CHECK(rules == NULL);
        bool told = ps_span_find(ps_span_of(ps_err_note()->text), ps_span_of(CASES[i].wanted)) != PS_SPAN_NONE;
        if (!check_true(told, CASES[i].text, __FILE__, __LINE__)) CHECK_TEXT(ps_span_of(ps_err_note()->text), "");
    }
}

static void there_are_at_most_64_rules_in_4096_bytes(void)
{
    char text[RULES_BYTES_MAX + 1] = "[{}";
    size_t len = 3;
    for (int i = 1; i < RULES_MAX; i++, len += 3)
        memcpy(text + len, ",{}", 3);
    memcpy(text + len, "]", 2);
    struct rules *rules = NULL;
    CHECK_OK(rules_open(&arena, ps_span_of(text), &rules));
    memcpy(text + len, ",{}]", 5);
    CHECK_ERR(rules_open(&arena, ps_span_of(text), &rules), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "more than 64 rules");

    memset(text, ' ', sizeof text);
    text[0] = '[';
    text[RULES_BYTES_MAX - 1] = ']';
    CHECK_OK(rules_open(&arena, ps_span_make(text, RULES_BYTES_MAX), &rules));
    text[RULES_BYTES_MAX] = ']';
    CHECK_ERR(rules_open(&arena, ps_span_make(text, RULES_BYTES_MAX + 1), &rules), PS_ERR_BAD_CONFIG);
}

static void the_text_may_go_once_it_is_read(void)
{
    struct ps_span text = exact_copy(PS_SPAN("[{\"service\":\"pay\",\"pattern\":\"card\",\"drop\":true}]"));
    struct rules *rules = NULL;
    CHECK_OK(rules_open(&arena, text, &rules));
    memset((char *)(uintptr_t)text.data, 'x', text.len);
    exact_free(text);
    CHECK_OR_RETURN(rules != NULL);
    const struct alert alert = alert_of("pay", PS_LEVEL_ERROR, "card refused");
    CHECK(rules_judge(rules, &alert).drop);
    rules_close(rules);
}

static void every_prefix_is_a_mistake(void)
{
    struct ps_span whole = PS_SPAN("[{\"source\":\"log\",\"level\":\"error\",\"service\":\"a*\",\"pattern\":\"b\","
                                   "\"rate\":\"2/3s\",\"channels\":[\"mail\"],\"drop\":false}]");
    for (size_t len = 1; len < whole.len; len++) {
        struct ps_span prefix = exact_copy(ps_span_first(whole, len));
        struct rules *rules = NULL;
        CHECK_ERR(rules_open(&arena, prefix, &rules), PS_ERR_BAD_CONFIG);
        exact_free(prefix);
    }
}

static void a_channel_that_is_not_set_is_told_with_its_rule(void)
{
    struct rules *rules = opened("[{\"level\":\"FATAL\"},{\"channels\":[\"slack\",\"pagerduty\"]},"
                                 "{\"channels\":[\"mail\"]}]");
    CHECK_OR_RETURN(rules != NULL);
    char memory[512];
    struct ps_buf mistakes;
    ps_buf_init_fixed(&mistakes, memory, sizeof memory);
    rules_check_channels(rules, CHANNELS_ALL, &mistakes);
    CHECK_EQ(ps_buf_span(&mistakes).len, 0);
    rules_check_channels(rules, 1 << CHANNEL_PAGERDUTY, &mistakes);
    CHECK_TEXT(ps_buf_span(&mistakes), "ALERT_RULES: rule 2 names slack, which is not set; "
                                       "ALERT_RULES: rule 3 names mail, which is not set");
    rules_close(rules);
}

static void a_star_stands_for_any_text(void)
{
    static const struct {
        const char *glob, *text;
        bool fits;
    } CASES[] = {
        { "", "", true },           { "", "a", false },         { "a", "a", true },        { "a", "ab", false },
        { "*", "", true },          { "*", "abc", true },       { "**", "a", true },       { "a*", "a", true },
        { "a*", "ab", true },       { "a*", "ba", false },      { "*a", "a", true },       { "*a", "ba", true },
        { "*a", "ab", false },      { "a*a", "a", false },      { "a*a", "aa", true },     { "ab*ba", "aba", false },
        { "a*b*c", "abc", true },   { "a*b*c", "axbxc", true }, { "a*b*c", "acb", false }, { "*ab*ab", "abab", true },
        { "*ab*ab", "aab", false }, { "*ab", "abab", true },    { "*b*", "abc", true },    { "*d*", "abc", false },
        { "a?c", "abc", false },    { "[a]", "a", false },      { "*aab", "aaab", true },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        bool fits = rules_glob_fits(ps_span_of(CASES[i].glob), ps_span_of(CASES[i].text));
        check_true(fits == CASES[i].fits, CASES[i].glob, __FILE__, __LINE__);
    }
}

static void memory_may_run_out_anywhere(void)
{
    struct rules *rules = NULL;
    PS_EACH_FAILURE(&arena, rules_open(&arena,
                                       PS_SPAN("[{\"service\":\"\\u0061*\",\"pattern\":\"x+y\"},"
                                               "{\"pattern\":\"a|b\",\"channels\":[\"slack\"]}]"),
                                       &rules));
}

int main(void)
{
    arena = check_arena(64 << 20);
    RUN(without_rules_every_alert_goes_everywhere);
    RUN(the_first_rule_that_fits_decides);
    RUN(every_source_can_be_named);
    RUN(a_level_is_a_minimum);
    RUN(a_service_is_compared_case_by_case);
    RUN(a_pattern_is_looked_for_in_title_and_message);
    RUN(a_pattern_that_explodes_fits);
    RUN(a_rate_of_one_is_none);
    RUN(mistakes_name_the_rule_and_its_member);
    RUN(there_are_at_most_64_rules_in_4096_bytes);
    RUN(the_text_may_go_once_it_is_read);
    RUN(every_prefix_is_a_mistake);
    RUN(a_channel_that_is_not_set_is_told_with_its_rule);
    RUN(a_star_stands_for_any_text);
    RUN(memory_may_run_out_anywhere);
    ps_arena_fini(&arena);
    return check_finish();
}
