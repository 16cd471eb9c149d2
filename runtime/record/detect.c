#include "record/detect.h"

enum { FIRST_NAME_BYTES_MAX = 64 }; /* of logfmt: its first pair has its = within these */

bool ps_detect_uuid(struct ps_span text)
{
    if (text.len != 36) return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        if (dash ? c != '-' : !hex) return false;
    }
    return true;
}

bool ps_detect_lambda_group(struct ps_span log_group)
{
    return ps_span_starts(log_group, PS_SPAN("/aws/lambda/"));
}

static bool begins_with_date(struct ps_span text)
{
    return text.len >= 24 && text.data[0] == '2' && text.data[4] == '-' && text.data[7] == '-' && text.data[10] == 'T';
}

/* {"time":"2026-11-21T10:00:00.000Z","type":"platform. */
static bool maybe_platform(struct ps_span message)
{
    const struct ps_span time = PS_SPAN("{\"time\":\"");
    if (!ps_span_starts(message, time)) return false;
    struct ps_span rest = ps_span_first(ps_span_from(message, time.len), 40);
    ptrdiff_t quote = ps_span_find_byte(rest, '"');
    if (quote == PS_SPAN_NONE) return false;
    rest = ps_span_from(message, time.len + (size_t)quote);
    return ps_span_starts(rest, PS_SPAN("\",\"type\":\"platform."));
}

/* What Lambda itself writes, and the prefixes of its text format. */
static bool maybe_lambda_text(const struct ps_record *record)
{
    static const struct ps_span BEGINNINGS[] = {
        PS_SPAN_INIT("START RequestId: "), PS_SPAN_INIT("END RequestId: "), PS_SPAN_INIT("REPORT RequestId: "),
        PS_SPAN_INIT("RequestId: "),       PS_SPAN_INIT("INIT_START "),     PS_SPAN_INIT("INIT_REPORT "),
        PS_SPAN_INIT("RESTORE_START "),    PS_SPAN_INIT("RESTORE_REPORT "), PS_SPAN_INIT("XRAY TraceId: "),
        PS_SPAN_INIT("EXTENSION\tName: "), PS_SPAN_INIT("LOGS\tName: "),    PS_SPAN_INIT("FATAL ERROR: "),
        PS_SPAN_INIT("TELEMETRY\tName: "),
    };
    struct ps_span message = record->message;
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof BEGINNINGS[0]; i++) {
        if (message.data[0] == BEGINNINGS[i].data[0] && ps_span_starts(message, BEGINNINGS[i])) return true;
    }
    return message.data[0] == '[' || begins_with_date(message) || ps_detect_lambda_group(record->log_group);
}

static bool maybe_alb(struct ps_span message)
{
    struct ps_span rest = ps_span_first(message, 8);
    bool more = false;
    struct ps_span type = ps_span_split(&rest, ' ', &more);
    return more && type.len >= 2 && type.len <= 5 && rest.len > 0 && rest.data[0] == '2' &&
           (type.data[0] == 'h' || type.data[0] == 'w' || type.data[0] == 'g');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool maybe_vpc_flow(struct ps_span message)
{
    return message.len > 40 && is_digit(message.data[0]) &&
           ps_span_find(ps_span_first(message, 32), PS_SPAN(" eni-")) != PS_SPAN_NONE;
}

unsigned ps_detect(const struct ps_record *record)
{
    struct ps_span message = record->message;
    if (message.len == 0) return 0;
    if (PS_LIKELY(message.data[0] == '{'))
        return PS_DETECT_JSON | (maybe_platform(message) ? (unsigned)PS_DETECT_LAMBDA : 0);
    unsigned found = maybe_lambda_text(record) ? PS_DETECT_LAMBDA : 0;
    if (maybe_alb(message)) found |= PS_DETECT_ALB;
    if (maybe_vpc_flow(message)) found |= PS_DETECT_VPC_FLOW;
    if (ps_span_find(message, PS_SPAN("] \"")) != PS_SPAN_NONE) found |= PS_DETECT_ACCESS;
    if (ps_span_find_byte(ps_span_first(message, FIRST_NAME_BYTES_MAX), '=') != PS_SPAN_NONE) found |= PS_DETECT_LOGFMT;
    if (ps_span_find_byte(message, '{') != PS_SPAN_NONE) found |= PS_DETECT_JSON_INSIDE;
    return found;
}
