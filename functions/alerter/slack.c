#include "slack.h"

#include "base/json_write.h"
#include "base/time.h"
#include "base/utf8.h"
#include "record/display.h"

enum {
    /* Each character counts one for at most three bytes: those of four count two. */
    TEXT_BYTES_MAX = 3 * SLACK_SECTION_CHARS_MAX,
    TITLE_BYTES_MAX = 1024, /* more than a title has (notice.c) */
};

static const struct ps_span ELLIPSIS = PS_SPAN_INIT("…"); /* one character */
static const struct ps_span FENCE_BEGIN = PS_SPAN_INIT("```\n");
static const struct ps_span FENCE_END = PS_SPAN_INIT("\n```");

/* -- text within a number of characters ------------------------------------------------------------------------ */

struct piece {
    struct ps_span in;  /* one character of the text */
    struct ps_span out; /* as it is written */
    size_t chars;
};

/* The character of text that begins at. A backtick after another has a zero-width space before it: no run of three is
 * left to close a fence. */
static struct piece piece_at(struct ps_span text, size_t at)
{
    struct ps_span rest = ps_span_from(text, at);
    size_t len = 1;
    while (len < rest.len && ((unsigned char)rest.data[len] & 0xc0) == 0x80)
        len++;
    struct piece piece = { .in = ps_span_first(rest, len), .out = ps_span_first(rest, len), .chars = len > 3 ? 2 : 1 };
    char c = rest.data[0];
    if (c == '&') piece.out = PS_SPAN("&amp;");
    if (c == '<') piece.out = PS_SPAN("&lt;");
    if (c == '>') piece.out = PS_SPAN("&gt;");
    if (c == '`' && at > 0 && text.data[at - 1] == '`') piece.out = PS_SPAN("\u200b`");
    if (((unsigned char)c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) piece.out = PS_SPAN(" ");
    if (c == '&' || c == '<' || c == '>') piece.chars = piece.out.len;
    if (c == '`' && piece.out.len > 1) piece.chars = 2;
    return piece;
}

static bool fits(struct ps_span text, size_t chars_max)
{
    size_t chars = 0;
    for (size_t at = 0; at < text.len;) {
        struct piece piece = piece_at(text, at);
        chars += piece.chars;
        if (chars > chars_max) return false;
        at += piece.in.len;
    }
    return true;
}

static void put_text(struct ps_buf *buf, struct ps_span text, size_t chars_max)
{
    bool whole = fits(text, chars_max);
    size_t left = whole ? chars_max : chars_max - 1;
    for (size_t at = 0; at < text.len;) {
        struct piece piece = piece_at(text, at);
        if (piece.chars > left) break;
        ps_buf_put(buf, piece.out);
        left -= piece.chars;
        at += piece.in.len;
    }
    if (!whole) ps_buf_put(buf, ELLIPSIS);
}

/* -- text objects ---------------------------------------------------------------------------------------------- */

static void write_plain(struct ps_json_writer *json, struct ps_span text, size_t chars_max)
{
    char memory[TEXT_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    put_text(&buf, text, chars_max);
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("type"), PS_SPAN("plain_text"));
    ps_json_write_member(json, PS_SPAN("text"), ps_buf_span(&buf));
    ps_json_write_key(json, PS_SPAN("emoji")); /* ":a:b:" stays what it is */
    ps_json_write_bool(json, false);
    ps_json_write_object_end(json);
}

/* text is mrkdwn already. */
static void write_mrkdwn(struct ps_json_writer *json, struct ps_span text)
{
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("type"), PS_SPAN("mrkdwn"));
    ps_json_write_member(json, PS_SPAN("text"), text);
    ps_json_write_key(json, PS_SPAN("verbatim")); /* no names or URLs are looked for in it */
    ps_json_write_bool(json, true);
    ps_json_write_object_end(json);
}

/* -- blocks ---------------------------------------------------------------------------------------------------- */

static void begin_block(struct ps_json_writer *json, struct ps_span type, struct ps_span member)
{
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("type"), type);
    ps_json_write_key(json, member);
}

/* Slack refuses an empty text; a field with nothing to tell is left out by its caller. */
static void write_field(struct ps_json_writer *json, struct ps_span name, struct ps_span value)
{
    char memory[TEXT_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_display_line(&buf, name, ALERT_TITLE_BYTES_MAX);
    ps_buf_byte(&buf, '\n');
    /* What is cut here has far more characters than a field. */
    ps_display_line(&buf, value, TEXT_BYTES_MAX - buf.len);
    write_plain(json, ps_buf_span(&buf), SLACK_FIELD_CHARS_MAX);
}

static void write_place_field(struct ps_json_writer *json, const struct alert *alert)
{
    if (alert->account.len == 0 && alert->region.len == 0) return;
    char memory[TITLE_BYTES_MAX];
    struct ps_buf place;
    ps_buf_init_fixed(&place, memory, sizeof memory);
    ps_display_line(&place, alert->account, ALERT_TITLE_BYTES_MAX);
    if (alert->account.len > 0 && alert->region.len > 0) ps_buf_put(&place, PS_SPAN(" / "));
    ps_display_line(&place, alert->region, ALERT_TITLE_BYTES_MAX);
    write_field(json, PS_SPAN("account / region"), ps_buf_span(&place));
}

static void write_coordinates(struct ps_json_writer *json, const struct alert *alert)
{
    begin_block(json, PS_SPAN("section"), PS_SPAN("fields"));
    ps_json_write_array_begin(json);
    write_field(json, PS_SPAN("service"), alert->service);
    struct ps_span level = ps_record_level_name(alert->level);
    if (level.len > 0) write_field(json, PS_SPAN("level"), level);
    if (alert->time_ms != 0) {
        char time[PS_TIME_ISO_BYTES];
        ps_time_iso(alert->time_ms, time);
        write_field(json, PS_SPAN("time"), ps_span_make(time, sizeof time));
    }
    write_place_field(json, alert);
    ps_json_write_array_end(json);
    ps_json_write_object_end(json);
}

static void write_fields(struct ps_json_writer *json, const struct alert *alert)
{
    _Static_assert((int)ALERT_FIELDS_MAX <= (int)SLACK_FIELDS_MAX, "an alert's fields fit one section");
    if (alert->field_count == 0) return;
    begin_block(json, PS_SPAN("section"), PS_SPAN("fields"));
    ps_json_write_array_begin(json);
    for (size_t i = 0; i < alert->field_count; i++)
        write_field(json, alert->fields[i].name, alert->fields[i].value);
    ps_json_write_array_end(json);
    ps_json_write_object_end(json);
}

static void write_message(struct ps_json_writer *json, struct ps_span message)
{
    if (message.len == 0) return;
    char memory[TEXT_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_buf_put(&buf, FENCE_BEGIN);
    put_text(&buf, message, SLACK_SECTION_CHARS_MAX - FENCE_BEGIN.len - FENCE_END.len);
    ps_buf_put(&buf, FENCE_END);
    begin_block(json, PS_SPAN("section"), PS_SPAN("text"));
    write_mrkdwn(json, ps_buf_span(&buf));
    ps_json_write_object_end(json);
}

static void write_count(struct ps_json_writer *json, const struct notice *notice)
{
    char memory[PS_ERR_TEXT_BYTES_MAX];
    struct ps_buf sentence;
    ps_buf_init_fixed(&sentence, memory, sizeof memory);
    notice_put_count(&sentence, notice);
    if (sentence.len == 0) return;
    begin_block(json, PS_SPAN("section"), PS_SPAN("text"));
    write_plain(json, ps_buf_span(&sentence), SLACK_SECTION_CHARS_MAX);
    ps_json_write_object_end(json);
}

/* A link is not cut. Bytes that could end <url|text> early, or that no URL has, make it none. */
static bool is_link(struct ps_span link)
{
    static const struct ps_span HTTPS = PS_SPAN_INIT("https://");
    if (link.len <= HTTPS.len || !ps_span_starts(link, HTTPS) || !fits(link, SLACK_LINK_CHARS_MAX)) return false;
    for (size_t i = 0; i < link.len; i++) {
        unsigned char c = (unsigned char)link.data[i];
        if (c <= 0x20 || c >= 0x7f || c == '|' || c == '<' || c == '>' || c == '`') return false;
    }
    return true;
}

/* A link and no button: a button tells the app's own server when it is pressed, and a webhook has none. */
static void write_link(struct ps_json_writer *json, struct ps_span link)
{
    char memory[TEXT_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_buf_byte(&buf, '<');
    put_text(&buf, link, SLACK_LINK_CHARS_MAX);
    ps_buf_put(&buf, PS_SPAN("|Open>"));
    write_mrkdwn(json, ps_buf_span(&buf));
}

static void write_context(struct ps_json_writer *json, const struct alert *alert)
{
    begin_block(json, PS_SPAN("context"), PS_SPAN("elements"));
    ps_json_write_array_begin(json);
    if (is_link(alert->link)) write_link(json, alert->link);
    write_plain(json, ps_span_make(alert->fingerprint, ALERT_FINGERPRINT_BYTES), SLACK_FIELD_CHARS_MAX);
    ps_json_write_array_end(json);
    ps_json_write_object_end(json);
}

/* -- the message ----------------------------------------------------------------------------------------------- */

static void write_blocks(struct ps_json_writer *json, const struct notice *notice, struct ps_span title)
{
    bool of_one_alert = notice->kind != NOTICE_HELD_BACK;
    ps_json_write_array_begin(json);
    begin_block(json, PS_SPAN("header"), PS_SPAN("text"));
    write_plain(json, title, SLACK_HEADER_CHARS_MAX);
    ps_json_write_object_end(json);
    if (of_one_alert) {
        write_coordinates(json, &notice->alert);
        write_fields(json, &notice->alert);
        write_message(json, notice->alert.message);
    }
    write_count(json, notice);
    if (of_one_alert) write_context(json, &notice->alert);
    ps_json_write_array_end(json);
}

/* The text for where blocks are not shown is the title. It is neither formatted nor searched for names. */
static void write_fallback(struct ps_json_writer *json, struct ps_span title)
{
    static const struct ps_span OFF[] = { PS_SPAN_INIT("mrkdwn"), PS_SPAN_INIT("link_names"),
                                          PS_SPAN_INIT("unfurl_links"), PS_SPAN_INIT("unfurl_media") };
    char memory[TEXT_BYTES_MAX];
    struct ps_buf text;
    ps_buf_init_fixed(&text, memory, sizeof memory);
    put_text(&text, title, SLACK_SECTION_CHARS_MAX);
    ps_json_write_member(json, PS_SPAN("text"), ps_buf_span(&text));
    for (size_t i = 0; i < sizeof OFF / sizeof OFF[0]; i++) {
        ps_json_write_key(json, OFF[i]);
        ps_json_write_bool(json, false);
    }
}

enum ps_err slack_render(struct ps_arena *arena, const struct notice *notice, struct ps_span *body)
{
    char memory[TITLE_BYTES_MAX];
    struct ps_buf title, out;
    struct ps_json_writer json;
    ps_buf_init_fixed(&title, memory, sizeof memory);
    notice_put_title(&title, notice, sizeof memory);
    ps_buf_init(&out, arena, SLACK_BODY_BYTES_MAX);
    ps_json_write_init(&json, &out);
    ps_json_write_object_begin(&json);
    write_fallback(&json, ps_buf_span(&title));
    ps_json_write_key(&json, PS_SPAN("blocks"));
    write_blocks(&json, notice, ps_buf_span(&title));
    ps_json_write_object_end(&json);
    return ps_json_write_finish(&json, body);
}
