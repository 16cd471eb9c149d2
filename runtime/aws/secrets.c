#include "aws/secrets.h"

#include <string.h>

#include "aws/endpoint.h"
#include "aws/secrets_priv.h"
#include "aws/url.h"
#include "base/json_write.h"
#include "host/clock.h"
#include "host/config.h"

enum {
    ID_BYTES_MAX = 2048,                  /* GetSecretValue's SecretId, GetParameter's Name */
    SETTING_BYTES_MAX = 128,              /* a name of ours and its ending */
    BODY_BYTES_MAX = 4096,                /* an id and its frame; none of its bytes is escaped */
    ANSWER_BYTES_MAX = 512 << 10,         /* 64 KB, each byte escaped as six, and what else is told of it */
    SCRATCH_BYTES = 4 * ANSWER_BYTES_MAX, /* an answer while it grows, unescaped, and a second one after a retry */
    ATTEMPTS_MAX = 2,
    TIMEOUT_MS = 2000, /* twice this is what init's 10 s can give to a secret */
};

static const uint64_t REFRESH_US_MIN = 60 * 1000000ull;

static const struct service {
    const char *ending; /* of the setting's name */
    enum ps_endpoint_service endpoint;
    struct ps_span name; /* in ARNs and signatures */
    struct ps_span operation;
    struct ps_span id_member;
    struct ps_span marks; /* that an id may hold besides letters and digits */
} SERVICES[] = {
    [PS_SECRET_MANAGER] = { "_SECRET_ARN", PS_ENDPOINT_SECRETS_MANAGER, PS_SPAN_INIT("secretsmanager"),
                            PS_SPAN_INIT("secretsmanager.GetSecretValue"), PS_SPAN_INIT("SecretId"),
                            PS_SPAN_INIT("/_+=.@-:!") },
    [PS_SECRET_PARAMETER] = { "_SSM_NAME", PS_ENDPOINT_SSM, PS_SPAN_INIT("ssm"), PS_SPAN_INIT("AmazonSSM.GetParameter"),
                              PS_SPAN_INIT("Name"), PS_SPAN_INIT("/_.-:") },
};

/* -- where it is --------------------------------------------------------------------------------------------------- */

struct place {
    struct ps_span id;
    struct ps_span key;
    struct ps_span region; /* empty: the client's */
};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Notes never repeat the text: somebody may have put the secret itself there. */
static enum ps_err check_id(const struct service *service, struct ps_span id)
{
    if (id.len == 0 || id.len > ID_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "an ARN or a name of 1 to %d bytes", ID_BYTES_MAX);
    for (size_t i = 0; i < id.len; i++) {
        if (!is_word(id.data[i]) && ps_span_find_byte(service->marks, id.data[i]) == PS_SPAN_NONE)
            PS_FAIL(PS_ERR_BAD_CONFIG, "byte %zu can be in no ARN or name", i);
    }
    return PS_OK;
}

/* arn:aws:secretsmanager:eu-west-1:123456789012:secret:name, arn:aws:ssm:eu-west-1:123456789012:parameter/name */
static enum ps_err read_arn(const struct service *service, struct ps_span arn, struct ps_span *region)
{
    enum { FIELDS = 6, SERVICE = 2, REGION = 3, RESOURCE = 5 };
    struct ps_span fields[FIELDS];
    bool more = true;
    size_t count = 0;
    while (count < FIELDS && more)
        fields[count++] = ps_span_split(&arn, ':', &more);
    if (count < FIELDS || fields[RESOURCE].len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "an ARN that is cut short");
    if (!ps_span_eq(fields[SERVICE], service->name))
        PS_FAIL(PS_ERR_BAD_CONFIG, "an ARN of another service than %.*s", PS_SPAN_ARG(service->name));
    if (fields[REGION].len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "an ARN without a region");
    *region = fields[REGION];
    return PS_OK;
}

static enum ps_err find_place(enum ps_secret_service which, struct ps_span text, struct place *out)
{
    const struct service *service = &SERVICES[which];
    struct place place = { 0 };
    bool has_key = false;
    place.id = ps_span_split(&text, '#', &has_key);
    if (has_key && text.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "no key behind the #");
    if (has_key) place.key = text;
    PS_TRY(check_id(service, place.id));
    if (ps_span_starts(place.id, PS_SPAN("arn:"))) PS_TRY(read_arn(service, place.id, &place.region));
    *out = place;
    return PS_OK;
}

static struct ps_span text_of(const struct ps_secret_source *source, enum ps_secret_service service)
{
    return service == PS_SECRET_MANAGER ? source->secret_arn : source->ssm_name;
}

void ps_secret_check(const char *name, const struct ps_secret_source *source, struct ps_buf *mistakes)
{
    int given = (source->value.len > 0) + (source->secret_arn.len > 0) + (source->ssm_name.len > 0);
    if (given > 1) ps_config_mistake(mistakes, "%s, %s_SECRET_ARN and %s_SSM_NAME: set one of them", name, name, name);
    for (enum ps_secret_service service = PS_SECRET_MANAGER; service <= PS_SECRET_PARAMETER; service++) {
        struct ps_span text = text_of(source, service);
        struct place place = { 0 };
        if (text.len > 0 && find_place(service, text, &place) != PS_OK)
            ps_config_mistake(mistakes, "%s%s: %s", name, SERVICES[service].ending, ps_err_note()->text);
    }
}

/* -- open ---------------------------------------------------------------------------------------------------------- */

static enum ps_err name_setting(struct ps_arena *process, const char *name, struct ps_secret *secret)
{
    struct ps_buf buf;
    ps_buf_init(&buf, process, SETTING_BYTES_MAX);
    ps_buf_printf(&buf, "%s%s", name, SERVICES[secret->service].ending);
    return ps_buf_finish(&buf, &secret->setting);
}

static enum ps_err set_place(struct ps_arena *process, struct ps_secret *secret)
{
    const struct service *service = &SERVICES[secret->service];
    struct place place = { 0 };
    struct ps_endpoint endpoint;
    PS_TRY(find_place(secret->service, text_of(secret->source, secret->service), &place));
    secret->id = place.id;
    secret->key = place.key;
    secret->target = (struct ps_call_target){
        .auth = PS_CALL_SIGV4,
        .service = service->name,
        .region = place.region.len > 0 ? place.region : ps_call_region(secret->client),
    };
    PS_TRY(ps_endpoint_resolve(process, service->endpoint, secret->target.region, &endpoint));
    struct ps_buf url;
    ps_buf_init(&url, process, PS_URL_BYTES_MAX);
    ps_buf_put(&url, endpoint.url);
    ps_buf_byte(&url, '/');
    return ps_buf_finish(&url, &secret->url);
}

enum ps_err ps_secret_open(struct ps_arena *process, struct ps_call_client *client, const char *name,
                           const struct ps_secret_source *source, struct ps_secret **out)
{
    struct ps_secret *secret = PS_ARENA_NEW(process, struct ps_secret);
    if (secret == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%s: %zu bytes", name, sizeof *secret);
    secret->client = client;
    secret->source = source;
    secret->remote = ps_secret_is_remote(source);
    if (secret->remote) {
        secret->service = source->secret_arn.len > 0 ? PS_SECRET_MANAGER : PS_SECRET_PARAMETER;
        PS_TRY(name_setting(process, name, secret));
        enum ps_err err = set_place(process, secret);
        if (err != PS_OK) return ps_err_wrap(err, "%.*s", PS_SPAN_ARG(secret->setting));
    }
    *out = secret;
    return PS_OK;
}

/* -- read ---------------------------------------------------------------------------------------------------------- */

static enum ps_err build_body(const struct ps_secret *secret, struct ps_arena *arena, struct ps_span *out)
{
    struct ps_buf buf;
    struct ps_json_writer json;
    ps_buf_init(&buf, arena, BODY_BYTES_MAX);
    ps_json_write_init(&json, &buf);
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, SERVICES[secret->service].id_member, secret->id);
    if (secret->service == PS_SECRET_PARAMETER) {
        ps_json_write_key(&json, PS_SPAN("WithDecryption"));
        ps_json_write_bool(&json, true);
    }
    ps_json_write_object_end(&json);
    return ps_json_write_finish(&json, out);
}

static enum ps_err ask(struct ps_secret *secret, struct ps_arena *arena, const struct ps_deadline *deadline,
                       struct ps_span *value)
{
    struct ps_http_exchange exchange = {
        .request = { .method = "POST",
                     .url = secret->url,
                     .headers = { { PS_SPAN("Content-Type"), PS_SPAN("application/x-amz-json-1.1") },
                                  { PS_SPAN("X-Amz-Target"), SERVICES[secret->service].operation } },
                     .header_count = 2,
                     .response_bytes_max = ANSWER_BYTES_MAX },
    };
    const struct ps_call_options options = { .attempts_max = ATTEMPTS_MAX, .timeout_ms = TIMEOUT_MS };
    PS_TRY(build_body(secret, arena, &exchange.request.body));
    PS_TRY(ps_call_run(secret->client, arena, &secret->target, &options, deadline, &exchange));
    const struct ps_http_response *response = &exchange.response;
    if (response->status != 200) return ps_secret_reply_refusal(secret->service, response->status, response->body);
    return ps_secret_reply_read(arena, secret->service, response->body, secret->key, value);
}

static void keep(struct ps_secret *secret, struct ps_span value, bool *changed)
{
    *changed = !secret->read || !ps_span_eq(value, ps_span_make(secret->value, secret->len));
    memcpy(secret->value, value.data, value.len);
    secret->len = value.len;
    secret->read = true;
}

/* The answer's memory goes back to the system at once, and with it all copies of the value but one. */
static enum ps_err read_anew(struct ps_secret *secret, const struct ps_deadline *deadline, bool *changed)
{
    struct ps_arena scratch;
    struct ps_span value = PS_SPAN("");
    PS_TRY(ps_arena_init(&scratch, SCRATCH_BYTES));
    enum ps_err err = ask(secret, &scratch, deadline, &value);
    if (err == PS_OK) keep(secret, value, changed);
    if (err != PS_OK) secret->refreshed_us = ps_clock_monotonic_us(); /* a refresh would fail likewise */
    ps_arena_fini(&scratch);
    return err == PS_OK ? PS_OK : ps_err_wrap(err, "%.*s", PS_SPAN_ARG(secret->setting));
}

enum ps_err ps_secret_get(struct ps_secret *secret, const struct ps_deadline *deadline, struct ps_span *value)
{
    bool changed = false;
    if (secret->remote && !secret->read) PS_TRY(read_anew(secret, deadline, &changed));
    *value = secret->remote ? ps_span_make(secret->value, secret->len) : secret->source->value;
    return PS_OK;
}

enum ps_err ps_secret_warm(struct ps_secret *secret, const struct ps_log *log)
{
    static const struct ps_deadline NO_DEADLINE = { 0 };
    struct ps_span value;
    enum ps_err err = ps_secret_get(secret, &NO_DEADLINE, &value);
    if (ps_err_class(err) != PS_CLASS_TRANSIENT) return err;
    ps_log_fault(log, PS_LOG_WARN, "secret_unread");
    return PS_OK;
}

enum ps_err ps_secret_refresh(struct ps_secret *secret, const struct ps_deadline *deadline, bool *changed)
{
    uint64_t now_us = ps_clock_monotonic_us();
    bool refreshed_lately = secret->refreshed_us != 0 && now_us - secret->refreshed_us < REFRESH_US_MIN;
    *changed = false;
    if (!secret->remote || refreshed_lately) return PS_OK;
    secret->refreshed_us = now_us;
    return read_anew(secret, deadline, changed);
}

void ps_secret_forget(struct ps_secret *secret)
{
    explicit_bzero(secret->value, sizeof secret->value);
    secret->len = 0;
    secret->read = false;
    secret->refreshed_us = 0;
}
