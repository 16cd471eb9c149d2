#include "email.h"

#include "base/time.h"
#include "record/display.h"

enum {
    NAME_BYTES_MAX = 128,
    VALUE_BYTES_MAX = 1024,
    LINK_BYTES_MAX = 2048, /* what browsers and mail programs take without cutting */
    FACTS_MAX = 5 + ALERT_FIELDS_MAX,
};

struct fact {
    struct ps_span name, value;
};

/* What a mail says, in its order and without control characters: both parts say the same. What is empty is left out. */
struct content {
    struct ps_span title;
    struct ps_span count; /* the sentence */
    struct fact facts[FACTS_MAX];
    size_t fact_count;
    struct ps_span message; /* may have line breaks and tabs */
    struct ps_span link;    /* https only */
    struct ps_span trace;   /* to search mails by */
};

/* -- what is said -------------------------------------------------------------------------------------------------- */

static enum ps_err make_line(struct ps_arena *arena, struct ps_span text, size_t bytes_max, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, bytes_max);
    ps_display_line(&buf, text, bytes_max);
    return ps_buf_finish(&buf, out);
}

static enum ps_err add_fact(struct ps_arena *arena, struct content *content, struct ps_span name, struct ps_span value)
{
    if (value.len == 0) return PS_OK;
    struct fact *fact = &content->facts[content->fact_count];
    PS_TRY(make_line(arena, name, NAME_BYTES_MAX, &fact->name));
    PS_TRY(make_line(arena, value, VALUE_BYTES_MAX, &fact->value));
    content->fact_count++;
    return PS_OK;
}

static enum ps_err add_facts(struct ps_arena *arena, const struct alert *alert, struct content *content)
{
    char time[PS_TIME_ISO_BYTES];
    struct ps_span when = PS_SPAN("");
    if (alert->time_ms != 0) {
        ps_time_iso(alert->time_ms, time);
        when = ps_span_make(time, sizeof time);
    }
    PS_TRY(add_fact(arena, content, PS_SPAN("Service"), alert->service));
    PS_TRY(add_fact(arena, content, PS_SPAN("Level"), ps_record_level_name(alert->level)));
    PS_TRY(add_fact(arena, content, PS_SPAN("Time"), when));
    PS_TRY(add_fact(arena, content, PS_SPAN("Account"), alert->account));
    PS_TRY(add_fact(arena, content, PS_SPAN("Region"), alert->region));
    for (size_t i = 0; i < alert->field_count; i++)
        PS_TRY(add_fact(arena, content, alert->fields[i].name, alert->fields[i].value));
    return PS_OK;
}

static enum ps_err make_message(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, ALERT_MESSAGE_BYTES_MAX);
    ps_display_lines(&buf, text);
    return ps_buf_finish(&buf, out);
}

/* Mail programs make a link of what looks like one, in the plain part too: what is not https, or could end early, is
 * not shown at all. */
static bool is_link(struct ps_span link)
{
    if (!ps_span_starts(link, PS_SPAN("https://")) || link.len > LINK_BYTES_MAX) return false;
    for (size_t i = 0; i < link.len; i++)
        if ((unsigned char)link.data[i] <= ' ' || link.data[i] == 0x7f) return false;
    return true;
}

static enum ps_err make_trace(struct ps_arena *arena, const struct alert *alert, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 2 * ALERT_ID_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("Fingerprint "));
    ps_buf_put(&buf, ps_span_make(alert->fingerprint, sizeof alert->fingerprint));
    ps_buf_put(&buf, PS_SPAN(", id "));
    ps_display_line(&buf, alert->id, ALERT_ID_BYTES_MAX);
    return ps_buf_finish(&buf, out);
}

static enum ps_err make_content(struct ps_arena *arena, const struct notice *notice, struct content *content)
{
    const struct alert *alert = &notice->alert;
    struct ps_buf title, count;
    ps_buf_init(&title, arena, PS_SES_SUBJECT_BYTES_MAX);
    notice_put_title(&title, notice, PS_SES_SUBJECT_BYTES_MAX);
    PS_TRY(ps_buf_finish(&title, &content->title));
    ps_buf_init(&count, arena, PS_ERR_TEXT_BYTES_MAX);
    notice_put_count(&count, notice);
    PS_TRY(ps_buf_finish(&count, &content->count));
    if (notice->kind == NOTICE_HELD_BACK) return PS_OK; /* is about many alerts, and none of them is there */
    PS_TRY(add_facts(arena, alert, content));
    PS_TRY(make_message(arena, alert->message, &content->message));
    if (is_link(alert->link)) content->link = alert->link;
    return make_trace(arena, alert, &content->trace);
}

/* -- the plain part ------------------------------------------------------------------------------------------------ */

/* A paragraph, and the empty line before it. */
static void put_paragraph(struct ps_buf *buf, struct ps_span text)
{
    if (text.len == 0) return;
    ps_buf_byte(buf, '\n');
    ps_buf_put(buf, text);
    ps_buf_byte(buf, '\n');
}

static enum ps_err render_text(struct ps_arena *arena, const struct content *content, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_SES_BODY_BYTES_MAX);
    ps_buf_put(&buf, content->title);
    ps_buf_byte(&buf, '\n');
    put_paragraph(&buf, content->count);
    if (content->fact_count > 0) ps_buf_byte(&buf, '\n');
    for (size_t i = 0; i < content->fact_count; i++) {
        ps_buf_put(&buf, content->facts[i].name);
        ps_buf_put(&buf, PS_SPAN(": "));
        ps_buf_put(&buf, content->facts[i].value);
        ps_buf_byte(&buf, '\n');
    }
    put_paragraph(&buf, content->message);
    put_paragraph(&buf, content->link);
    put_paragraph(&buf, content->trace);
    return ps_buf_finish(&buf, out);
}

/* -- the HTML part ------------------------------------------------------------------------------------------------- */

/* One element with its line's end; nothing for an empty text. */
static void put_element(struct ps_buf *buf, struct ps_span open, struct ps_span text, struct ps_span close)
{
    if (text.len == 0) return;
    ps_buf_put(buf, open);
    ps_display_html(buf, text);
    ps_buf_put(buf, close);
}

static void put_table(struct ps_buf *buf, const struct content *content)
{
    if (content->fact_count == 0) return;
    ps_buf_put(buf, PS_SPAN("<table style=\"border-collapse:collapse\">\n"));
    for (size_t i = 0; i < content->fact_count; i++) {
        const struct fact *fact = &content->facts[i];
        put_element(buf, PS_SPAN("<tr><th style=\"text-align:left;padding:2px 16px 2px 0\">"), fact->name,
                    PS_SPAN("</th>"));
        put_element(buf, PS_SPAN("<td style=\"padding:2px 0\">"), fact->value, PS_SPAN("</td></tr>\n"));
    }
    ps_buf_put(buf, PS_SPAN("</table>\n"));
}

/* Styles stand in the elements: mail programs drop style sheets. Nothing is loaded from anywhere. */
static enum ps_err render_html(struct ps_arena *arena, const struct content *content, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_SES_BODY_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head>\n"
                             "<body style=\"font-family:sans-serif\">\n"));
    put_element(&buf, PS_SPAN("<h2>"), content->title, PS_SPAN("</h2>\n"));
    put_element(&buf, PS_SPAN("<p>"), content->count, PS_SPAN("</p>\n"));
    put_table(&buf, content);
    /* A line break right behind <pre> is the element's, so that one of the text's own is not lost. */
    put_element(&buf, PS_SPAN("<pre style=\"white-space:pre-wrap;border:1px solid #ccc;padding:8px\">\n"),
                content->message, PS_SPAN("</pre>\n"));
    if (content->link.len > 0) {
        put_element(&buf, PS_SPAN("<p><a href=\""), content->link, PS_SPAN("\">"));
        put_element(&buf, PS_SPAN(""), content->link, PS_SPAN("</a></p>\n"));
    }
    put_element(&buf, PS_SPAN("<p><small>"), content->trace, PS_SPAN("</small></p>\n"));
    ps_buf_put(&buf, PS_SPAN("</body></html>\n"));
    return ps_buf_finish(&buf, out);
}

enum ps_err email_render(struct ps_arena *arena, const struct notice *notice, struct ps_ses_message *message)
{
    struct content content = { 0 };
    struct ps_span text, html;
    PS_TRY(make_content(arena, notice, &content));
    PS_TRY(render_text(arena, &content, &text));
    PS_TRY(render_html(arena, &content, &html));
    message->subject = content.title;
    message->text = text;
    message->html = html;
    return PS_OK;
}
