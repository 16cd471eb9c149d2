#include "aws/call.h"

#include <stdio.h>
#include <unistd.h>

#include "aws/credentials.h"
#include "aws/retry.h"
#include "aws/sigv4.h"
#include "aws/tls.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/buf.h"
#include "host/clock.h"
#include "host/env.h"

enum { PATH_BYTES_MAX = 1024, BASIC_BYTES_MAX = 4096 };

struct ps_call_client {
    struct ps_http *http;
    struct ps_span region;
    struct ps_retry_quota quota;
    struct ps_credentials credentials;
};

/* -- the client ------------------------------------------------------------------------------------------------ */

/* The roots that AWS uses ship beside libpenstock-aws: <folder of the program>/lib/amazon-roots. Empty when they
 * are not there (tests, laptops): the system's bundle serves then, which takes longer to load. */
static struct ps_span shipped_roots(char path[PATH_BYTES_MAX])
{
    static const char NAME[] = "/lib/amazon-roots";
    ssize_t len = readlink("/proc/self/exe", path, PATH_BYTES_MAX - sizeof NAME);
    if (len <= 0) return PS_SPAN("");
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) return PS_SPAN("");
    memcpy(slash, NAME, sizeof NAME);
    return access(path, R_OK) == 0 ? ps_span_of(path) : PS_SPAN("");
}

static enum ps_err open_http(struct ps_arena *process, const struct ps_call_client_options *options,
                             struct ps_http **out)
{
    char path[PATH_BYTES_MAX];
    struct ps_span bundle = ps_env_get("AWS_CA_BUNDLE");
    struct ps_http_options http = {
        .amazon_roots = bundle.len > 0 ? bundle : shipped_roots(path),
        .other_roots = options->ca_file.len > 0 ? options->ca_file : bundle,
        .system_roots = ps_env_get("SSL_CERT_FILE"),
        .connect_timeout_ms = options->connect_timeout_ms,
        .proxies = options->proxies,
    };
    return ps_http_open(process, &http, out);
}

static enum ps_err copy_span(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    char *copy = ps_arena_bytes(arena, text.len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes", text.len);
    if (text.len > 0) memcpy(copy, text.data, text.len);
    *out = ps_span_make(copy, text.len);
    return PS_OK;
}

enum ps_err ps_call_client_open(struct ps_arena *process, const struct ps_call_client_options *options,
                                struct ps_call_client **out)
{
    struct ps_call_client *client = PS_ARENA_NEW(process, struct ps_call_client);
    if (client == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "call client");
    client->quota = ps_retry_quota_full();
    PS_TRY(copy_span(process, options->region, &client->region));
    PS_TRY(open_http(process, options, &client->http));
    bool changed = false;
    enum ps_err err = options->needs_credentials ? ps_call_refresh(client, &changed) : PS_OK;
    if (err != PS_OK) {
        ps_http_close(client->http);
        return err;
    }
    *out = client;
    return PS_OK;
}

void ps_call_client_close(struct ps_call_client *client)
{
    if (client == NULL) return;
    ps_http_close(client->http);
    client->http = NULL;
}

enum ps_err ps_call_client_suspend(struct ps_call_client *client)
{
    return ps_http_drop_connections(client->http);
}

enum ps_err ps_call_client_resume(struct ps_call_client *client)
{
    bool changed = false;
    PS_TRY(ps_tls_reseed());
    return client->credentials.present ? ps_call_refresh(client, &changed) : PS_OK;
}

struct ps_http *ps_call_http(struct ps_call_client *client)
{
    return client->http;
}

struct ps_span ps_call_region(const struct ps_call_client *client)
{
    return client->region;
}

/* -- warm ------------------------------------------------------------------------------------------------------ */

/* The first signature costs a hundred times the second; this request is never sent. */
static enum ps_err sign_once(const struct ps_call_client *client, struct ps_arena *arena)
{
    struct ps_http_request request = { .method = "GET", .url = PS_SPAN("https://localhost/") };
    struct ps_sigv4_scope scope = { .region = PS_SPAN("us-east-1"),
                                    .service = PS_SPAN("s3"),
                                    .now_ms = ps_clock_now_ms() };
    return ps_sigv4_sign(arena, &client->credentials, &scope, &request);
}

/* The signature is made while the server is at its part of the handshake. */
static enum ps_err connect_and_sign(struct ps_call_client *client, struct ps_arena *arena,
                                    struct ps_http_exchange *exchange)
{
    enum { STEPS = 2 }; /* connects; says hello where that was done at once */
    enum ps_err err = ps_http_start(client->http, arena, exchange);
    for (size_t i = 0; err == PS_OK && i < STEPS; i++)
        err = ps_http_poll(client->http, 0);
    if (client->credentials.present) PS_TRY(sign_once(client, arena));
    return err;
}

enum ps_err ps_call_warm(struct ps_call_client *client, struct ps_span origin, uint32_t timeout_ms)
{
    struct ps_arena arena;
    PS_TRY(ps_arena_init(&arena, 64 << 10));
    struct ps_http_exchange exchange = {
        .request = { .method = "HEAD", .url = origin, .timeout_ms = timeout_ms, .response_bytes_max = 4096 },
    };
    enum ps_err err = connect_and_sign(client, &arena, &exchange);
    if (err == PS_OK)
        err = ps_http_wait(client->http, &exchange);
    else
        ps_http_cancel(client->http, &exchange);
    ps_arena_fini(&arena);
    return err;
}

/* -- authorization --------------------------------------------------------------------------------------------- */

enum ps_err ps_call_refresh(struct ps_call_client *client, bool *changed)
{
    PS_TRY(ps_sigv4_open());
    return ps_credentials_read(&client->credentials, client->http, changed);
}

static enum ps_err authorize_sigv4(struct ps_call_client *client, struct ps_arena *arena,
                                   const struct ps_call_target *target, int64_t now_ms, struct ps_http_request *request)
{
    bool changed = false;
    /* A failed renewal harms only when what is there has ended, which the check tells. */
    if (!client->credentials.present)
        PS_TRY(ps_call_refresh(client, &changed));
    else if (ps_credentials_due(&client->credentials, now_ms) && ps_call_refresh(client, &changed) != PS_OK)
        changed = false;
    PS_TRY(ps_credentials_check(&client->credentials, now_ms));
    struct ps_sigv4_scope scope = {
        .region = target->region.len > 0 ? target->region : client->region,
        .service = target->service,
        .now_ms = now_ms,
    };
    return ps_sigv4_sign(arena, &client->credentials, &scope, request);
}

static enum ps_err authorize_basic(struct ps_arena *arena, const struct ps_call_target *target,
                                   struct ps_http_request *request)
{
    if (ps_span_find_byte(target->username, ':') != PS_SPAN_NONE)
        PS_FAIL(PS_ERR_BAD_CONFIG, "basic authentication: a user name cannot hold a colon");
    if (request->header_count == PS_HTTP_HEADERS_MAX)
        PS_FAIL(PS_ERR_TOO_LARGE, "more than %d request headers", PS_HTTP_HEADERS_MAX);
    struct ps_buf pair, value;
    struct ps_span plain, header;
    ps_buf_init(&pair, arena, BASIC_BYTES_MAX);
    ps_buf_put(&pair, target->username);
    ps_buf_byte(&pair, ':');
    ps_buf_put(&pair, target->password);
    PS_TRY(ps_buf_finish(&pair, &plain));
    ps_buf_init(&value, arena, 2 * BASIC_BYTES_MAX);
    ps_buf_put(&value, PS_SPAN("Basic "));
    ps_base64_encode(&value, plain);
    PS_TRY(ps_buf_finish(&value, &header));
    request->headers[request->header_count++] = (struct ps_http_header){ PS_SPAN("Authorization"), header };
    return PS_OK;
}

enum ps_err ps_call_authorize(struct ps_call_client *client, struct ps_arena *arena,
                              const struct ps_call_target *target, int64_t now_ms, struct ps_http_request *request)
{
    switch (target->auth) {
    case PS_CALL_UNSIGNED:
        return PS_OK;
    case PS_CALL_SIGV4:
        return authorize_sigv4(client, arena, target, now_ms, request);
    case PS_CALL_BASIC:
        return authorize_basic(arena, target, request);
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "authentication %d does not exist", (int)target->auth);
}

/* -- one call -------------------------------------------------------------------------------------------------- */

/* What is kept of the hard deadline: the answer and the closing line must still get out. */
enum { HARD_MARGIN_MS = 250 };

static uint32_t left_ms(const struct ps_call_options *options, const struct ps_deadline *deadline)
{
    if (!options->hard_deadline) return ps_deadline_left_ms(deadline);
    uint32_t left = ps_deadline_hard_left_ms(deadline);
    return left == UINT32_MAX ? left : left > HARD_MARGIN_MS ? left - HARD_MARGIN_MS : 0;
}

/* The request is signed anew for each attempt: a signature is good for five minutes at most, and credentials change. */
static enum ps_err attempt(struct ps_call_client *client, struct ps_arena *arena, const struct ps_call_target *target,
                           const struct ps_call_options *options, const struct ps_deadline *deadline,
                           struct ps_http_exchange *exchange)
{
    uint32_t left = left_ms(options, deadline);
    if (left == 0) PS_FAIL(PS_ERR_DEADLINE, "no time left for %s", exchange->request.method);
    exchange->request.timeout_ms = options->timeout_ms < left ? options->timeout_ms : left;
    exchange->request.fresh = options->never_twice;
    PS_TRY(ps_call_authorize(client, arena, target, ps_clock_now_ms(), &exchange->request));
    return ps_http_run(client->http, arena, exchange);
}

enum next { NEXT_STOP, NEXT_AGAIN_NOW, NEXT_AGAIN_LATER };

struct progress {
    uint32_t attempts;
    uint32_t taken; /* from the quota, by the last retry */
    bool refreshed;
};

static enum next judge(struct ps_call_client *client, const struct ps_call_target *target, enum ps_err err,
                       const struct ps_http_exchange *exchange, struct progress *progress)
{
    uint32_t status = exchange->response.status;
    if (err == PS_OK && (status == 401 || status == 403)) {
        if (target->auth != PS_CALL_SIGV4 || progress->refreshed) return NEXT_STOP;
        bool changed = false;
        progress->refreshed = true;
        return ps_call_refresh(client, &changed) == PS_OK && changed ? NEXT_AGAIN_NOW : NEXT_STOP;
    }
    bool again = err == PS_OK ? ps_retry_status(status) : ps_err_class(err) == PS_CLASS_TRANSIENT;
    return again ? NEXT_AGAIN_LATER : NEXT_STOP;
}

/* False when attempts, quota or time are used up. */
static bool may_retry(struct ps_call_client *client, const struct ps_call_options *options,
                      const struct ps_deadline *deadline, bool timed_out, uint32_t wait_ms, struct progress *progress)
{
    if (progress->attempts >= options->attempts_max) return false;
    if (wait_ms >= left_ms(options, deadline)) return false;
    if (!ps_retry_take(&client->quota, timed_out)) return false;
    progress->taken = timed_out ? PS_RETRY_TIMEOUT_COST : PS_RETRY_COST;
    return true;
}

enum ps_err ps_call_run(struct ps_call_client *client, struct ps_arena *arena, const struct ps_call_target *target,
                        const struct ps_call_options *options, const struct ps_deadline *deadline,
                        struct ps_http_exchange *exchange)
{
    PS_ASSERT(options->attempts_max > 0);
    PS_ASSERT(options->timeout_ms > 0);
    size_t header_count = exchange->request.header_count;
    struct progress progress = { 0 };
    for (;;) {
        exchange->request.header_count = header_count;
        progress.attempts++;
        enum ps_err err = attempt(client, arena, target, options, deadline, exchange);
        enum next next = judge(client, target, err, exchange, &progress);
        if (next == NEXT_AGAIN_NOW) continue;
        if (next == NEXT_STOP && err == PS_OK) ps_retry_give(&client->quota, progress.taken);
        bool in_doubt = err != PS_OK && exchange->sent;
        if (next == NEXT_STOP || (in_doubt && options->never_twice)) return err;
        uint32_t wait_ms = ps_retry_wait_ms(progress.attempts, exchange->response.retry_after_ms);
        if (!may_retry(client, options, deadline, exchange->timed_out, wait_ms, &progress)) return err;
        PS_TRY(ps_http_pause(client->http, wait_ms));
    }
}
