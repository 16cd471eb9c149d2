#include "aws/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/tls.h"
#include "aws/url.h"
#include "base/assert.h"
#include "host/clock.h"

enum {
    CONNECT_TIMEOUT_MS_DEFAULT = 1000,
    CONNECTIONS_KEPT_MAX = PS_HTTP_IN_FLIGHT_MAX,
    RETRY_AFTER_SECONDS_MAX = 3600,
};

/* A reusable easy handle, made at its first use. Its options that never change are set once, then. */
struct slot {
    CURL *easy;
    struct ps_http *http;
    struct ps_http_exchange *exchange; /* NULL: free */
    struct ps_buf body;
    bool body_begun;
    char error[CURL_ERROR_SIZE];
};

/* One of the two. */
struct roots {
    const char *file;
    const char *folder;
};

struct ps_http {
    CURLM *multi;
    CURLSH *share;
    struct roots amazon_roots;
    struct roots other_roots;
    uint32_t connect_timeout_ms;
    bool proxies;
    uint32_t in_flight;
    struct slot slots[PS_HTTP_IN_FLIGHT_MAX];
};

/* -- roots ----------------------------------------------------------------------------------------------------- */

static const char *const SYSTEM_BUNDLES[] = {
    "/etc/pki/tls/certs/ca-bundle.crt",   /* Amazon Linux, Fedora */
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine */
    "/etc/ssl/cert.pem",
};

static struct roots system_bundle(void)
{
    for (size_t i = 0; i < sizeof SYSTEM_BUNDLES / sizeof SYSTEM_BUNDLES[0]; i++) {
        if (access(SYSTEM_BUNDLES[i], R_OK) == 0) return (struct roots){ .file = SYSTEM_BUNDLES[i] };
    }
    return (struct roots){ .file = SYSTEM_BUNDLES[0] }; /* a TLS call will say that it cannot be read */
}

/* NUL-terminated on arena. */
static enum ps_err copy_text(struct ps_arena *arena, struct ps_span text, const char **out)
{
    char *copy = ps_arena_bytes(arena, text.len + 1);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes of text", text.len);
    if (text.len > 0) memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    *out = copy;
    return PS_OK;
}

/* What is not given leaves *out as it is. */
static enum ps_err choose(struct ps_arena *process, struct ps_span path, struct roots *out)
{
    if (path.len == 0) return PS_OK;
    const char *name = NULL;
    struct stat status;
    PS_TRY(copy_text(process, path, &name));
    if (access(name, R_OK) != 0 || stat(name, &status) != 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "root certificates %s cannot be read", name);
    *out = S_ISDIR(status.st_mode) ? (struct roots){ .folder = name } : (struct roots){ .file = name };
    return PS_OK;
}

static enum ps_err choose_roots(struct ps_arena *process, const struct ps_http_options *options, struct ps_http *http)
{
    http->other_roots = system_bundle();
    PS_TRY(choose(process, options->system_roots, &http->other_roots));
    http->amazon_roots = http->other_roots;
    PS_TRY(choose(process, options->other_roots, &http->other_roots));
    return choose(process, options->amazon_roots, &http->amazon_roots);
}

static bool host_is_amazon(struct ps_span host)
{
    static const struct ps_span SUFFIXES[] = { PS_SPAN_INIT(".amazonaws.com"), PS_SPAN_INIT(".amazonaws.com.cn"),
                                               PS_SPAN_INIT(".api.aws"), PS_SPAN_INIT(".on.aws") };
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof SUFFIXES[0]; i++) {
        struct ps_span suffix = SUFFIXES[i];
        if (host.len > suffix.len && ps_span_eq_nocase(ps_span_from(host, host.len - suffix.len), suffix)) return true;
    }
    return false;
}

static struct roots roots_for(const struct ps_http *http, struct ps_span host)
{
    return host_is_amazon(host) ? http->amazon_roots : http->other_roots;
}

/* -- open and close -------------------------------------------------------------------------------------------- */

/* Collects the failures of many curl_easy_setopt: each can only run out of memory or find a build without the option.
 */
#define SET(option, value) \
    do { \
        CURLcode code_ = curl_easy_setopt(easy, option, value); \
        if (result == CURLE_OK) result = code_; \
    } while (0)

static size_t on_body(char *data, size_t size, size_t count, void *context);

static CURLcode set_for_life(struct slot *slot)
{
    CURL *easy = slot->easy;
    CURLcode result = CURLE_OK;
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE); /* a proxy gets none of the headers meant for the server */
    SET(CURLOPT_PROXY_CAINFO, slot->http->other_roots.file);
    SET(CURLOPT_PROXY_CAPATH, slot->http->other_roots.folder);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PATH_AS_IS, 1L); /* the path that was signed is the path that is sent */
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)slot->http->connect_timeout_ms);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CA_CACHE_TIMEOUT, -1L); /* a file is parsed once in the life of the process */
    SET(CURLOPT_USERAGENT, "penstock");
    SET(CURLOPT_SHARE, slot->http->share);
    SET(CURLOPT_ERRORBUFFER, slot->error);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, slot);
    SET(CURLOPT_PRIVATE, slot);
    return result;
}

static enum ps_err open_slot(struct ps_http *http, struct slot *slot)
{
    slot->http = http;
    slot->easy = curl_easy_init();
    if (slot->easy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "libcurl: no handle");
    CURLcode code = set_for_life(slot);
    if (code == CURLE_OK) return PS_OK;
    curl_easy_cleanup(slot->easy);
    slot->easy = NULL;
    PS_FAIL(PS_ERR_SYSTEM, "libcurl: %s", curl_easy_strerror(code));
}

/* Connections and resolved names are shared by being in one multi; TLS sessions only through a share. */
static enum ps_err open_multi(struct ps_http *http)
{
    http->multi = curl_multi_init();
    http->share = curl_share_init();
    if (http->multi == NULL || http->share == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "libcurl: no multi handle");
    if (curl_share_setopt(http->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK ||
        curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) != CURLM_OK ||
        curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT_MAX) != CURLM_OK)
        PS_FAIL(PS_ERR_SYSTEM, "libcurl refused an option of its multi handle");
    return PS_OK;
}

/* libcurl is started once and stays: clients of other threads may be using it when one is closed. */
static CURLcode started;

static void start_libcurl(void)
{
    ps_tls_open();
    started = curl_global_init(CURL_GLOBAL_SSL);
}

static enum ps_err open_handles(struct ps_http *http)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, start_libcurl);
    if (started != CURLE_OK) PS_FAIL(PS_ERR_SYSTEM, "libcurl: %s", curl_easy_strerror(started));
    enum ps_err err = open_multi(http);
    if (err != PS_OK) ps_http_close(http);
    return err;
}

enum ps_err ps_http_open(struct ps_arena *process, const struct ps_http_options *options, struct ps_http **out)
{
    struct ps_http *http = PS_ARENA_NEW(process, struct ps_http);
    if (http == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "HTTP client");
    PS_TRY(choose_roots(process, options, http));
    http->connect_timeout_ms =
        options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS_DEFAULT;
    http->proxies = options->proxies;
    PS_TRY(open_handles(http));
    *out = http;
    return PS_OK;
}

void ps_http_close(struct ps_http *http)
{
    if (http == NULL) return;
    for (size_t i = 0; i < PS_HTTP_IN_FLIGHT_MAX; i++) {
        struct slot *slot = &http->slots[i];
        if (slot->exchange != NULL) ps_http_cancel(http, slot->exchange);
        if (slot->easy != NULL) curl_easy_cleanup(slot->easy);
        slot->easy = NULL;
    }
    if (http->multi != NULL) (void)curl_multi_cleanup(http->multi);
    if (http->share != NULL) (void)curl_share_cleanup(http->share);
    http->multi = NULL;
    http->share = NULL;
}

enum ps_err ps_http_drop_connections(struct ps_http *http)
{
    PS_ASSERT(http->in_flight == 0);
    ps_http_close(http);
    return open_handles(http);
}

/* -- answers --------------------------------------------------------------------------------------------------- */

static void set_reason(struct slot *slot, const char *what)
{
    struct ps_http_exchange *exchange = slot->exchange;
    struct ps_url url = { .origin = PS_SPAN("?") };
    if (ps_url_split(exchange->request.url, &url) != PS_OK) url.origin = PS_SPAN("?");
    int wrote = snprintf(exchange->reason, sizeof exchange->reason, "%s %.*s: %s", exchange->request.method,
                         (int)(url.origin.len < 100 ? url.origin.len : 100), url.origin.data, what);
    PS_ASSERT(wrote > 0);
    for (char *c = exchange->reason; *c != '\0'; c++) {
        if (*c < 0x20 || *c == 0x7f) *c = '?';
    }
}

static void fail_exchange(struct slot *slot, enum ps_err err, const char *what)
{
    if (slot->exchange->err != PS_OK) return; /* the first failure is the cause of the others */
    slot->exchange->err = err;
    set_reason(slot, what);
}

/* The whole body in one piece where its length is announced: other answers may grow on the same arena. */
static void begin_body(struct slot *slot)
{
    const struct ps_http_exchange *exchange = slot->exchange;
    size_t bytes_max = exchange->request.response_bytes_max;
    curl_off_t announced = -1;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    ps_buf_init(&slot->body, exchange->arena, bytes_max);
    slot->body_begun = true;
    if (announced > 0 && (uint64_t)announced <= bytes_max) slot->body.bytes_max = (size_t)announced;
    /* A failure sticks to the buf and is told by the put that follows. */
    if (announced > 0 && ps_buf_room(&slot->body, (size_t)announced) == NULL) return;
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct slot *slot = context;
    size_t len = size * count;
    if (!slot->body_begun) begin_body(slot);
    ps_buf_put(&slot->body, ps_span_make(data, len));
    if (slot->body.err == PS_OK) return len;
    fail_exchange(slot, slot->body.err,
                  slot->body.err == PS_ERR_TOO_LARGE ? "the answer is over its limit" : "no memory for the answer");
    return 0; /* breaks the transfer off */
}

static bool type_is_json(const char *type)
{
    struct ps_span text = ps_span_of(type);
    ptrdiff_t parameters = ps_span_find_byte(text, ';');
    if (parameters != PS_SPAN_NONE) text = ps_span_first(text, (size_t)parameters);
    text = ps_span_trim(text);
    if (ps_span_eq_nocase(text, PS_SPAN("application/json"))) return true;
    static const struct ps_span SUFFIX = PS_SPAN_INIT("+json");
    return text.len > SUFFIX.len && ps_span_eq_nocase(ps_span_from(text, text.len - SUFFIX.len), SUFFIX);
}

/* A header of the answer; empty without. */
static struct ps_span header_of(struct slot *slot, const char *name)
{
    struct curl_header *header = NULL;
    CURLHcode code = curl_easy_header(slot->easy, name, 0, CURLH_HEADER, -1, &header);
    return code == CURLHE_OK ? ps_span_of(header->value) : PS_SPAN("");
}

static void keep_headers(struct slot *slot)
{
    struct ps_http_exchange *exchange = slot->exchange;
    for (size_t i = 0; i < PS_HTTP_KEPT_MAX && exchange->request.keep[i] != NULL; i++) {
        struct ps_span value = header_of(slot, exchange->request.keep[i]);
        char *copy = ps_arena_bytes(exchange->arena, value.len);
        if (copy == NULL) {
            fail_exchange(slot, PS_ERR_NO_MEMORY, "no memory for the answer's headers");
            return;
        }
        if (value.len > 0) memcpy(copy, value.data, value.len);
        exchange->response.kept[i] = ps_span_make(copy, value.len);
    }
}

static void read_response(struct slot *slot)
{
    struct ps_http_response *response = &slot->exchange->response;
    long status = 0;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
    response->status = status > 0 ? (uint32_t)status : 0;
    response->body = ps_buf_span(&slot->body);
    const char *type = NULL;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_CONTENT_TYPE, &type);
    response->json = type_is_json(type);
    curl_off_t seconds = 0; /* libcurl reads both forms, seconds and date */
    (void)curl_easy_getinfo(slot->easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds > RETRY_AFTER_SECONDS_MAX) seconds = RETRY_AFTER_SECONDS_MAX;
    if (seconds > 0) response->retry_after_ms = (uint32_t)seconds * 1000;
    uint64_t asked_ms = 0; /* AWS's own, in milliseconds, is the more precise */
    if (ps_span_to_u64(header_of(slot, "x-amz-retry-after"), &asked_ms) &&
        asked_ms <= RETRY_AFTER_SECONDS_MAX * 1000ull)
        response->retry_after_ms = (uint32_t)asked_ms;
    struct ps_span error_type = ps_span_first(header_of(slot, "x-amzn-ErrorType"), PS_HTTP_ERROR_TYPE_BYTES_MAX);
    if (error_type.len > 0)
        memcpy(response->error_type, error_type.data, error_type.len); /* the rest is zero already */
    keep_headers(slot);
}

/* What another try cannot change is a matter of configuration; everything else may pass. */
static enum ps_err classify(CURLcode code)
{
    static const CURLcode CONFIG[] = { CURLE_URL_MALFORMAT,
                                       CURLE_UNSUPPORTED_PROTOCOL,
                                       CURLE_NOT_BUILT_IN,
                                       CURLE_SSL_CERTPROBLEM,
                                       CURLE_PEER_FAILED_VERIFICATION,
                                       CURLE_SSL_CACERT_BADFILE,
                                       CURLE_SSL_ISSUER_ERROR,
                                       CURLE_SSL_CIPHER,
                                       CURLE_BAD_FUNCTION_ARGUMENT };
    if (code == CURLE_OUT_OF_MEMORY) return PS_ERR_NO_MEMORY;
    for (size_t i = 0; i < sizeof CONFIG / sizeof CONFIG[0]; i++) {
        if (CONFIG[i] == code) return PS_ERR_BAD_CONFIG;
    }
    return PS_ERR_UNAVAILABLE;
}

/* -- proxies --------------------------------------------------------------------------------------------------- */

enum { PROXY_AUTHENTICATION_REQUIRED = 407 };

static bool may_use_proxy(const struct ps_http *http, const struct ps_http_request *request)
{
    return http->proxies && !request->direct;
}

/* What the proxy could not reach may be there later; what it will not do stays so. */
static void fail_refused(struct slot *slot, long status)
{
    char what[80];
    const char *cause = "could not connect";
    if (status < 500) cause = "refuses this host or port";
    if (status == PROXY_AUTHENTICATION_REQUIRED) cause = "wants another user or password";
    (void)snprintf(what, sizeof what, "the proxy %s (status %ld)", cause, status);
    fail_exchange(slot, status < 500 ? PS_ERR_BAD_CONFIG : PS_ERR_UNAVAILABLE, what);
}

/* Fails the exchange where the proxy is the cause. libcurl's own texts quote the proxy's URL, password and all. */
static bool fail_at_proxy(struct slot *slot, CURLcode code)
{
    long status = 0;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    if (status >= 300) {
        fail_refused(slot, status);
        return true;
    }
    if (strstr(slot->error, "proxy") == NULL) return false;
    bool malformed = strstr(slot->error, "Unsupported proxy") != NULL;
    fail_exchange(slot, malformed ? PS_ERR_BAD_CONFIG : classify(code),
                  malformed ? "a proxy variable (HTTPS_PROXY...) holds no URL of a proxy" : curl_easy_strerror(code));
    return true;
}

static void release(struct slot *slot)
{
    slot->exchange->done = true;
    slot->exchange->slot = NULL;
    slot->exchange = NULL;
    slot->http->in_flight--;
}

static void finish(struct slot *slot, CURLcode code)
{
    long sent_bytes = 0;
    (void)curl_easy_getinfo(slot->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    slot->exchange->sent = sent_bytes > 0;
    bool proxies = may_use_proxy(slot->http, &slot->exchange->request);
    if (code == CURLE_OK) {
        read_response(slot);
        uint32_t status = slot->exchange->response.status;
        if (proxies && status == PROXY_AUTHENTICATION_REQUIRED) fail_refused(slot, status); /* no server says this */
    } else {
        slot->exchange->timed_out = code == CURLE_OPERATION_TIMEDOUT;
        slot->exchange->response.status = 0;
        if (!proxies || !fail_at_proxy(slot, code))
            fail_exchange(slot, classify(code), slot->error[0] != '\0' ? slot->error : curl_easy_strerror(code));
    }
    release(slot);
}

/* Takes finished transfers from libcurl; says whether there was one. */
static bool collect(struct ps_http *http)
{
    bool any = false;
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left)) != NULL;) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        struct slot *slot = NULL;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &slot);
        PS_ASSERT(slot != NULL && slot->exchange != NULL);
        (void)curl_multi_remove_handle(http->multi, easy);
        finish(slot, code);
        any = true;
    }
    return any;
}

/* -- requests -------------------------------------------------------------------------------------------------- */

static bool is_header_text(struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\r' || text.data[i] == '\n' || text.data[i] == '\0') return false;
    }
    return true;
}

/* Puts one line in front of list. The nodes live on the exchange's arena, so that libcurl copies nothing. */
static enum ps_err push_line(struct ps_arena *arena, struct ps_span name, struct ps_span separator,
                             struct ps_span value, struct curl_slist **list)
{
    struct curl_slist *node = PS_ARENA_NEW(arena, struct curl_slist);
    size_t bytes = name.len + separator.len + value.len;
    char *line = ps_arena_bytes(arena, bytes + 1);
    if (node == NULL || line == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "request header of %zu bytes", bytes);
    memcpy(line, name.data, name.len);
    memcpy(line + name.len, separator.data, separator.len);
    if (value.len > 0) memcpy(line + name.len + separator.len, value.data, value.len);
    line[bytes] = '\0';
    *node = (struct curl_slist){ .data = line, .next = *list };
    *list = node;
    return PS_OK;
}

static bool has_header(const struct ps_http_request *request, struct ps_span name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (ps_span_eq_nocase(request->headers[i].name, name)) return true;
    }
    return false;
}

static enum ps_err make_headers(struct ps_arena *arena, const struct ps_http_request *request, struct curl_slist **list)
{
    /* A name and nothing after its colon takes away what libcurl would send by itself. */
    static const struct ps_span OWN[] = { PS_SPAN_INIT("Expect"), PS_SPAN_INIT("Accept"),
                                          PS_SPAN_INIT("Content-Type") };
    for (size_t i = 0; i < sizeof OWN / sizeof OWN[0]; i++) {
        if (!has_header(request, OWN[i])) PS_TRY(push_line(arena, OWN[i], PS_SPAN(":"), PS_SPAN(""), list));
    }
    for (size_t i = request->header_count; i > 0; i--) {
        const struct ps_http_header *header = &request->headers[i - 1];
        if (header->name.len == 0 || !is_header_text(header->name) || !is_header_text(header->value))
            PS_FAIL(PS_ERR_BAD_INPUT, "request header %zu: a line break or NUL in it, or no name", i - 1);
        struct ps_span separator = header->value.len > 0 ? PS_SPAN(": ") : PS_SPAN(";");
        PS_TRY(push_line(arena, header->name, separator, header->value, list));
    }
    return PS_OK;
}

static CURLcode set_method(CURL *easy, const struct ps_http_request *request)
{
    CURLcode result = CURLE_OK;
    bool head = strcmp(request->method, "HEAD") == 0;
    bool bodiless = strcmp(request->method, "GET") == 0 || strcmp(request->method, "DELETE") == 0;
    SET(CURLOPT_NOBODY, head ? 1L : 0L);
    if (head) {
        SET(CURLOPT_CUSTOMREQUEST, NULL);
    } else if (bodiless && request->body.len == 0) {
        SET(CURLOPT_HTTPGET, 1L);
        SET(CURLOPT_CUSTOMREQUEST, request->method);
    } else {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDS, request->body.len > 0 ? request->body.data : "");
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        SET(CURLOPT_CUSTOMREQUEST, request->method);
    }
    return result;
}

static enum ps_err set_request(struct slot *slot, struct ps_arena *arena, const struct ps_http_request *request)
{
    struct ps_url url;
    PS_TRY(ps_url_split(request->url, &url));
    struct curl_slist *headers = NULL;
    PS_TRY(make_headers(arena, request, &headers));
    const char *address = NULL;
    PS_TRY(copy_text(arena, request->url, &address));
    CURL *easy = slot->easy;
    struct roots roots = roots_for(slot->http, url.host);
    CURLcode result = set_method(easy, request);
    SET(CURLOPT_URL, address);
    SET(CURLOPT_PROXY, may_use_proxy(slot->http, request) ? NULL : ""); /* NULL: as the environment says */
    SET(CURLOPT_HTTPHEADER, headers);
    SET(CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    SET(CURLOPT_CAINFO, roots.file);
    SET(CURLOPT_CAPATH, roots.folder);
    SET(CURLOPT_FRESH_CONNECT, request->fresh ? 1L : 0L);
    if (result != CURLE_OK) PS_FAIL(classify(result), "libcurl: %s", curl_easy_strerror(result));
    return PS_OK;
}

static struct slot *free_slot(struct ps_http *http)
{
    for (size_t i = 0; i < PS_HTTP_IN_FLIGHT_MAX; i++) {
        if (http->slots[i].exchange == NULL) return &http->slots[i];
    }
    return NULL;
}

enum ps_err ps_http_start(struct ps_http *http, struct ps_arena *arena, struct ps_http_exchange *exchange)
{
    PS_ASSERT(exchange->slot == NULL);
    PS_ASSERT(exchange->request.timeout_ms > 0);
    PS_ASSERT(exchange->request.header_count <= PS_HTTP_HEADERS_MAX);
    struct slot *slot = free_slot(http);
    if (slot == NULL) PS_FAIL(PS_ERR_TOO_LARGE, "more than %d HTTP exchanges in flight", PS_HTTP_IN_FLIGHT_MAX);
    if (slot->easy == NULL) PS_TRY(open_slot(http, slot));
    PS_TRY(set_request(slot, arena, &exchange->request));
    exchange->response = (struct ps_http_response){ 0 };
    exchange->arena = arena;
    exchange->done = false;
    exchange->timed_out = false;
    exchange->sent = false;
    exchange->err = PS_OK;
    exchange->reason[0] = '\0';
    slot->body = (struct ps_buf){ 0 };
    slot->body_begun = false;
    slot->error[0] = '\0';
    CURLMcode code = curl_multi_add_handle(http->multi, slot->easy);
    if (code != CURLM_OK) PS_FAIL(PS_ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(code));
    slot->exchange = exchange;
    exchange->slot = slot;
    http->in_flight++;
    return PS_OK;
}

/* -- progress -------------------------------------------------------------------------------------------------- */

static enum ps_err perform(struct ps_http *http)
{
    int running = 0;
    CURLMcode code = curl_multi_perform(http->multi, &running);
    if (code != CURLM_OK) PS_FAIL(PS_ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(code));
    return PS_OK;
}

enum ps_err ps_http_poll(struct ps_http *http, uint32_t wait_ms)
{
    uint64_t end_us = ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000;
    for (;;) {
        PS_TRY(perform(http));
        if (collect(http)) return PS_OK;
        uint64_t now_us = ps_clock_monotonic_us();
        if (now_us >= end_us) return PS_OK;
        uint64_t left_ms = (end_us - now_us + 999) / 1000;
        CURLMcode code = curl_multi_poll(http->multi, NULL, 0, (int)(left_ms < 60000 ? left_ms : 60000), NULL);
        if (code != CURLM_OK) PS_FAIL(PS_ERR_SYSTEM, "libcurl: %s", curl_multi_strerror(code));
    }
}

enum ps_err ps_http_pause(struct ps_http *http, uint32_t wait_ms)
{
    uint64_t end_us = ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000;
    for (uint64_t now_us; (now_us = ps_clock_monotonic_us()) < end_us;)
        PS_TRY(ps_http_poll(http, (uint32_t)((end_us - now_us + 999) / 1000)));
    return PS_OK;
}

void ps_http_cancel(struct ps_http *http, struct ps_http_exchange *exchange)
{
    struct slot *slot = exchange->slot;
    if (slot == NULL) return;
    PS_ASSERT(slot->http == http);
    (void)curl_multi_remove_handle(http->multi, slot->easy);
    fail_exchange(slot, PS_ERR_UNAVAILABLE, "broken off by the caller");
    release(slot);
}

enum ps_err ps_http_wait(struct ps_http *http, struct ps_http_exchange *exchange)
{
    enum { POLL_MS = 1000 };
    while (!exchange->done) {
        enum ps_err err = ps_http_poll(http, POLL_MS);
        if (err == PS_OK) continue;
        ps_http_cancel(http, exchange);
        return err;
    }
    if (exchange->err != PS_OK) PS_FAIL(exchange->err, "%s", exchange->reason);
    return PS_OK;
}

enum ps_err ps_http_run(struct ps_http *http, struct ps_arena *arena, struct ps_http_exchange *exchange)
{
    PS_TRY(ps_http_start(http, arena, exchange));
    return ps_http_wait(http, exchange);
}
