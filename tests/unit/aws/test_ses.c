#include "aws/ses.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/fake_http.h"

static struct ps_arena arena;
static struct ps_call_client *client;
static const struct ps_deadline NO_DEADLINE = { 0 };
static const struct ps_span TO[] = { PS_SPAN_INIT("ops@example.com"), PS_SPAN_INIT("\"Doe, Jo\" <jo@example.com>") };

static struct ps_ses_message sample(void)
{
    return (struct ps_ses_message){ .from = PS_SPAN_INIT("Alerts <alerts@example.com>"),
                                    .to = TO,
                                    .to_count = 2,
                                    .subject = PS_SPAN_INIT("[ERROR] caf\xc3\xa9 \"x\""),
                                    .text = PS_SPAN_INIT("SECRET\n\ttext"),
                                    .html = PS_SPAN_INIT("<p>SECRET</p>") };
}

static struct ps_ses *open_at(struct ps_span url, uint32_t timeout_ms)
{
    char text[64];
    struct ps_ses *ses = NULL;
    (void)snprintf(text, sizeof text, "%.*s", PS_SPAN_ARG(url));
    setenv("AWS_ENDPOINT_URL_SESV2", text, 1);
    CHECK_OK(ps_ses_open(&arena, client, timeout_ms, &ses));
    return ses;
}

static enum ps_err send_through(struct fake_http *server, const struct ps_ses_message *message)
{
    return ps_ses_send(open_at(fake_http_url(server), 5000), &arena, &NO_DEADLINE, message);
}

/* -- sending ------------------------------------------------------------------------------------------------------- */

static void a_mail_is_one_signed_request(void)
{
    const struct fake_http_step script[] = {
        { .method = "POST", .target = "/v2/email/outbound-emails", .header = "Content-Type: application/json" },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_ses_message message = sample();
    message.configuration_set = PS_SPAN("alerts");
    CHECK_OK(send_through(server, &message));
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(request.body,
               "{\"FromEmailAddress\":\"Alerts <alerts@example.com>\",\"Destination\":{\"ToAddresses\":["
               "\"ops@example.com\",\"\\\"Doe, Jo\\\" <jo@example.com>\"]},\"Content\":{\"Simple\":{"
               "\"Subject\":{\"Data\":\"[ERROR] caf\xc3\xa9 \\\"x\\\"\",\"Charset\":\"UTF-8\"},\"Body\":{"
               "\"Text\":{\"Data\":\"SECRET\\n\\ttext\",\"Charset\":\"UTF-8\"},"
               "\"Html\":{\"Data\":\"<p>SECRET</p>\",\"Charset\":\"UTF-8\"}}}},\"ConfigurationSetName\":\"alerts\"}");
    CHECK(ps_span_find(fake_http_header(&request, "Authorization"), PS_SPAN("/ses/aws4_request")) != PS_SPAN_NONE);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void without_a_configuration_set_none_is_named(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_ses_message message = sample();
    CHECK_OK(send_through(server, &message));
    CHECK(ps_span_ends(fake_http_request(server, 0).body, PS_SPAN("\"}}}}}")));
    CHECK_EQ(fake_http_finish(server), 0);
}

static void without_a_custom_url_the_regions_own_host_is_asked(void)
{
    struct ps_ses *ses = NULL;
    unsetenv("AWS_ENDPOINT_URL_SESV2");
    CHECK_OK(ps_ses_open(&arena, client, 1000, &ses));
    CHECK_ERR(ps_ses_open(&arena, client, 0, &ses), PS_ERR_BAD_CONFIG);
}

/* -- what is refused before it is sent ----------------------------------------------------------------------------- */

static void expect_bad(const struct ps_ses_message *message, const char *why)
{
    struct ps_ses *ses = open_at(PS_SPAN("http://127.0.0.1:9"), 1000);
    CHECK_ERR(ps_ses_send(ses, &arena, &NO_DEADLINE, message), PS_ERR_BAD_INPUT);
    if (!CHECK(strstr(ps_err_note()->text, why) != NULL)) printf("# %s: %s\n", why, ps_err_note()->text);
}

static void no_control_character_reaches_a_header(void)
{
    static const struct ps_span EVIL[] = { PS_SPAN_INIT("a\r\nBcc: x@y"), PS_SPAN_INIT("a\nb"), PS_SPAN_INIT("a\rb"),
                                           PS_SPAN_INIT("a\0b"),          PS_SPAN_INIT("a\tb"), PS_SPAN_INIT("\x7f"),
                                           PS_SPAN_INIT("\x1b[") };
    for (size_t i = 0; i < sizeof EVIL / sizeof EVIL[0]; i++) {
        struct ps_ses_message message = sample();
        message.subject = EVIL[i];
        expect_bad(&message, "control character in the subject");
        message = sample();
        message.from = EVIL[i];
        expect_bad(&message, "control character in the sender");
        message = sample();
        message.to = &EVIL[i];
        message.to_count = 1;
        expect_bad(&message, "control character in the recipient");
        message = sample();
        message.configuration_set = EVIL[i];
        expect_bad(&message, "control character in the configuration set");
    }
}

static void what_is_over_the_limits_is_not_sent(void)
{
    static char text[PS_SES_BODY_BYTES_MAX + 1];
    static struct ps_span many[PS_SES_TO_MAX + 1];
    memset(text, 'a', sizeof text);
    struct ps_ses_message message = sample();
    message.subject = ps_span_make(text, PS_SES_SUBJECT_BYTES_MAX + 1);
    expect_bad(&message, "subject of 901 bytes");
    message = sample();
    message.from = ps_span_make(text, PS_SES_ADDRESS_BYTES_MAX + 1);
    expect_bad(&message, "sender of 321 bytes");
    message = sample();
    message.text = ps_span_make(text, sizeof text);
    expect_bad(&message, "parts of 262145 and 13 bytes");
    message = sample();
    message.html = ps_span_make(text, sizeof text);
    expect_bad(&message, "parts of 12 and 262145 bytes");
    message = sample();
    message.to_count = 0;
    expect_bad(&message, "0 recipients");
    message.to = many;
    message.to_count = PS_SES_TO_MAX + 1;
    expect_bad(&message, "51 recipients");
}

static void the_largest_mail_there_is_goes_out(void)
{
    static char text[PS_SES_BODY_BYTES_MAX];
    static struct ps_span many[PS_SES_TO_MAX];
    const struct fake_http_step script[] = { { .reply = { .status = 200 } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_ses_message message = sample();
    memset(text, '"', sizeof text);
    for (size_t i = 0; i < PS_SES_TO_MAX; i++)
        many[i] = ps_span_make(text, PS_SES_ADDRESS_BYTES_MAX);
    message.to = many;
    message.to_count = PS_SES_TO_MAX;
    message.from = many[0];
    message.subject = ps_span_make(text, PS_SES_SUBJECT_BYTES_MAX);
    memset(text + PS_SES_SUBJECT_BYTES_MAX, 1, sizeof text - PS_SES_SUBJECT_BYTES_MAX);
    message.text = message.html = ps_span_make(text, sizeof text);
    CHECK_OK(send_through(server, &message));
    CHECK_EQ(fake_http_finish(server), 0);
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static const struct answer {
    int status;
    const char *type; /* as SES says it; NULL: none */
    enum ps_err err;
    const char *note;
} ANSWERS[] = {
    { 400, "MessageRejected", PS_ERR_REFUSED, "verify the address of MAIL_FROM" },
    { 400, "MailFromDomainNotVerifiedException", PS_ERR_REFUSED, "MAIL FROM domain" },
    { 400, "AccountSuspendedException", PS_ERR_REFUSED, "may no longer send" },
    { 400, "SendingPausedException:http://internal.amazon.com/coral/com.amazonaws.services.ses/", PS_ERR_REFUSED,
      "sending is paused" },
    { 400, "com.amazon.ses#BadRequestException", PS_ERR_REFUSED, "status 400 BadRequestException" },
    { 404, "NotFoundException", PS_ERR_BAD_CONFIG, "no such configuration set in this region" },
    { 404, NULL, PS_ERR_BAD_CONFIG, "the endpoint is not SES" },
    { 400, "LimitExceededException", PS_ERR_THROTTLED, "quota" },
    { 400, "SomethingNewException", PS_ERR_REFUSED, "status 400 SomethingNewException" },
    { 400, NULL, PS_ERR_REFUSED, "SES: status 400" },
    { 403, "AccessDeniedException", PS_ERR_DENIED, "ses:SendEmail" },
    { 403, "SignatureDoesNotMatch", PS_ERR_DENIED, "status 403 SignatureDoesNotMatch" },
};

static void expect_answer(const struct answer *answer, const struct fake_http_step *step)
{
    struct fake_http *server = fake_http_open(step, 1, false);
    struct ps_ses_message message = sample();
    CHECK_ERR(send_through(server, &message), answer->err);
    if (!CHECK(strstr(ps_err_note()->text, answer->note) != NULL))
        printf("# %s: %s\n", answer->note, ps_err_note()->text);
    CHECK(strstr(ps_err_note()->text, "SECRET") == NULL);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void each_refusal_names_the_way_out(void)
{
    for (size_t i = 0; i < sizeof ANSWERS / sizeof ANSWERS[0]; i++) {
        const char *type = ANSWERS[i].type;
        char header[128] = "", body[160] = "{\"message\":\"SECRET\"}";
        if (type != NULL) (void)snprintf(header, sizeof header, "x-amzn-ErrorType: %s\r\n", type);
        struct fake_http_step step = {
            .reply = { .status = ANSWERS[i].status, .headers = header, .body = ps_span_of(body) },
        };
        expect_answer(&ANSWERS[i], &step);
        if (type != NULL) (void)snprintf(body, sizeof body, "{\"__type\":\"%s\",\"message\":\"SECRET\"}", type);
        step.reply.headers = NULL;
        step.reply.body = ps_span_of(body);
        expect_answer(&ANSWERS[i], &step);
    }
}

static void what_was_answered_with_later_goes_again(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .status = 429, .headers = "x-amzn-ErrorType: TooManyRequestsException\r\n" } },
        { .reply = { .status = 503 } },
        { .reply = { .status = 200 } },
    };
    struct fake_http *server = fake_http_open(script, 3, false);
    struct ps_ses_message message = sample();
    CHECK_OK(send_through(server, &message));
    CHECK_EQ(fake_http_finish(server), 0);
}

static void after_three_tries_the_caller_decides(void)
{
    const struct fake_http_step slow[] = { { .reply = { .status = 429 } } };
    const struct fake_http_step broken[] = { { .reply = { .status = 500 } } };
    struct ps_ses_message message = sample();
    struct fake_http *server = fake_http_open(slow, 1, true);
    CHECK_ERR(send_through(server, &message), PS_ERR_THROTTLED);
    CHECK_EQ(fake_http_count(server), 3);
    CHECK_EQ(fake_http_finish(server), 0);
    server = fake_http_open(broken, 1, true);
    CHECK_ERR(send_through(server, &message), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_http_count(server), 3);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_lost_answer_is_not_sent_again(void)
{
    const struct fake_http_step dropped[] = { { .reply = { .end = FAKE_HTTP_DROP } } };
    const struct fake_http_step cut[] = { { .reply = { .body = PS_SPAN_INIT("{\"MessageId\":\"1\"}"),
                                                       .end = FAKE_HTTP_CUT } } };
    const struct fake_http_step held[] = { { .reply = { .end = FAKE_HTTP_HOLD } } };
    const struct fake_http_step *const scripts[] = { dropped, cut, held };
    struct ps_ses_message message = sample();
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct fake_http *server = fake_http_open(scripts[i], 1, true);
        struct ps_ses *ses = open_at(fake_http_url(server), scripts[i] == held ? 200 : 5000);
        CHECK_ERR(ps_ses_send(ses, &arena, &NO_DEADLINE, &message), PS_ERR_UNAVAILABLE);
        CHECK(strstr(ps_err_note()->text, "the mail may have gone out: POST ") != NULL);
        CHECK_EQ(fake_http_count(server), 1);
        fake_http_release(server);
        CHECK_EQ(fake_http_finish(server), 0);
    }
}

/* On a kept connection libcurl would send it once more by itself. */
static void an_answer_lost_after_another_mail_is_not_sent_again_either(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200 } }, { .reply = { .end = FAKE_HTTP_DROP } } };
    struct fake_http *server = fake_http_open(script, 2, true);
    struct ps_ses_message message = sample();
    CHECK_OK(send_through(server, &message));
    CHECK_ERR(send_through(server, &message), PS_ERR_UNAVAILABLE);
    CHECK_EQ(fake_http_count(server), 2);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_full_arena_is_told(void)
{
    const struct fake_http_step script[] = { { .reply = { .status = 200, .body = PS_SPAN_INIT("{}") } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_ses *ses = open_at(fake_http_url(server), 5000);
    struct ps_ses_message message = sample();
    struct ps_ses *other = NULL;
    PS_EACH_FAILURE(&arena, ps_ses_send(ses, &arena, &NO_DEADLINE, &message));
    PS_EACH_FAILURE(&arena, ps_ses_open(&arena, client, 1000, &other));
    CHECK_EQ(fake_http_finish(server), 0);
}

/* -- addresses ----------------------------------------------------------------------------------------------------- */

#define SIXTY_FOUR "0123456789012345678901234567890123456789012345678901234567890123"

static void an_address_can_be(void)
{
    static const char *const GOOD[] = {
        "a@b",
        "first.last+tag@mail.example-1.com",
        "!#$%&'*+/=?^_`{|}~-@example.com",
        "<a@b>",
        "Alerts <a@b>",
        "Alerts of Team 1 <a@b>",
        "Alerts<a@b>",
        "\"Doe, Jo (ops) @home <x>\" <a@b>",
        "\"a \\\" b \\\\\" <a@b>",
        SIXTY_FOUR "@b",
    };
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        struct ps_span exact = exact_copy(ps_span_of(GOOD[i]));
        if (!CHECK_OK(ps_ses_check_address(exact))) printf("# %s\n", GOOD[i]);
        exact_free(exact);
    }
}

static const struct {
    struct ps_span address;
    const char *why;
} BAD[] = {
    { PS_SPAN_INIT(""), "an empty address" },
    { PS_SPAN_INIT("ops"), "no @" },
    { PS_SPAN_INIT("@b"), "nothing before the @" },
    { PS_SPAN_INIT("a@"), "nothing behind the @" },
    { PS_SPAN_INIT("a@b@c"), "more than one @" },
    { PS_SPAN_INIT("a b@c"), "a space before the @" },
    { PS_SPAN_INIT("a@b c"), "not byte 0x20" },
    { PS_SPAN_INIT(" a@b"), "a space before the @" },
    { PS_SPAN_INIT("a@b "), "not byte 0x20" },
    { PS_SPAN_INIT("a,b@c"), "before the @ none of" },
    { PS_SPAN_INIT("\"a\"@c"), "before the @ none of" },
    { PS_SPAN_INIT("a@b,c@d"), "more than one @" },
    { PS_SPAN_INIT("a@[127.0.0.1]"), "not byte 0x5b" },
    { PS_SPAN_INIT("Ops a@b"), "Name <address>" },
    { PS_SPAN_INIT("Ops <a@b"), "before the @" },
    { PS_SPAN_INIT("a@b>"), "a > without a <" },
    { PS_SPAN_INIT("Ops <<a@b>>"), "before the @ none of" },
    { PS_SPAN_INIT("Ops <>"), "no @" },
    { PS_SPAN_INIT("Ops <a@b> x"), "before the @" },
    { PS_SPAN_INIT("Doe, Jo <a@b>"), "must be in quotes" },
    { PS_SPAN_INIT("x@y <a@b>"), "must be in quotes" },
    { PS_SPAN_INIT("\"Jo <a@b>"), "not closed" },
    { PS_SPAN_INIT("\"Jo\\\" <a@b>"), "not closed" },
    { PS_SPAN_INIT("\"Jo\" Doe <a@b>"), "between the quoted name" },
    { PS_SPAN_INIT("\"Jo\"\"Doe\" <a@b>"), "between the quoted name" },
    { PS_SPAN_INIT("Jo \"x\" <a@b>"), "must be in quotes" },
    { PS_SPAN_INIT("a@b\r\nBcc: c@d"), "a control character in the address, byte 3" },
    { PS_SPAN_INIT("\"a\nb\" <a@b>"), "a control character" },
    { PS_SPAN_INIT("a\0@b"), "a control character" },
    { PS_SPAN_INIT("a@b\x7f"), "a control character" },
    { PS_SPAN_INIT("caf\xc3\xa9@b"), "byte 3 of the address is not ASCII" },
    { PS_SPAN_INIT("Caf\xc3\xa9 <a@b>"), "not ASCII" },
    { PS_SPAN_INIT("0" SIXTY_FOUR "@b"), "65 bytes before the @" },
    { PS_SPAN_INIT("a@" SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR), "256 bytes behind the @" },
    { PS_SPAN_INIT("a" SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR SIXTY_FOUR), "an address of 321 bytes" },
};

static void what_is_wrong_with_an_address_is_told(void)
{
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        struct ps_span exact = exact_copy(BAD[i].address);
        CHECK_ERR(ps_ses_check_address(exact), PS_ERR_BAD_CONFIG);
        if (!CHECK(strstr(ps_err_note()->text, BAD[i].why) != NULL))
            printf("# %.*s: %s\n", PS_SPAN_ARG(BAD[i].address), ps_err_note()->text);
        exact_free(exact);
    }
}

static void a_list_is_parted_at_commas_outside_of_quotes(void)
{
    const struct ps_span *addresses = NULL;
    size_t count = 0;
    CHECK_OK(ps_ses_read_addresses(&arena, PS_SPAN(" a@b , \"Doe, Jo\" <c@d>\t,\ne@f "), &addresses, &count));
    CHECK_EQ(count, 3);
    CHECK_TEXT(addresses[0], "a@b");
    CHECK_TEXT(addresses[1], "\"Doe, Jo\" <c@d>");
    CHECK_TEXT(addresses[2], "e@f");
}

static void expect_bad_list(struct ps_span list, const char *why)
{
    const struct ps_span *addresses = NULL;
    size_t count = 7;
    CHECK_ERR(ps_ses_read_addresses(&arena, list, &addresses, &count), PS_ERR_BAD_CONFIG);
    if (!CHECK(strstr(ps_err_note()->text, why) != NULL)) printf("# %s: %s\n", why, ps_err_note()->text);
    CHECK(addresses == NULL && count == 7);
}

static void a_list_has_one_to_fifty_addresses(void)
{
    static char text[4 * (PS_SES_TO_MAX + 1)];
    const struct ps_span *addresses = NULL;
    size_t count = 0;
    for (size_t i = 0; i < sizeof text; i += 4)
        memcpy(text + i, "a@b,", 4);
    CHECK_OK(ps_ses_read_addresses(&arena, ps_span_make(text, 4 * PS_SES_TO_MAX - 1), &addresses, &count));
    CHECK_EQ(count, PS_SES_TO_MAX);
    addresses = NULL;
    expect_bad_list(ps_span_make(text, sizeof text - 1), "more than 50 addresses");
    expect_bad_list(PS_SPAN(""), "address 1: an empty address");
    expect_bad_list(PS_SPAN("a@b,"), "address 2: an empty address");
    expect_bad_list(PS_SPAN("a@b,,c@d"), "address 2: an empty address");
    expect_bad_list(PS_SPAN("a@b, \"Jo <c@d>, e@f"), "address 2: a quote");
    PS_EACH_FAILURE(&arena, ps_ses_read_addresses(&arena, PS_SPAN("a@b"), &addresses, &count));
}

static void every_prefix_of_a_list_is_read_within_its_bytes(void)
{
    const struct ps_span list = PS_SPAN("a@b, \"Doe\\\", Jo\" <c@d>, Ops <e@f>, g@h");
    for (size_t len = 0; len <= list.len; len++) {
        struct ps_span exact = exact_copy(ps_span_first(list, len));
        const struct ps_span *addresses = NULL;
        size_t count = 0;
        enum ps_err err = ps_ses_read_addresses(&arena, exact, &addresses, &count);
        CHECK(err == PS_OK || err == PS_ERR_BAD_CONFIG);
        exact_free(exact);
    }
}

int main(void)
{
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    unsetenv("AWS_SESSION_TOKEN");
    arena = check_arena(256 << 20);
    struct ps_call_client_options options = { .region = PS_SPAN("eu-west-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&arena, &options, &client));
    RUN(a_mail_is_one_signed_request);
    RUN(without_a_configuration_set_none_is_named);
    RUN(without_a_custom_url_the_regions_own_host_is_asked);
    RUN(no_control_character_reaches_a_header);
    RUN(what_is_over_the_limits_is_not_sent);
    RUN(the_largest_mail_there_is_goes_out);
    RUN(each_refusal_names_the_way_out);
    RUN(what_was_answered_with_later_goes_again);
    RUN(after_three_tries_the_caller_decides);
    RUN(a_lost_answer_is_not_sent_again);
    RUN(an_answer_lost_after_another_mail_is_not_sent_again_either);
    RUN(a_full_arena_is_told);
    RUN(an_address_can_be);
    RUN(what_is_wrong_with_an_address_is_told);
    RUN(a_list_is_parted_at_commas_outside_of_quotes);
    RUN(a_list_has_one_to_fifty_addresses);
    RUN(every_prefix_of_a_list_is_read_within_its_bytes);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    return check_finish();
}
