#include "record/columns.h"

#include "support/check.h"

static void columns_come_one_after_another(void)
{
    struct ps_span rest = PS_SPAN("  a \"b c\"  \"q \\\" q\" - \"\" \"open");
    static const struct {
        const char *text;
        bool quoted;
    } WANTED[] = {
        { "a", false }, { "b c", true }, { "q \\\" q", true }, { "-", false }, { "", true }, { "open", true }
    };
    struct ps_span column;
    bool quoted = false;
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++) {
        CHECK_OR_RETURN(ps_columns_next(&rest, &column, &quoted));
        CHECK_SPAN(column, ps_span_of(WANTED[i].text));
        CHECK_EQ(quoted, WANTED[i].quoted);
    }
    CHECK(!ps_columns_next(&rest, &column, &quoted));
}

static void request_lines_have_three_parts(void)
{
    struct ps_columns_request request;
    CHECK_OR_RETURN(ps_columns_request(PS_SPAN("GET /a b HTTP/1.1"), &request));
    CHECK_TEXT(request.method, "GET");
    CHECK_TEXT(request.target, "/a b");
    CHECK_TEXT(request.protocol, "HTTP/1.1");
    CHECK_OR_RETURN(ps_columns_request(PS_SPAN("M-SEARCH *"), &request));
    CHECK_TEXT(request.target, "*");
    CHECK_TEXT(request.protocol, "");
    CHECK(!ps_columns_request(PS_SPAN(""), &request));
    CHECK(!ps_columns_request(PS_SPAN("GET"), &request));
    CHECK(!ps_columns_request(PS_SPAN("get / HTTP/1.1"), &request));
    CHECK(!ps_columns_request(PS_SPAN("- http://x:80- "), &request));
}

static void ports_come_off(void)
{
    static const char *const CASES[][3] = {
        { "10.0.0.1:80", "10.0.0.1", "80" },
        { "[::1]:8080", "::1", "8080" },
        { "host", "host", "" },
        { "host:", "host:", "" },
        { "host:99999", "host:99999", "" },
        { "", "", "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span host;
        struct ps_span port;
        ps_columns_host_port(ps_span_of(CASES[i][0]), &host, &port);
        CHECK_SPAN(host, ps_span_of(CASES[i][1]));
        CHECK_SPAN(port, ps_span_of(CASES[i][2]));
    }
}

int main(void)
{
    RUN(columns_come_one_after_another);
    RUN(request_lines_have_three_parts);
    RUN(ports_come_off);
    return check_finish();
}
