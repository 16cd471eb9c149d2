#include "aws/http.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "host/clock.h"
#include "support/check.h"
#include "support/fake_http.h"

static struct ps_arena process;
static struct ps_arena arena;
static struct ps_http *http;

static struct ps_span url_of(struct fake_http *server, const char *target)
{
    struct ps_buf buf;
    struct ps_span url = PS_SPAN("");
    ps_buf_init(&buf, &arena, 4096);
    ps_buf_put(&buf, fake_http_url(server));
    ps_buf_put(&buf, ps_span_of(target));
    CHECK_OK(ps_buf_finish(&buf, &url));
    return url;
}

static struct ps_http_exchange get(struct fake_http *server, const char *target)
{
    return (struct ps_http_exchange){
        .request = { .method = "GET",
                     .url = url_of(server, target),
                     .timeout_ms = 5000,
                     .response_bytes_max = 1 << 20 },
    };
}

static void a_request_arrives_as_given_and_the_answer_comes_back(void)
{
    const struct fake_http_step script[] = {
        { "POST",
          "/_bulk?filter_path=items.%2A",
          "content-type: application/x-ndjson",
          { .status = 201,
            .headers = "Content-Type: application/json; charset=UTF-8\r\n",
            .body = PS_SPAN("{\"a\":1}") },
          NULL,
          NULL },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = url_of(server, "/_bulk?filter_path=items.%2A"),
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-ndjson") },
                                  { PS_SPAN("X-Empty"), PS_SPAN("") } },
                     .header_count = 2,
                     .body = PS_SPAN("one\ntwo\n"),
                     .timeout_ms = 5000,
                     .response_bytes_max = 100 },
    };
    CHECK_OK(ps_http_run(http, &arena, &exchange));
    CHECK_EQ(exchange.response.status, 201);
    CHECK_TEXT(exchange.response.body, "{\"a\":1}");
    CHECK(exchange.response.json);
    struct fake_http_request request = fake_http_request(server, 0);
    CHECK_TEXT(request.body, "one\ntwo\n");
    CHECK_TEXT(fake_http_header(&request, "Content-Length"), "8");
    CHECK(ps_span_find(request.headers, PS_SPAN("X-Empty:")) != PS_SPAN_NONE);
    CHECK_TEXT(fake_http_header(&request, "Expect"), "");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_get_sends_only_what_was_asked_for(void)
{
    const struct fake_http_step script[] = { { .method = "GET", .target = "/a/../b//c" } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_http_exchange exchange = get(server, "/a/../b//c");
    CHECK_OK(ps_http_run(http, &arena, &exchange));
    CHECK_EQ(exchange.response.status, 200);
    CHECK_EQ(exchange.response.body.len, 0);
    CHECK(!exchange.response.json);
    struct fake_http_request request = fake_http_request(server, 0);
    size_t lines = 0;
    for (size_t i = 0; i < request.headers.len; i++)
        lines += request.headers.data[i] == '\n';
    CHECK_EQ(lines, 2); /* Host, User-Agent */
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_connection_serves_many_exchanges(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("x") } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    for (int i = 0; i < 5; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        CHECK_OK(ps_http_run(http, &arena, &exchange));
    }
    CHECK_EQ(fake_http_request(server, 4).connection, 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void several_exchanges_are_in_flight_at_once(void)
{
    enum { COUNT = PS_HTTP_IN_FLIGHT_MAX };
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("late"), .end = FAKE_HTTP_HOLD } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    static struct ps_http_exchange exchanges[COUNT + 1];
    for (int i = 0; i < COUNT; i++) {
        exchanges[i] = get(server, "/");
        CHECK_OK(ps_http_start(http, &arena, &exchanges[i]));
    }
    exchanges[COUNT] = get(server, "/");
    CHECK_ERR(ps_http_start(http, &arena, &exchanges[COUNT]), PS_ERR_TOO_LARGE);
    while (fake_http_count(server) < COUNT)
        CHECK_OK(ps_http_poll(http, 10));
    fake_http_release(server);
    int done = 0;
    for (int rounds = 0; done < COUNT && rounds < 1000; rounds++) {
        CHECK_OK(ps_http_poll(http, 1000));
        done = 0;
        for (int i = 0; i < COUNT; i++)
            done += exchanges[i].done;
    }
    CHECK_EQ(done, COUNT);
    for (int i = 0; i < COUNT; i++)
        CHECK_TEXT(exchanges[i].response.body, "late");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void headers_that_are_wanted_are_kept_and_others_not(void)
{
    const struct fake_http_step script[] = { { .reply = { .headers = "ETag: \"e\"\r\nX-B: b\r\n" } }, { 0 } };
    struct fake_http *server = fake_http_open(script, 2, false);
    for (size_t i = 0; i < 2; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        exchange.request.keep[0] = "x-a";
        exchange.request.keep[1] = "etag";
        CHECK_OK(ps_http_run(http, &arena, &exchange));
        CHECK_TEXT(exchange.response.kept[0], "");
        CHECK_TEXT(exchange.response.kept[1], i == 0 ? "\"e\"" : "");
        CHECK_EQ(exchange.response.kept[2].len, 0);
    }
    CHECK_EQ(fake_http_finish(server), 0);
}

static void retry_after_is_read_in_both_forms(void)
{
    char date[64], header[96];
    time_t later = time(NULL) + 30;
    struct tm parts;
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &parts));
    snprintf(header, sizeof header, "Retry-After: %s\r\n", date);
    const struct fake_http_step script[] = {
        { .reply = { .status = 429, .headers = "Retry-After: 7\r\n" } },
        { .reply = { .status = 503, .headers = header } },
        { .reply = { .status = 503, .headers = "Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n" } },
        { .reply = { .status = 503, .headers = "Retry-After: 99999999999\r\n" } },
    };
    struct fake_http *server = fake_http_open(script, 4, false);
    uint32_t got[4];
    for (int i = 0; i < 4; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        CHECK_OK(ps_http_run(http, &arena, &exchange));
        got[i] = exchange.response.retry_after_ms;
    }
    CHECK_EQ(got[0], 7000);
    CHECK(got[1] >= 25000 && got[1] <= 30000);
    CHECK_EQ(got[2], 0);
    CHECK_EQ(got[3], 3600000);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void amazons_own_retry_after_counts_milliseconds_and_comes_first(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = { .status = 503, .headers = "x-amz-retry-after: 1250\r\nRetry-After: 7\r\n" } },
        { .reply = { .status = 503, .headers = "X-Amz-Retry-After: soon\r\nRetry-After: 7\r\n" } },
        { .reply = { .status = 503, .headers = "x-amz-retry-after: 99999999999999999999\r\n" } },
    };
    static const uint32_t WANTED[] = { 1250, 7000, 0 };
    struct fake_http *server = fake_http_open(SCRIPT, 3, false);
    for (int i = 0; i < 3; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        CHECK_OK(ps_http_run(http, &arena, &exchange));
        CHECK_EQ(exchange.response.retry_after_ms, WANTED[i]);
    }
    CHECK_EQ(fake_http_finish(server), 0);
}

#define SIXTY_FOUR "0123456789012345678901234567890123456789012345678901234567890123"

static void the_type_of_an_error_is_told_where_it_is_in_a_header(void)
{
    static const struct fake_http_step SCRIPT[] = {
        { .reply = { .status = 400, .headers = "x-amzn-errortype: MessageRejected\r\n" } },
        { .reply = { .status = 400 } },
        { .reply = { .status = 400, .headers = "x-amzn-ErrorType: " SIXTY_FOUR "\r\n" } },
        { .reply = { .status = 400, .headers = "x-amzn-ErrorType: " SIXTY_FOUR "x\r\n" } },
    };
    static const char *const WANTED[] = { "MessageRejected", "", SIXTY_FOUR, SIXTY_FOUR };
    struct fake_http *server = fake_http_open(SCRIPT, 4, false);
    for (int i = 0; i < 4; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        CHECK_OK(ps_http_run(http, &arena, &exchange));
        CHECK_TEXT(ps_span_of(exchange.response.error_type), WANTED[i]);
    }
    CHECK_EQ(fake_http_finish(server), 0);
}

static void an_answer_over_its_limit_is_refused_announced_or_not(void)
{
    static char big[3000];
    memset(big, 'x', sizeof big);
    const struct fake_http_step script[] = {
        { .reply = { .body = { big, sizeof big } } },
        { .reply = { .body = { big, sizeof big }, .chunked = true } },
        { .reply = { .body = { big, sizeof big }, .chunked = true } },
        { .reply = { .body = { big, sizeof big } } },
    };
    struct fake_http *server = fake_http_open(script, 4, false);
    for (int i = 0; i < 4; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        exchange.request.response_bytes_max = i < 2 ? sizeof big - 1 : sizeof big;
        CHECK_ERR(ps_http_run(http, &arena, &exchange), i < 2 ? PS_ERR_TOO_LARGE : PS_OK);
        CHECK_EQ(exchange.response.status, i < 2 ? 0 : 200);
        if (i >= 2) CHECK_SPAN(exchange.response.body, ps_span_make(big, sizeof big));
    }
    CHECK_EQ(fake_http_finish(server), 0);
}

static void redirects_are_answers(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .status = 307, .headers = "Location: http://127.0.0.1:1/elsewhere\r\n" } },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_http_exchange exchange = get(server, "/");
    CHECK_OK(ps_http_run(http, &arena, &exchange));
    CHECK_EQ(exchange.response.status, 307);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_proxy_of_the_environment_is_not_used(void)
{
    const struct fake_http_step script[] = { { .target = "/direct" } };
    struct fake_http *server = fake_http_open(script, 1, false);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("all_proxy", "http://127.0.0.1:1", 1);
    struct ps_http_exchange exchange = get(server, "/direct");
    CHECK_OK(ps_http_run(http, &arena, &exchange));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_broken_answer_is_unavailable(void)
{
    const struct fake_http_step script[] = {
        { .reply = { .body = PS_SPAN("half and half"), .end = FAKE_HTTP_CUT } },
        { .reply = { .end = FAKE_HTTP_DROP } },
    };
    struct fake_http *server = fake_http_open(script, 2, false);
    for (int i = 0; i < 2; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        CHECK_ERR(ps_http_run(http, &arena, &exchange), PS_ERR_UNAVAILABLE);
        CHECK_EQ(exchange.response.status, 0);
        CHECK(!exchange.timed_out);
        CHECK(ps_span_find(ps_span_of(exchange.reason), PS_SPAN("GET http://127.0.0.1:")) == 0);
    }
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_kept_connection_that_died_is_replaced_without_a_failure(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("a") } },
                                             { .reply = { .end = FAKE_HTTP_DROP } },
                                             { .reply = { .body = PS_SPAN("b") } } };
    struct fake_http *server = fake_http_open(script, 3, false);
    struct ps_http_exchange first = get(server, "/"), second = get(server, "/");
    CHECK_OK(ps_http_run(http, &arena, &first));
    CHECK_OK(ps_http_run(http, &arena, &second));
    CHECK_TEXT(second.response.body, "b");
    CHECK_EQ(fake_http_request(server, 2).connection, 1);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_slow_answer_times_out(void)
{
    const struct fake_http_step script[] = { { .reply = { .end = FAKE_HTTP_HOLD } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_http_exchange exchange = get(server, "/");
    exchange.request.timeout_ms = 50;
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_ERR(ps_http_run(http, &arena, &exchange), PS_ERR_UNAVAILABLE);
    CHECK(exchange.timed_out);
    CHECK(ps_clock_monotonic_us() - begin_us < 4000000);
    CHECK_EQ(fake_http_finish(server), 0);
}

static void nobody_listening_is_unavailable(void)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "GET", .url = PS_SPAN("http://127.0.0.1:1/"), .timeout_ms = 5000 },
    };
    CHECK_ERR(ps_http_run(http, &arena, &exchange), PS_ERR_UNAVAILABLE);
}

static void an_exchange_can_be_broken_off(void)
{
    const struct fake_http_step script[] = { { .reply = { .end = FAKE_HTTP_HOLD } },
                                             { .reply = { .body = PS_SPAN("ok") } } };
    struct fake_http *server = fake_http_open(script, 2, false);
    struct ps_http_exchange held = get(server, "/"), next = get(server, "/");
    CHECK_OK(ps_http_start(http, &arena, &held));
    while (fake_http_count(server) < 1)
        CHECK_OK(ps_http_poll(http, 10));
    ps_http_cancel(http, &held);
    ps_http_cancel(http, &held);
    CHECK(held.done);
    CHECK_EQ(held.err, PS_ERR_UNAVAILABLE);
    CHECK_OK(ps_http_run(http, &arena, &next));
    CHECK_TEXT(next.response.body, "ok");
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_pause_with_nothing_in_flight_lasts(void)
{
    uint64_t begin_us = ps_clock_monotonic_us();
    CHECK_OK(ps_http_poll(http, 20));
    CHECK(ps_clock_monotonic_us() - begin_us >= 20000);
}

static void what_cannot_be_sent_is_refused_before_sending(void)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "GET", .url = PS_SPAN("ftp://127.0.0.1/"), .timeout_ms = 50 },
    };
    CHECK_ERR(ps_http_start(http, &arena, &exchange), PS_ERR_BAD_CONFIG);
    exchange.request.url = PS_SPAN("http://127.0.0.1:1/");
    exchange.request.header_count = 1;
    exchange.request.headers[0] = (struct ps_http_header){ PS_SPAN("X-A"), PS_SPAN("a\r\nX-B: b") };
    CHECK_ERR(ps_http_start(http, &arena, &exchange), PS_ERR_BAD_INPUT);
    exchange.request.headers[0] = (struct ps_http_header){ PS_SPAN(""), PS_SPAN("a") };
    CHECK_ERR(ps_http_start(http, &arena, &exchange), PS_ERR_BAD_INPUT);
}

static void a_large_body_arrives_whole(void)
{
    enum { BYTES = 6 << 20 };
    char *body = malloc(BYTES);
    if (body == NULL) abort();
    for (size_t i = 0; i < BYTES; i++)
        body[i] = (char)(i * 31 >> 3);
    const struct fake_http_step script[] = { { .method = "POST", .reply = { .body = { body, BYTES } } } };
    struct fake_http *server = fake_http_open(script, 1, false);
    struct ps_http_exchange exchange = get(server, "/");
    exchange.request.method = "POST";
    exchange.request.body = ps_span_make(body, BYTES);
    exchange.request.response_bytes_max = BYTES;
    CHECK_OK(ps_http_run(http, &arena, &exchange));
    CHECK(ps_span_eq(exchange.response.body, ps_span_make(body, BYTES)));
    CHECK(ps_span_eq(fake_http_request(server, 0).body, ps_span_make(body, BYTES)));
    CHECK_EQ(fake_http_finish(server), 0);
    free(body);
}

/* -- TLS ------------------------------------------------------------------------------------------------------- */

static char ca_file[] = "/tmp/penstock-test-ca-XXXXXX";
static char other_ca_file[] = "/tmp/penstock-test-ca-XXXXXX";

static enum ps_err run_tls(struct ps_http_options options, struct fake_http *server, const char *host,
                           struct ps_http_exchange *exchange)
{
    struct ps_http *client = NULL;
    PS_TRY(ps_http_open(&process, &options, &client));
    struct ps_span url = fake_http_url(server), rest = ps_span_from(url, sizeof "https://127.0.0.1" - 1);
    struct ps_buf buf;
    ps_buf_init(&buf, &arena, 256);
    ps_buf_printf(&buf, "https://%s%.*s/", host, PS_SPAN_ARG(rest));
    *exchange = (struct ps_http_exchange){
        .request = { .method = "GET", .timeout_ms = 5000, .response_bytes_max = 100 },
    };
    enum ps_err err = ps_buf_finish(&buf, &exchange->request.url);
    if (err == PS_OK) err = ps_http_run(client, &arena, exchange);
    ps_http_close(client);
    return err;
}

static void tls_is_checked_against_the_given_roots(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("sealed") } } };
    struct fake_http *server = fake_http_open_tls(script, 1, true, ca_file);
    struct fake_http *other = fake_http_open_tls(script, 1, true, other_ca_file);
    struct ps_http_exchange exchange = { 0 };
    CHECK_OK(run_tls((struct ps_http_options){ .other_roots = ps_span_of(ca_file) }, server, "127.0.0.1", &exchange));
    CHECK_TEXT(exchange.response.body, "sealed");
    CHECK_OK(run_tls((struct ps_http_options){ .system_roots = ps_span_of(ca_file) }, server, "127.0.0.1", &exchange));
    /* Another root of the same name, the system's roots, and a name that the certificate does not hold. */
    CHECK_ERR(
        run_tls((struct ps_http_options){ .other_roots = ps_span_of(other_ca_file) }, server, "127.0.0.1", &exchange),
        PS_ERR_BAD_CONFIG);
    CHECK_ERR(run_tls((struct ps_http_options){ 0 }, server, "127.0.0.1", &exchange), PS_ERR_BAD_CONFIG);
    CHECK_ERR(run_tls((struct ps_http_options){ .other_roots = ps_span_of(ca_file) }, server, "localhost", &exchange),
              PS_ERR_BAD_CONFIG);
    /* The Amazon roots serve Amazon's hosts only. */
    CHECK_ERR(run_tls((struct ps_http_options){ .amazon_roots = ps_span_of(ca_file) }, server, "127.0.0.1", &exchange),
              PS_ERR_BAD_CONFIG);
    CHECK_ERR(
        run_tls((struct ps_http_options){ .other_roots = PS_SPAN("/nowhere/ca.pem") }, server, "127.0.0.1", &exchange),
        PS_ERR_BAD_CONFIG);
    CHECK_EQ(fake_http_finish(other), 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

/* Moves the certificate in ca into a folder, named as OpenSSL looks for it. */
static void make_roots_folder(const char *ca, char *folder, char *file, size_t file_bytes)
{
    CHECK(mkdtemp(folder) != NULL);
    FILE *in = fopen(ca, "re");
    X509 *certificate = in == NULL ? NULL : PEM_read_X509(in, NULL, NULL, NULL);
    CHECK_OR_RETURN(certificate != NULL);
    (void)snprintf(file, file_bytes, "%s/%08lx.0", folder, X509_subject_name_hash(certificate));
    CHECK_EQ(rename(ca, file), 0);
    X509_free(certificate);
    (void)fclose(in);
}

static void roots_may_be_a_folder(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("sealed") } } };
    struct fake_http *server = fake_http_open_tls(script, 1, true, ca_file);
    struct fake_http *other = fake_http_open_tls(script, 1, true, other_ca_file);
    char folder[] = "/tmp/penstock-test-roots-XXXXXX", file[64] = "";
    make_roots_folder(ca_file, folder, file, sizeof file);
    struct ps_http_options options = { .other_roots = ps_span_of(folder) };
    struct ps_http_exchange exchange = { 0 };
    CHECK_OK(run_tls(options, server, "127.0.0.1", &exchange));
    CHECK_TEXT(exchange.response.body, "sealed");
    /* Another root of the same name, and a folder without it. */
    CHECK_ERR(run_tls(options, other, "127.0.0.1", &exchange), PS_ERR_BAD_CONFIG);
    CHECK_EQ(unlink(file), 0);
    CHECK_ERR(run_tls(options, server, "127.0.0.1", &exchange), PS_ERR_BAD_CONFIG);
    CHECK_EQ(rmdir(folder), 0);
    CHECK_EQ(fake_http_finish(other), 0);
    CHECK_EQ(fake_http_finish(server), 0);
}

static size_t count_open_files(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder != NULL && readdir(folder) != NULL) // NOLINT(concurrency-mt-unsafe)
        count++;
    if (folder != NULL) closedir(folder);
    return count;
}

static void dropped_connections_are_closed_and_opened_again_by_use(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("body") } } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_http *client = NULL;
    CHECK_OK(ps_http_open(&process, &(struct ps_http_options){ 0 }, &client));
    for (size_t i = 0; i < 2; i++) {
        struct ps_http_exchange exchange = get(server, "/");
        CHECK_OK(ps_http_run(client, &arena, &exchange));
        CHECK_EQ(fake_http_request(server, i).connection, i);
        size_t files = count_open_files();
        CHECK_OK(ps_http_drop_connections(client));
        CHECK_EQ(count_open_files(), files - 1);
    }
    ps_http_close(client);
    CHECK_EQ(fake_http_finish(server), 0);
}

static struct ps_arena swept;
static struct fake_http *swept_server;

static enum ps_err open_and_run(void)
{
    struct ps_http *client = NULL;
    PS_TRY(ps_http_open(&swept, &(struct ps_http_options){ .system_roots = PS_SPAN("/dev/null") }, &client));
    struct ps_http_exchange exchange = get(swept_server, "/");
    enum ps_err err = ps_http_run(client, &swept, &exchange);
    ps_http_close(client);
    return err;
}

static void each_missing_piece_of_memory_is_reported(void)
{
    const struct fake_http_step script[] = { { .reply = { .body = PS_SPAN("body") } } };
    swept_server = fake_http_open(script, 1, true);
    swept = check_arena(1 << 20);
    PS_EACH_FAILURE(&swept, open_and_run());
    ps_arena_fini(&swept);
    CHECK_EQ(fake_http_finish(swept_server), 0);
}

/* -- proxies ---------------------------------------------------------------------------------------------------------
 */

static void set_proxy(const char *variable, struct ps_span url)
{
    char text[256];
    (void)snprintf(text, sizeof text, "%.*s", PS_SPAN_ARG(url));
    CHECK_EQ(setenv(variable, text, 1), 0);
}

static void forget_proxies(void)
{
    static const char *const VARIABLES[] = { "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                             "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY" };
    for (size_t i = 0; i < sizeof VARIABLES / sizeof VARIABLES[0]; i++)
        unsetenv(VARIABLES[i]);
}

/* One exchange of a client for which proxies count. */
static enum ps_err run_proxied(const char *roots, struct ps_http_exchange *exchange)
{
    struct ps_http *client = NULL;
    const struct ps_http_options options = { .other_roots = ps_span_of(roots), .proxies = true };
    PS_TRY(ps_http_open(&process, &options, &client));
    enum ps_err err = ps_http_run(client, &arena, exchange);
    ps_http_close(client);
    return err;
}

static struct ps_http_exchange get_url(const char *url)
{
    return (struct ps_http_exchange){
        .request = { .method = "GET", .url = ps_span_of(url), .timeout_ms = 5000, .response_bytes_max = 100 },
    };
}

static bool reason_holds(const struct ps_http_exchange *exchange, const char *text)
{
    return strstr(exchange->reason, text) != NULL;
}

static void plain_http_goes_to_the_proxy_whole_where_proxies_count(void)
{
    const struct fake_http_step script[] = { { .target = "http://service.invalid/a/../b?c",
                                               .reply = { .status = 302 } } };
    struct fake_http *proxy = fake_http_open(script, 1, false);
    set_proxy("http_proxy", fake_http_url(proxy));
    struct ps_http_exchange exchange = get_url("http://service.invalid/a/../b?c");
    CHECK_OK(run_proxied(NULL, &exchange));
    CHECK_EQ(exchange.response.status, 302); /* and not followed */
    forget_proxies();
    CHECK_EQ(fake_http_finish(proxy), 0);
}

static void no_proxy_and_direct_requests_go_past_it(void)
{
    const struct fake_http_step script[] = { { .target = "/past" } };
    struct fake_http *server = fake_http_open(script, 1, true);
    struct ps_http_exchange exchange = get(server, "/past");
    CHECK_EQ(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    CHECK_ERR(run_proxied(NULL, &exchange), PS_ERR_UNAVAILABLE);
    exchange = get(server, "/past");
    exchange.request.direct = true;
    CHECK_OK(run_proxied(NULL, &exchange));
    CHECK_EQ(setenv("NO_PROXY", "other.example,127.0.0.1", 1), 0);
    exchange = get(server, "/past");
    CHECK_OK(run_proxied(NULL, &exchange));
    forget_proxies();
    CHECK_EQ(fake_http_finish(server), 0);
}

/* A proxy for one tunnel: agrees to the first CONNECT and carries bytes both ways. */
struct tunnel {
    int listener;
    uint16_t port;
    uint16_t server_port;
    char connect[1024]; /* what it was asked */
    pthread_t thread;
};

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons(port),
                                 .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
}

static bool carry(int from, int to)
{
    char bytes[16 << 10];
    ssize_t len = recv(from, bytes, sizeof bytes, 0);
    return len > 0 && send(to, bytes, (size_t)len, MSG_NOSIGNAL) == len;
}

static void *run_tunnel(void *context)
{
    static const char AGREED[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    struct tunnel *tunnel = context;
    struct sockaddr_in address = loopback(tunnel->server_port);
    int client = accept(tunnel->listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
    size_t len = 0;
    while (strstr(tunnel->connect, "\r\n\r\n") == NULL && len + 1 < sizeof tunnel->connect) {
        ssize_t got = recv(client, tunnel->connect + len, sizeof tunnel->connect - 1 - len, 0);
        if (got <= 0) break;
        len += (size_t)got;
    }
    bool open = connect(server, (struct sockaddr *)&address, sizeof address) == 0 &&
                send(client, AGREED, sizeof AGREED - 1, MSG_NOSIGNAL) > 0;
    struct pollfd ends[] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
    while (open && poll(ends, 2, 10000) > 0) {
        if (ends[0].revents != 0) open = carry(client, server);
        if (open && ends[1].revents != 0) open = carry(server, client);
    }
    (void)close(client);
    (void)close(server);
    return NULL;
}

static void open_tunnel(struct tunnel *tunnel, struct ps_span server_url)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    uint64_t port = 0;
    CHECK(ps_span_to_u64(ps_span_from(server_url, sizeof "https://127.0.0.1:" - 1), &port));
    *tunnel = (struct tunnel){ .listener = socket(AF_INET, SOCK_STREAM, 0), .server_port = (uint16_t)port };
    CHECK_EQ(bind(tunnel->listener, (struct sockaddr *)&address, sizeof address), 0);
    CHECK_EQ(listen(tunnel->listener, 1), 0);
    CHECK_EQ(getsockname(tunnel->listener, (struct sockaddr *)&address, &len), 0);
    tunnel->port = ntohs(address.sin_port);
    CHECK_EQ(pthread_create(&tunnel->thread, NULL, run_tunnel, tunnel), 0);
}

static void close_tunnel(struct tunnel *tunnel)
{
    CHECK_EQ(pthread_join(tunnel->thread, NULL), 0);
    (void)close(tunnel->listener);
}

static void https_goes_through_a_tunnel_that_sees_nothing_of_it(void)
{
    const struct fake_http_step script[] = { { .target = "/hidden", .header = "X-Key: hidden-word" } };
    struct fake_http *server = fake_http_open_tls(script, 1, false, ca_file);
    static struct tunnel tunnel;
    char proxy[64];
    open_tunnel(&tunnel, fake_http_url(server));
    (void)snprintf(proxy, sizeof proxy, "http://user:word@127.0.0.1:%u", tunnel.port);
    set_proxy("HTTPS_PROXY", ps_span_of(proxy));
    struct ps_http_exchange exchange = get(server, "/hidden");
    exchange.request.headers[0] = (struct ps_http_header){ PS_SPAN("X-Key"), PS_SPAN("hidden-word") };
    exchange.request.header_count = 1;
    CHECK_OK(run_proxied(ca_file, &exchange));
    CHECK_EQ(exchange.response.status, 200);
    close_tunnel(&tunnel);
    CHECK(strncmp(tunnel.connect, "CONNECT 127.0.0.1:", 18) == 0);
    CHECK(strstr(tunnel.connect, "Proxy-Authorization: Basic dXNlcjp3b3Jk\r\n") != NULL);
    CHECK(strstr(tunnel.connect, "hidden") == NULL);
    forget_proxies();
    CHECK_EQ(fake_http_finish(server), 0);
}

static void a_proxy_that_refuses_is_told_as_such(void)
{
    static const struct {
        const char *variable, *url;
        int status;
        enum ps_err err;
        const char *told;
    } CASES[] = {
        { "https_proxy", "https://service.invalid/", 403, PS_ERR_BAD_CONFIG,
          "the proxy refuses this host or port (status 403)" },
        { "https_proxy", "https://service.invalid/", 407, PS_ERR_BAD_CONFIG,
          "the proxy wants another user or password (status 407)" },
        { "https_proxy", "https://service.invalid/", 503, PS_ERR_UNAVAILABLE,
          "the proxy could not connect (status 503)" },
        { "http_proxy", "http://service.invalid/", 407, PS_ERR_BAD_CONFIG,
          "the proxy wants another user or password (status 407)" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct fake_http_step script[] = { { .reply = { .status = CASES[i].status, .body = PS_SPAN("no") } } };
        struct fake_http *proxy = fake_http_open(script, 1, false);
        set_proxy(CASES[i].variable, fake_http_url(proxy));
        struct ps_http_exchange exchange = get_url(CASES[i].url);
        CHECK_ERR(run_proxied(NULL, &exchange), CASES[i].err);
        if (!CHECK(reason_holds(&exchange, CASES[i].told))) printf("# %s\n", exchange.reason);
        forget_proxies();
        CHECK_EQ(fake_http_finish(proxy), 0);
    }
}

static void a_proxys_password_is_in_no_reason(void)
{
    static const char *const PROXIES[] = {
        "http://user:hidden-word@127.0.0.1:1",      "http://user:hidden-word@127.0.0.1:99999",
        "http://user:hidden word@127.0.0.1:1",      "http://user:hidden-word@",
        "ftp://user:hidden-word@127.0.0.1:1",       "nonsense://user:hidden-word@127.0.0.1:1",
        "https://user:hidden-word@127.0.0.1:1",     "socks5://user:hidden-word@127.0.0.1:1",
        "http://user:hidden-word@nobody.invalid:1", "user:hidden-word@127.0.0.1:x",
    };
    for (size_t i = 0; i < sizeof PROXIES / sizeof PROXIES[0]; i++) {
        CHECK_EQ(setenv("all_proxy", PROXIES[i], 1), 0);
        struct ps_http_exchange exchange = get_url("https://127.0.0.1:1/");
        enum ps_err err = run_proxied(NULL, &exchange);
        CHECK(err == PS_ERR_UNAVAILABLE || err == PS_ERR_BAD_CONFIG);
        if (!CHECK(!reason_holds(&exchange, "hidden"))) printf("# %s\n", exchange.reason);
    }
    forget_proxies();
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_DFL);
    process = check_arena(1 << 20);
    arena = check_arena(64 << 20);
    if (mkstemp(ca_file) < 0 || mkstemp(other_ca_file) < 0) return EXIT_FAILURE;
    if (ps_http_open(&process, &(struct ps_http_options){ 0 }, &http) != PS_OK) return EXIT_FAILURE;
    RUN(a_request_arrives_as_given_and_the_answer_comes_back);
    RUN(a_get_sends_only_what_was_asked_for);
    RUN(a_connection_serves_many_exchanges);
    RUN(several_exchanges_are_in_flight_at_once);
    RUN(headers_that_are_wanted_are_kept_and_others_not);
    RUN(retry_after_is_read_in_both_forms);
    RUN(amazons_own_retry_after_counts_milliseconds_and_comes_first);
    RUN(the_type_of_an_error_is_told_where_it_is_in_a_header);
    RUN(an_answer_over_its_limit_is_refused_announced_or_not);
    RUN(redirects_are_answers);
    RUN(a_proxy_of_the_environment_is_not_used);
    RUN(a_broken_answer_is_unavailable);
    RUN(a_kept_connection_that_died_is_replaced_without_a_failure);
    RUN(a_slow_answer_times_out);
    RUN(nobody_listening_is_unavailable);
    RUN(an_exchange_can_be_broken_off);
    RUN(a_pause_with_nothing_in_flight_lasts);
    RUN(what_cannot_be_sent_is_refused_before_sending);
    RUN(a_large_body_arrives_whole);
    RUN(each_missing_piece_of_memory_is_reported);
    RUN(tls_is_checked_against_the_given_roots);
    RUN(roots_may_be_a_folder);
    RUN(dropped_connections_are_closed_and_opened_again_by_use);
    RUN(plain_http_goes_to_the_proxy_whole_where_proxies_count);
    RUN(no_proxy_and_direct_requests_go_past_it);
    RUN(https_goes_through_a_tunnel_that_sees_nothing_of_it);
    RUN(a_proxy_that_refuses_is_told_as_such);
    RUN(a_proxys_password_is_in_no_reason);
    ps_http_close(http);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    unlink(ca_file);
    unlink(other_ca_file);
    return check_finish();
}
