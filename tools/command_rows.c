#include <stdio.h>
#include <stdlib.h>

#include "penstock_commands.h"
#include "record/to_event.h"
#include "stream-consumer/row.h"
#include "stream-consumer/settings.h"

static const char HELP[] =
    "Usage: penstock rows [FILE...|-]\n\n"
    "Runs Lambda events of Kinesis and Kafka, one a file, through the stream consumer and prints the DynamoDB items as "
    "they\n"
    "would be put, a line each, an error's LogError detail behind its row. Counts go to stderr. Settings are the "
    "function's\n"
    "environment variables; nothing is sent anywhere.\n\n"
    "Exit codes: 0 all read; 1 an input could not be read (named on stderr); 2 wrong usage.\n";

enum { ARENA_BYTES = 1 << 30, LINE_BYTES_MAX = 16 << 20 };

struct rows {
    struct ps_arena process; /* settings and patterns */
    struct ps_arena arena;   /* of one input */
    struct settings settings;
    struct ps_redact *redact;
    struct ps_redact_counts redacted;
    unsigned long in, stored, filtered, events, unparsed, control, envelopes;
};

const struct ps_config_item *command_rows_settings(void)
{
    return SETTINGS_ITEMS;
}

static enum ps_err print_line(struct ps_buf *buf)
{
    struct ps_span line;
    ps_buf_byte(buf, '\n');
    PS_TRY(ps_buf_finish(buf, &line));
    if (fwrite(line.data, 1, line.len, stdout) == line.len) return PS_OK;
    PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
}

static enum ps_err print_row(struct rows *rows, struct ps_arena *arena, const struct row *row)
{
    const struct ps_to_dynamodb_options options = row_options(&rows->settings);
    struct ps_buf buf;
    ps_buf_init(&buf, arena, LINE_BYTES_MAX);
    PS_TRY(ps_to_dynamodb_put(&buf, arena, &options, &row->line, row_id(row), row->coordinates));
    return print_line(&buf);
}

static enum ps_err print_event(struct rows *rows, struct ps_arena *arena, const struct row *row,
                               const struct message *message)
{
    struct ps_buf buf;
    ps_buf_init(&buf, arena, LINE_BYTES_MAX);
    PS_TRY(ps_to_event_put(&buf, arena, rows->settings.event_detail_bytes, &row->line, row_id(row),
                           &message->coordinates));
    rows->events++;
    return print_line(&buf);
}

static enum ps_err print_message(struct rows *rows, struct ps_arena *arena, const struct message *message)
{
    rows->in++;
    if (message->tombstone) {
        rows->filtered++;
        return PS_OK;
    }
    struct row row;
    PS_TRY(row_make(&row, arena, message, rows->redact, &rows->redacted));
    rows->unparsed += row.line.record.unparsed.len > 0;
    PS_TRY(print_row(rows, arena, &row));
    rows->stored++;
    return ps_to_event_concerns(&row.line) ? print_event(rows, arena, &row, message) : PS_OK;
}

static enum ps_err print_messages(struct rows *rows, struct ps_event *event)
{
    struct ps_arena scratch; /* of one message: messages_next takes the rest of the arena back as it goes */
    PS_TRY(ps_arena_part(&scratch, &rows->arena, ps_arena_left(&rows->arena) / 2));
    struct messages messages;
    messages_begin(&messages, event, &rows->arena, rows->settings.cluster_alias, rows->settings.inflated_bytes_max);
    for (;;) {
        struct message message;
        bool more = false;
        PS_TRY(messages_next(&messages, &message, &more));
        if (!more) break;
        struct ps_arena_mark mark = ps_arena_mark(&scratch);
        PS_TRY(print_message(rows, &scratch, &message));
        ps_arena_rewind(&scratch, mark);
    }
    rows->control += messages.control;
    rows->envelopes += messages.envelopes;
    return PS_OK;
}

static enum ps_err print_input(void *context, const char *name, struct ps_span bytes)
{
    (void)name;
    struct rows *rows = context;
    struct ps_event event;
    PS_TRY(messages_open(bytes, &event));
    enum ps_err err = print_messages(rows, &event);
    ps_arena_reset(&rows->arena, ARENA_BYTES);
    return err;
}

static enum ps_err open_rows(struct rows *rows)
{
    PS_TRY(ps_arena_init(&rows->process, ARENA_BYTES));
    PS_TRY(ps_arena_init(&rows->arena, ARENA_BYTES));
    struct ps_span mistakes = PS_SPAN("");
    enum ps_err err = ps_config_read(SETTINGS_ITEMS, settings_check, &rows->process, &rows->settings, &mistakes);
    if (mistakes.len > 0) { /* the fault note is too short for many */
        fprintf(stderr, "penstock: settings: %.*s\n", PS_SPAN_ARG(mistakes));
        exit(COMMAND_FAILED);
    }
    PS_TRY(err);
    return ps_redact_open(&rows->process, rows->settings.redact, rows->settings.redact_patterns, &rows->redact);
}

static void print_counts(const struct rows *rows)
{
    uint64_t redacted = 0;
    for (size_t i = 0; i < PS_REDACT_COUNTS; i++)
        redacted += rows->redacted.by_class[i];
    fprintf(stderr,
            "in %lu: stored %lu filtered %lu; events %lu, control %lu, envelopes %lu, unparsed %lu, redacted %lu\n",
            rows->in, rows->stored, rows->filtered, rows->events, rows->control, rows->envelopes, rows->unparsed,
            (unsigned long)redacted);
}

int command_rows(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct rows rows = { 0 };
    if (open_rows(&rows) != PS_OK) return command_fault("rows");
    int result = command_each_input(argc, argv, print_input, &rows);
    print_counts(&rows);
    if (fflush(stdout) != 0) result = COMMAND_FAILED;
    ps_redact_close(rows.redact);
    ps_arena_fini(&rows.arena);
    ps_arena_fini(&rows.process);
    return result;
}
