#include "alerter/slack.h"

#include <jansson.h>
#include <stdlib.h>

#include "notices.h"
#include "support/check.h"
#include "support/random.h"

enum { FENCE_CHARS = 8, LONG_BYTES_MAX = 16 << 10 };

static struct ps_arena arena;

static struct ps_span render(const struct notice *notice)
{
    struct ps_span body = { 0 };
    CHECK_OK(slack_render(&arena, notice, &body));
    return body;
}

/* -- what Slack asks of a message ------------------------------------------------------------------------------ */

static size_t utf16_units(struct ps_span text)
{
    size_t units = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if ((c & 0xc0) != 0x80) units += c >= 0xf0 ? 2 : 1;
    }
    return units;
}

/* No control character of Slack's stands for itself, and no entity is cut. */
static bool is_escaped(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct ps_span rest = ps_span_from(text, i);
        if (rest.data[0] == '<' || rest.data[0] == '>') return false;
        if (rest.data[0] == '&' && !ps_span_starts(rest, PS_SPAN("&amp;")) && !ps_span_starts(rest, PS_SPAN("&lt;")) &&
            !ps_span_starts(rest, PS_SPAN("&gt;")))
            return false;
    }
    return true;
}

static struct ps_span member(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return ps_span_make(json_string_value(value), json_string_length(value));
}

/* A fence around text that cannot close it, or our link. */
static bool is_our_mrkdwn(struct ps_span text)
{
    struct ps_span inside;
    if (ps_span_starts(text, PS_SPAN("<https://"))) {
        if (!ps_span_ends(text, PS_SPAN("|Open>"))) return false;
        inside = ps_span_make(text.data + 1, text.len - sizeof "<|Open>" + 1);
        return is_escaped(inside) && ps_span_find_byte(inside, '|') == PS_SPAN_NONE &&
               ps_span_find(inside, PS_SPAN("…")) == PS_SPAN_NONE;
    }
    if (!ps_span_starts(text, PS_SPAN("```\n")) || !ps_span_ends(text, PS_SPAN("\n```"))) return false;
    inside = ps_span_make(text.data + 4, text.len - FENCE_CHARS);
    return is_escaped(inside) && ps_span_find(inside, PS_SPAN("```")) == PS_SPAN_NONE;
}

static void check_text(const json_t *object, size_t chars_max)
{
    struct ps_span text = member(object, "text");
    CHECK(text.len > 0);
    CHECK(utf16_units(text) <= chars_max);
    if (ps_span_eq(member(object, "type"), PS_SPAN("plain_text"))) {
        CHECK(is_escaped(text));
        CHECK(json_is_false(json_object_get(object, "emoji")));
    } else {
        CHECK_SPAN(member(object, "type"), PS_SPAN("mrkdwn"));
        CHECK(is_our_mrkdwn(text));
        CHECK(json_is_true(json_object_get(object, "verbatim")));
    }
}

static void check_block(const json_t *block)
{
    struct ps_span type = member(block, "type");
    const json_t *list = json_object_get(block, "fields");
    if (list == NULL) list = json_object_get(block, "elements");
    if (list == NULL) {
        bool header = ps_span_eq(type, PS_SPAN("header"));
        CHECK(header || ps_span_eq(type, PS_SPAN("section")));
        check_text(json_object_get(block, "text"), header ? SLACK_HEADER_CHARS_MAX : SLACK_SECTION_CHARS_MAX);
        return;
    }
    CHECK(json_array_size(list) > 0);
    CHECK(json_array_size(list) <= SLACK_FIELDS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++)
        check_text(json_array_get(list, i), SLACK_FIELD_CHARS_MAX + sizeof "<|Open>");
}

/* The caller gives it back. */
static json_t *checked(struct ps_span body)
{
    CHECK(body.len <= SLACK_BODY_BYTES_MAX);
    json_t *message = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    if (!CHECK(message != NULL)) return NULL;
    CHECK(is_escaped(member(message, "text")));
    const json_t *blocks = json_object_get(message, "blocks");
    CHECK(json_array_size(blocks) > 1);
    for (size_t i = 0; i < json_array_size(blocks); i++)
        check_block(json_array_get(blocks, i));
    return message;
}

/* The text of the block that has a fence, without it; on the arena. Empty without one. */
static struct ps_span fenced(struct ps_span body)
{
    json_t *message = checked(body);
    struct ps_span found = { 0 };
    const json_t *blocks = json_object_get(message, "blocks");
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        struct ps_span text = member(json_object_get(json_array_get(blocks, i), "text"), "text");
        if (!ps_span_starts(text, PS_SPAN("```\n"))) continue;
        char *copy = ps_arena_bytes(&arena, text.len);
        memcpy(copy, text.data, text.len);
        found = ps_span_make(copy + 4, text.len - FENCE_CHARS);
    }
    json_decref(message);
    return found;
}

/* -- whole bodies ---------------------------------------------------------------------------------------------- */

#define TITLE(title) \
    "{\"text\":\"" title "\",\"mrkdwn\":false,\"link_names\":false,\"unfurl_links\":false,\"unfurl_media\":false," \
    "\"blocks\":[{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"text\":\"" title "\",\"emoji\":false}},"
#define FIELD(name, value) "{\"type\":\"plain_text\",\"text\":\"" name "\\n" value "\",\"emoji\":false}"
#define ALERT_BLOCKS \
    "{\"type\":\"section\",\"fields\":[" FIELD("service", "pay") "," FIELD("level", "ERROR") "," FIELD( \
        "time", \
        "2026-11-21T10:00:00.000Z") "," FIELD("account / region", \
                                              "123456789012 / eu-central-1") "]}," \
                                                                             "{\"type\":\"section\",\"fields\":" \
                                                                             "[" FIELD("env", "prod") "," FIELD( \
                                                                                 "orderId", \
                                                                                 "a-17") "]}," \
                                                                                         "{\"type\":\"section\"," \
                                                                                         "\"text\":{\"type\":" \
                                                                                         "\"mrkdwn\",\"text\":" \
                                                                                         "\"```\\ncard refused: " \
                                                                                         "&lt;limit&gt; &amp; " \
                                                                                         "more\\n\\tat " \
                                                                                         "pay.c:17\\n```\"," \
                                                                                         "\"verbatim\":true}},"
#define COUNT(sentence) \
    "{\"type\":\"section\",\"text\":{\"type\":\"plain_text\",\"text\":\"" sentence "\",\"emoji\":false}}"
#define CONTEXT \
    "{\"type\":\"context\",\"elements\":[{\"type\":\"mrkdwn\",\"text\":" \
    "\"<https://logs.example/app?a=1&amp;b=2|Open>\",\"verbatim\":true}," \
    "{\"type\":\"plain_text\",\"text\":\"" NOTICES_FINGERPRINT "\",\"emoji\":false}]}]}"

/* Each kind as it goes out: the title twice (notification and header), what the alert says, how often it came, and
 * where to look. A first alert that came once has no count; a cap's notice is about no one alert. */
static void each_kind_has_its_body(void)
{
    static const struct {
        enum notice_kind kind;
        uint64_t count;
        const char *body;
    } CASES[] = {
        { NOTICE_FIRED, 1, TITLE("[ERROR] pay: card refused: &lt;limit&gt; &amp; more") ALERT_BLOCKS CONTEXT },
        { NOTICE_SUMMARY, 17,
          TITLE("[ERROR] pay: card refused: &lt;limit&gt; &amp; more (17 more)")
              ALERT_BLOCKS COUNT("It came 17 times more between 10:00:00 and 10:05:00 UTC.") "," CONTEXT },
        { NOTICE_RESOLVED, 0,
          TITLE("[resolved] pay: card refused: &lt;limit&gt; &amp; more")
              ALERT_BLOCKS COUNT("It has not come again.") "," CONTEXT },
        { NOTICE_HELD_BACK, 17,
          TITLE("[held back] 17 alerts were over the cap of pay")
              COUNT("17 alerts were over the cap of pay and not told there between 10:00:00 and 10:05:00 UTC.") "]}" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct notice notice = notices_of(CASES[i].kind, CASES[i].count);
        struct ps_span body = render(&notice);
        CHECK_TEXT(body, CASES[i].body);
        json_decref(checked(body));
    }
}

static void what_an_alert_lacks_is_left_out(void)
{
    struct notice notice = { .kind = NOTICE_FIRED,
                             .count = 1,
                             .alert = { .service = PS_SPAN("cpu-high"), .title = PS_SPAN("cpu-high") } };
    memcpy(notice.alert.fingerprint, NOTICES_FINGERPRINT, ALERT_FINGERPRINT_BYTES);
    CHECK_TEXT(
        render(&notice),
        TITLE("cpu-high") "{\"type\":\"section\",\"fields\":[" FIELD(
            "service",
            "cpu-high") "]},"
                        "{\"type\":\"context\",\"elements\":[{\"type\":\"plain_text\",\"text\":\"" NOTICES_FINGERPRINT
                        "\",\"emoji\":false}]}]}");
}

/* -- attacks --------------------------------------------------------------------------------------------------- */

/* Every text of an alert is the attack. checked() knows no other mrkdwn than a fence and our link. */
static void nothing_of_an_alert_is_markup(void)
{
    static const char *const ATTACKS[] = {
        "<!channel>",         "<!here|x>",        "<@U0123ABC>",
        "<#C0123ABC>",        "@channel @here",   "<https://evil.example|click>",
        "<mailto:a@b|x>",     "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;",
        "```\n<!channel>",    "`````````",        "`` ` `` `",
        "*b* _i_ ~s~ `c`",    ":tada:",           "a\r\n> quote",
        "<!date^1^{date}|x>", "\\`\\`\\`",        "\x01\x1b[31mred\x7f",
    };
    for (size_t i = 0; i < sizeof ATTACKS / sizeof ATTACKS[0]; i++) {
        struct ps_span attack = ps_span_of(ATTACKS[i]);
        for (enum notice_kind kind = NOTICE_FIRED; kind <= NOTICE_HELD_BACK; kind++) {
            struct notice notice = notices_of(kind, 2);
            struct alert *alert = &notice.alert;
            alert->service = alert->title = alert->message = alert->account = alert->region = alert->link = attack;
            alert->fields[0] = (struct alert_field){ attack, attack };
            json_decref(checked(render(&notice)));
        }
    }
}

static void a_message_is_kept_as_it_is_but_for_markup(void)
{
    static const struct {
        const char *message;
        const char *wanted;
    } CASES[] = {
        { "a\n\tb", "a\n\tb" },
        { "a\r\nb\x1b[0m", "a \nb [0m" },
        { "if (a < b && c > d)", "if (a &lt; b &amp;&amp; c &gt; d)" },
        { "``` x ```", "`\u200b`\u200b` x `\u200b`\u200b`" },
        { "*a* @channel :tada:", "*a* @channel :tada:" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct notice notice = notices_of(NOTICE_FIRED, 1);
        notice.alert.message = ps_span_of(CASES[i].message);
        CHECK_TEXT(fenced(render(&notice)), CASES[i].wanted);
    }
}

static void only_a_plain_https_url_becomes_a_link(void)
{
    static const struct {
        const char *link;
        bool shown;
    } CASES[] = {
        { "https://a.example/#logsV2:x$252F", true },
        { "https://", false },
        { "http://a.example/", false },
        { "javascript:alert(1)", false },
        { "https://a.example/|Pay", false },
        { "https://a.example/>", false },
        { "https://a.example/<!here>", false },
        { "https://a.example/ b", false },
        { "https://a.example/\n", false },
        { "https://b\u00fccher.example/", false },
        { "https://a.example/`x`", false },
        { "", false },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct notice notice = notices_of(NOTICE_FIRED, 1);
        notice.alert.link = ps_span_of(CASES[i].link);
        struct ps_span body = render(&notice);
        json_decref(checked(body));
        CHECK_EQ(ps_span_find(body, PS_SPAN("|Open>")) != PS_SPAN_NONE, CASES[i].shown);
    }
}

/* -- lengths --------------------------------------------------------------------------------------------------- */

static struct ps_span repeated_behind(struct ps_span prefix, struct ps_span unit, size_t times)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, prefix.len + unit.len * times + 1);
    ps_buf_put(&buf, prefix);
    for (size_t i = 0; i < times; i++)
        ps_buf_put(&buf, unit);
    return ps_buf_span(&buf);
}

static struct ps_span repeated(struct ps_span unit, size_t times)
{
    return repeated_behind(PS_SPAN(""), unit, times);
}

/* What one more of each costs; a run of backticks is every other character a zero-width space. */
static const struct {
    struct ps_span unit;
    size_t chars;
} UNITS[] = { { PS_SPAN_INIT("a"), 1 },        { PS_SPAN_INIT("\""), 1 },         { PS_SPAN_INIT("&"), 5 },
              { PS_SPAN_INIT("<"), 4 },        { PS_SPAN_INIT("`"), 2 },          { PS_SPAN_INIT("\u00e9"), 1 },
              { PS_SPAN_INIT("\u65e5"), 1 },   { PS_SPAN_INIT("\U0001f600"), 2 }, { PS_SPAN_INIT("\n"), 1 },
              { PS_SPAN_INIT("&\u65e5<"), 10 } };

static void texts_are_cut_at_every_limit(void)
{
    static const size_t LIMITS[] = { SLACK_HEADER_CHARS_MAX, SLACK_FIELD_CHARS_MAX, SLACK_LINK_CHARS_MAX,
                                     SLACK_SECTION_CHARS_MAX - FENCE_CHARS, SLACK_SECTION_CHARS_MAX };
    for (size_t u = 0; u < sizeof UNITS / sizeof UNITS[0]; u++) {
        for (size_t l = 0; l < sizeof LIMITS / sizeof LIMITS[0]; l++) {
            size_t full = LIMITS[l] / UNITS[u].chars;
            for (size_t times = full - 14; times <= full + 4; times++) {
                struct ps_arena_mark mark = ps_arena_mark(&arena);
                struct notice notice = notices_of(NOTICE_FIRED, 1);
                struct alert *alert = &notice.alert;
                struct ps_span text = repeated(UNITS[u].unit, times);
                alert->title = alert->message = alert->service = alert->account = alert->fields[0].value = text;
                alert->fields[1].name = text;
                alert->link = repeated_behind(PS_SPAN("https://"), UNITS[u].unit, times);
                json_decref(checked(render(&notice)));
                ps_arena_rewind(&arena, mark);
            }
        }
    }
}

static void a_text_of_exactly_the_limit_is_whole(void)
{
    enum { ROOM = SLACK_SECTION_CHARS_MAX - FENCE_CHARS };
    struct notice notice = notices_of(NOTICE_FIRED, 1);
    notice.alert.message = repeated(PS_SPAN("a"), ROOM);
    CHECK_SPAN(fenced(render(&notice)), notice.alert.message);

    notice.alert.message = repeated(PS_SPAN("a"), ROOM + 1);
    struct ps_span cut = fenced(render(&notice));
    CHECK_EQ(cut.len, ROOM - 1 + sizeof "…" - 1);
    CHECK(ps_span_ends(cut, PS_SPAN("a…")));

    /* Characters count, not bytes: all that an alert can hold of Japanese is shown. */
    notice.alert.message = repeated(PS_SPAN("\u65e5"), ALERT_MESSAGE_BYTES_MAX / 3);
    CHECK_SPAN(fenced(render(&notice)), notice.alert.message);

    /* No entity is cut in half: 598 of five characters are 2,990, and the mark fits. */
    notice.alert.message = repeated(PS_SPAN("&"), 600);
    cut = fenced(render(&notice));
    CHECK_EQ(cut.len, 598 * 5 + sizeof "…" - 1);
    CHECK(ps_span_ends(cut, PS_SPAN("&amp;…")));
}

static void the_fullest_alert_is_shown(void)
{
    struct notice notice = notices_of(NOTICE_SUMMARY, UINT64_MAX);
    struct alert *alert = &notice.alert;
    struct ps_span text = repeated(PS_SPAN("\u65e5"), LONG_BYTES_MAX / 3);
    alert->service = alert->title = alert->message = alert->account = alert->region = text;
    alert->link = repeated_behind(PS_SPAN("https://"), PS_SPAN("a"), SLACK_LINK_CHARS_MAX - sizeof "https://" + 1);
    for (alert->field_count = 0; alert->field_count < ALERT_FIELDS_MAX; alert->field_count++)
        alert->fields[alert->field_count] = (struct alert_field){ text, text };
    struct ps_span body = render(&notice);
    json_decref(checked(body));
    CHECK(ps_span_find(body, alert->link) != PS_SPAN_NONE);
}

static struct ps_span random_text(struct random *random)
{
    struct ps_buf buf;
    size_t bytes_max = (size_t)random_below(random, LONG_BYTES_MAX);
    ps_buf_init(&buf, &arena, LONG_BYTES_MAX);
    while (buf.len + 8 < bytes_max)
        ps_buf_put(&buf, UNITS[random_below(random, sizeof UNITS / sizeof UNITS[0])].unit);
    return ps_buf_span(&buf);
}

static void any_texts_make_a_message_within_the_limits(void)
{
    struct random random = { 5 };
    for (size_t i = 0; i < 300; i++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct notice notice = notices_of((enum notice_kind)random_below(&random, 4), random_next(&random));
        struct alert *alert = &notice.alert;
        alert->service = random_text(&random);
        alert->title = random_text(&random);
        alert->message = random_text(&random);
        alert->account = random_text(&random);
        for (alert->field_count = 0; alert->field_count < ALERT_FIELDS_MAX; alert->field_count++)
            alert->fields[alert->field_count] = (struct alert_field){ random_text(&random), random_text(&random) };
        json_decref(checked(render(&notice)));
        ps_arena_rewind(&arena, mark);
    }
}

static enum ps_err render_all(void)
{
    struct notice notice = notices_of(NOTICE_SUMMARY, 17);
    struct ps_span body;
    return slack_render(&arena, &notice, &body);
}

static void every_failure_is_told(void)
{
    PS_EACH_FAILURE(&arena, render_all());
}

int main(void)
{
    arena = check_arena(64 << 20);
    RUN(each_kind_has_its_body);
    RUN(what_an_alert_lacks_is_left_out);
    RUN(nothing_of_an_alert_is_markup);
    RUN(a_message_is_kept_as_it_is_but_for_markup);
    RUN(only_a_plain_https_url_becomes_a_link);
    RUN(texts_are_cut_at_every_limit);
    RUN(a_text_of_exactly_the_limit_is_whole);
    RUN(the_fullest_alert_is_shown);
    RUN(any_texts_make_a_message_within_the_limits);
    RUN(every_failure_is_told);
    ps_arena_fini(&arena);
    return check_finish();
}
