#include "alert.h"

#include "base/assert.h"
#include "read.h"

/* What a JSON text is. An EventBridge event tells by its detail-type, the others by members that nobody else has. */
enum form {
    FORM_UNKNOWN,
    FORM_LOG,
    FORM_ALARM_EVENT,
    FORM_ALARM_ACTION,
    FORM_ALARM_NOTIFICATION,
    FORM_OPENSEARCH_EVENT,
    FORM_OPENSEARCH,
    FORM_SCHEDULE,
};

static enum form form_of_detail_type(struct ps_span type)
{
    static const struct {
        struct ps_span type; /* as written, so with its quotes */
        enum form form;
    } FORMS[] = {
        { PS_SPAN_INIT("\"LogError\""), FORM_LOG },
        { PS_SPAN_INIT("\"CloudWatch Alarm State Change\""), FORM_ALARM_EVENT },
        { PS_SPAN_INIT("\"OpenSearchAlert\""), FORM_OPENSEARCH_EVENT },
        { PS_SPAN_INIT("\"Scheduled Event\""), FORM_SCHEDULE },
    };
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        if (ps_span_eq(type, FORMS[i].type)) return FORMS[i].form;
    }
    return FORM_UNKNOWN;
}

static bool has(struct ps_span json, struct ps_span name)
{
    return read_member(json, name).len > 0;
}

static enum form form_of(struct ps_span json)
{
    struct ps_span type = read_member(json, PS_SPAN("detail-type"));
    if (type.len > 0) return form_of_detail_type(type);
    if (has(json, PS_SPAN("alarmData"))) return FORM_ALARM_ACTION;
    if (has(json, PS_SPAN("AlarmName")) && has(json, PS_SPAN("NewStateValue"))) return FORM_ALARM_NOTIFICATION;
    if (has(json, PS_SPAN("monitor")) && has(json, PS_SPAN("trigger"))) return FORM_OPENSEARCH;
    return has(json, PS_SPAN("schedule")) ? FORM_SCHEDULE : FORM_UNKNOWN;
}

enum ps_err payload_open(struct ps_span json, struct payload *out)
{
    PS_TRY(ps_json_read_check(json));
    struct payload payload = { .kind = PAYLOAD_ALERT, .json = json };
    enum form form = form_of(json);
    if (ps_from_sns_is(json)) {
        payload.kind = PAYLOAD_SNS;
        PS_TRY(ps_from_sns_open(json, &payload.sns));
    } else if (form == FORM_SCHEDULE) {
        payload.kind = PAYLOAD_SCHEDULE;
    } else if (form == FORM_UNKNOWN) {
        PS_FAIL(PS_ERR_BAD_INPUT,
                "the event is none we read: an EventBridge event (detail-type LogError, CloudWatch "
                "Alarm State Change, OpenSearchAlert or Scheduled Event), a CloudWatch alarm's action "
                "(alarmData), an OpenSearch alert (monitor and trigger), SNS messages (Records with "
                "Sns in each), or {\"schedule\":...}");
    }
    *out = payload;
    return PS_OK;
}

/* -- one alert ----------------------------------------------------------------------------------------------------- */

static enum ps_err read_event(struct ps_arena *arena, enum form form, struct ps_span json, struct alert *alert)
{
    struct ps_eventbridge_event event;
    PS_TRY(ps_from_eventbridge(arena, json, &event));
    PS_TRY(read_clean(arena, event.id, ALERT_ID_BYTES_MAX, &alert->id));
    PS_TRY(read_clean(arena, event.account, ALERT_TITLE_BYTES_MAX, &alert->account));
    PS_TRY(read_clean(arena, event.region, ALERT_TITLE_BYTES_MAX, &alert->region));
    alert->time_ms = event.time_ms;
    alert->replayed = event.replayed;
    if (form == FORM_LOG) return read_log(arena, event.detail, alert);
    if (form == FORM_ALARM_EVENT) return read_alarm_event(arena, &event, alert);
    return read_opensearch(arena, event.detail, alert);
}

static enum ps_err read_form(struct ps_arena *arena, enum form form, struct ps_span json, struct alert *alert)
{
    PS_ASSERT(form != FORM_UNKNOWN);
    PS_ASSERT(form != FORM_SCHEDULE);
    switch (form) {
    case FORM_LOG:
    case FORM_ALARM_EVENT:
    case FORM_OPENSEARCH_EVENT:
        return read_event(arena, form, json, alert);
    case FORM_ALARM_ACTION:
        return read_alarm_action(arena, json, alert);
    case FORM_ALARM_NOTIFICATION:
        return read_alarm_notification(arena, json, alert);
    case FORM_OPENSEARCH:
        return read_opensearch(arena, json, alert);
    case FORM_UNKNOWN:
    case FORM_SCHEDULE:
        break;
    }
    return PS_ERR_BAD_INPUT;
}

/* arn:aws:sns:region:account:topic */
static enum ps_err set_place(struct ps_arena *arena, struct ps_span arn, struct alert *alert)
{
    enum { REGION = 3, ACCOUNT = 4 };
    bool more = true;
    for (int part = 0; more && part <= ACCOUNT; part++) {
        struct ps_span text = ps_span_split(&arn, ':', &more);
        if (part == REGION) PS_TRY(read_clean(arena, text, ALERT_TITLE_BYTES_MAX, &alert->region));
        if (part == ACCOUNT) PS_TRY(read_clean(arena, text, ALERT_TITLE_BYTES_MAX, &alert->account));
    }
    return PS_OK;
}

static enum ps_err read_message(struct ps_arena *arena, const struct ps_sns_message *message, struct alert *alert)
{
    enum form form = ps_json_read_check(message->text) == PS_OK ? form_of(message->text) : FORM_UNKNOWN;
    PS_TRY(read_clean(arena, message->id, ALERT_ID_BYTES_MAX, &alert->id));
    PS_TRY(set_place(arena, message->topic_arn, alert));
    alert->time_ms = message->time_ms;
    if (form != FORM_UNKNOWN && form != FORM_SCHEDULE) return read_form(arena, form, message->text, alert);
    PS_TRY(read_text(arena, message, alert));
    if (form == FORM_SCHEDULE) { /* only the clock itself closes windows; but it is nobody's trouble either */
        alert->ignored = true;
        alert->why = PS_SPAN("schedule_by_sns");
    }
    return PS_OK;
}

static enum ps_err next_of_sns(struct payload *payload, struct ps_arena *arena, struct alert *alert, bool *more)
{
    struct ps_sns_message message;
    bool found = false;
    PS_TRY(ps_from_sns_next(&payload->sns, arena, &message, &found));
    if (found) PS_TRY(read_message(arena, &message, alert));
    *more = found;
    return PS_OK;
}

/* What every notice needs, whatever was missing. */
static enum ps_err complete(struct ps_arena *arena, struct alert *alert)
{
    PS_TRY(read_clean(arena, read_first_line(alert->service), ALERT_TITLE_BYTES_MAX, &alert->service));
    if (alert->service.len == 0) alert->service = PS_SPAN("unknown");
    alert->title = read_first_line(alert->title);
    if (alert->title.len == 0) alert->title = alert->service;
    return PS_OK;
}

enum ps_err payload_next(struct payload *payload, struct ps_arena *arena, struct alert *out, bool *more)
{
    struct alert alert = { 0 };
    bool found = payload->kind == PAYLOAD_ALERT && !payload->given;
    payload->given = true;
    if (payload->kind == PAYLOAD_SNS)
        PS_TRY(next_of_sns(payload, arena, &alert, &found));
    else if (found)
        PS_TRY(read_form(arena, form_of(payload->json), payload->json, &alert));
    *more = found;
    if (!found) return PS_OK;
    PS_TRY(complete(arena, &alert));
    *out = alert;
    return PS_OK;
}

struct ps_span alert_source_name(enum alert_source source)
{
    static const struct ps_span NAMES[] = {
        [ALERT_LOG] = PS_SPAN_INIT("log"),
        [ALERT_ALARM] = PS_SPAN_INIT("alarm"),
        [ALERT_OPENSEARCH] = PS_SPAN_INIT("opensearch"),
        [ALERT_TEXT] = PS_SPAN_INIT("text"),
    };
    PS_ASSERT((size_t)source < sizeof NAMES / sizeof NAMES[0]);
    return NAMES[source];
}
