#include "alerter/alert_redact.h"

#include "base/utf8.h"
#include "support/check.h"

static struct ps_arena arena;

/* A text of len bytes 'x' and then the secret. */
static struct ps_span before_secret(size_t len)
{
    static const struct ps_span SECRET = PS_SPAN_INIT(" AKIAIOSFODNN7EXAMPLE"); /* of Amazon's documentation */
    char *text = ps_arena_bytes(&arena, len + SECRET.len);
    memset(text, 'x', len);
    memcpy(text + len, SECRET.data, SECRET.len);
    return ps_span_make(text, len + SECRET.len);
}

static struct alert redacted(struct ps_span title, struct ps_span message)
{
    struct alert alert = { .title = title, .message = message, .field_count = 1 };
    struct ps_redact_counts counts = { 0 };
    struct ps_redact *redact = NULL;
    alert.fields[0] = (struct alert_field){ PS_SPAN("key"), before_secret(0) };
    CHECK_OK(ps_redact_open(&arena, PS_SPAN(""), PS_SPAN(""), &redact));
    CHECK_OK(alert_redact(&alert, redact, &arena, &counts));
    ps_redact_close(redact);
    return alert;
}

static void a_secret_that_lies_across_a_limit_is_hidden_whole(void)
{
    for (size_t before = 1; before < 24; before++) {
        struct alert alert =
            redacted(before_secret(ALERT_TITLE_BYTES_MAX - before), before_secret(ALERT_MESSAGE_BYTES_MAX - before));
        CHECK_EQ(ps_span_find(alert.title, PS_SPAN("AK")), PS_SPAN_NONE);
        CHECK_EQ(ps_span_find(alert.message, PS_SPAN("AK")), PS_SPAN_NONE);
    }
}

static void title_and_message_end_within_their_limits(void)
{
    struct alert alert = redacted(before_secret(5000), before_secret(5000));
    CHECK_EQ(alert.title.len, ALERT_TITLE_BYTES_MAX);
    CHECK_EQ(alert.message.len, ALERT_MESSAGE_BYTES_MAX);
    CHECK(ps_span_ends(alert.message, PS_SPAN("x…")));
    CHECK_EQ(ps_utf8_valid_prefix(alert.title), alert.title.len);
}

static void fields_are_hidden_too(void)
{
    struct alert alert = redacted(PS_SPAN("t"), PS_SPAN("m"));
    CHECK_TEXT(alert.fields[0].value, " [REDACTED:aws_keys]");
    CHECK_TEXT(alert.title, "t");
}

int main(void)
{
    arena = check_arena(64 << 20);
    RUN(a_secret_that_lies_across_a_limit_is_hidden_whole);
    RUN(title_and_message_end_within_their_limits);
    RUN(fields_are_hidden_too);
    ps_arena_fini(&arena);
    return check_finish();
}
