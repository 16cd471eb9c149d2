/* What can wake somebody, whatever told it: a LogError, a CloudWatch alarm, an OpenSearch monitor, or a text on an SNS
 * topic. alert.c makes alerts of payloads; what the formats are: docs/wire/alerts.md. */
#ifndef ALERTER_ALERT_H
#define ALERTER_ALERT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "event/from_sns.h"
#include "record/record.h"

enum {
    ALERT_FIELDS_MAX = 8,
    ALERT_FINGERPRINT_BYTES = 32, /* hex digits */
    ALERT_ID_BYTES_MAX = 1024,
    ALERT_TITLE_BYTES_MAX = 256,
    ALERT_MESSAGE_BYTES_MAX = 4096,
    /* What is read of the two: secrets are hidden first and texts cut then, so that no half of a secret stays. */
    ALERT_TITLE_READ_MAX = 16 << 10,
    ALERT_MESSAGE_READ_MAX = 64 << 10,
};

enum alert_source {
    ALERT_LOG,
    ALERT_ALARM,
    ALERT_OPENSEARCH,
    ALERT_TEXT, /* of an SNS message that is none of the above */
};

struct alert_field {
    struct ps_span name;
    struct ps_span value;
};

/* Texts are UTF-8 and within the limits above, title and message when alert_redact.h has cut them: what was longer ends
 * in "…". */
struct alert {
    enum alert_source source;
    bool over;     /* an alarm or monitor is well again; a log line never says so */
    bool ignored;  /* control of no interest (INSUFFICIENT_DATA); why says which */
    bool replayed; /* out of an EventBridge archive: counts nothing, wakes nobody */
    struct ps_span why;
    struct ps_span id; /* the same however often it is delivered: detail.id of a LogError; alarm, state and time... */
    char fingerprint[ALERT_FINGERPRINT_BYTES]; /* the same for alerts that tell the same */
    enum ps_level level;
    struct ps_span service; /* of the log line; the alarm's, monitor's or topic's name. Never empty */
    struct ps_span title;   /* one line for a person: a log line's first line, the alarm's name... */
    struct ps_span message; /* may be empty, may have line breaks */
    int64_t time_ms;        /* when it happened; 0 when nobody says */
    struct ps_span account, region;
    struct ps_span link; /* where to look (https); may be empty */
    struct alert_field fields[ALERT_FIELDS_MAX];
    size_t field_count;
};

enum payload_kind {
    PAYLOAD_ALERT,    /* one alert */
    PAYLOAD_SNS,      /* several messages, each an alert */
    PAYLOAD_SCHEDULE, /* EventBridge's or its Scheduler's clock */
};

/* A payload opened; next gives its alerts, none for PAYLOAD_SCHEDULE. */
struct payload {
    enum payload_kind kind;
    struct ps_span json;
    struct ps_from_sns sns;
    bool given;
};

/* BAD_INPUT when it is nothing we know; the note names what is known. */
PS_MUST_USE enum ps_err payload_open(struct ps_span json, struct payload *payload);

/* The next alert; texts on arena or in the payload. BAD_INPUT for an alert that lacks what it needs: the next call goes
 * on behind it. */
PS_MUST_USE enum ps_err payload_next(struct payload *payload, struct ps_arena *arena, struct alert *alert, bool *more);

struct ps_span alert_source_name(enum alert_source source); /* "log", "alarm", "opensearch", "text" */

#endif
