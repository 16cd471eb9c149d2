#include "notice.h"

#include "base/time.h"
#include "base/utf8.h"

enum { TIME_OF_DAY_BYTES = 8 };

static const struct ps_span ELLIPSIS = PS_SPAN_INIT("…");

void notice_put_line(struct ps_buf *buf, struct ps_span text, size_t bytes_max)
{
    bool cut = text.len > bytes_max;
    if (cut) text = ps_span_first(text, ps_utf8_cut(text, bytes_max < ELLIPSIS.len ? 0 : bytes_max - ELLIPSIS.len));
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        ps_buf_byte(buf, (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c);
    }
    if (cut && bytes_max >= ELLIPSIS.len) ps_buf_put(buf, ELLIPSIS);
}

static bool repeats_title(const struct alert *alert)
{
    return ps_span_eq(alert->service, alert->title);
}

static void put_service(struct ps_buf *buf, const struct alert *alert)
{
    notice_put_line(buf, alert->service, ALERT_TITLE_BYTES_MAX / 2);
}

static void put_alerts(struct ps_buf *buf, uint64_t count)
{
    ps_buf_u64(buf, count);
    ps_buf_put(buf, count == 1 ? PS_SPAN(" alert was") : PS_SPAN(" alerts were"));
}

void notice_put_title(struct ps_buf *buf, const struct notice *notice, size_t bytes_max)
{
    const struct alert *alert = &notice->alert;
    char memory[2 * ALERT_TITLE_BYTES_MAX + PS_ERR_TEXT_BYTES_MAX];
    struct ps_buf line;
    ps_buf_init_fixed(&line, memory, sizeof memory);
    if (notice->kind == NOTICE_HELD_BACK) {
        ps_buf_put(&line, PS_SPAN("[held back] "));
        put_alerts(&line, notice->count);
        ps_buf_put(&line, PS_SPAN(" over the cap of "));
        put_service(&line, alert);
    } else {
        struct ps_span word =
            notice->kind == NOTICE_RESOLVED ? PS_SPAN("resolved") : ps_record_level_name(alert->level);
        if (word.len > 0) ps_buf_printf(&line, "[%.*s] ", PS_SPAN_ARG(word));
        if (!repeats_title(alert)) {
            put_service(&line, alert);
            ps_buf_put(&line, PS_SPAN(": "));
        }
        notice_put_line(&line, alert->title, ALERT_TITLE_BYTES_MAX);
        if (notice->kind == NOTICE_SUMMARY) ps_buf_printf(&line, " (%llu more)", (unsigned long long)notice->count);
    }
    notice_put_line(buf, ps_span_make(memory, line.len), bytes_max);
}

static void put_time_of_day(struct ps_buf *buf, int64_t ms)
{
    char text[PS_TIME_ISO_BYTES];
    ps_time_iso(ms, text);
    ps_buf_put(buf, ps_span_make(text + sizeof "2026-11-21T" - 1, TIME_OF_DAY_BYTES));
}

/* Windows are minutes: the day is told where they cross one. */
static void put_window(struct ps_buf *buf, const struct notice *notice)
{
    char from[PS_TIME_ISO_BYTES], to[PS_TIME_ISO_BYTES];
    ps_time_iso(notice->from_ms, from);
    ps_time_iso(notice->to_ms, to);
    bool one_day = memcmp(from, to, PS_TIME_DAY_BYTES) == 0;
    ps_buf_put(buf, PS_SPAN(" between "));
    if (!one_day) ps_buf_put(buf, ps_span_make(from, PS_TIME_DAY_BYTES));
    if (!one_day) ps_buf_byte(buf, ' ');
    put_time_of_day(buf, notice->from_ms);
    ps_buf_put(buf, PS_SPAN(" and "));
    if (!one_day) ps_buf_put(buf, ps_span_make(to, PS_TIME_DAY_BYTES));
    if (!one_day) ps_buf_byte(buf, ' ');
    put_time_of_day(buf, notice->to_ms);
    ps_buf_put(buf, PS_SPAN(" UTC."));
}

void notice_put_count(struct ps_buf *buf, const struct notice *notice)
{
    unsigned long long count = notice->count;
    switch (notice->kind) {
    case NOTICE_FIRED:
        if (count > 1) ps_buf_printf(buf, "It came %llu times before this was told.", count);
        return;
    case NOTICE_SUMMARY:
    case NOTICE_RESOLVED:
        if (count == 0) {
            ps_buf_put(buf, PS_SPAN("It has not come again."));
            return;
        }
        ps_buf_printf(buf, count == 1 ? "It came once more" : "It came %llu times more", count);
        put_window(buf, notice);
        return;
    case NOTICE_HELD_BACK:
        put_alerts(buf, count);
        ps_buf_put(buf, PS_SPAN(" over the cap of "));
        put_service(buf, &notice->alert);
        ps_buf_put(buf, PS_SPAN(" and not told there"));
        put_window(buf, notice);
        return;
    }
}
