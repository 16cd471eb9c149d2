#include "aws/url.h"
#include "base/assert.h"
#include "read.h"

enum {
    ARN_BYTES_MAX = 2048,  /* a name of 255 characters, of 4 bytes at most, and what stands before it */
    LINK_BYTES_MAX = 8192, /* the same, each byte as %XX */
    VALUE_BYTES_MAX = 200, /* of a field */
};

/* What the three carriers say, each under its own names. Values as written. */
struct alarm {
    struct ps_span arn; /* unescaped */
    struct ps_span name, description, state, reason, timestamp;
    struct ps_span metric, namespace, threshold, rule;
    bool suppressed; /* a composite alarm that holds its actions back */
};

/* -- the carriers -------------------------------------------------------------------------------------------------- */

/* The first metric that is one, and no expression over others. */
static struct ps_span first_metric(struct ps_span metrics)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    ps_json_read_init(&reader, metrics);
    if (ps_json_read_next(&reader, &token) != PS_OK || token.kind != PS_JSON_ARRAY_BEGIN) return (struct ps_span){ 0 };
    struct ps_span element;
    while (ps_json_read_skip(&reader, &element) == PS_OK) { /* fails at the array's end */
        struct ps_span metric = read_member(read_member(element, PS_SPAN("metricStat")), PS_SPAN("metric"));
        if (metric.len > 0) return metric;
    }
    return (struct ps_span){ 0 };
}

/* The detail of an event and the alarmData of an action are one form. */
static enum ps_err take_data(struct ps_arena *arena, struct ps_span data, struct alarm *alarm)
{
    struct ps_span state = read_member(data, PS_SPAN("state"));
    struct ps_span configuration = read_member(data, PS_SPAN("configuration"));
    struct ps_span metric = first_metric(read_member(configuration, PS_SPAN("metrics")));
    struct ps_span reason_data = { 0 };
    PS_TRY(read_string(arena, read_member(state, PS_SPAN("reasonData")), SIZE_MAX, &reason_data));
    alarm->name = read_member(data, PS_SPAN("alarmName"));
    alarm->description = read_member(configuration, PS_SPAN("description"));
    alarm->rule = read_member(configuration, PS_SPAN("alarmRule"));
    alarm->state = read_member(state, PS_SPAN("value"));
    alarm->reason = read_member(state, PS_SPAN("reason"));
    alarm->timestamp = read_member(state, PS_SPAN("timestamp"));
    alarm->suppressed = read_member(state, PS_SPAN("actionsSuppressedBy")).len > 0;
    alarm->metric = read_member(metric, PS_SPAN("name"));
    alarm->namespace = read_member(metric, PS_SPAN("namespace"));
    alarm->threshold = read_member(reason_data, PS_SPAN("threshold"));
    return PS_OK;
}

static void take_notification(struct ps_span json, struct alarm *alarm)
{
    struct ps_span trigger = read_member(json, PS_SPAN("Trigger"));
    alarm->name = read_member(json, PS_SPAN("AlarmName"));
    alarm->description = read_member(json, PS_SPAN("AlarmDescription"));
    alarm->rule = read_member(json, PS_SPAN("AlarmRule"));
    alarm->state = read_member(json, PS_SPAN("NewStateValue"));
    alarm->reason = read_member(json, PS_SPAN("NewStateReason"));
    alarm->timestamp = read_member(json, PS_SPAN("StateChangeTime"));
    alarm->metric = read_member(trigger, PS_SPAN("MetricName"));
    alarm->namespace = read_member(trigger, PS_SPAN("Namespace"));
    alarm->threshold = read_member(trigger, PS_SPAN("Threshold"));
}

/* -- the ARN: arn:partition:cloudwatch:region:account:alarm:name --------------------------------------------------- */

struct arn {
    struct ps_span partition, region, account, name;
};

static bool split_arn(struct ps_span text, struct arn *arn)
{
    enum { ARN, PARTITION, SERVICE, REGION, ACCOUNT, KIND, PARTS };
    struct ps_span parts[PARTS];
    bool more = true;
    for (size_t i = 0; i < PARTS; i++) {
        if (!more) return false;
        parts[i] = ps_span_split(&text, ':', &more);
    }
    *arn = (struct arn){ parts[PARTITION], parts[REGION], parts[ACCOUNT], text };
    return more && text.len > 0 && ps_span_eq(parts[ARN], PS_SPAN("arn")) && ps_span_eq(parts[KIND], PS_SPAN("alarm"));
}

static struct ps_span console_host(struct ps_span partition)
{
    static const struct {
        struct ps_span partition, host;
    } HOSTS[] = {
        { PS_SPAN_INIT("aws"), PS_SPAN_INIT("console.aws.amazon.com") },
        { PS_SPAN_INIT("aws-cn"), PS_SPAN_INIT("console.amazonaws.cn") },
        { PS_SPAN_INIT("aws-us-gov"), PS_SPAN_INIT("console.amazonaws-us-gov.com") },
    };
    for (size_t i = 0; i < sizeof HOSTS / sizeof HOSTS[0]; i++) {
        if (ps_span_eq(partition, HOSTS[i].partition)) return HOSTS[i].host;
    }
    return (struct ps_span){ 0 };
}

/* No link for a partition whose console we do not know. */
static enum ps_err make_link(struct ps_arena *arena, const struct arn *arn, struct ps_span *out)
{
    struct ps_span host = console_host(arn->partition);
    if (host.len == 0) return PS_OK;
    struct ps_buf buf;
    ps_buf_init(&buf, arena, LINK_BYTES_MAX);
    ps_buf_put(&buf, PS_SPAN("https://"));
    ps_buf_put(&buf, host);
    ps_buf_put(&buf, PS_SPAN("/cloudwatch/home?region="));
    ps_url_encode(&buf, arn->region, false);
    ps_buf_put(&buf, PS_SPAN("#alarmsV2:alarm/"));
    ps_url_encode(&buf, arn->name, false);
    return ps_buf_finish(&buf, out);
}

/* -- the alert ----------------------------------------------------------------------------------------------------- */

/* ALARM fires, OK is over; the rest is of no interest. */
static enum ps_err set_state(struct ps_span state, const struct alarm *alarm, struct alert *alert)
{
    alert->over = ps_span_eq(state, PS_SPAN("OK"));
    if (ps_span_eq(state, PS_SPAN("INSUFFICIENT_DATA"))) {
        alert->ignored = true;
        alert->why = PS_SPAN("insufficient_data");
    } else if (!alert->over && !ps_span_eq(state, PS_SPAN("ALARM"))) {
        PS_FAIL(PS_ERR_BAD_INPUT, "an alarm whose state is none of ALARM, OK and INSUFFICIENT_DATA");
    } else if (!alert->over && alarm->suppressed) {
        alert->ignored = true;
        alert->why = PS_SPAN("actions_suppressed");
    }
    return PS_OK;
}

static enum ps_err set_message(struct ps_arena *arena, const struct alarm *alarm, struct alert *alert)
{
    struct ps_span reason = { 0 }, description = { 0 };
    struct ps_span both;
    PS_TRY(read_string(arena, alarm->reason, ALERT_MESSAGE_READ_MAX, &reason));
    PS_TRY(read_string(arena, alarm->description, ALERT_MESSAGE_READ_MAX, &description));
    struct ps_buf buf;
    ps_buf_init(&buf, arena, 2 * ALERT_MESSAGE_READ_MAX + 1);
    ps_buf_put(&buf, reason);
    if (reason.len > 0 && description.len > 0) ps_buf_byte(&buf, '\n');
    ps_buf_put(&buf, description);
    PS_TRY(ps_buf_finish(&buf, &both));
    return read_clean(arena, both, ALERT_MESSAGE_READ_MAX, &alert->message);
}

static enum ps_err set_fields(struct ps_arena *arena, const struct alarm *alarm, struct alert *alert)
{
    const struct alert_field fields[] = {
        { PS_SPAN("metric"), alarm->metric },
        { PS_SPAN("namespace"), alarm->namespace },
        { PS_SPAN("threshold"), alarm->threshold },
        { PS_SPAN("rule"), alarm->rule },
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct ps_span text = { 0 };
        PS_TRY(read_scalar(arena, fields[i].value, VALUE_BYTES_MAX, &text));
        read_add_field(alert, fields[i].name, text);
    }
    return PS_OK;
}

/* The same for all carriers, which is what makes an alarm that comes on two ways one. */
static enum ps_err set_identity(struct ps_arena *arena, const struct alarm *alarm, struct ps_span state,
                                struct alert *alert)
{
    char memory[32];
    struct ps_buf time;
    PS_TRY(read_time(arena, alarm->timestamp, &alert->time_ms));
    if (alert->time_ms == 0) PS_FAIL(PS_ERR_BAD_INPUT, "an alarm without the time of its state");
    ps_buf_init_fixed(&time, memory, sizeof memory);
    ps_buf_i64(&time, alert->time_ms);
    const struct ps_span id[] = { alarm->arn, state, ps_buf_span(&time) };
    PS_TRY(read_set_id(arena, alert, id, sizeof id / sizeof id[0]));
    return read_set_fingerprint(alert, &alarm->arn, 1);
}

static enum ps_err make_alert(struct ps_arena *arena, const struct alarm *alarm, struct alert *alert)
{
    struct ps_span state = { 0 };
    struct arn arn = { 0 };
    if (!split_arn(alarm->arn, &arn)) PS_FAIL(PS_ERR_BAD_INPUT, "an alarm whose ARN is missing or none");
    alert->source = ALERT_ALARM;
    alert->level = PS_LEVEL_ERROR;
    PS_TRY(read_string(arena, alarm->state, ALERT_TITLE_BYTES_MAX, &state));
    PS_TRY(set_state(state, alarm, alert));
    PS_TRY(set_identity(arena, alarm, state, alert));
    PS_TRY(read_clean(arena, arn.account, ALERT_TITLE_BYTES_MAX, &alert->account));
    PS_TRY(read_clean(arena, arn.region, ALERT_TITLE_BYTES_MAX, &alert->region));
    PS_TRY(read_clean(arena, arn.name, ALERT_TITLE_READ_MAX, &alert->title));
    PS_TRY(read_string(arena, alarm->name, ALERT_TITLE_READ_MAX, &alert->title));
    alert->service = alert->title;
    PS_TRY(make_link(arena, &arn, &alert->link));
    PS_TRY(set_message(arena, alarm, alert));
    return set_fields(arena, alarm, alert);
}

enum ps_err read_alarm_event(struct ps_arena *arena, const struct ps_eventbridge_event *event, struct alert *alert)
{
    struct alarm alarm = { 0 };
    PS_TRY(read_clean(arena, event->resource, ARN_BYTES_MAX, &alarm.arn));
    PS_TRY(take_data(arena, event->detail, &alarm));
    return make_alert(arena, &alarm, alert);
}

enum ps_err read_alarm_action(struct ps_arena *arena, struct ps_span json, struct alert *alert)
{
    struct alarm alarm = { 0 };
    PS_TRY(read_string(arena, read_member(json, PS_SPAN("alarmArn")), ARN_BYTES_MAX, &alarm.arn));
    PS_TRY(read_time(arena, read_member(json, PS_SPAN("time")), &alert->time_ms));
    PS_TRY(take_data(arena, read_member(json, PS_SPAN("alarmData")), &alarm));
    return make_alert(arena, &alarm, alert);
}

enum ps_err read_alarm_notification(struct ps_arena *arena, struct ps_span json, struct alert *alert)
{
    struct alarm alarm = { 0 };
    PS_TRY(read_string(arena, read_member(json, PS_SPAN("AlarmArn")), ARN_BYTES_MAX, &alarm.arn));
    take_notification(json, &alarm);
    return make_alert(arena, &alarm, alert);
}
