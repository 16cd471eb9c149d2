#include "aws/opensearch_priv.h"
#include "aws/url.h"
#include "base/json_read.h"

enum {
    ATTEMPTS_MAX = 4,
    TIMEOUT_MS = 30000, /* a cluster may take long to agree on its state */
    ANSWER_BYTES_MAX = 64 << 10,
};

/* What the refusal of a template can hold, and what it means to a person. The first that fits is told. */
static const struct {
    struct ps_span text;
    const char *meaning;
} CLASHES[] = {
    { PS_SPAN_INIT("\"invalid_alias_name_exception\""),
      "an index stands where the template's alias should be: reindex it under another name, delete it, apply again" },
    { PS_SPAN_INIT("that have the same priority"),
      "another index template matches the same index names with the same priority: delete it or change one priority" },
};

static enum ps_err build_url(const struct ps_opensearch *sink, struct ps_arena *arena, struct ps_span name,
                             struct ps_span *out)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_URL_BYTES_MAX);
    ps_buf_put(&buf, sink->options.endpoint);
    ps_buf_put(&buf, PS_SPAN("/_index_template/"));
    ps_url_encode(&buf, name, false);
    return ps_buf_finish(&buf, out);
}

/* {"acknowledged":true} */
static bool is_acknowledged(struct ps_span body)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    bool found = false;
    if (ps_json_read_check(body) != PS_OK || ps_span_trim(body).data[0] != '{') return false;
    if (ps_json_read_member(body, PS_SPAN("acknowledged"), &token, NULL, &found) != PS_OK) return false;
    return found && token.kind == PS_JSON_TRUE;
}

static enum ps_err explain_400(struct ps_span name, struct ps_span body)
{
    for (size_t i = 0; i < sizeof CLASHES / sizeof CLASHES[0]; i++) {
        if (ps_span_find(body, CLASHES[i].text) != PS_SPAN_NONE)
            PS_FAIL(PS_ERR_BAD_CONFIG, "index template %.*s: %s", PS_SPAN_ARG(name), CLASHES[i].meaning);
    }
    /* A template holds no log data: what the server says of it may be shown. */
    struct ps_opensearch_reply_refusal refusal = ps_opensearch_reply_refusal(body);
    PS_FAIL(PS_ERR_REFUSED, "index template %.*s: refused: %.*s: %.*s", PS_SPAN_ARG(name), PS_SPAN_ARG(refusal.type),
            PS_SPAN_ARG(refusal.reason));
}

static enum ps_err judge(struct ps_span name, const struct ps_http_response *response)
{
    uint32_t status = response->status;
    if (status == 200 && is_acknowledged(response->body)) return PS_OK;
    if (status == 400) return explain_400(name, response->body);
    struct ps_opensearch_reply_refusal refusal = ps_opensearch_reply_refusal(response->body);
    enum ps_opensearch_fault fault = PS_OPENSEARCH_FAULT_NONE;
    (void)ps_opensearch_verdict_request(status, &refusal, &fault);
    if (status == 401 || status == 403)
        PS_FAIL(PS_ERR_DENIED, "index template %.*s: status %u: %s", PS_SPAN_ARG(name), status,
                fault == PS_OPENSEARCH_FAULT_NONE ? "the cluster is read-only" : ps_opensearch_verdict_text(fault));
    if (fault != PS_OPENSEARCH_FAULT_NONE)
        PS_FAIL(PS_ERR_BAD_CONFIG, "index template %.*s: status %u: %s", PS_SPAN_ARG(name), status,
                ps_opensearch_verdict_text(fault));
    PS_FAIL(PS_ERR_UNAVAILABLE, "index template %.*s: status %u: the domain did not acknowledge it", PS_SPAN_ARG(name),
            status);
}

enum ps_err ps_opensearch_apply(struct ps_opensearch *sink, struct ps_arena *arena, const struct ps_deadline *deadline,
                                struct ps_span template_name, struct ps_span template_json)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "PUT", .body = template_json, .response_bytes_max = ANSWER_BYTES_MAX },
    };
    PS_TRY(build_url(sink, arena, template_name, &exchange.request.url));
    exchange.request.headers[0] = (struct ps_http_header){ PS_SPAN("Content-Type"), PS_SPAN("application/json") };
    exchange.request.headers[1] = (struct ps_http_header){ PS_SPAN("Accept-Encoding"), PS_SPAN("identity") };
    exchange.request.header_count = 2;
    struct ps_call_options options = { .attempts_max = ATTEMPTS_MAX, .timeout_ms = TIMEOUT_MS };
    PS_TRY(ps_opensearch_send_password(sink, deadline));
    PS_TRY(ps_call_run(sink->client, arena, &sink->target, &options, deadline, &exchange));
    return judge(template_name, &exchange.response);
}
