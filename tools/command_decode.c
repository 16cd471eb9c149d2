#include <stdio.h>

#include "base/buf.h"
#include "base/json_write.h"
#include "event/event.h"
#include "event/from_cwlogs.h"
#include "penstock_commands.h"

static const char HELP[] =
    "Usage: penstock decode [FILE...|-]\n\n"
    "Reads Lambda events (a CloudWatch Logs subscription, or a Kinesis, Firehose or Kafka batch of them), one a file, "
    "and\n"
    "prints one JSON line per log event with its envelope's members. Control messages are counted on stderr.\n\n"
    "Exit codes: 0 all read; 1 an input or a part of it could not be read (named on stderr); 2 wrong usage.\n";

enum { ARENA_BYTES = 1 << 30, INFLATED_BYTES_MAX = 256 << 20, LINE_BYTES_MAX = 64 << 20 };

struct decode {
    struct ps_arena arena;
    const char *input;
    unsigned long events, control, faults;
};

static void say_fault(struct decode *decode, const struct ps_carrier *carrier, const char *fault)
{
    decode->faults++;
    fprintf(stderr, "penstock: %s: carrier %zu: %s\n", decode->input, carrier->position, fault);
}

static enum ps_err print_event(struct decode *decode, const struct ps_from_cwlogs_envelope *envelope,
                               const struct ps_from_cwlogs_event *event)
{
    struct ps_buf buf;
    ps_buf_init(&buf, &decode->arena, LINE_BYTES_MAX);
    struct ps_json_writer writer;
    ps_json_write_init(&writer, &buf);
    ps_json_write_object_begin(&writer);
    struct ps_span account = event->account.len > 0 ? event->account : envelope->account;
    struct ps_span region = event->region.len > 0 ? event->region : envelope->region;
    ps_json_write_member(&writer, PS_SPAN("owner"), envelope->owner);
    if (account.len > 0) ps_json_write_member(&writer, PS_SPAN("account"), account);
    if (region.len > 0) ps_json_write_member(&writer, PS_SPAN("region"), region);
    ps_json_write_member(&writer, PS_SPAN("logGroup"), envelope->log_group);
    ps_json_write_member(&writer, PS_SPAN("logStream"), envelope->log_stream);
    ps_json_write_member(&writer, PS_SPAN("id"), event->id);
    ps_json_write_key(&writer, PS_SPAN("timestamp"));
    if (event->timestamp_ok)
        ps_json_write_i64(&writer, event->timestamp_ms);
    else
        ps_json_write_null(&writer);
    ps_json_write_member(&writer, PS_SPAN("message"), event->message);
    if (event->extracted.len > 0) {
        ps_json_write_key(&writer, PS_SPAN("extractedFields"));
        ps_json_write_raw(&writer, event->extracted);
    }
    ps_json_write_object_end(&writer);
    struct ps_span line;
    PS_TRY(ps_json_write_finish(&writer, &line));
    if (fwrite(line.data, 1, line.len, stdout) != line.len || putchar('\n') == EOF) {
        PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
    }
    decode->events++;
    return PS_OK;
}

static enum ps_err decode_envelope(struct decode *decode, const struct ps_carrier *carrier,
                                   struct ps_from_cwlogs_envelope *envelope)
{
    if (envelope->control) {
        decode->control++;
        return PS_OK;
    }
    for (;;) {
        struct ps_arena_mark mark = ps_arena_mark(&decode->arena);
        struct ps_from_cwlogs_event event;
        bool more = false;
        PS_TRY(ps_from_cwlogs_next(envelope, &decode->arena, &event, &more));
        if (!more) return PS_OK;
        if (event.fault != NULL)
            say_fault(decode, carrier, event.fault);
        else
            PS_TRY(print_event(decode, envelope, &event));
        ps_arena_rewind(&decode->arena, mark);
    }
}

static enum ps_err decode_carrier(struct decode *decode, const struct ps_carrier *carrier)
{
    struct ps_span rest;
    PS_TRY(ps_from_cwlogs_inflate(&decode->arena, carrier, INFLATED_BYTES_MAX, &rest));
    for (;;) {
        struct ps_from_cwlogs_envelope envelope;
        bool more = false;
        PS_TRY(ps_from_cwlogs_open(&decode->arena, &rest, &envelope, &more));
        if (!more) return PS_OK;
        PS_TRY(decode_envelope(decode, carrier, &envelope));
    }
}

static enum ps_err decode_input(void *context, const char *name, struct ps_span bytes)
{
    struct decode *decode = context;
    decode->input = name;
    struct ps_event event;
    PS_TRY(ps_event_open(bytes, &event));
    for (;;) {
        struct ps_arena_mark mark = ps_arena_mark(&decode->arena);
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(&event, &carrier, &more));
        if (!more) return PS_OK;
        /* A damaged carrier is its own fault only: it is named and the others are still printed. */
        if (carrier.fault != NULL)
            say_fault(decode, &carrier, carrier.fault);
        else if (!carrier.tombstone && decode_carrier(decode, &carrier) != PS_OK)
            say_fault(decode, &carrier, ps_err_note()->text);
        ps_arena_rewind(&decode->arena, mark);
    }
}

int command_decode(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct decode decode = { 0 };
    if (ps_arena_init(&decode.arena, ARENA_BYTES) != PS_OK) return command_fault("memory");
    int result = command_each_input(argc, argv, decode_input, &decode);
    if (decode.control > 0) fprintf(stderr, "penstock: %lu control messages\n", decode.control);
    if (fflush(stdout) != 0) result = COMMAND_FAILED;
    ps_arena_fini(&decode.arena);
    return decode.faults > 0 ? COMMAND_FAILED : result;
}
