#include "pagerduty.h"

#include "base/assert.h"
#include "base/json_write.h"
#include "base/time.h"
#include "record/display.h"

static struct ps_span severity_of(enum ps_level level)
{
    switch (level) {
    case PS_LEVEL_FATAL:
        return PS_SPAN("critical");
    case PS_LEVEL_ERROR:
        return PS_SPAN("error");
    case PS_LEVEL_WARN:
        return PS_SPAN("warning");
    case PS_LEVEL_INFO:
    case PS_LEVEL_DEBUG:
    case PS_LEVEL_TRACE:
    case PS_LEVEL_NONE:
        break;
    }
    return PS_SPAN("info");
}

/* For people; the names that rules and keys know are others (alert.h). */
static const struct ps_span CLASSES[] = {
    [ALERT_LOG] = PS_SPAN_INIT("log line"),
    [ALERT_ALARM] = PS_SPAN_INIT("CloudWatch alarm"),
    [ALERT_OPENSEARCH] = PS_SPAN_INIT("OpenSearch monitor"),
    [ALERT_TEXT] = PS_SPAN_INIT("message"),
};

/* A key and a value on one line; nothing for an empty value. */
static void write_line(struct ps_json_writer *json, struct ps_span key, struct ps_span value)
{
    char memory[PAGERDUTY_VALUE_BYTES_MAX];
    struct ps_buf line;
    if (value.len == 0) return;
    ps_buf_init_fixed(&line, memory, sizeof memory);
    ps_display_line(&line, value, sizeof memory);
    ps_json_write_member(json, key, ps_buf_span(&line));
}

static void write_fields(struct ps_json_writer *json, const struct alert *alert)
{
    if (alert->field_count == 0) return;
    ps_json_write_key(json, PS_SPAN("fields"));
    ps_json_write_object_begin(json);
    for (size_t i = 0; i < alert->field_count; i++) {
        char memory[PAGERDUTY_VALUE_BYTES_MAX];
        struct ps_buf name;
        ps_buf_init_fixed(&name, memory, sizeof memory);
        ps_display_line(&name, alert->fields[i].name, sizeof memory);
        write_line(json, ps_buf_span(&name), alert->fields[i].value);
    }
    ps_json_write_object_end(json);
}

static void write_details(struct ps_json_writer *json, const struct notice *notice)
{
    const struct alert *alert = &notice->alert;
    ps_json_write_object_begin(json);
    if (alert->message.len > 0) ps_json_write_member(json, PS_SPAN("message"), alert->message);
    ps_json_write_key(json, PS_SPAN("count"));
    ps_json_write_u64(json, notice->count);
    write_line(json, PS_SPAN("account"), alert->account);
    write_line(json, PS_SPAN("region"), alert->region);
    write_line(json, PS_SPAN("id"), alert->id);
    write_fields(json, alert);
    ps_json_write_object_end(json);
}

static void write_payload(struct ps_json_writer *json, const struct notice *notice)
{
    const struct alert *alert = &notice->alert;
    char memory[PAGERDUTY_SUMMARY_CHARS_MAX];
    struct ps_buf summary;
    ps_buf_init_fixed(&summary, memory, sizeof memory); /* a character has at least one byte */
    notice_put_title(&summary, notice, sizeof memory);
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("summary"), ps_buf_span(&summary));
    write_line(json, PS_SPAN("source"), alert->service);
    ps_json_write_member(json, PS_SPAN("severity"), severity_of(alert->level));
    if (alert->time_ms != 0) {
        char time[PS_TIME_ISO_BYTES];
        ps_time_iso(alert->time_ms, time);
        ps_json_write_member(json, PS_SPAN("timestamp"), ps_span_make(time, sizeof time));
    }
    write_line(json, PS_SPAN("component"), alert->service);
    write_line(json, PS_SPAN("group"), alert->account);
    ps_json_write_member(json, PS_SPAN("class"), CLASSES[alert->source]);
    ps_json_write_key(json, PS_SPAN("custom_details"));
    write_details(json, notice);
    ps_json_write_object_end(json);
}

static void write_links(struct ps_json_writer *json, struct ps_span link)
{
    if (link.len > PAGERDUTY_LINK_BYTES_MAX || !ps_span_starts(link, PS_SPAN("https://"))) return;
    ps_json_write_key(json, PS_SPAN("links"));
    ps_json_write_array_begin(json);
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("href"), link);
    ps_json_write_member(json, PS_SPAN("text"), PS_SPAN("Open"));
    ps_json_write_object_end(json);
    ps_json_write_array_end(json);
}

static void write_key(struct ps_json_writer *json, const char fingerprint[ALERT_FINGERPRINT_BYTES])
{
    char memory[sizeof "penstock-" + ALERT_FINGERPRINT_BYTES];
    struct ps_buf key;
    ps_buf_init_fixed(&key, memory, sizeof memory);
    ps_buf_put(&key, PS_SPAN("penstock-"));
    ps_buf_put(&key, ps_span_make(fingerprint, ALERT_FINGERPRINT_BYTES));
    ps_json_write_member(json, PS_SPAN("dedup_key"), ps_buf_span(&key));
}

enum ps_err pagerduty_render(struct ps_arena *arena, const struct notice *notice, struct ps_span routing_key,
                             struct ps_span *body)
{
    PS_ASSERT(pagerduty_concerns(notice->kind));
    PS_ASSERT(notice->alert.service.len > 0);
    bool fired = notice->kind == NOTICE_FIRED;
    struct ps_buf out;
    struct ps_json_writer json;
    ps_buf_init(&out, arena, PAGERDUTY_BODY_BYTES_MAX);
    ps_json_write_init(&json, &out);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("routing_key"), routing_key);
    ps_json_write_member(&json, PS_SPAN("event_action"), fired ? PS_SPAN("trigger") : PS_SPAN("resolve"));
    write_key(&json, notice->alert.fingerprint);
    if (fired) {
        ps_json_write_member(&json, PS_SPAN("client"), PS_SPAN("Penstock"));
        ps_json_write_key(&json, PS_SPAN("payload"));
        write_payload(&json, notice);
        write_links(&json, notice->alert.link);
    }
    ps_json_write_object_end(&json);
    return ps_json_write_finish(&json, body);
}
