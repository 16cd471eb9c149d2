#include <stdio.h>
#include <unistd.h>

#include "base/json_read.h"
#include "command_sink.h"
#include "log-processor/pipeline.h"
#include "penstock_commands.h"

static const char HELP[] =
    "Usage: penstock replay [--list]\n\n"
    "Sends the dead letters of DEAD_LETTER_BUCKET (or DEAD_LETTER_DIR with PENSTOCK_LOCAL=1) again and deletes an "
    "object\n"
    "only when every record in it landed. Documents keep their ids, so what is there already is not stored twice.\n"
    "--list only names the objects. Settings are the function's environment variables.\n\n"
    "Exit codes: 0 all landed; 1 some did not (they stay); 2 wrong usage.\n";

struct replay {
    struct command_sink sink;
    bool list_only;
    bool progress;
    unsigned long objects, deleted, stored, duplicate, left;
    uint64_t left_in_object;
};

static enum ps_err on_result(void *context, const struct ps_opensearch_result *result)
{
    struct replay *replay = context;
    switch (result->outcome) {
    case PS_OPENSEARCH_STORED:
        replay->stored++;
        break;
    case PS_OPENSEARCH_DUPLICATE:
        replay->duplicate++;
        break;
    case PS_OPENSEARCH_REJECTED:
    case PS_OPENSEARCH_UNDELIVERED:
        replay->left_in_object++;
        break;
    }
    return PS_OK;
}

static enum ps_err item_begin(void *context, struct ps_buf **buf)
{
    struct replay *replay = context;
    return ps_opensearch_buf(replay->sink.sink.opensearch, buf);
}

static enum ps_err item_commit(void *context, uint64_t tag)
{
    struct replay *replay = context;
    return ps_opensearch_commit(replay->sink.sink.opensearch, tag);
}

static void item_rollback(void *context)
{
    struct replay *replay = context;
    ps_opensearch_rollback(replay->sink.sink.opensearch);
}

static enum ps_err item_refused(void *context, uint64_t tag, const char *reason, struct ps_span item)
{
    (void)tag, (void)reason, (void)item;
    struct replay *replay = context;
    replay->left_in_object++;
    return PS_OK;
}

static enum ps_err undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    (void)tag, (void)detail, (void)raw, (void)is_base64;
    struct replay *replay = context;
    replay->left_in_object++;
    return PS_OK;
}

static enum ps_err replay_item(struct replay *replay, struct ps_span action, struct ps_span document)
{
    struct ps_buf *buf = NULL;
    PS_TRY(item_begin(replay, &buf));
    ps_buf_put(buf, action);
    ps_buf_byte(buf, '\n');
    ps_buf_put(buf, document);
    ps_buf_byte(buf, '\n');
    if (buf->err == PS_OK) return item_commit(replay, 0);
    item_rollback(replay);
    replay->left_in_object++;
    return PS_OK;
}

/* Bytes that could not be decoded: a newer version of the function may be able to. */
static enum ps_err replay_data(struct replay *replay, struct ps_span data)
{
    struct pipeline_output output = {
        .context = replay,
        .item_begin = item_begin,
        .item_commit = item_commit,
        .item_rollback = item_rollback,
        .item_refused = item_refused,
        .undecodable = undecodable,
    };
    struct ps_account account = { 0 };
    return pipeline_run_data(replay->sink.pipeline, &replay->sink.arena, data, &output, &account);
}

static enum ps_err replay_letter(struct replay *replay, struct ps_span line)
{
    struct ps_json_token token;
    struct ps_span action, document;
    bool found = false;
    PS_TRY(ps_json_read_member(line, PS_SPAN("action"), &token, &action, &found));
    if (found) {
        PS_TRY(ps_json_read_member(line, PS_SPAN("document"), &token, &document, &found));
        if (!found) PS_FAIL(PS_ERR_BAD_INPUT, "a letter with an action and no document");
        return replay_item(replay, action, document);
    }
    PS_TRY(ps_json_read_member(line, PS_SPAN("data"), &token, &document, &found));
    if (!found) PS_TRY(ps_json_read_member(line, PS_SPAN("raw"), &token, &document, &found));
    if (!found || token.kind != PS_JSON_STRING) PS_FAIL(PS_ERR_BAD_INPUT, "a letter without action, data and raw");
    /* The letter's own escapes; the text inside may have some too, as it came ("\/"). */
    PS_TRY(ps_json_read_unescape(&replay->sink.arena, token.text, &document));
    return replay_data(replay, document);
}

static enum ps_err replay_letters(struct replay *replay, struct ps_span body)
{
    bool more = body.len > 0;
    while (more) {
        struct ps_span line = ps_span_split(&body, '\n', &more);
        if (line.len > 0) PS_TRY(replay_letter(replay, line));
    }
    return PS_OK;
}

static enum ps_err replay_object(struct replay *replay, struct ps_span key)
{
    struct ps_span body;
    PS_TRY(ps_dead_letter_get(replay->sink.sink.dead_letters, &replay->sink.arena, key, &body));
    replay->left_in_object = 0;
    command_sink_begin(&replay->sink, on_result, replay);
    PS_TRY(replay_letters(replay, body));
    struct ps_opensearch_stats stats;
    PS_TRY(ps_opensearch_finish(replay->sink.sink.opensearch, &stats));
    replay->left += replay->left_in_object;
    if (replay->left_in_object > 0) return PS_OK;
    PS_TRY(ps_dead_letter_delete(replay->sink.sink.dead_letters, &replay->sink.arena, key));
    replay->deleted++;
    return PS_OK;
}

/* A letter that cannot be read leaves its object where it is; the others go on. */
static enum ps_err visit(void *context, struct ps_span key)
{
    struct replay *replay = context;
    replay->objects++;
    if (replay->list_only) {
        printf("%.*s\n", (int)key.len, key.data);
        return PS_OK;
    }
    if (replay->progress) fprintf(stderr, "\r%lu objects, %lu stored", replay->objects, replay->stored);
    struct ps_arena_mark mark = ps_arena_mark(&replay->sink.arena);
    enum ps_err err = replay_object(replay, key);
    ps_arena_rewind(&replay->sink.arena, mark);
    if (err == PS_OK) return PS_OK;
    fprintf(stderr, "penstock: %.*s: %s\n", PS_SPAN_ARG(key), ps_err_note()->text);
    replay->left++;
    return PS_OK;
}

static int run(struct replay *replay)
{
    if (replay->sink.sink.dead_letters == NULL) {
        fputs("penstock: replay: set DEAD_LETTER_BUCKET, or DEAD_LETTER_DIR with PENSTOCK_LOCAL=1\n", stderr);
        return COMMAND_FAILED;
    }
    /* Keys are listed on the process arena, which the objects' bodies leave alone. */
    if (ps_dead_letter_list(replay->sink.sink.dead_letters, &replay->sink.process, visit, replay) != PS_OK) {
        return command_fault("replay");
    }
    if (replay->list_only) return fflush(stdout) == 0 && ferror(stdout) == 0 ? COMMAND_DONE : COMMAND_FAILED;
    fprintf(stderr, "%s%lu objects: %lu deleted; records: %lu stored, %lu duplicate, %lu left\n",
            replay->progress ? "\r" : "", replay->objects, replay->deleted, replay->stored, replay->duplicate,
            replay->left);
    return replay->left == 0 ? COMMAND_DONE : COMMAND_FAILED;
}

int command_replay(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct replay replay = { .progress = isatty(STDERR_FILENO) == 1 };
    replay.list_only = argc == 2 && ps_span_eq(ps_span_of(argv[1]), PS_SPAN("--list"));
    if (argc > 2 || (argc == 2 && !replay.list_only)) {
        fputs(HELP, stderr);
        return COMMAND_USAGE;
    }
    if (command_sink_open(&replay.sink) != PS_OK) return command_fault("replay");
    int result = run(&replay);
    command_sink_close(&replay.sink);
    return result;
}
