#include "base/time.h"
#include "read.h"

enum { VALUE_BYTES_MAX = 200 }; /* of a field */

/* What both templates say. Texts. */
struct monitor_alert {
    struct ps_span monitor_id, monitor, trigger_id, trigger;
    struct ps_span severity, period_start, period_end, state, message;
};

/* -- the alert ----------------------------------------------------------------------------------------------------- */

static enum ps_level level_of(struct ps_span severity)
{
    if (ps_span_eq(severity, PS_SPAN("1"))) return PS_LEVEL_FATAL;
    bool low = ps_span_eq(severity, PS_SPAN("4")) || ps_span_eq(severity, PS_SPAN("5"));
    return low ? PS_LEVEL_WARN : PS_LEVEL_ERROR;
}

/* Words, one for each alert of the trigger: over when there are some and all of them are. */
static bool is_over(struct ps_span state)
{
    bool over = false;
    for (bool more = true; more;) {
        struct ps_span word = ps_span_split(&state, ' ', &more);
        if (word.len == 0) continue;
        over = ps_span_eq_nocase(word, PS_SPAN("completed"));
        if (!over) return false;
    }
    return over;
}

static struct ps_span either(struct ps_span first, struct ps_span second)
{
    return first.len > 0 ? first : second;
}

static enum ps_err set_identity(struct ps_arena *arena, const struct monitor_alert *from, struct alert *alert)
{
    const struct ps_span key[] = { either(from->monitor_id, from->monitor), either(from->trigger_id, from->trigger) };
    if (key[0].len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "an OpenSearch alert without the monitor's id or name");
    PS_TRY(read_set_fingerprint(alert, key, sizeof key / sizeof key[0]));
    if (from->period_end.len > 0) {
        const struct ps_span id[] = { key[0], key[1], from->period_end,
                                      alert->over ? PS_SPAN("completed") : PS_SPAN("active") };
        return read_set_id(arena, alert, id, sizeof id / sizeof id[0]);
    }
    if (alert->id.len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "an OpenSearch alert without periodEnd, by a way without ids");
    return PS_OK;
}

static enum ps_err add_period(struct ps_arena *arena, const struct monitor_alert *from, struct alert *alert)
{
    struct ps_span period;
    struct ps_buf buf;
    if (from->period_start.len == 0 || from->period_end.len == 0) return PS_OK;
    ps_buf_init(&buf, arena, 2 * VALUE_BYTES_MAX + 8);
    ps_buf_put(&buf, from->period_start);
    ps_buf_put(&buf, PS_SPAN(" to "));
    ps_buf_put(&buf, from->period_end);
    PS_TRY(ps_buf_finish(&buf, &period));
    read_add_field(alert, PS_SPAN("period"), period);
    return PS_OK;
}

static enum ps_err make_alert(struct ps_arena *arena, const struct monitor_alert *from, struct alert *alert)
{
    int64_t time_ms = 0;
    alert->source = ALERT_OPENSEARCH;
    alert->level = level_of(from->severity);
    alert->over = is_over(from->state);
    PS_TRY(set_identity(arena, from, alert));
    if (ps_time_parse_iso(from->period_end, &time_ms)) alert->time_ms = time_ms;
    alert->service = either(from->monitor, from->monitor_id);
    alert->title = from->trigger;
    alert->message = from->message;
    read_add_field(alert, PS_SPAN("severity"), from->severity);
    return add_period(arena, from, alert);
}

/* -- our template -------------------------------------------------------------------------------------------------- */

enum ps_err read_opensearch(struct ps_arena *arena, struct ps_span json, struct alert *alert)
{
    struct monitor_alert from = { 0 };
    struct ps_span monitor = read_member(json, PS_SPAN("monitor"));
    struct ps_span trigger = read_member(json, PS_SPAN("trigger"));
    const struct {
        struct ps_span value;
        size_t bytes_max;
        struct ps_span *into;
    } texts[] = {
        { read_member(monitor, PS_SPAN("id")), ALERT_TITLE_BYTES_MAX, &from.monitor_id },
        { read_member(monitor, PS_SPAN("name")), ALERT_TITLE_READ_MAX, &from.monitor },
        { read_member(trigger, PS_SPAN("id")), ALERT_TITLE_BYTES_MAX, &from.trigger_id },
        { read_member(trigger, PS_SPAN("name")), ALERT_TITLE_READ_MAX, &from.trigger },
        { read_member(trigger, PS_SPAN("severity")), VALUE_BYTES_MAX, &from.severity },
        { read_member(json, PS_SPAN("periodStart")), VALUE_BYTES_MAX, &from.period_start },
        { read_member(json, PS_SPAN("periodEnd")), VALUE_BYTES_MAX, &from.period_end },
        { read_member(json, PS_SPAN("state")), SIZE_MAX, &from.state },
        { read_member(json, PS_SPAN("message")), ALERT_MESSAGE_READ_MAX, &from.message },
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        PS_TRY(read_scalar(arena, texts[i].value, texts[i].bytes_max, texts[i].into));
    return make_alert(arena, &from, alert);
}

/* -- OpenSearch's own template: "Monitor X just entered alert status. ..." and lines "- Trigger: T" -----------------
 */

static bool take_monitor(struct ps_span line, struct ps_span *name)
{
    ptrdiff_t end = ps_span_find(line, PS_SPAN(" just entered alert status."));
    struct ps_span begin = PS_SPAN("Monitor ");
    if (!ps_span_starts(line, begin) || end <= (ptrdiff_t)begin.len) return false;
    *name = ps_span_from(ps_span_first(line, (size_t)end), begin.len);
    return true;
}

static void take_line(struct ps_span line, struct monitor_alert *from)
{
    const struct {
        struct ps_span label;
        struct ps_span *into;
    } lines[] = {
        { PS_SPAN("- Trigger: "), &from->trigger },
        { PS_SPAN("- Severity: "), &from->severity },
        { PS_SPAN("- Period start: "), &from->period_start },
        { PS_SPAN("- Period end: "), &from->period_end },
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (ps_span_starts(line, lines[i].label)) *lines[i].into = ps_span_from(line, lines[i].label.len);
    }
}

enum ps_err read_opensearch_text(struct ps_arena *arena, struct ps_span text, struct alert *alert, bool *is)
{
    struct monitor_alert from = { 0 };
    bool more = true;
    struct ps_span rest = ps_span_trim(text);
    *is = take_monitor(ps_span_split(&rest, '\n', &more), &from.monitor);
    if (!*is) return PS_OK;
    while (more)
        take_line(ps_span_trim(ps_span_split(&rest, '\n', &more)), &from);
    PS_TRY(read_clean(arena, from.monitor, ALERT_TITLE_READ_MAX, &from.monitor));
    PS_TRY(read_clean(arena, from.trigger, ALERT_TITLE_READ_MAX, &from.trigger));
    PS_TRY(read_clean(arena, from.severity, VALUE_BYTES_MAX, &from.severity));
    PS_TRY(read_clean(arena, from.period_start, VALUE_BYTES_MAX, &from.period_start));
    PS_TRY(read_clean(arena, from.period_end, VALUE_BYTES_MAX, &from.period_end));
    PS_TRY(read_clean(arena, text, ALERT_MESSAGE_READ_MAX, &from.message));
    return make_alert(arena, &from, alert);
}
