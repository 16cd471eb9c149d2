/* The log processor's own work without a sink: decode, process and encode one payload, over and over.
 *
 * Usage: bench_process PAYLOAD ROUNDS REDACT(on|off)
 * Prints the CPU seconds of each round, then one line with bytes, documents, the time of compressing the bodies (not
 * part of the rounds) and peak memory. Bodies are built as the sink builds them: up to 1 MiB, then begun anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/gzip.h"
#include "log-processor/pipeline.h"
#include "log-processor/stages.h"

enum { PAYLOAD_BYTES_MAX = 8 << 20, BODY_BYTES = 1 << 20, BODY_BYTES_MAX = 9 << 20, ARENA_BYTES = 512 << 20 };

struct bench {
    struct ps_buf body;
    size_t item_begin;
    size_t documents;
    size_t bytes;
    struct ps_gzip_compressor *compressor; /* NULL: bodies are dropped */
    char *compressed;
    double gzip_seconds;
};

static double cpu_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(enum ps_err err)
{
    if (err == PS_OK) return;
    fprintf(stderr, "bench_process: %s\n", ps_err_note()->text);
    exit(EXIT_FAILURE);
}

static void send_body(struct bench *bench)
{
    if (bench->compressor != NULL) {
        double begin = cpu_seconds();
        size_t len = 0;
        must(ps_gzip_compress(bench->compressor, ps_buf_span(&bench->body), bench->compressed, BODY_BYTES_MAX, &len));
        bench->gzip_seconds += cpu_seconds() - begin;
    }
    bench->bytes += bench->body.len;
    bench->body.len = 0;
}

static enum ps_err item_begin(void *context, struct ps_buf **buf)
{
    struct bench *bench = context;
    if (bench->body.len >= BODY_BYTES) send_body(bench);
    bench->item_begin = bench->body.len;
    *buf = &bench->body;
    return PS_OK;
}

static enum ps_err item_commit(void *context, uint64_t tag)
{
    (void)tag;
    struct bench *bench = context;
    bench->documents++;
    return PS_OK;
}

static void item_rollback(void *context)
{
    struct bench *bench = context;
    bench->body.len = bench->item_begin;
    bench->body.err = PS_OK;
}

static enum ps_err item_refused(void *context, uint64_t tag, const char *reason, struct ps_span item)
{
    (void)context, (void)tag, (void)reason, (void)item;
    return PS_OK;
}

static enum ps_err undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    (void)context, (void)tag, (void)raw, (void)is_base64;
    PS_FAIL(PS_ERR_BAD_INPUT, "the payload could not be decoded: %s", detail);
}

static void run(struct pipeline *pipeline, struct ps_arena *arena, struct bench *bench, struct ps_span payload)
{
    struct pipeline_output output = {
        .context = bench,
        .item_begin = item_begin,
        .item_commit = item_commit,
        .item_rollback = item_rollback,
        .item_refused = item_refused,
        .undecodable = undecodable,
    };
    struct ps_event event;
    must(ps_event_open(payload, &event));
    struct ps_account account = { 0 };
    struct pipeline_times times = { 0 };
    bench->documents = bench->bytes = 0;
    must(pipeline_run(pipeline, arena, &event, &output, &account, &times));
    send_body(bench);
    ps_arena_reset(arena, 32 << 20); /* as the bootstrap does */
}

static struct ps_span read_file(struct ps_arena *arena, const char *path)
{
    char *data = ps_arena_bytes(arena, PAYLOAD_BYTES_MAX);
    FILE *file = fopen(path, "rb");
    if (data == NULL || file == NULL) {
        fprintf(stderr, "bench_process: cannot read %s\n", path);
        exit(EXIT_FAILURE);
    }
    size_t len = fread(data, 1, PAYLOAD_BYTES_MAX, file);
    (void)fclose(file);
    return ps_span_make(data, len);
}

static void compress_once(struct pipeline *pipeline, struct ps_arena *process, struct ps_arena *arena,
                          struct bench *bench, struct ps_span payload)
{
    must(ps_gzip_compressor_open(process, 1, &bench->compressor));
    bench->compressed = ps_arena_bytes(process, BODY_BYTES_MAX);
    if (bench->compressed == NULL) exit(EXIT_FAILURE);
    run(pipeline, arena, bench, payload);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: bench_process PAYLOAD ROUNDS REDACT(on|off)\n");
        return 2;
    }
    struct ps_arena process, arena;
    must(ps_arena_init(&process, ARENA_BYTES));
    must(ps_arena_init(&arena, ARENA_BYTES));
    (void)setenv("REDACT", strcmp(argv[3], "on") == 0 ? "default" : "off", 1);
    struct settings settings;
    must(ps_config_read(SETTINGS_ITEMS, NULL, &process, &settings, NULL));
    struct pipeline_options options = { .settings = &settings, .function_region = PS_SPAN("eu-central-1") };
    struct pipeline *pipeline = NULL;
    must(pipeline_open(&process, &options, &pipeline));
    struct bench bench = { 0 };
    ps_buf_init(&bench.body, &process, BODY_BYTES_MAX);
    struct ps_span payload = read_file(&process, argv[1]);
    for (int round = 0; round < atoi(argv[2]); round++) {
        double begin = cpu_seconds();
        run(pipeline, &arena, &bench, payload);
        printf("%.6f\n", cpu_seconds() - begin);
    }
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    size_t bytes = bench.bytes;
    compress_once(pipeline, &process, &arena, &bench, payload);
    printf("bytes %zu documents %zu gzip_ms %.1f peak_rss_mb %.1f\n", bytes, bench.documents, bench.gzip_seconds * 1e3,
           (double)usage.ru_maxrss / 1024);
    return 0;
}
