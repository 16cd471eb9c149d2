#include "read.h"
#include "record/fingerprint.h"

static struct ps_span topic_name(struct ps_span arn)
{
    for (size_t at = arn.len; at > 0; at--) {
        if (arn.data[at - 1] == ':') return ps_span_from(arn, at);
    }
    return arn;
}

static enum ps_err set_fingerprint(const struct ps_sns_message *message, struct alert *alert)
{
    char memory[2][PS_FINGERPRINT_BYTES_MAX];
    struct ps_buf subject, text;
    ps_buf_init_fixed(&subject, memory[0], sizeof memory[0]);
    ps_buf_init_fixed(&text, memory[1], sizeof memory[1]);
    ps_fingerprint_put(&subject, message->subject);
    ps_fingerprint_put(&text, message->text);
    const struct ps_span parts[] = { message->topic_arn, ps_buf_span(&subject), ps_buf_span(&text) };
    return read_set_fingerprint(alert, parts, sizeof parts / sizeof parts[0]);
}

static enum ps_err make_alert(struct ps_arena *arena, const struct ps_sns_message *message, struct alert *alert)
{
    struct ps_span subject = read_first_line(message->subject);
    struct ps_span title = subject.len > 0 ? subject : read_first_line(message->text);
    if (alert->id.len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "an SNS message without MessageId");
    alert->source = ALERT_TEXT;
    alert->level = PS_LEVEL_ERROR;
    PS_TRY(read_clean(arena, topic_name(message->topic_arn), ALERT_TITLE_BYTES_MAX, &alert->service));
    PS_TRY(read_clean(arena, title, ALERT_TITLE_READ_MAX, &alert->title));
    PS_TRY(read_clean(arena, message->text, ALERT_MESSAGE_READ_MAX, &alert->message));
    return set_fingerprint(message, alert);
}

enum ps_err read_text(struct ps_arena *arena, const struct ps_sns_message *message, struct alert *alert)
{
    bool is = false;
    PS_TRY(read_opensearch_text(arena, message->text, alert, &is));
    return is ? PS_OK : make_alert(arena, message, alert);
}
