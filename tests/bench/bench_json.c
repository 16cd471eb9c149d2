/* MB/s of the loops of base/ on one CloudWatch envelope: about 5 MB, JSON messages of about 300 bytes escaped inside
 * strings. Prints one line a loop: the best of some rounds, in megabytes of input a second of CPU time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/gzip.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/time.h"
#include "base/utf8.h"
#include "support/random.h"

enum { ENVELOPE_BYTES = 5 << 20, ROUNDS = 15, MESSAGES_MAX = 20000 };

struct bench {
    struct ps_arena arena;
    struct ps_span envelope;
    struct ps_span base64;
    struct ps_span packed;
    struct ps_span escaped[MESSAGES_MAX]; /* the message strings as in the envelope */
    struct ps_span plain[MESSAGES_MAX];   /* and unescaped */
    struct ps_span text;                  /* log text with few escapes */
    size_t message_count;
    size_t escaped_bytes;
    size_t plain_bytes;
    char *scratch;
    uint64_t sum; /* results end up here, so that no loop is thrown away */
};

static void must(enum ps_err err)
{
    if (err == PS_OK) return;
    (void)fprintf(stderr, "bench_json: %s: %s\n", ps_err_name(err), ps_err_note()->text);
    exit(EXIT_FAILURE);
}

static void put_message(struct ps_buf *buf, struct random *random)
{
    static const char *const LEVELS[] = { "INFO", "WARN", "ERROR", "DEBUG" };
    static const char *const TEXTS[] = { "order accepted", "payment provider answered after a second try",
                                         "cache entry expired, loading it again from the table",
                                         "user \"anonymous\" asked for a page\nthat does not exist" };
    char text[1024];
    struct ps_buf inner;
    ps_buf_init_fixed(&inner, text, sizeof text);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &inner);
    ps_json_write_object_begin(&writer);
    char iso[PS_TIME_ISO_BYTES];
    ps_time_iso((int64_t)(1795255200000 + random_below(random, 86400000)), iso);
    ps_json_write_member(&writer, PS_SPAN("timestamp"), ps_span_make(iso, sizeof iso));
    ps_json_write_member(&writer, PS_SPAN("level"), ps_span_of(LEVELS[random_below(random, 4)]));
    ps_json_write_member(&writer, PS_SPAN("service"), PS_SPAN("checkout-api"));
    ps_json_write_member(&writer, PS_SPAN("message"), ps_span_of(TEXTS[random_below(random, 4)]));
    ps_json_write_member(&writer, PS_SPAN("requestId"), PS_SPAN("7f1a1c2e-5f0b-4c39-9d4e-0a1b2c3d4e5f"));
    ps_json_write_key(&writer, PS_SPAN("durationMs"));
    ps_json_write_u64(&writer, random_below(random, 5000));
    ps_json_write_key(&writer, PS_SPAN("http"));
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("method"), PS_SPAN("GET"));
    ps_json_write_member(&writer, PS_SPAN("path"), PS_SPAN("/v1/orders/8412/items"));
    ps_json_write_key(&writer, PS_SPAN("status"));
    ps_json_write_u64(&writer, 200 + random_below(random, 300));
    ps_json_write_object_end(&writer);
    ps_json_write_object_end(&writer);
    struct ps_span message;
    must(ps_json_write_finish(&writer, &message));
    ps_json_write_escape(buf, message);
}

static void make_envelope(struct bench *bench)
{
    struct random random = { 1 };
    struct ps_buf buf;
    ps_buf_init(&buf, &bench->arena, ENVELOPE_BYTES * 2);
    ps_buf_put(&buf, PS_SPAN("{\"messageType\":\"DATA_MESSAGE\",\"owner\":\"123456789012\",\"logGroup\":\"/aws/lambda/"
                             "checkout\",\"logStream\":\"2026/11/21/[$LATEST]0123456789abcdef0123456789abcdef\","
                             "\"subscriptionFilters\":[\"all\"],\"logEvents\":["));
    for (size_t i = 0; buf.len < ENVELOPE_BYTES; i++) {
        if (i > 0) ps_buf_byte(&buf, ',');
        ps_buf_printf(
            &buf, "{\"id\":\"3900000000000000000000000000000000000000000000%010zu\",\"timestamp\":%zu,\"message\":\"",
            i, 1795255200000 + i);
        put_message(&buf, &random);
        ps_buf_put(&buf, PS_SPAN("\"}"));
    }
    ps_buf_put(&buf, PS_SPAN("]}"));
    must(ps_buf_finish(&buf, &bench->envelope));
}

static void find_messages(struct bench *bench)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, bench->envelope);
    struct ps_json_token token = { 0 };
    bool message = false;
    while (bench->message_count < MESSAGES_MAX) {
        must(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_END) break;
        if (message && token.kind == PS_JSON_STRING) {
            size_t i = bench->message_count++;
            bench->escaped[i] = token.text;
            must(ps_json_read_unescape(&bench->arena, token.text, &bench->plain[i]));
            bench->escaped_bytes += token.text.len;
            bench->plain_bytes += bench->plain[i].len;
        }
        message = token.kind == PS_JSON_KEY && ps_span_eq(token.text, PS_SPAN("message"));
    }
}

static void make_inputs(struct bench *bench)
{
    must(ps_arena_init(&bench->arena, (size_t)256 << 20));
    make_envelope(bench);
    find_messages(bench);
    struct ps_gzip_compressor *compressor = NULL;
    must(ps_gzip_compressor_open(&bench->arena, 6, &compressor));
    size_t cap = ps_gzip_compress_bound(compressor, bench->envelope.len);
    char *packed = ps_arena_bytes(&bench->arena, cap);
    bench->scratch = ps_arena_bytes(&bench->arena, (size_t)ENVELOPE_BYTES * 3);
    char *text = ps_arena_bytes(&bench->arena, ENVELOPE_BYTES);
    if (packed == NULL || bench->scratch == NULL || text == NULL) exit(EXIT_FAILURE);
    size_t packed_len = 0;
    must(ps_gzip_compress(compressor, bench->envelope, packed, cap, &packed_len));
    ps_gzip_compressor_close(compressor);
    bench->packed = ps_span_make(packed, packed_len);
    struct ps_buf buf;
    ps_buf_init(&buf, &bench->arena, (size_t)ENVELOPE_BYTES * 2);
    ps_base64_encode(&buf, bench->envelope);
    must(ps_buf_finish(&buf, &bench->base64));
    for (size_t i = 0; i < ENVELOPE_BYTES; i++)
        text[i] =
            "10.0.0.1 checkout GET /v1/orders/8412 took 12.5 ms, status 200, client \"curl\", cache miss. "[i % 91];
    bench->text = ps_span_make(text, ENVELOPE_BYTES);
}

static void skip(struct bench *bench)
{
    must(ps_json_read_check(bench->envelope));
}

static void walk(struct bench *bench)
{
    struct ps_json_reader reader;
    ps_json_read_init(&reader, bench->envelope);
    struct ps_json_token token = { 0 };
    do {
        must(ps_json_read_next(&reader, &token));
        bench->sum += token.text.len;
    } while (token.kind != PS_JSON_END);
}

static void skip_messages(struct bench *bench)
{
    for (size_t i = 0; i < bench->message_count; i++)
        must(ps_json_read_check(bench->plain[i]));
}

static void walk_messages(struct bench *bench)
{
    for (size_t i = 0; i < bench->message_count; i++) {
        struct ps_json_reader reader;
        ps_json_read_init(&reader, bench->plain[i]);
        struct ps_json_token token = { 0 };
        do {
            must(ps_json_read_next(&reader, &token));
            bench->sum += token.text.len;
        } while (token.kind != PS_JSON_END);
    }
}

static void unescape(struct bench *bench)
{
    struct ps_arena_mark mark = ps_arena_mark(&bench->arena);
    for (size_t i = 0; i < bench->message_count; i++) {
        struct ps_span out;
        must(ps_json_read_unescape(&bench->arena, bench->escaped[i], &out));
        bench->sum += out.len;
        ps_arena_rewind(&bench->arena, mark);
    }
}

static void escape_text(struct bench *bench)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, bench->scratch, (size_t)ENVELOPE_BYTES * 3);
    /* In pieces of the size of a message. */
    for (size_t at = 0; at + 300 <= bench->text.len; at += 300) {
        struct ps_json_writer writer;
        ps_json_write_init(&writer, &buf);
        ps_json_write_string(&writer, ps_span_make(bench->text.data + at, 300));
    }
    bench->sum += buf.len;
}

static void escape_json(struct bench *bench)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, bench->scratch, (size_t)ENVELOPE_BYTES * 3);
    for (size_t i = 0; i < bench->message_count; i++)
        ps_json_write_escape(&buf, bench->plain[i]);
    bench->sum += buf.len;
}

/* A document of eight members for each message, as an encoder writes it. */
static void write_documents(struct bench *bench)
{
    struct ps_buf buf;
    for (size_t i = 0; i < bench->message_count; i++) {
        ps_buf_init_fixed(&buf, bench->scratch, (size_t)ENVELOPE_BYTES * 3);
        struct ps_json_writer writer;
        ps_json_write_init(&writer, &buf);
        ps_json_write_object_begin(&writer);
        char iso[PS_TIME_ISO_BYTES];
        ps_time_iso((int64_t)(1795255200000 + i), iso);
        ps_json_write_key(&writer, PS_SPAN("@timestamp"));
        ps_json_write_string_escaped(&writer, ps_span_make(iso, sizeof iso));
        ps_json_write_member(&writer, PS_SPAN("level"), PS_SPAN("INFO"));
        ps_json_write_key(&writer, PS_SPAN("message"));
        ps_json_write_string_escaped(&writer, bench->escaped[i]);
        ps_json_write_member(&writer, PS_SPAN("service"), PS_SPAN("checkout-api"));
        ps_json_write_member(&writer, PS_SPAN("account"), PS_SPAN("123456789012"));
        ps_json_write_member(&writer, PS_SPAN("log_group"), PS_SPAN("/aws/lambda/checkout"));
        ps_json_write_member(&writer, PS_SPAN("request_id"), PS_SPAN("7f1a1c2e-5f0b-4c39-9d4e-0a1b2c3d4e5f"));
        ps_json_write_key(&writer, PS_SPAN("duration_ms"));
        ps_json_write_u64(&writer, i);
        ps_json_write_object_end(&writer);
        struct ps_span out;
        must(ps_json_write_finish(&writer, &out));
        bench->sum += out.len;
    }
}

static void validate_utf8(struct bench *bench)
{
    bench->sum += ps_utf8_valid_prefix(bench->envelope);
}

static void validate_utf8_messages(struct bench *bench)
{
    for (size_t i = 0; i < bench->message_count; i++)
        bench->sum += ps_utf8_valid_prefix(bench->plain[i]);
}

static void decode_base64(struct bench *bench)
{
    struct ps_arena_mark mark = ps_arena_mark(&bench->arena);
    struct ps_span out;
    must(ps_base64_decode(&bench->arena, bench->base64, &out));
    bench->sum += out.len;
    ps_arena_rewind(&bench->arena, mark);
}

static void encode_base64(struct bench *bench)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, bench->scratch, (size_t)ENVELOPE_BYTES * 3);
    ps_base64_encode(&buf, bench->envelope);
    bench->sum += buf.len;
}

static void inflate(struct bench *bench)
{
    struct ps_arena_mark mark = ps_arena_mark(&bench->arena);
    struct ps_span out;
    must(ps_gzip_inflate(&bench->arena, bench->packed, PS_GZIP_GZIP, (size_t)64 << 20, &out));
    bench->sum += out.len;
    ps_arena_rewind(&bench->arena, mark);
}

static void write_times(struct bench *bench)
{
    for (size_t i = 0; i < 100000; i++) {
        char iso[PS_TIME_ISO_BYTES];
        ps_time_iso((int64_t)(1795255200000 + i * 7919), iso);
        bench->sum += (unsigned char)iso[22];
    }
}

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double best_seconds(struct bench *bench, void (*loop)(struct bench *))
{
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_seconds();
        loop(bench);
        double took = cpu_seconds() - start;
        if (took < best) best = took;
    }
    return best;
}

static void report(struct bench *bench, const char *name, void (*loop)(struct bench *), size_t bytes)
{
    printf("%-32s %8.0f MB/s\n", name, (double)bytes / best_seconds(bench, loop) * 1e-6);
}

int main(void)
{
    static struct bench bench;
    make_inputs(&bench);
    printf("envelope of %zu bytes, %zu messages of %zu bytes (%zu escaped)\n", bench.envelope.len, bench.message_count,
           bench.plain_bytes / bench.message_count, bench.escaped_bytes / bench.message_count);
    report(&bench, "json skip, envelope", skip, bench.envelope.len);
    report(&bench, "json walk, envelope", walk, bench.envelope.len);
    report(&bench, "json skip, messages", skip_messages, bench.plain_bytes);
    report(&bench, "json walk, messages", walk_messages, bench.plain_bytes);
    report(&bench, "json unescape, messages", unescape, bench.escaped_bytes);
    report(&bench, "json escape, text", escape_text, bench.text.len);
    report(&bench, "json escape, messages", escape_json, bench.plain_bytes);
    report(&bench, "json write, documents", write_documents, bench.escaped_bytes);
    report(&bench, "utf8 valid, envelope", validate_utf8, bench.envelope.len);
    report(&bench, "utf8 valid, messages", validate_utf8_messages, bench.plain_bytes);
    report(&bench, "base64 decode", decode_base64, bench.base64.len);
    report(&bench, "base64 encode", encode_base64, bench.envelope.len);
    report(&bench, "gzip inflate", inflate, bench.envelope.len);
    printf("%-32s %8.1f ns\n", "time iso", best_seconds(&bench, write_times) / 100000 * 1e9);
    return bench.sum == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
