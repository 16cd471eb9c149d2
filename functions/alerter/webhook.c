#include "webhook.h"

#include "aws/retry.h"
#include "aws/url.h"

static bool is_known(struct ps_span host, const struct ps_span *hosts)
{
    for (; hosts->len > 0; hosts++) {
        if (ps_span_eq_nocase(host, *hosts)) return true;
    }
    return false;
}

enum ps_err webhook_check_url(const char *name, struct ps_span url, const struct ps_span *hosts)
{
    struct ps_url parts;
    enum ps_err err = ps_url_split(url, &parts);
    if (err != PS_OK) return ps_err_wrap(err, "%s", name);
    if (ps_url_host_is_loopback(parts.host)) return PS_OK;
    if (!parts.https) PS_FAIL(PS_ERR_BAD_CONFIG, "%s: it must begin with https://", name);
    if (!is_known(parts.host, hosts))
        PS_FAIL(PS_ERR_BAD_CONFIG, "%s: host %.*s is not one that may be called", name, PS_SPAN_ARG(parts.host));
    if (parts.port != 443) PS_FAIL(PS_ERR_BAD_CONFIG, "%s: port %u is not 443", name, (unsigned)parts.port);
    return PS_OK;
}

/* What the last answer means, told as the call's failure. */
static enum ps_err judge_status(const char *name, const struct ps_http_response *response)
{
    unsigned status = response->status;
    if (status / 100 == 2) return PS_OK;
    if (status == 401 || status == 403 || status == 404 || status == 410)
        PS_FAIL(PS_ERR_DENIED, "%s: answered %u: the URL or key is not, or no longer, valid", name, status);
    if (status == 429)
        PS_FAIL(PS_ERR_THROTTLED, "%s: answered 429, to be tried in %u ms", name, (unsigned)response->retry_after_ms);
    if (status / 100 == 3) PS_FAIL(PS_ERR_REFUSED, "%s: answered %u: redirects are not followed", name, status);
    if (status / 100 == 4 && status != 408) PS_FAIL(PS_ERR_REFUSED, "%s: answered %u", name, status);
    PS_FAIL(PS_ERR_UNAVAILABLE, "%s: answered %u", name, status);
}

static enum ps_err try_once(struct ps_call_client *client, struct ps_arena *arena, const struct ps_deadline *deadline,
                            const struct webhook_request *request, struct ps_http_exchange *exchange)
{
    static const struct ps_call_target UNSIGNED = { .auth = PS_CALL_UNSIGNED };
    const struct ps_call_options once = { .attempts_max = 1,
                                          .timeout_ms = request->timeout_ms,
                                          .never_twice = !request->repeatable };
    *exchange = (struct ps_http_exchange){
        .request = { .method = "POST",
                     .url = request->url,
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/json; charset=utf-8") } },
                     .header_count = 1,
                     .body = request->body,
                     .response_bytes_max = WEBHOOK_ANSWER_BYTES_MAX },
    };
    enum ps_err err = ps_call_run(client, arena, &UNSIGNED, &once, deadline, exchange);
    if (err == PS_OK) return judge_status(request->name, &exchange->response);
    if (err == PS_ERR_TOO_LARGE)
        PS_FAIL(PS_ERR_REFUSED, "%s: the answer has more than %d bytes", request->name, WEBHOOK_ANSWER_BYTES_MAX);
    return ps_err_wrap(err, "%s", request->name);
}

/* A request without an answer may have been taken. */
static bool may_pass(const struct webhook_request *request, const struct ps_http_exchange *exchange, enum ps_err err)
{
    if (exchange->response.status != 0) return ps_retry_status(exchange->response.status);
    return request->repeatable && ps_err_class(err) == PS_CLASS_TRANSIENT;
}

/* ps_call_run's own retries are not used: they cut Retry-After at 20 seconds, and repeat what got no answer. */
enum ps_err webhook_post(struct ps_call_client *client, struct ps_arena *arena, const struct ps_deadline *deadline,
                         const struct webhook_request *request)
{
    for (uint32_t attempt = 1;; attempt++) {
        struct ps_http_exchange exchange;
        enum ps_err err = try_once(client, arena, deadline, request, &exchange);
        if (err == PS_OK || attempt == WEBHOOK_ATTEMPTS_MAX || !may_pass(request, &exchange, err)) return err;
        uint32_t asked_ms = exchange.response.retry_after_ms;
        uint32_t own_ms = ps_retry_wait_ms(attempt, 0);
        uint32_t wait_ms = asked_ms > own_ms ? asked_ms : own_ms;
        if (!ps_deadline_allows(deadline, wait_ms)) return err;
        PS_TRY(ps_http_pause(ps_call_http(client), wait_ms));
    }
}
