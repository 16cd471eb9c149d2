#include <stdio.h>
#include <string.h>

#include "aws/opensearch.h"
#include "support/check.h"
#include "support/fake_http.h"

static const char TEMPLATE[] = "{\"index_patterns\":[\"app-logs-*\"]}";

/* What apply says to one answer of the domain (a 5xx is answered for ever). */
static enum ps_err apply(int status, const char *body, const char *name)
{
    const struct fake_http_step steps[] = {
        { .method = "HEAD" },
        { .reply = { .status = status, .body = ps_span_of(body) } },
    };
    struct fake_http *server = fake_http_open(steps, 2, true);
    struct ps_arena process = check_arena(16 << 20);
    struct ps_call_client *client = NULL;
    struct ps_opensearch *sink = NULL;
    struct ps_call_client_options client_options = { .connect_timeout_ms = 2000 };
    const struct ps_secret_source password = { .value = PS_SPAN("word") };
    struct ps_opensearch_options options = { .endpoint = fake_http_url(server),
                                             .auth = PS_OPENSEARCH_BASIC,
                                             .username = PS_SPAN("writer"),
                                             .slots = 1,
                                             .bulk_bytes_max = 1000,
                                             .item_bytes_max = 1000,
                                             .bulk_items_max = 10,
                                             .attempts_max = 1,
                                             .request_timeout_ms = 1000 };
    struct ps_deadline deadline = { 0 };
    CHECK_OK(ps_call_client_open(&process, &client_options, &client));
    CHECK_OK(ps_secret_open(&process, client, "OPENSEARCH_PASSWORD", &password, &options.password));
    CHECK_OK(ps_opensearch_open(&process, client, &options, &sink));
    enum ps_err err = ps_opensearch_apply(sink, &process, &deadline, ps_span_of(name), ps_span_of(TEMPLATE));
    if (fake_http_count(server) > 1) {
        struct fake_http_request request = fake_http_request(server, 1);
        CHECK_TEXT(request.method, "PUT");
        CHECK_TEXT(request.target, "/_index_template/app-logs");
        CHECK_TEXT(fake_http_header(&request, "Content-Type"), "application/json");
        CHECK_TEXT(fake_http_header(&request, "Authorization"), "Basic d3JpdGVyOndvcmQ=");
        CHECK_TEXT(request.body, TEMPLATE);
    }
    ps_opensearch_close(sink);
    ps_call_client_close(client);
    (void)fake_http_finish(server);
    ps_arena_fini(&process);
    return err;
}

static void an_acknowledged_template_is_in_place(void)
{
    CHECK_OK(apply(200, "{\"acknowledged\":true}", "app-logs"));
}

static void without_an_acknowledgement_nothing_is_in_place(void)
{
    CHECK_ERR(apply(200, "{\"acknowledged\":false}", "app-logs"), PS_ERR_UNAVAILABLE);
    CHECK_ERR(apply(200, "{}", "app-logs"), PS_ERR_UNAVAILABLE);
    CHECK_ERR(apply(200, "", "app-logs"), PS_ERR_UNAVAILABLE);
    CHECK_ERR(apply(200, "[true]", "app-logs"), PS_ERR_UNAVAILABLE);
}

static void clashes_say_what_to_mend(void)
{
    CHECK_ERR(
        apply(400,
              "{\"error\":{\"type\":\"illegal_argument_exception\",\"reason\":\"composable template [app-logs] "
              "template after composition is invalid\",\"caused_by\":{\"type\":\"invalid_alias_name_exception\"}},"
              "\"status\":400}",
              "app-logs"),
        PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "an index stands where") != NULL);
    CHECK_ERR(
        apply(400,
              "{\"error\":{\"type\":\"illegal_argument_exception\",\"reason\":\"index template [x] has index "
              "patterns [..] matching patterns from existing templates [..] that have the same priority [100]\"}}",
              "app-logs"),
        PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "same priority") != NULL);
}

static void other_refusals_are_told_by_status(void)
{
    CHECK_ERR(apply(400, "{\"error\":{\"type\":\"mapper_parsing_exception\",\"reason\":\"No handler\"}}", "app-logs"),
              PS_ERR_REFUSED);
    CHECK(strstr(ps_err_note()->text, "mapper_parsing_exception") != NULL);
    CHECK_ERR(apply(401, "Unauthorized", "app-logs"), PS_ERR_DENIED);
    CHECK_ERR(apply(403, "{\"Message\":\"no\"}", "app-logs"), PS_ERR_DENIED);
    CHECK(strstr(ps_err_note()->text, "role not mapped") != NULL);
    CHECK_ERR(apply(403, "{\"error\":{\"type\":\"cluster_block_exception\"}}", "app-logs"), PS_ERR_DENIED);
    CHECK(strstr(ps_err_note()->text, "read-only") != NULL);
    CHECK_ERR(apply(404, "", "app-logs"), PS_ERR_BAD_CONFIG);
    CHECK_ERR(apply(301, "", "app-logs"), PS_ERR_BAD_CONFIG);
}

int main(void)
{
    RUN(an_acknowledged_template_is_in_place);
    RUN(without_an_acknowledgement_nothing_is_in_place);
    RUN(clashes_say_what_to_mend);
    RUN(other_refusals_are_told_by_status);
    return check_finish();
}
