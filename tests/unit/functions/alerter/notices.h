/* Notices for the tests of what renders them. */
#ifndef NOTICES_H
#define NOTICES_H

#include "alerter/notice.h"

#define NOTICES_FINGERPRINT "0123456789abcdef0123456789abcdef"

/* A log line's alert of 2026-11-21T10:00:00Z, with all that an alert can have. */
static inline struct alert notices_alert(void)
{
    struct alert alert = {
        .source = ALERT_LOG,
        .id = PS_SPAN("7e262398-2950-561b-9ead-d53435e1e851"),
        .level = PS_LEVEL_ERROR,
        .service = PS_SPAN("pay"),
        .title = PS_SPAN("card refused: <limit> & more"),
        .message = PS_SPAN("card refused: <limit> & more\n\tat pay.c:17"),
        .time_ms = INT64_C(1795255200000),
        .account = PS_SPAN("123456789012"),
        .region = PS_SPAN("eu-central-1"),
        .link = PS_SPAN("https://logs.example/app?a=1&b=2"),
        .fields = { { PS_SPAN("env"), PS_SPAN("prod") }, { PS_SPAN("orderId"), PS_SPAN("a-17") } },
        .field_count = 2,
    };
    memcpy(alert.fingerprint, NOTICES_FINGERPRINT, ALERT_FINGERPRINT_BYTES);
    return alert;
}

static inline struct notice notices_of(enum notice_kind kind, uint64_t count)
{
    struct notice notice = { .kind = kind, .alert = notices_alert(), .count = count };
    notice.from_ms = notice.alert.time_ms;
    notice.to_ms = kind == NOTICE_FIRED ? notice.from_ms : notice.from_ms + 300000;
    return notice;
}

#endif
