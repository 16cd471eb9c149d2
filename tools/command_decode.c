#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "aws/batch.h"
#include "base/base64.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "cloudwatch-decoder/decode.h"
#include "cloudwatch-decoder/settings.h"
#include "cloudwatch-decoder/transform.h"
#include "event/reply.h"
#include "host/env.h"
#include "penstock_commands.h"

static const char HELP[] =
    "Usage: penstock decode [FILE...|-]\n\n"
    "Runs Lambda events (a CloudWatch Logs subscription, or a Kinesis, Firehose or Kafka batch of them), one a file,\n"
    "through the cloudwatch-decoder and prints its records, a line each; with OUTPUT=kinesis each within its\n"
    "partitionKey. For a Firehose event without OUTPUT that is the answer to a transformation: a line for each\n"
    "recordId and its result, the lines of its data behind it, and before them what is put back into the stream.\n"
    "Counts go to stderr. Settings are the function's environment variables; nothing is sent anywhere.\n\n"
    "Exit codes: 0 all read; 1 an input or a part of it could not be read, or is no record that OUTPUT takes (named "
    "on\n"
    "stderr); 2 wrong usage.\n";

enum { ARENA_BYTES = 1 << 30, LINE_BYTES_MAX = 64 << 20 };

struct decode {
    struct ps_arena process; /* settings and patterns */
    struct ps_arena arena;   /* of one input */
    struct settings settings;
    struct ps_redact *redact;
    struct ps_log log;
    struct ps_account account;
    const char *input;
    bool faults;
};

const struct ps_config_item *command_decode_settings(void)
{
    return SETTINGS_ITEMS;
}

static struct decode_options options_of(struct decode *decode)
{
    return (struct decode_options){
        .redact = decode->redact,
        .own_log_group = ps_env_get("AWS_LAMBDA_LOG_GROUP_NAME"),
        .region = ps_env_get("AWS_REGION"),
        .inflated_bytes_max = decode->settings.inflated_bytes_max,
        .arena = &decode->arena,
    };
}

static enum ps_err print(struct ps_span text)
{
    if (fwrite(text.data, 1, text.len, stdout) == text.len) return PS_OK;
    PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
}

/* An object of one line that the caller has begun. */
static enum ps_err print_object(struct ps_json_writer *writer)
{
    struct ps_span line;
    ps_json_write_object_end(writer);
    PS_TRY(ps_json_write_finish(writer, &line));
    PS_TRY(print(line));
    return print(PS_SPAN("\n"));
}

static void begin_object(struct decode *decode, struct ps_buf *buf, struct ps_json_writer *writer)
{
    ps_buf_init(buf, &decode->arena, LINE_BYTES_MAX);
    ps_json_write_init(writer, buf);
    ps_json_write_object_begin(writer);
}

static enum ps_err say_dead(struct decode *decode, uint64_t tag, const char *detail)
{
    ps_account_add(&decode->account, PS_VERDICT_DEAD, 1);
    fprintf(stderr, "penstock: %s: carrier %zu, event %u: %s\n", decode->input, decode_tag_carrier(tag),
            (unsigned)(uint32_t)tag, detail);
    return PS_OK;
}

/* -- records ------------------------------------------------------------------------------------------------------- */

static enum ps_err begin_carrier(void *context, const struct ps_carrier *carrier)
{
    (void)context, (void)carrier;
    return PS_OK;
}

static enum ps_err print_keyed(struct decode *decode, struct ps_span key, struct ps_span json)
{
    struct ps_buf buf;
    struct ps_json_writer writer;
    begin_object(decode, &buf, &writer);
    ps_json_write_member(&writer, PS_SPAN("partitionKey"), key);
    ps_json_write_key(&writer, PS_SPAN("record"));
    ps_json_write_raw(&writer, json);
    return print_object(&writer);
}

static enum ps_err print_record(void *context, const struct decode_record *record)
{
    struct decode *decode = context;
    enum ps_batch_service service = settings_service(&decode->settings);
    struct ps_span key = ps_batch_key(service, record->envelope->log_stream);
    if (decode->settings.output != OUTPUT_NONE && !ps_batch_takes(service, key, record->json))
        return say_dead(decode, record->tag, "too_large");
    ps_account_add(&decode->account, PS_VERDICT_STORED, 1);
    if (key.len > 0) return print_keyed(decode, key, record->json);
    PS_TRY(print(record->json));
    return print(PS_SPAN("\n"));
}

static enum ps_err undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    (void)raw, (void)is_base64;
    return say_dead(context, tag, detail);
}

static enum ps_err print_records(struct decode *decode, struct ps_event *event)
{
    const struct decode_options options = options_of(decode);
    const struct decode_output output = { decode, begin_carrier, print_record, undecodable };
    return decode_run(&options, event, &output, &decode->account);
}

/* -- a Firehose transformation ------------------------------------------------------------------------------------- */

/* Smaller envelopes are JSON; what goes back as it came may be compressed. */
static enum ps_err print_put_back(void *context, uint64_t carrier, struct ps_span record)
{
    struct decode *decode = context;
    struct ps_buf buf, base64;
    struct ps_json_writer writer;
    begin_object(decode, &buf, &writer);
    ps_json_write_key(&writer, PS_SPAN("carrier"));
    ps_json_write_u64(&writer, carrier);
    ps_json_write_key(&writer, PS_SPAN("putBack"));
    if (ps_json_read_check(record) == PS_OK) {
        ps_json_write_raw(&writer, record);
        return print_object(&writer);
    }
    ps_buf_init(&base64, &decode->arena, LINE_BYTES_MAX);
    ps_base64_encode(&base64, record);
    ps_json_write_string(&writer, ps_buf_span(&base64));
    return print_object(&writer);
}

static enum ps_err print_entry(struct decode *decode, struct ps_span entry)
{
    struct ps_json_token id, result, data;
    bool found = false;
    struct ps_buf buf;
    struct ps_json_writer writer;
    PS_TRY(ps_json_read_member(entry, PS_SPAN("recordId"), &id, NULL, &found));
    PS_TRY(ps_json_read_member(entry, PS_SPAN("result"), &result, NULL, &found));
    begin_object(decode, &buf, &writer);
    ps_json_write_key(&writer, PS_SPAN("recordId"));
    ps_json_write_string_escaped(&writer, id.text);
    ps_json_write_member(&writer, PS_SPAN("result"), result.text);
    PS_TRY(print_object(&writer));
    decode->faults |= ps_span_eq(result.text, PS_SPAN("ProcessingFailed"));
    PS_TRY(ps_json_read_member(entry, PS_SPAN("data"), &data, NULL, &found));
    if (!found) return PS_OK;
    struct ps_span lines;
    PS_TRY(ps_base64_decode(&decode->arena, data.text, &lines));
    return print(lines);
}

static enum ps_err print_answer(struct decode *decode, struct ps_span answer, size_t entries)
{
    struct ps_span records, entry;
    struct ps_json_reader reader;
    struct ps_json_token begin;
    bool found = false;
    PS_TRY(ps_json_read_member(answer, PS_SPAN("records"), NULL, &records, &found));
    ps_json_read_init(&reader, records);
    PS_TRY(ps_json_read_next(&reader, &begin));
    for (size_t i = 0; i < entries; i++) {
        struct ps_arena_mark mark = ps_arena_mark(&decode->arena);
        PS_TRY(ps_json_read_skip(&reader, &entry));
        PS_TRY(print_entry(decode, entry));
        ps_arena_rewind(&decode->arena, mark);
    }
    return PS_OK;
}

static enum ps_err print_transformation(struct decode *decode, struct ps_event *event)
{
    const struct decode_options decoding = options_of(decode);
    const struct transform_options options = {
        .decode = &decoding,
        .log = &decode->log,
        .bytes_max = PS_REPLY_BYTES_MAX,
        .stream = transform_stream(event),
        .context = decode,
        .put_back = print_put_back,
    };
    struct transform transform;
    struct ps_buf body;
    PS_TRY(transform_run(&transform, &options, event, &decode->account));
    ps_buf_init(&body, &decode->arena, PS_REPLY_BYTES_MAX);
    PS_TRY(transform_finish(&transform, &body));
    return print_answer(decode, ps_buf_span(&body), event->carrier_count);
}

/* -- the command --------------------------------------------------------------------------------------------------- */

static enum ps_err decode_input(void *context, const char *name, struct ps_span bytes)
{
    struct decode *decode = context;
    struct ps_event event;
    decode->input = name;
    PS_TRY(ps_event_open(bytes, &event));
    bool asks = event.source == PS_EVENT_FIREHOSE && decode->settings.output == OUTPUT_NONE;
    enum ps_err err = asks ? print_transformation(decode, &event) : print_records(decode, &event);
    ps_arena_reset(&decode->arena, ARENA_BYTES);
    return err;
}

static enum ps_err open_decode(struct decode *decode)
{
    decode->log = ps_log_open(STDERR_FILENO);
    PS_TRY(ps_arena_init(&decode->process, ARENA_BYTES));
    PS_TRY(ps_arena_init(&decode->arena, ARENA_BYTES));
    struct ps_span mistakes = PS_SPAN("");
    enum ps_err err = ps_config_read(SETTINGS_ITEMS, settings_check, &decode->process, &decode->settings, &mistakes);
    if (mistakes.len > 0) { /* the fault note is too short for many */
        fprintf(stderr, "penstock: settings: %.*s\n", PS_SPAN_ARG(mistakes));
        exit(COMMAND_FAILED);
    }
    PS_TRY(err);
    return ps_redact_open(&decode->process, decode->settings.redact, decode->settings.redact_patterns, &decode->redact);
}

int command_decode(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct decode decode = { 0 };
    if (open_decode(&decode) != PS_OK) return command_fault("decode");
    int result = command_each_input(argc, argv, decode_input, &decode);
    command_counts(&decode.account);
    decode.faults |= decode.account.verdicts[PS_VERDICT_DEAD] > 0;
    if (fflush(stdout) != 0 || decode.faults) result = result == COMMAND_USAGE ? result : COMMAND_FAILED;
    ps_redact_close(decode.redact);
    ps_arena_fini(&decode.arena);
    ps_arena_fini(&decode.process);
    return result;
}
