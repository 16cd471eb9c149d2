#include "aws/ses.h"

#include "aws/endpoint.h"
#include "aws/url.h"
#include "base/json_read.h"
#include "base/json_write.h"

enum {
    ATTEMPTS_MAX = 3,
    ANSWER_BYTES_MAX = 64 << 10,
    LOCAL_BYTES_MAX = 64,
    DOMAIN_BYTES_MAX = 255,
    /* Every byte escaped as six, and room for the names around them. */
    BODY_BYTES_MAX =
        6 * (2 * PS_SES_BODY_BYTES_MAX + PS_SES_SUBJECT_BYTES_MAX + (PS_SES_TO_MAX + 2) * PS_SES_ADDRESS_BYTES_MAX) +
        4096,
};

struct ps_ses {
    struct ps_call_client *client;
    struct ps_span url;
    uint32_t timeout_ms;
};

/* -- addresses (RFC 5322, 3.4; without comments, groups and quoted local parts, which nobody needs here) ----------- */

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_control(text.data[i])) return true;
    return false;
}

/* Offset of the first c outside of quotes, or PS_SPAN_NONE. *open says that text ends within quotes. */
static ptrdiff_t find_unquoted(struct ps_span text, char c, bool *open)
{
    *open = false;
    for (size_t i = 0; i < text.len; i++) {
        char at = text.data[i];
        if (*open && at == '\\')
            i++;
        else if (at == '"')
            *open = !*open;
        else if (at == c && !*open)
            return (ptrdiff_t)i;
    }
    return PS_SPAN_NONE;
}

/* Whether one of the signs that mean something in an address is in text. */
static bool has_special(struct ps_span text)
{
    static const struct ps_span SPECIALS = PS_SPAN_INIT("()<>[]:;@\\,\"");
    for (size_t i = 0; i < text.len; i++)
        if (ps_span_find_byte(SPECIALS, text.data[i]) != PS_SPAN_NONE) return true;
    return false;
}

static enum ps_err check_domain(struct ps_span domain)
{
    if (domain.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "nothing behind the @");
    if (domain.len > DOMAIN_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%zu bytes behind the @: at most %d", domain.len, DOMAIN_BYTES_MAX);
    if (ps_span_find_byte(domain, '@') != PS_SPAN_NONE) PS_FAIL(PS_ERR_BAD_CONFIG, "more than one @");
    for (size_t i = 0; i < domain.len; i++) {
        char c = domain.data[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        if (!ok)
            PS_FAIL(PS_ERR_BAD_CONFIG, "behind the @ only letters, digits, hyphens and dots, not byte 0x%02x",
                    (unsigned char)c);
    }
    return PS_OK;
}

static enum ps_err check_bare(struct ps_span address)
{
    ptrdiff_t at = ps_span_find_byte(address, '@');
    if (at == PS_SPAN_NONE) PS_FAIL(PS_ERR_BAD_CONFIG, "no @ in the address");
    struct ps_span local = ps_span_first(address, (size_t)at);
    if (local.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "nothing before the @");
    if (local.len > LOCAL_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%zu bytes before the @: at most %d", local.len, LOCAL_BYTES_MAX);
    if (ps_span_find_byte(local, ' ') != PS_SPAN_NONE)
        PS_FAIL(PS_ERR_BAD_CONFIG, "a space before the @: a name needs the form Name <address>");
    if (has_special(local)) PS_FAIL(PS_ERR_BAD_CONFIG, "before the @ none of ( ) < > [ ] : ; \\ , \"");
    return check_domain(ps_span_from(address, (size_t)at + 1));
}

static enum ps_err check_name(struct ps_span name)
{
    if (name.len == 0 || name.data[0] != '"') {
        if (has_special(name)) PS_FAIL(PS_ERR_BAD_CONFIG, "a name with ( ) < > [ ] : ; @ \\ , or \" must be in quotes");
        return PS_OK;
    }
    for (size_t i = 1; i < name.len; i++) {
        if (name.data[i] == '\\')
            i++;
        else if (name.data[i] == '"' && i + 1 < name.len)
            PS_FAIL(PS_ERR_BAD_CONFIG, "text between the quoted name and <");
    }
    return PS_OK;
}

enum ps_err ps_ses_check_address(struct ps_span address)
{
    bool open = false;
    if (address.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "an empty address");
    if (address.len > PS_SES_ADDRESS_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "an address of %zu bytes: at most %d", address.len, PS_SES_ADDRESS_BYTES_MAX);
    for (size_t i = 0; i < address.len; i++) {
        if (is_control(address.data[i])) PS_FAIL(PS_ERR_BAD_CONFIG, "a control character in the address, byte %zu", i);
        if ((unsigned char)address.data[i] > 0x7f)
            PS_FAIL(PS_ERR_BAD_CONFIG, "byte %zu of the address is not ASCII, and SES takes nothing else", i);
    }
    ptrdiff_t at = find_unquoted(address, '<', &open);
    if (open) PS_FAIL(PS_ERR_BAD_CONFIG, "a quote in the address is not closed");
    if (address.data[address.len - 1] != '>') return check_bare(address);
    if (at == PS_SPAN_NONE) PS_FAIL(PS_ERR_BAD_CONFIG, "a > without a < in the address");
    PS_TRY(check_name(ps_span_trim(ps_span_first(address, (size_t)at))));
    return check_bare(ps_span_between(address.data + at + 1, address.data + address.len - 1));
}

/* Takes the part before the next comma outside of quotes off *rest. */
static struct ps_span next_address(struct ps_span *rest, bool *more)
{
    bool open = false;
    ptrdiff_t at = find_unquoted(*rest, ',', &open);
    *more = at != PS_SPAN_NONE;
    struct ps_span part = *more ? ps_span_first(*rest, (size_t)at) : *rest;
    *rest = ps_span_from(*rest, *more ? (size_t)at + 1 : rest->len);
    return ps_span_trim(part);
}

enum ps_err ps_ses_read_addresses(struct ps_arena *arena, struct ps_span list, const struct ps_span **out,
                                  size_t *count)
{
    struct ps_span *addresses = PS_ARENA_ARRAY(arena, struct ps_span, PS_SES_TO_MAX);
    if (addresses == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%d addresses", PS_SES_TO_MAX);
    size_t read = 0;
    for (bool more = true; more; read++) {
        if (read == PS_SES_TO_MAX) PS_FAIL(PS_ERR_BAD_CONFIG, "more than %d addresses", PS_SES_TO_MAX);
        addresses[read] = next_address(&list, &more);
        enum ps_err err = ps_ses_check_address(addresses[read]);
        if (err != PS_OK) return ps_err_wrap(err, "address %zu", read + 1);
    }
    *out = addresses;
    *count = read;
    return PS_OK;
}

/* -- the request --------------------------------------------------------------------------------------------------- */

enum ps_err ps_ses_open(struct ps_arena *process, struct ps_call_client *client, uint32_t request_timeout_ms,
                        struct ps_ses **out)
{
    if (request_timeout_ms == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "a request needs at least one millisecond");
    struct ps_ses *ses = PS_ARENA_NEW(process, struct ps_ses);
    if (ses == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "SES client");
    struct ps_endpoint endpoint;
    PS_TRY(ps_endpoint_resolve(process, PS_ENDPOINT_SES, ps_call_region(client), &endpoint));
    struct ps_buf url;
    ps_buf_init(&url, process, PS_URL_BYTES_MAX);
    ps_buf_put(&url, endpoint.url);
    ps_buf_put(&url, PS_SPAN("/v2/email/outbound-emails"));
    PS_TRY(ps_buf_finish(&url, &ses->url));
    ses->client = client;
    ses->timeout_ms = request_timeout_ms;
    *out = ses;
    return PS_OK;
}

/* What stands in a header of the mail: a control character could begin another header. */
static enum ps_err check_line(const char *what, struct ps_span text, size_t bytes_max)
{
    if (text.len > bytes_max)
        PS_FAIL(PS_ERR_BAD_INPUT, "mail: %s of %zu bytes, at most %zu", what, text.len, bytes_max);
    if (has_control(text)) PS_FAIL(PS_ERR_BAD_INPUT, "mail: a control character in the %s", what);
    return PS_OK;
}

static enum ps_err check_message(const struct ps_ses_message *message)
{
    if (message->to_count == 0 || message->to_count > PS_SES_TO_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "mail: %zu recipients, 1 to %d are possible", message->to_count, PS_SES_TO_MAX);
    PS_TRY(check_line("sender", message->from, PS_SES_ADDRESS_BYTES_MAX));
    for (size_t i = 0; i < message->to_count; i++)
        PS_TRY(check_line("recipient", message->to[i], PS_SES_ADDRESS_BYTES_MAX));
    PS_TRY(check_line("subject", message->subject, PS_SES_SUBJECT_BYTES_MAX));
    PS_TRY(check_line("configuration set", message->configuration_set, PS_SES_ADDRESS_BYTES_MAX));
    if (message->text.len > PS_SES_BODY_BYTES_MAX || message->html.len > PS_SES_BODY_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "mail: parts of %zu and %zu bytes, at most %d each", message->text.len,
                message->html.len, PS_SES_BODY_BYTES_MAX);
    return PS_OK;
}

static void put_content(struct ps_json_writer *json, struct ps_span name, struct ps_span text)
{
    ps_json_write_key(json, name);
    ps_json_write_object_begin(json);
    ps_json_write_member(json, PS_SPAN("Data"), text);
    ps_json_write_member(json, PS_SPAN("Charset"), PS_SPAN("UTF-8"));
    ps_json_write_object_end(json);
}

static void begin_object(struct ps_json_writer *json, struct ps_span name)
{
    ps_json_write_key(json, name);
    ps_json_write_object_begin(json);
}

static enum ps_err build_body(struct ps_arena *arena, const struct ps_ses_message *message, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_json_writer json;
    ps_buf_init(&buf, arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("FromEmailAddress"), message->from);
    begin_object(&json, PS_SPAN("Destination"));
    ps_json_write_key(&json, PS_SPAN("ToAddresses"));
    ps_json_write_array_begin(&json);
    for (size_t i = 0; i < message->to_count; i++)
        ps_json_write_string(&json, message->to[i]);
    ps_json_write_array_end(&json);
    ps_json_write_object_end(&json);
    begin_object(&json, PS_SPAN("Content"));
    begin_object(&json, PS_SPAN("Simple"));
    put_content(&json, PS_SPAN("Subject"), message->subject);
    begin_object(&json, PS_SPAN("Body"));
    put_content(&json, PS_SPAN("Text"), message->text);
    put_content(&json, PS_SPAN("Html"), message->html);
    for (size_t open = 3; open > 0; open--) /* Body, Simple, Content */
        ps_json_write_object_end(&json);
    if (message->configuration_set.len > 0)
        ps_json_write_member(&json, PS_SPAN("ConfigurationSetName"), message->configuration_set);
    ps_json_write_object_end(&json);
    return ps_json_write_finish(&json, out);
}

/* -- the answer ---------------------------------------------------------------------------------------------------- */

/* The service says the type in a header; other servers and proxies of its protocol in the body. Without the namespace
 * before '#' and the URL behind ':'. */
static struct ps_span type_of(const struct ps_http_response *response)
{
    struct ps_span type = ps_span_of(response->error_type);
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    bool found = false;
    if (type.len == 0 && ps_json_read_check(response->body) == PS_OK &&
        ps_json_read_member(response->body, PS_SPAN("__type"), &token, NULL, &found) == PS_OK && found &&
        token.kind == PS_JSON_STRING)
        type = token.text;
    ptrdiff_t at = ps_span_find_byte(type, '#');
    if (at != PS_SPAN_NONE) type = ps_span_from(type, (size_t)at + 1);
    at = ps_span_find_byte(type, ':');
    return at == PS_SPAN_NONE ? type : ps_span_first(type, (size_t)at);
}

struct verdict {
    struct ps_span type;
    enum ps_err err;
    const char *remedy;
};

/* The types are known before the statuses: SES answers nearly all of them with 400. */
static const struct verdict VERDICTS[] = {
    { PS_SPAN_INIT("MessageRejected"), PS_ERR_REFUSED,
      ": verify the address of MAIL_FROM in SES in this region (in the sandbox, those of MAIL_TO too)" },
    { PS_SPAN_INIT("MailFromDomainNotVerifiedException"), PS_ERR_REFUSED,
      ": the MAIL FROM domain that SES has for this sender is not verified" },
    { PS_SPAN_INIT("AccountSuspendedException"), PS_ERR_REFUSED,
      ": this account may no longer send mail: see its status in SES" },
    { PS_SPAN_INIT("SendingPausedException"), PS_ERR_REFUSED,
      ": sending is paused in SES: resume it for the account or the configuration set" },
    { PS_SPAN_INIT("BadRequestException"), PS_ERR_REFUSED, ": SES finds the request wrong" },
    { PS_SPAN_INIT("NotFoundException"), PS_ERR_BAD_CONFIG, ": no such configuration set in this region" },
    { PS_SPAN_INIT("LimitExceededException"), PS_ERR_THROTTLED, ": the quota of mails is used up" },
    { PS_SPAN_INIT("TooManyRequestsException"), PS_ERR_THROTTLED, ": more mails in a second than SES allows" },
};

static struct verdict by_status(uint32_t status, struct ps_span type)
{
    if (status == 401 || status == 403)
        return (struct verdict){ type, PS_ERR_DENIED, ": the role needs ses:SendEmail for this sender" };
    if (status == 404)
        return (struct verdict){ type, PS_ERR_BAD_CONFIG, ": no such configuration set, or the endpoint is not SES" };
    if (status == 429) return (struct verdict){ type, PS_ERR_THROTTLED, "" };
    return (struct verdict){ type, status == 408 || status >= 500 ? PS_ERR_UNAVAILABLE : PS_ERR_REFUSED, "" };
}

static enum ps_err judge(const struct ps_http_response *response)
{
    if (response->status >= 200 && response->status < 300) return PS_OK;
    struct ps_span type = type_of(response);
    struct verdict verdict = by_status(response->status, type);
    for (size_t i = 0; i < sizeof VERDICTS / sizeof VERDICTS[0]; i++)
        if (response->status < 500 && ps_span_eq(type, VERDICTS[i].type)) verdict = VERDICTS[i];
    PS_FAIL(verdict.err, "SES: status %u%s%.*s%s", response->status, type.len > 0 ? " " : "", PS_SPAN_ARG(type),
            verdict.remedy);
}

/* An answer of "later" is taken at its word: the mail was not sent, and goes again. A try that was cut off or timed out
 * after it had left is in doubt: another one at once would only double the mail, while the caller, who has a record of
 * what is told and what is not, can decide. */
enum ps_err ps_ses_send(struct ps_ses *ses, struct ps_arena *arena, const struct ps_deadline *deadline,
                        const struct ps_ses_message *message)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("ses") };
    const struct ps_call_options options = { .attempts_max = ATTEMPTS_MAX,
                                             .timeout_ms = ses->timeout_ms,
                                             .never_twice = true };
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = ses->url,
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/json") } },
                     .header_count = 1,
                     .response_bytes_max = ANSWER_BYTES_MAX },
    };
    PS_TRY(check_message(message));
    PS_TRY(build_body(arena, message, &exchange.request.body));
    enum ps_err err = ps_call_run(ses->client, arena, &target, &options, deadline, &exchange);
    if (err != PS_OK && exchange.sent) return ps_err_wrap(err, "the mail may have gone out");
    if (err != PS_OK) return err;
    return judge(&exchange.response);
}
