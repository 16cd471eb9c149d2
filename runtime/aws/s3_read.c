#include "aws/s3_read.h"

#include <inttypes.h>

#include "aws/retry.h"
#include "aws/s3.h"
#include "aws/s3_head.h"
#include "aws/s3_list.h"
#include "aws/s3_read_priv.h"
#include "aws/url.h"
#include "base/assert.h"
#include "host/clock.h"

enum {
    IN_FLIGHT_MAX = 8,
    ATTEMPTS_MAX = 5,             /* of a part, in a row */
    ERROR_BYTES_MAX = 16 << 10,   /* an answer that tells of an error, whatever little was asked for */
    SCRATCH_BYTES_MAX = 64 << 10, /* URL, signature, session token and headers of a request, beside its answer */
    TEXTS_BYTES_MAX = 64 << 10,   /* of an object: its URL, twice while it grows, and its ETag */
    POLL_MS = 1000,
};

enum kept { KEPT_RANGE, KEPT_ETAG, KEPT_DATE, KEPT_DELETE_MARKER };

enum part_state { PART_FREE, PART_WAITING, PART_FLYING, PART_READY, PART_FAILED };

struct part {
    enum part_state state;
    uint64_t offset;         /* of the first byte asked for */
    size_t len;              /* asked for */
    bool whole;              /* without a range: the object is empty, so it seems */
    struct ps_span bytes;    /* READY */
    uint32_t tries;          /* that ended in "later" */
    uint32_t taken;          /* from the quota, by the last retry */
    uint32_t credentials;    /* read->credentials when the request was signed */
    uint64_t not_before_us;  /* WAITING */
    enum ps_s3_read_end end; /* FAILED */
    struct ps_err_note note; /* FAILED with FAULT */
    struct ps_arena arena;   /* request and answer */
    struct ps_http_exchange exchange;
};

struct ps_s3_read {
    struct ps_call_client *client;
    struct ps_s3_read_options options;
    struct ps_retry_quota quota; /* for the life of the process */
    struct ps_arena texts;       /* of the object */

    /* Of one object. */
    struct ps_deadline deadline;
    struct ps_span bucket, url, etag;
    bool sized;           /* an answer has told the size */
    uint64_t size;        /* UINT64_MAX until then */
    uint64_t next_offset; /* where the next part begins */
    int64_t modified_ms;
    bool given;           /* the caller has the front part's bytes */
    bool failed;          /* one part has: no more are asked for */
    bool refreshed;       /* credentials */
    uint32_t credentials; /* counts their changes */
    enum ps_s3_read_end end;
    struct ps_err_note note; /* of FAULT */
    uint32_t front, count;   /* in the ring */
    struct part parts[IN_FLIGHT_MAX];
};

/* -- open ---------------------------------------------------------------------------------------------------------- */

enum ps_err ps_s3_read_open(struct ps_arena *process, struct ps_call_client *client,
                            const struct ps_s3_read_options *options, struct ps_s3_read **out)
{
    PS_ASSERT(options->part_bytes > 0);
    PS_ASSERT(options->in_flight > 0 && options->in_flight <= IN_FLIGHT_MAX);
    PS_ASSERT(options->request_timeout_ms > 0);
    struct ps_s3_read *read = PS_ARENA_NEW(process, struct ps_s3_read);
    if (read == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "reader of S3 objects");
    size_t answer_bytes = options->part_bytes > ERROR_BYTES_MAX ? options->part_bytes : ERROR_BYTES_MAX;
    PS_TRY(ps_arena_part(&read->texts, process, TEXTS_BYTES_MAX));
    for (uint32_t i = 0; i < options->in_flight; i++)
        PS_TRY(ps_arena_part(&read->parts[i].arena, process, answer_bytes + SCRATCH_BYTES_MAX));
    read->client = client;
    read->options = *options;
    read->quota = ps_retry_quota_full();
    read->end = PS_S3_READ_DONE;
    *out = read;
    return PS_OK;
}

static void rewind_all(struct ps_arena *arena)
{
    ps_arena_rewind(arena, (struct ps_arena_mark){ arena->base });
}

static enum ps_err make_url(struct ps_s3_read *read, const struct ps_s3_read_object *object)
{
    struct ps_s3 *s3 = NULL;
    struct ps_span plain;
    PS_TRY(ps_s3_open(&read->texts, read->client, object->bucket, &s3));
    PS_TRY(ps_s3_url(s3, &read->texts, object->key, &plain));
    struct ps_buf url;
    ps_buf_init(&url, &read->texts, PS_URL_BYTES_MAX);
    ps_buf_put(&url, plain);
    if (object->version_id.len > 0) ps_buf_put(&url, PS_SPAN("?versionId="));
    ps_url_encode(&url, object->version_id, false);
    return ps_buf_finish(&url, &read->url);
}

enum ps_err ps_s3_read_begin(struct ps_s3_read *read, const struct ps_deadline *deadline,
                             const struct ps_s3_read_object *object)
{
    ps_s3_read_leave(read);
    rewind_all(&read->texts);
    PS_TRY(make_url(read, object));
    read->deadline = *deadline;
    read->bucket = object->bucket;
    read->etag = object->etag;
    read->sized = read->refreshed = false;
    read->size = UINT64_MAX;
    read->next_offset = object->offset;
    read->modified_ms = 0;
    read->end = PS_S3_READ_GOES_ON;
    return PS_OK;
}

void ps_s3_read_leave(struct ps_s3_read *read)
{
    for (uint32_t i = 0; i < read->options.in_flight; i++) {
        if (read->parts[i].state == PART_FLYING) ps_http_cancel(ps_call_http(read->client), &read->parts[i].exchange);
        read->parts[i].state = PART_FREE;
    }
    read->front = read->count = 0;
    read->given = read->failed = false;
    read->end = PS_S3_READ_DONE;
}

/* -- requests ------------------------------------------------------------------------------------------------------ */

static enum ps_err add_header(struct part *part, struct ps_span name, struct ps_buf *value)
{
    struct ps_http_request *request = &part->exchange.request;
    PS_TRY(ps_buf_finish(value, &request->headers[request->header_count].value));
    request->headers[request->header_count++].name = name;
    return PS_OK;
}

static enum ps_err build_request(struct ps_s3_read *read, struct part *part)
{
    uint32_t left_ms = ps_deadline_left_ms(&read->deadline);
    if (left_ms == 0) PS_FAIL(PS_ERR_DEADLINE, "no time left to read from S3");
    part->exchange = (struct ps_http_exchange){
        .request = { .method = "GET",
                     .url = read->url,
                     .timeout_ms =
                         left_ms < read->options.request_timeout_ms ? left_ms : read->options.request_timeout_ms,
                     .response_bytes_max = part->len > ERROR_BYTES_MAX ? part->len : ERROR_BYTES_MAX,
                     .keep = { [KEPT_RANGE] = "Content-Range",
                               [KEPT_ETAG] = "ETag",
                               [KEPT_DATE] = "Last-Modified",
                               [KEPT_DELETE_MARKER] = "x-amz-delete-marker" } },
    };
    struct ps_buf value;
    if (!part->whole) {
        ps_buf_init(&value, &part->arena, SCRATCH_BYTES_MAX);
        ps_buf_printf(&value, "bytes=%" PRIu64 "-%" PRIu64, part->offset, part->offset + part->len - 1);
        PS_TRY(add_header(part, PS_SPAN("Range"), &value));
    }
    if (read->etag.len == 0) return PS_OK;
    ps_buf_init(&value, &part->arena, SCRATCH_BYTES_MAX);
    ps_buf_byte(&value, '"');
    ps_buf_put(&value, read->etag);
    ps_buf_byte(&value, '"');
    return add_header(part, PS_SPAN("If-Match"), &value);
}

static enum ps_err sign_and_start(struct ps_s3_read *read, struct part *part)
{
    const struct ps_call_target target = { .auth = PS_CALL_SIGV4, .service = PS_SPAN("s3") };
    rewind_all(&part->arena);
    PS_TRY(build_request(read, part));
    PS_TRY(ps_call_authorize(read->client, &part->arena, &target, ps_clock_now_ms(), &part->exchange.request));
    return ps_http_start(ps_call_http(read->client), &part->arena, &part->exchange);
}

/* -- what becomes of a part ---------------------------------------------------------------------------------------- */

static void fail(struct ps_s3_read *read, struct part *part, enum ps_s3_read_end end, enum ps_err err)
{
    part->state = PART_FAILED;
    part->end = end;
    if (err != PS_OK) part->note = *ps_err_note();
    read->failed = true;
}

static void wait_until(struct part *part, uint64_t not_before_us)
{
    part->state = PART_WAITING;
    part->not_before_us = not_before_us;
}

/* Another try of what may pass; err is what it came to, its note being the thread's. */
static void try_later(struct ps_s3_read *read, struct part *part, enum ps_err err)
{
    bool throttled = err == PS_ERR_THROTTLED;
    uint32_t cost = throttled ? PS_RETRY_THROTTLE_COST : PS_RETRY_TRANSIENT_COST;
    part->tries++;
    uint32_t wait_ms = ps_retry_backoff_ms(throttled ? PS_RETRY_BASE_MS_THROTTLED : PS_RETRY_BASE_MS, part->tries,
                                           part->exchange.response.retry_after_ms);
    if (!ps_deadline_allows(&read->deadline, wait_ms)) {
        enum ps_err late =
            ps_err_raise(PS_ERR_DEADLINE, __FILE__, __LINE__, "no time for another try after: %s", ps_err_note()->text);
        fail(read, part, PS_S3_READ_FAULT, late);
    } else if (part->tries == ATTEMPTS_MAX || !ps_retry_take_cost(&read->quota, cost)) {
        fail(read, part, PS_S3_READ_FAULT, err);
    } else {
        part->taken = cost;
        wait_until(part, ps_clock_monotonic_us() + (uint64_t)wait_ms * 1000);
    }
}

/* Whether another try with other credentials is worth it. */
static bool has_new_credentials(struct ps_s3_read *read, const struct part *part)
{
    if (part->credentials != read->credentials) return true; /* signed before the change */
    if (read->refreshed) return false;
    read->refreshed = true;
    bool changed = false;
    if (ps_call_refresh(read->client, &changed) != PS_OK || !changed) return false;
    read->credentials++;
    return true;
}

/* What the first answer tells of the object holds for all others. False: this one is of another object. */
static bool learn(struct ps_s3_read *read, const struct part *part, uint64_t size)
{
    const struct ps_span *kept = part->exchange.response.kept;
    struct ps_span etag = ps_s3_head_etag(kept[KEPT_ETAG]);
    if (read->etag.len > 0 && etag.len > 0 && !ps_span_eq(etag, read->etag)) return false;
    if (read->sized) return size == read->size;
    if (read->etag.len == 0 && etag.len > 0) {
        char *copy = ps_arena_bytes(&read->texts, etag.len);
        if (copy == NULL) return false;
        memcpy(copy, etag.data, etag.len);
        read->etag = ps_span_make(copy, etag.len);
    }
    if (!ps_s3_head_date(kept[KEPT_DATE], &read->modified_ms)) read->modified_ms = 0;
    read->sized = true;
    read->size = size;
    if (read->next_offset > size) read->next_offset = size;
    return true;
}

/* Bytes and size of an answer. UNAVAILABLE for one that is not what was asked for. */
static enum ps_err read_range(const struct part *part, uint64_t *size)
{
    const struct ps_http_response *response = &part->exchange.response;
    struct ps_s3_range range = { 0 };
    if (response->status == 200) {
        if (part->offset > 0 || response->body.len > part->len)
            PS_FAIL(PS_ERR_BAD_CONFIG, "S3: the server gives no ranges, which objects over %zu bytes need", part->len);
        *size = response->body.len;
        return PS_OK;
    }
    if (ps_s3_head_range(response->kept[KEPT_RANGE], &range) != PS_OK || range.first != part->offset ||
        range.last - range.first >= part->len || response->body.len != range.last - range.first + 1)
        PS_FAIL(PS_ERR_UNAVAILABLE,
                "S3: bytes %" PRIu64 " to %" PRIu64 " of %" PRIu64 " were answered, %zu from %" PRIu64 " asked for",
                range.first, range.last, range.size, part->len, part->offset);
    *size = range.size;
    return PS_OK;
}

static void take(struct ps_s3_read *read, struct part *part)
{
    uint64_t size = 0;
    enum ps_err err = read_range(part, &size);
    if (err == PS_ERR_UNAVAILABLE) {
        try_later(read, part, err);
    } else if (err != PS_OK) {
        fail(read, part, PS_S3_READ_FAULT, err);
    } else if (!learn(read, part, size)) {
        fail(read, part, PS_S3_READ_CHANGED, PS_OK);
    } else {
        part->state = PART_READY;
        part->bytes = part->exchange.response.body;
        if (part->len > size - part->offset) part->len = (size_t)(size - part->offset);
        part->tries = 0;
        ps_retry_give(&read->quota, part->taken);
        part->taken = 0;
    }
}

/* No byte at the part's offset. The first part of an empty object is asked for again without a range, for then the
 * answer tells what the object is; and whoever begins at the very end has read all. */
static void settle_beyond(struct ps_s3_read *read, struct part *part)
{
    uint64_t size = 0;
    if (!read->sized && part->offset == 0 && !part->whole) {
        part->whole = true;
        wait_until(part, 0);
    } else if (!read->sized && ps_s3_list_error_size(part->exchange.response.body, &size) && size == part->offset &&
               learn(read, part, size)) {
        part->state = PART_READY;
        part->bytes = PS_SPAN("");
        part->len = 0;
    } else {
        fail(read, part, PS_S3_READ_CHANGED, PS_OK);
    }
}

static enum ps_err refuse(const struct ps_s3_read *read, const struct part *part, struct ps_s3_read_verdict verdict,
                          struct ps_span code)
{
    PS_FAIL(verdict.err, "S3 GET, bucket %.*s: status %u%s%.*s%s", PS_SPAN_ARG(read->bucket),
            part->exchange.response.status, code.len > 0 ? ", " : "", PS_SPAN_ARG(code), verdict.remedy);
}

static void settle_answer(struct ps_s3_read *read, struct part *part)
{
    const struct ps_http_response *response = &part->exchange.response;
    bool is_error = response->status != 200 && response->status != 206;
    struct ps_span code = is_error ? ps_s3_list_error_code(response->body) : PS_SPAN("");
    bool marker = ps_span_eq_nocase(response->kept[KEPT_DELETE_MARKER], PS_SPAN("true"));
    struct ps_s3_read_verdict verdict = ps_s3_read_verdict(response->status, code, marker);
    switch (verdict.next) {
    case PS_S3_READ_NEXT_TAKE:
        take(read, part);
        return;
    case PS_S3_READ_NEXT_BEYOND:
        settle_beyond(read, part);
        return;
    case PS_S3_READ_NEXT_RETRY:
    case PS_S3_READ_NEXT_THROTTLED:
        try_later(read, part, refuse(read, part, verdict, code));
        return;
    case PS_S3_READ_NEXT_DENIED:
        if (has_new_credentials(read, part))
            wait_until(part, 0);
        else
            fail(read, part, verdict.end, refuse(read, part, verdict, code));
        return;
    case PS_S3_READ_NEXT_STOP:
        fail(read, part, verdict.end, verdict.err == PS_OK ? PS_OK : refuse(read, part, verdict, code));
        return;
    }
}

static void settle(struct ps_s3_read *read, struct part *part)
{
    enum ps_err err = part->exchange.err;
    if (err == PS_OK) {
        settle_answer(read, part);
        return;
    }
    if (err == PS_ERR_TOO_LARGE) err = PS_ERR_BAD_CONFIG; /* more than was asked for: it knows no ranges */
    err = ps_err_raise(err, __FILE__, __LINE__, "%s", part->exchange.reason);
    if (ps_err_class(err) == PS_CLASS_TRANSIENT)
        try_later(read, part, err);
    else
        fail(read, part, PS_S3_READ_FAULT, err);
}

/* -- the ring ------------------------------------------------------------------------------------------------------ */

static struct part *part_at(struct ps_s3_read *read, uint32_t i)
{
    return &read->parts[(read->front + i) % read->options.in_flight];
}

/* Plans parts as far as there is room; until the size is known, one alone. */
static void plan(struct ps_s3_read *read)
{
    while (!read->failed && read->count < read->options.in_flight && read->next_offset < read->size) {
        if (!read->sized && read->count > 0) return;
        struct part *part = part_at(read, read->count++);
        uint64_t left = read->size - read->next_offset;
        part->offset = read->next_offset;
        part->len = left < read->options.part_bytes ? (size_t)left : read->options.part_bytes;
        part->whole = false;
        part->tries = part->taken = 0;
        wait_until(part, 0);
        read->next_offset += part->len;
    }
}

static void start_due(struct ps_s3_read *read)
{
    uint64_t now_us = ps_clock_monotonic_us();
    for (uint32_t i = 0; i < read->count; i++) {
        struct part *part = part_at(read, i);
        if (part->state != PART_WAITING || part->not_before_us > now_us) continue;
        part->credentials = read->credentials;
        enum ps_err err = sign_and_start(read, part);
        if (err == PS_OK)
            part->state = PART_FLYING;
        else
            fail(read, part, PS_S3_READ_FAULT, err);
    }
}

static void settle_done(struct ps_s3_read *read)
{
    for (uint32_t i = 0; i < read->count; i++) {
        struct part *part = part_at(read, i);
        if (part->state == PART_FLYING && part->exchange.done) settle(read, part);
    }
}

/* How long to wait for the network: not at all where the front part has its end, else until one may be tried again. */
static uint32_t wait_ms_of(struct ps_s3_read *read)
{
    const struct part *front = part_at(read, 0);
    if (read->count == 0 || front->state == PART_READY || front->state == PART_FAILED) return 0;
    uint64_t now_us = ps_clock_monotonic_us();
    uint64_t wait_ms = POLL_MS;
    for (uint32_t i = 0; i < read->count; i++) {
        const struct part *part = part_at(read, i);
        if (part->state != PART_WAITING) continue;
        uint64_t due_ms = part->not_before_us > now_us ? (part->not_before_us - now_us + 999) / 1000 : 0;
        if (due_ms < wait_ms) wait_ms = due_ms;
    }
    return (uint32_t)wait_ms;
}

/* Takes the front part away; what it did not give of what was asked for is asked for again, in its place. */
static void drop_front(struct ps_s3_read *read)
{
    struct part *part = part_at(read, 0);
    read->given = false;
    part->offset += part->bytes.len;
    part->len -= part->bytes.len;
    if (part->len > 0) {
        wait_until(part, 0);
        return;
    }
    part->state = PART_FREE;
    read->front = (read->front + 1) % read->options.in_flight;
    read->count--;
}

/* note may be NULL where end is not FAULT. */
static void finish(struct ps_s3_read *read, enum ps_s3_read_end end, const struct ps_err_note *note)
{
    if (end == PS_S3_READ_FAULT) read->note = *note;
    ps_s3_read_leave(read);
    read->end = end;
}

/* One turn: asks for what is due, serves the connections, settles what has come. */
static void turn(struct ps_s3_read *read, bool wait)
{
    plan(read);
    start_due(read);
    if (ps_http_poll(ps_call_http(read->client), wait ? wait_ms_of(read) : 0) == PS_OK)
        settle_done(read);
    else
        finish(read, PS_S3_READ_FAULT, ps_err_note());
}

/* What the front part has come to. True: there are bytes. */
static bool take_front(struct ps_s3_read *read, struct ps_span *bytes)
{
    struct part *front = part_at(read, 0);
    if (read->count == 0) {
        finish(read, PS_S3_READ_DONE, NULL);
    } else if (front->state == PART_FAILED) {
        finish(read, front->end, &front->note);
    } else if (front->state == PART_READY && front->bytes.len == 0) {
        drop_front(read);
    } else if (front->state == PART_READY) {
        *bytes = front->bytes;
        read->given = true;
    }
    return read->given;
}

enum ps_err ps_s3_read_next(struct ps_s3_read *read, struct ps_span *bytes, enum ps_s3_read_end *end)
{
    if (read->given) drop_front(read);
    for (bool wait = false; read->end == PS_S3_READ_GOES_ON; wait = true) {
        turn(read, wait);
        if (read->end == PS_S3_READ_GOES_ON && take_front(read, bytes)) break;
    }
    *end = read->end;
    if (read->end != PS_S3_READ_FAULT) return PS_OK;
    return ps_err_raise(read->note.err, read->note.file, read->note.line, "%s", read->note.text);
}

void ps_s3_read_pump(struct ps_s3_read *read)
{
    if (read->end == PS_S3_READ_GOES_ON) turn(read, false);
}

/* -- the object ---------------------------------------------------------------------------------------------------- */

uint64_t ps_s3_read_size(const struct ps_s3_read *read)
{
    return read->sized ? read->size : 0;
}

int64_t ps_s3_read_modified_ms(const struct ps_s3_read *read)
{
    return read->modified_ms;
}

struct ps_span ps_s3_read_etag(const struct ps_s3_read *read)
{
    return read->etag;
}
