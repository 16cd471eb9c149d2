#include "report.h"

#include "aws/url.h"
#include "base/time.h"
#include "record/display.h"

enum {
    KEY_BYTES_MAX = 512, /* in a title: what stands behind it matters more */
    VALUE_BYTES_MAX = 2048,
    LINK_BYTES_MAX = 8192, /* a key of 1,024 bytes with each of them as three, bucket and version */
    NOTES_MAX = 4,
    FACTS_MAX = 5,
    /* What follows the samples. */
    TAIL_BYTES = 3 * LINK_BYTES_MAX,
    /* A part and one sample more than it may have, every byte of that escaped as six. What stands before the samples is
     * less than what they may take: 256 rows of 400 bytes. */
    PART_BYTES_MAX = 2 * PS_SES_BODY_BYTES_MAX,
    BUCKET_BYTES_MAX = 63,
    REASON_BYTES_MAX = 64,
};

struct fact {
    struct ps_span name, value;
};

struct row {
    struct ps_span name, severity, lines, first, last;
    const struct ps_scan_count *count;
};

/* What a mail says, in its order and without control characters: both parts say the same. */
struct content {
    struct ps_span title;
    struct ps_span notes[NOTES_MAX]; /* sentences */
    size_t note_count;
    struct fact facts[FACTS_MAX];
    size_t fact_count;
    struct row *rows;
    size_t row_count;
    struct ps_span link; /* may be empty */
};

/* -- the title ----------------------------------------------------------------------------------------------------- */

static uint64_t lines_of(const struct report *report, unsigned severity)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < report->patterns->count; i++)
        if (report->patterns->items[i].severity == severity) lines += report->summary->totals.counts[i].lines;
    return lines;
}

bool report_severity(const struct report *report, enum ps_severity *out)
{
    for (unsigned severity = PS_SEVERITY_COUNT; severity-- > 0;) {
        if (lines_of(report, severity) == 0) continue;
        *out = (enum ps_severity)severity;
        return true;
    }
    return false;
}

static void put_name(struct ps_buf *buf, const struct ps_s3_object *object, size_t key_bytes_max)
{
    ps_buf_put(buf, PS_SPAN("s3://"));
    ps_display_line(buf, object->bucket, BUCKET_BYTES_MAX);
    ps_buf_byte(buf, '/');
    ps_display_line(buf, object->key, key_bytes_max);
}

/* "3 fatal lines, 17 error" */
static void put_counts(struct ps_buf *buf, const struct report *report)
{
    bool first = true;
    for (unsigned severity = PS_SEVERITY_COUNT; severity-- > 0;) {
        uint64_t lines = lines_of(report, severity);
        if (lines == 0) continue;
        if (!first) ps_buf_put(buf, PS_SPAN(", "));
        ps_buf_u64(buf, lines);
        ps_buf_byte(buf, ' ');
        ps_buf_put(buf, ps_severity_name((enum ps_severity)severity));
        if (first) ps_buf_put(buf, lines == 1 ? PS_SPAN(" line") : PS_SPAN(" lines"));
        first = false;
    }
    if (first) ps_buf_put(buf, PS_SPAN("nothing found"));
}

static enum ps_err make_title(struct ps_arena *arena, const struct report *report, struct ps_span *out)
{
    const struct summary *summary = report->summary;
    bool dead = summary->state == SUMMARY_DEAD;
    enum ps_severity severity = PS_SEVERITY_INFO;
    struct ps_span word = report_severity(report, &severity) ? ps_severity_name(severity) : PS_SPAN("clean");
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_SES_SUBJECT_BYTES_MAX);
    ps_buf_byte(&buf, '[');
    ps_buf_put(&buf, dead ? PS_SPAN("unreadable") : word);
    ps_buf_put(&buf, PS_SPAN("] "));
    put_name(&buf, report->object, KEY_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN(": "));
    if (dead) ps_display_line(&buf, summary->reason, REASON_BYTES_MAX);
    if (dead) ps_buf_put(&buf, PS_SPAN("; "));
    put_counts(&buf, report);
    if (summary->state == SUMMARY_PARTIAL) ps_buf_put(&buf, PS_SPAN(" so far"));
    return ps_buf_finish(&buf, out);
}

/* -- the rest ------------------------------------------------------------------------------------------------------ */

static void put_time(struct ps_buf *buf, int64_t ms)
{
    char text[PS_TIME_ISO_BYTES];
    if (ms < PS_TIME_TEXT_MS_MIN || ms > PS_TIME_TEXT_MS_MAX) return;
    ps_time_iso(ms, text);
    ps_buf_put(buf, ps_span_make(text, sizeof text));
}

static enum ps_err add_note(struct content *content, const struct ps_buf *buf)
{
    if (buf->len == 0 && buf->err == PS_OK) return PS_OK;
    return ps_buf_finish(buf, &content->notes[content->note_count++]);
}

static void put_unread(struct ps_buf *buf, const struct summary *summary)
{
    if (summary->state == SUMMARY_DONE) return;
    if (summary->state == SUMMARY_DEAD) {
        ps_buf_put(buf, PS_SPAN("It could not be read: "));
        ps_display_line(buf, summary->reason, REASON_BYTES_MAX);
        ps_buf_put(buf, PS_SPAN(". "));
    }
    ps_buf_printf(buf, "This is incomplete: it tells of the first %llu bytes of text only.",
                  (unsigned long long)summary->totals.bytes);
}

static void put_held(struct ps_buf *buf, const struct mail_cap_place *place)
{
    if (place->held_before == 0) return;
    ps_buf_printf(buf, "%llu %s held back by the cap in the hour from ", (unsigned long long)place->held_before,
                  place->held_before == 1 ? "mail was" : "mails were");
    put_time(buf, place->held_hour_ms);
    ps_buf_put(buf, PS_SPAN("; penstock errors lists their objects."));
}

static enum ps_err add_notes(struct ps_arena *arena, const struct report *report, struct content *content)
{
    const struct ps_scan_totals *totals = &report->summary->totals;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 2 * VALUE_BYTES_MAX);
    put_unread(&buf, report->summary);
    PS_TRY(add_note(content, &buf));
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    if (totals->given_up > 0)
        ps_buf_printf(&buf, "Patterns ran into their limits %llu times: counts may be too low.",
                      (unsigned long long)totals->given_up);
    PS_TRY(add_note(content, &buf));
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    put_held(&buf, report->place);
    return add_note(content, &buf);
}

static enum ps_err add_fact(struct content *content, struct ps_span name, const struct ps_buf *value)
{
    if (value->len == 0 && value->err == PS_OK) return PS_OK;
    struct fact *fact = &content->facts[content->fact_count++];
    fact->name = name;
    return ps_buf_finish(value, &fact->value);
}

static void put_scanned(struct ps_buf *buf, const struct summary *summary)
{
    const struct ps_scan_totals *totals = &summary->totals;
    ps_buf_printf(buf, "%llu bytes of text, %llu lines", (unsigned long long)totals->bytes,
                  (unsigned long long)totals->lines);
    if (totals->split_lines > 0) ps_buf_printf(buf, " (%llu over 1 MiB)", (unsigned long long)totals->split_lines);
    ps_buf_printf(buf, ", in %llu ms", (unsigned long long)summary->scan_ms);
    if (summary->hop > 0) ps_buf_printf(buf, " and %u invocations", summary->hop + 1);
}

static enum ps_err add_facts(struct ps_arena *arena, const struct report *report, struct content *content)
{
    const struct summary *summary = report->summary;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 2 * VALUE_BYTES_MAX);
    put_name(&buf, report->object, VALUE_BYTES_MAX);
    PS_TRY(add_fact(content, PS_SPAN("Object"), &buf));
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    ps_display_line(&buf, report->object->version_id, VALUE_BYTES_MAX);
    PS_TRY(add_fact(content, PS_SPAN("Version"), &buf));
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    ps_buf_printf(&buf, "%llu bytes", (unsigned long long)summary->object_bytes);
    PS_TRY(add_fact(content, PS_SPAN("Size"), &buf));
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    put_time(&buf, summary->modified_ms);
    PS_TRY(add_fact(content, PS_SPAN("Modified"), &buf));
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    put_scanned(&buf, summary);
    return add_fact(content, PS_SPAN("Scanned"), &buf);
}

/* "line 5, 2026-11-21T10:00:00.123Z" */
static enum ps_err make_place(struct ps_arena *arena, const struct ps_scan_hit *hit, struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    ps_buf_printf(&buf, "line %llu", (unsigned long long)hit->line);
    if (hit->time_ms != INT64_MIN) ps_buf_put(&buf, PS_SPAN(", "));
    put_time(&buf, hit->time_ms);
    return ps_buf_finish(&buf, out);
}

static enum ps_err add_row(struct ps_arena *arena, const struct ps_pattern *pattern, const struct ps_scan_count *count,
                           struct content *content)
{
    struct row *row = &content->rows[content->row_count++];
    struct ps_buf buf;
    row->name = pattern->name;
    row->severity = ps_severity_name(pattern->severity);
    row->count = count;
    ps_buf_init(&buf, arena, VALUE_BYTES_MAX);
    ps_buf_u64(&buf, count->lines);
    PS_TRY(ps_buf_finish(&buf, &row->lines));
    PS_TRY(make_place(arena, &count->first, &row->first));
    return make_place(arena, &count->last, &row->last);
}

static enum ps_err add_rows(struct ps_arena *arena, const struct report *report, struct content *content)
{
    const struct ps_patterns *patterns = report->patterns;
    const struct ps_scan_count *counts = report->summary->totals.counts;
    content->rows = PS_ARENA_ARRAY(arena, struct row, patterns->count);
    if (content->rows == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "report: %zu rows", patterns->count);
    for (unsigned severity = PS_SEVERITY_COUNT; severity-- > 0;) {
        for (size_t i = 0; i < patterns->count; i++) {
            if (patterns->items[i].severity != severity || counts[i].lines == 0) continue;
            PS_TRY(add_row(arena, &patterns->items[i], &counts[i], content));
        }
    }
    return PS_OK;
}

/* By the beginning of a region's name: the console's own domains. */
static struct ps_span console_of(struct ps_span region)
{
    static const struct {
        struct ps_span region, host;
    } HOSTS[] = {
        { PS_SPAN_INIT("cn-"), PS_SPAN_INIT("console.amazonaws.cn") },
        { PS_SPAN_INIT("us-gov-"), PS_SPAN_INIT("console.amazonaws-us-gov.com") },
        { PS_SPAN_INIT("us-iso"), PS_SPAN_INIT("") }, /* not known here, as the next two */
        { PS_SPAN_INIT("eu-iso"), PS_SPAN_INIT("") },
        { PS_SPAN_INIT("eusc-"), PS_SPAN_INIT("") },
    };
    for (size_t i = 0; i < sizeof HOSTS / sizeof HOSTS[0]; i++)
        if (ps_span_starts(region, HOSTS[i].region)) return HOSTS[i].host;
    return PS_SPAN("console.aws.amazon.com");
}

static enum ps_err make_link(struct ps_arena *arena, const struct report *report, struct ps_span *out)
{
    const struct ps_s3_object *object = report->object;
    struct ps_span host = console_of(report->region);
    struct ps_buf buf;
    if (report->region.len == 0 || host.len == 0) return PS_OK;
    ps_buf_init(&buf, arena, LINK_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("https://"));
    ps_buf_put(&buf, host);
    ps_buf_put(&buf, PS_SPAN("/s3/object/"));
    ps_url_encode(&buf, object->bucket, false);
    ps_buf_put(&buf, PS_SPAN("?region="));
    ps_url_encode(&buf, report->region, false);
    ps_buf_put(&buf, PS_SPAN("&prefix="));
    ps_url_encode(&buf, object->key, true);
    if (object->version_id.len > 0) ps_buf_put(&buf, PS_SPAN("&versionId="));
    ps_url_encode(&buf, object->version_id, false);
    return ps_buf_finish(&buf, out);
}

static enum ps_err make_content(struct ps_arena *arena, const struct report *report, struct content *content)
{
    PS_TRY(make_title(arena, report, &content->title));
    PS_TRY(add_notes(arena, report, content));
    PS_TRY(add_facts(arena, report, content));
    PS_TRY(add_rows(arena, report, content));
    return make_link(arena, report, &content->link);
}

/* -- samples ------------------------------------------------------------------------------------------------------- */

typedef void put_sample(struct ps_buf *buf, const struct row *row, const struct ps_scan_sample *sample,
                        struct ps_span place);

/* Adds those that a part has room for: the first of each pattern, then the second of each... *left_out counts those
 * that have none. */
static enum ps_err add_samples(struct ps_arena *arena, struct ps_buf *buf, const struct content *content,
                               put_sample *put, size_t *left_out)
{
    for (size_t i = 0; i < PS_PATTERN_SAMPLES_MAX; i++) {
        for (size_t r = 0; r < content->row_count; r++) {
            const struct row *row = &content->rows[r];
            struct ps_span place;
            size_t before = buf->len;
            if (i >= row->count->sample_count) continue;
            struct ps_arena_mark mark = ps_arena_mark(arena);
            PS_TRY(make_place(arena, &row->count->samples[i].at, &place));
            put(buf, row, &row->count->samples[i], place);
            ps_arena_rewind(arena, mark);
            if (buf->err != PS_OK || buf->len <= PS_SES_BODY_BYTES_MAX - TAIL_BYTES) continue;
            buf->len = before;
            ++*left_out;
        }
    }
    return PS_OK;
}

static void put_left_out(struct ps_buf *buf, size_t left_out, struct ps_span open, struct ps_span close)
{
    if (left_out == 0) return;
    ps_buf_put(buf, open);
    ps_buf_printf(buf, "%zu %s in the table of summaries.", left_out,
                  left_out == 1 ? "more sample is" : "more samples are");
    ps_buf_put(buf, close);
}

/* Of fixed size, so that what is taken beside it can be given back. */
static enum ps_err begin_part(struct ps_arena *arena, struct ps_buf *buf)
{
    char *data = ps_arena_bytes(arena, PART_BYTES_MAX);
    if (data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "report: %d bytes", PART_BYTES_MAX);
    ps_buf_init_fixed(buf, data, PART_BYTES_MAX);
    return PS_OK;
}

/* -- the plain part ------------------------------------------------------------------------------------------------ */

static void put_text_sample(struct ps_buf *buf, const struct row *row, const struct ps_scan_sample *sample,
                            struct ps_span place)
{
    ps_buf_put(buf, PS_SPAN("\n-- "));
    ps_buf_put(buf, row->name);
    ps_buf_put(buf, PS_SPAN(", "));
    ps_buf_put(buf, place);
    ps_buf_put(buf, PS_SPAN(" --\n"));
    ps_display_lines(buf, sample->text);
    ps_buf_byte(buf, '\n');
    for (size_t i = 0; i < sample->field_count; i++) {
        ps_buf_put(buf, sample->fields[i].name);
        ps_buf_put(buf, PS_SPAN(": "));
        ps_display_line(buf, sample->fields[i].value, VALUE_BYTES_MAX);
        ps_buf_byte(buf, '\n');
    }
}

static void put_text_row(struct ps_buf *buf, const struct row *row)
{
    ps_buf_put(buf, row->name);
    ps_buf_put(buf, PS_SPAN(" ("));
    ps_buf_put(buf, row->severity);
    ps_buf_put(buf, PS_SPAN("): "));
    ps_buf_put(buf, row->lines);
    ps_buf_put(buf, row->count->lines == 1 ? PS_SPAN(" time, in ") : PS_SPAN(" times, first in "));
    ps_buf_put(buf, row->first);
    if (row->count->lines > 1) ps_buf_put(buf, PS_SPAN(", last in "));
    if (row->count->lines > 1) ps_buf_put(buf, row->last);
    ps_buf_byte(buf, '\n');
}

/* Each with an empty line behind it. */
static void put_text_paragraph(struct ps_buf *buf, struct ps_span text)
{
    ps_buf_put(buf, text);
    ps_buf_put(buf, PS_SPAN("\n\n"));
}

static enum ps_err render_text(struct ps_arena *arena, const struct content *content, struct ps_span *out)
{
    struct ps_buf buf = { 0 };
    size_t left_out = 0;
    PS_TRY(begin_part(arena, &buf));
    put_text_paragraph(&buf, content->title);
    for (size_t i = 0; i < content->note_count; i++)
        put_text_paragraph(&buf, content->notes[i]);
    for (size_t i = 0; i < content->fact_count; i++) {
        ps_buf_put(&buf, content->facts[i].name);
        ps_buf_put(&buf, PS_SPAN(": "));
        ps_buf_put(&buf, content->facts[i].value);
        ps_buf_byte(&buf, '\n');
    }
    ps_buf_byte(&buf, '\n');
    for (size_t i = 0; i < content->row_count; i++)
        put_text_row(&buf, &content->rows[i]);
    PS_TRY(add_samples(arena, &buf, content, put_text_sample, &left_out));
    put_left_out(&buf, left_out, PS_SPAN("\n"), PS_SPAN("\n"));
    if (content->link.len > 0) ps_buf_byte(&buf, '\n');
    ps_buf_put(&buf, content->link);
    if (content->link.len > 0) ps_buf_byte(&buf, '\n');
    return ps_buf_finish(&buf, out);
}

/* -- the HTML part ------------------------------------------------------------------------------------------------- */

static void put_element(struct ps_buf *buf, struct ps_span open, struct ps_span text, struct ps_span close)
{
    ps_buf_put(buf, open);
    ps_display_html(buf, text);
    ps_buf_put(buf, close);
}

static const char HTML_HEAD[] = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head>\n"
                                "<body style=\"font-family:sans-serif\">\n";
static const char HTML_TABLE[] = "<table style=\"border-collapse:collapse\">\n";
static const char HTML_CELL[] = "<td style=\"padding:2px 16px 2px 0\">";
static const char HTML_NAME[] = "<th style=\"text-align:left;padding:2px 16px 2px 0\">";

static void put_cell(struct ps_buf *buf, struct ps_span text)
{
    put_element(buf, ps_span_of(HTML_CELL), text, PS_SPAN("</td>"));
}

static void put_name_cell(struct ps_buf *buf, struct ps_span text)
{
    put_element(buf, ps_span_of(HTML_NAME), text, PS_SPAN("</th>"));
}

static void put_pair(struct ps_buf *buf, struct ps_span name, struct ps_span value)
{
    ps_buf_put(buf, PS_SPAN("<tr>"));
    put_name_cell(buf, name);
    put_cell(buf, value);
    ps_buf_put(buf, PS_SPAN("</tr>\n"));
}

static void put_html_sample(struct ps_buf *buf, const struct row *row, const struct ps_scan_sample *sample,
                            struct ps_span place)
{
    put_element(buf, PS_SPAN("<p><b>"), row->name, PS_SPAN("</b>, "));
    put_element(buf, PS_SPAN(""), place, PS_SPAN("</p>\n"));
    /* A line break right behind <pre> is the element's, so that one of the text's own is not lost. */
    put_element(buf, PS_SPAN("<pre style=\"white-space:pre-wrap;border:1px solid #ccc;padding:8px\">\n"), sample->text,
                PS_SPAN("</pre>\n"));
    if (sample->field_count == 0) return;
    ps_buf_put(buf, ps_span_of(HTML_TABLE));
    for (size_t i = 0; i < sample->field_count; i++)
        put_pair(buf, sample->fields[i].name, sample->fields[i].value);
    ps_buf_put(buf, PS_SPAN("</table>\n"));
}

static void put_html_rows(struct ps_buf *buf, const struct content *content)
{
    static const struct ps_span COLUMNS[] = { PS_SPAN_INIT("Pattern"), PS_SPAN_INIT("Severity"), PS_SPAN_INIT("Lines"),
                                              PS_SPAN_INIT("First"), PS_SPAN_INIT("Last") };
    if (content->row_count == 0) return;
    ps_buf_put(buf, PS_SPAN("<br>\n"));
    ps_buf_put(buf, ps_span_of(HTML_TABLE));
    ps_buf_put(buf, PS_SPAN("<tr>"));
    for (size_t i = 0; i < sizeof COLUMNS / sizeof COLUMNS[0]; i++)
        put_name_cell(buf, COLUMNS[i]);
    ps_buf_put(buf, PS_SPAN("</tr>\n"));
    for (size_t i = 0; i < content->row_count; i++) {
        const struct row *row = &content->rows[i];
        ps_buf_put(buf, PS_SPAN("<tr>"));
        put_cell(buf, row->name);
        put_cell(buf, row->severity);
        put_cell(buf, row->lines);
        put_cell(buf, row->first);
        put_cell(buf, row->last);
        ps_buf_put(buf, PS_SPAN("</tr>\n"));
    }
    ps_buf_put(buf, PS_SPAN("</table>\n"));
}

/* Styles stand in the elements: mail programs drop style sheets. Nothing is loaded from anywhere. */
static enum ps_err render_html(struct ps_arena *arena, const struct content *content, struct ps_span *out)
{
    struct ps_buf buf = { 0 };
    size_t left_out = 0;
    PS_TRY(begin_part(arena, &buf));
    ps_buf_put(&buf, ps_span_of(HTML_HEAD));
    put_element(&buf, PS_SPAN("<h2>"), content->title, PS_SPAN("</h2>\n"));
    for (size_t i = 0; i < content->note_count; i++)
        put_element(&buf, PS_SPAN("<p>"), content->notes[i], PS_SPAN("</p>\n"));
    ps_buf_put(&buf, ps_span_of(HTML_TABLE));
    for (size_t i = 0; i < content->fact_count; i++)
        put_pair(&buf, content->facts[i].name, content->facts[i].value);
    ps_buf_put(&buf, PS_SPAN("</table>\n"));
    put_html_rows(&buf, content);
    PS_TRY(add_samples(arena, &buf, content, put_html_sample, &left_out));
    put_left_out(&buf, left_out, PS_SPAN("<p>"), PS_SPAN("</p>\n"));
    if (content->link.len > 0) {
        put_element(&buf, PS_SPAN("<p><a href=\""), content->link, PS_SPAN("\">"));
        ps_buf_put(&buf, PS_SPAN("The object in the S3 console</a></p>\n"));
    }
    ps_buf_put(&buf, PS_SPAN("</body></html>\n"));
    return ps_buf_finish(&buf, out);
}

enum ps_err report_render(struct ps_arena *arena, const struct report *report, struct ps_ses_message *message)
{
    struct content content = { 0 };
    struct ps_span text, html;
    PS_TRY(make_content(arena, report, &content));
    PS_TRY(render_text(arena, &content, &text));
    PS_TRY(render_html(arena, &content, &html));
    message->subject = content.title;
    message->text = text;
    message->html = html;
    return PS_OK;
}
