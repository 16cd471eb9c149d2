#include "pipeline.h"

#include "base/assert.h"
#include "event/from_cwlogs.h"
#include "host/clock.h"
#include "record/clean.h"
#include "record/container.h"
#include "record/multiline.h"
#include "stages.h"

/* Each scratch arena holds one record at every stage: an event of 1 MiB unescaped, cleaned, joined, parsed and, in the
 * worst case, written once more for its dead letter. Address space; touched only as far as records are large. */
enum { SCRATCH_BYTES = 24 << 20, SCRATCH_KEEP_BYTES = 1 << 20, JOINED_BYTES_MAX = 2 << 20 };

struct pipeline {
    const struct settings *settings;
    struct ps_span function_log_group;
    struct stages stages;
    struct ps_arena scratch[2];
};

/* One payload being run. */
struct run {
    const struct pipeline *pipeline;
    struct ps_arena *arena;
    struct ps_arena *scratch; /* two, the pipeline's */
    const struct pipeline_output *output;
    struct ps_account *account;
    struct stages_counts counts;
    bool first_told;
};

/* The record in hand: finished when the next event does not continue it. */
struct open_record {
    bool in_hand;
    unsigned scratch; /* the arena that all of it lies on */
    struct ps_from_cwlogs_event event;
    struct ps_record record; /* its message is what a next event may continue */
    struct ps_container container;
    bool contained;            /* an agent had wrapped it: members came from elsewhere than the message */
    struct ps_buf joined_text; /* holds the message once something was joined */
};

enum ps_err pipeline_open(struct ps_arena *process, const struct pipeline_options *options, struct pipeline **out)
{
    struct pipeline *pipeline = PS_ARENA_NEW(process, struct pipeline);
    if (pipeline == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "the pipeline");
    pipeline->settings = options->settings;
    pipeline->function_log_group = options->function_log_group;
    PS_TRY(stages_open(process, options->settings, options->function_region, &pipeline->stages));
    for (unsigned i = 0; i < 2; i++)
        PS_TRY(ps_arena_part(&pipeline->scratch[i], process, SCRATCH_BYTES));
    *out = pipeline;
    return PS_OK;
}

/* "a,b*": a name, or a prefix with a star behind it. */
static bool in_list(struct ps_span list, struct ps_span name)
{
    bool more = list.len > 0;
    while (more) {
        struct ps_span item = ps_span_trim(ps_span_split(&list, ',', &more));
        if (item.len == 0) continue;
        bool is_prefix = item.data[item.len - 1] == '*';
        if (is_prefix) item.len--;
        if (is_prefix ? ps_span_starts(name, item) : ps_span_eq(name, item)) return true;
    }
    return false;
}

static bool refuses_group(const struct pipeline *pipeline, struct ps_span log_group)
{
    struct ps_span own = pipeline->function_log_group;
    return (own.len > 0 && ps_span_eq(own, log_group)) || in_list(pipeline->settings->exclude_log_groups, log_group);
}

static void tell_first(struct run *run, struct ps_span coordinates, int64_t time_ms)
{
    if (run->first_told) return;
    run->first_told = true;
    if (run->output->first_record != NULL) run->output->first_record(run->output->context, coordinates, time_ms);
}

/* Bytes without a record count as one record, dead. */
static enum ps_err bury(struct run *run, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    run->account->in++;
    ps_account_add(run->account, PS_VERDICT_DEAD, 1);
    return run->output->undecodable(run->output->context, tag, detail, raw, is_base64);
}

/* A record that there is no room to understand: dead with its text, and the others go on. It has been counted already.
 */
static enum ps_err bury_open(struct run *run, const struct stages_output *out, struct ps_span raw)
{
    ps_account_add(run->account, PS_VERDICT_DEAD, 1);
    return run->output->undecodable(run->output->context, out->tag, ps_err_note()->text, raw, false);
}

static enum ps_err finish_open(struct run *run, struct stages_envelope *envelope, size_t carrier,
                               struct open_record *open)
{
    if (!open->in_hand) return PS_OK;
    open->in_hand = false;
    struct ps_arena *scratch = &run->scratch[open->scratch];
    open->record.message = ps_clean_end(open->record.message); /* a piece whose rest never came */
    struct stages_output out = {
        .output = run->output,
        .tag = pipeline_tag(carrier, open->event.position),
        .account = run->account,
        .counts = &run->counts,
    };
    bool elsewhere = open->contained || open->event.extracted.len > 0;
    struct ps_span source = elsewhere ? ps_span_make(NULL, 0) : open->record.message;
    struct ps_span raw = open->record.joined > 0 ? open->record.message : open->event.raw;
    enum ps_err err = stages_finish(envelope, scratch, &open->event, &open->record, source, &out);
    if (err != PS_OK) {
        if (out.reached_output || !ps_err_is_of_input(err)) return err;
        PS_TRY(bury_open(run, &out, raw));
    }
    ps_arena_rewind(scratch, (struct ps_arena_mark){ scratch->base });
    return PS_OK;
}

/* Puts text behind the record in hand: pieces of one line directly, lines with a line feed between. */
static enum ps_err join(struct run *run, struct open_record *open, struct ps_span text, bool is_piece)
{
    struct ps_record *record = &open->record;
    if (record->joined == 0) {
        ps_buf_init(&open->joined_text, &run->scratch[open->scratch], JOINED_BYTES_MAX);
        ps_buf_put(&open->joined_text, record->message);
    }
    if (!is_piece) ps_buf_byte(&open->joined_text, '\n');
    ps_buf_put(&open->joined_text, text);
    PS_TRY(ps_buf_finish(&open->joined_text, &record->message));
    record->joined++;
    record->is_trace = record->is_trace || !is_piece;
    ps_account_add(run->account, PS_VERDICT_JOINED, 1);
    return PS_OK;
}

static bool fits(const struct open_record *open, struct ps_span text)
{
    size_t used = open->record.message.len;
    return text.len < JOINED_BYTES_MAX - 1 && used < JOINED_BYTES_MAX - 1 - text.len;
}

static enum ps_err unwrap_event(struct ps_arena *arena, struct open_record *next)
{
    PS_TRY(ps_clean_piece(arena, next->event.message, &next->record.message));
    PS_TRY(ps_container_unwrap(arena, &next->record, &next->container, &next->contained));
    bool goes_on = next->container.partial && !next->container.last;
    if (!goes_on) next->record.message = ps_clean_end(next->record.message);
    return PS_OK;
}

/* Reads, cleans and unwraps one event onto the scratch arena that the record in hand does not use. */
static enum ps_err read_event(struct run *run, struct ps_from_cwlogs_envelope *envelope, unsigned scratch,
                              struct open_record *next, bool *more)
{
    struct ps_arena *arena = &run->scratch[scratch];
    next->in_hand = false;
    next->scratch = scratch;
    PS_TRY(ps_from_cwlogs_next(envelope, arena, &next->event, more));
    if (!*more || next->event.fault != NULL) return PS_OK;
    ps_from_cwlogs_record(envelope, &next->event, run->pipeline->stages.function_region, &next->record);
    enum ps_err err = unwrap_event(arena, next);
    if (err != PS_OK && !ps_err_is_of_input(err)) return err;
    if (err != PS_OK) next->event.fault = "no_room";
    next->in_hand = err == PS_OK;
    return PS_OK;
}

/* Whether next was joined to the record in hand. */
static enum ps_err try_join(struct run *run, struct ps_multiline *lines, struct open_record *open,
                            const struct open_record *next, bool *joined)
{
    struct ps_span text = next->record.message;
    bool is_piece = open->in_hand && ps_container_continues(&open->container, &next->container) && fits(open, text);
    /* The joiner sees every text that is no piece: its state follows the stream. */
    bool is_line = !is_piece && run->pipeline->settings->multiline && ps_multiline_continues(lines, text);
    if (is_line && !(open->in_hand && fits(open, text))) {
        /* Pieces made the record larger than the joiner knows: it begins anew with this text, which it keeps a view of.
         */
        is_line = false;
        ps_multiline_begin(lines);
        (void)ps_multiline_continues(lines, text);
    }
    *joined = is_piece || is_line;
    if (!*joined) return PS_OK;
    if (is_piece) {
        /* Stream and id are the same in all pieces; the ones of next lie on memory that is taken back. */
        open->container.ordinal = next->container.ordinal;
        open->container.partial = next->container.partial;
        open->container.last = next->container.last;
    }
    return join(run, open, text, is_piece);
}

static enum ps_err bury_event(struct run *run, size_t carrier, const struct open_record *next)
{
    const struct ps_from_cwlogs_event *event = &next->event;
    PS_TRY(bury(run, pipeline_tag(carrier, event->position), event->fault, event->raw, false));
    struct ps_arena *scratch = &run->scratch[next->scratch];
    ps_arena_rewind(scratch, (struct ps_arena_mark){ scratch->base });
    return PS_OK;
}

/* One event after the other, each looked at before the record in hand is finished. */
static enum ps_err run_events(struct run *run, struct ps_from_cwlogs_envelope *envelope, size_t carrier)
{
    struct stages_envelope stages;
    PS_TRY(stages_envelope_begin(&run->pipeline->stages, run->arena, envelope, &stages));
    struct ps_multiline lines;
    ps_multiline_begin(&lines);
    struct open_record records[2] = { { .scratch = 0 }, { .scratch = 1 } };
    struct open_record *open = &records[0];
    for (;;) {
        struct open_record *next = &records[1 - open->scratch];
        bool more = false;
        PS_TRY(read_event(run, envelope, next->scratch, next, &more));
        if (!more) return finish_open(run, &stages, carrier, open);
        if (next->event.fault != NULL) {
            PS_TRY(bury_event(run, carrier, next));
            continue;
        }
        tell_first(run, next->event.id, next->event.timestamp_ms);
        run->account->in++;
        run->account->repaired += next->event.repaired;
        bool joined = false;
        PS_TRY(try_join(run, &lines, open, next, &joined));
        if (joined) {
            struct ps_arena *scratch = &run->scratch[next->scratch];
            ps_arena_rewind(scratch, (struct ps_arena_mark){ scratch->base });
            continue;
        }
        PS_TRY(finish_open(run, &stages, carrier, open));
        open = next;
    }
}

/* An envelope of our own group, or an excluded one: counted and let go. */
static enum ps_err count_events(struct run *run, struct ps_from_cwlogs_envelope *envelope)
{
    run->account->refused_group++;
    struct ps_arena *scratch = &run->scratch[0];
    for (;;) {
        struct ps_from_cwlogs_event event;
        bool more = false;
        PS_TRY(ps_from_cwlogs_next(envelope, scratch, &event, &more));
        ps_arena_rewind(scratch, (struct ps_arena_mark){ scratch->base });
        if (!more) return PS_OK;
        run->account->in++;
        run->account->refused_records++;
        ps_account_add(run->account, PS_VERDICT_FILTERED, 1);
    }
}

static enum ps_err run_envelope(struct run *run, struct ps_from_cwlogs_envelope *envelope, size_t carrier)
{
    run->account->envelopes++;
    run->account->repaired += envelope->repaired;
    if (envelope->control) {
        run->account->control++;
        return PS_OK;
    }
    if (refuses_group(run->pipeline, envelope->log_group)) return count_events(run, envelope);
    return run_events(run, envelope, carrier);
}

static enum ps_err run_envelopes(struct run *run, const struct ps_carrier *carrier, struct ps_span json)
{
    for (;;) {
        struct ps_from_cwlogs_envelope envelope;
        bool more = false;
        enum ps_err err = ps_from_cwlogs_open(run->arena, &json, &envelope, &more);
        if (err != PS_OK) {
            if (!ps_err_is_of_input(err)) return err;
            return bury(run, pipeline_tag(carrier->position, 0), ps_err_note()->text, carrier->data, true);
        }
        if (!more) return PS_OK;
        PS_TRY(run_envelope(run, &envelope, carrier->position));
    }
}

/* One carrier's envelopes, and whether there was any log event in them. */
static enum ps_err run_json(struct run *run, const struct ps_carrier *carrier, struct ps_span json)
{
    uint64_t envelopes = run->account->envelopes;
    uint64_t control = run->account->control;
    PS_TRY(run_envelopes(run, carrier, json));
    envelopes = run->account->envelopes - envelopes;
    control = run->account->control - control;
    bool control_only = control > 0 && control == envelopes;
    if (control_only && run->output->control_only != NULL)
        run->output->control_only(run->output->context, carrier->position);
    return PS_OK;
}

static enum ps_err run_carrier(struct run *run, const struct ps_carrier *carrier, struct pipeline_times *times)
{
    uint64_t tag = pipeline_tag(carrier->position, 0);
    if (carrier->fault != NULL) return bury(run, tag, carrier->fault, carrier->raw, false);
    if (carrier->tombstone) {
        /* Kafka's word that a key is gone: nothing to store, and nothing wrong. */
        run->account->in++;
        ps_account_add(run->account, PS_VERDICT_FILTERED, 1);
        return PS_OK;
    }
    if (carrier->sequence.len > 0) tell_first(run, carrier->sequence, carrier->arrival_ms);
    uint64_t begin = ps_clock_monotonic_us();
    struct ps_span json;
    enum ps_err err = ps_from_cwlogs_inflate(run->arena, carrier, run->pipeline->settings->inflated_bytes_max, &json);
    times->inflate_us += ps_clock_monotonic_us() - begin;
    if (err != PS_OK) {
        if (!ps_err_is_of_input(err)) return err;
        return bury(run, tag, ps_err_note()->text, carrier->data, true);
    }
    run->account->inflated_bytes += json.len;
    return run_json(run, carrier, json);
}

static struct run run_begin(struct pipeline *pipeline, struct ps_arena *arena, const struct pipeline_output *output,
                            struct ps_account *account)
{
    /* A payload that failed may have left a record on them; a giant one gives its pages back. */
    for (unsigned i = 0; i < 2; i++)
        ps_arena_reset(&pipeline->scratch[i], SCRATCH_KEEP_BYTES);
    return (struct run){
        .pipeline = pipeline,
        .arena = arena,
        .scratch = pipeline->scratch,
        .output = output,
        .account = account,
    };
}

/* Side counts that stages keep by class, added up. */
static void run_end(struct run *run)
{
    run->account->redacted += ps_redact_total(&run->counts.redact);
}

enum ps_err pipeline_run(struct pipeline *pipeline, struct ps_arena *arena, struct ps_event *event,
                         const struct pipeline_output *output, struct ps_account *account, struct pipeline_times *times)
{
    uint64_t begin = ps_clock_monotonic_us();
    struct run run = run_begin(pipeline, arena, output, account);
    struct ps_arena_mark mark = ps_arena_mark(arena);
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(event, &carrier, &more));
        if (!more) break;
        PS_TRY(run_carrier(&run, &carrier, times));
        ps_arena_rewind(arena, mark);
    }
    run_end(&run);
    times->process_us += ps_clock_monotonic_us() - begin;
    return PS_OK;
}

enum ps_err pipeline_run_data(struct pipeline *pipeline, struct ps_arena *arena, struct ps_span data,
                              const struct pipeline_output *output, struct ps_account *account)
{
    struct run run = run_begin(pipeline, arena, output, account);
    struct ps_carrier carrier = { .raw = data, .data = data };
    carrier.data_escaped = ps_span_find_byte(data, '\\') != PS_SPAN_NONE;
    struct pipeline_times times = { 0 };
    PS_TRY(run_carrier(&run, &carrier, &times));
    run_end(&run);
    return PS_OK;
}
