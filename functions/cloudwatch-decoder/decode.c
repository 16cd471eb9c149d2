#include "decode.h"

#include "base/json_write.h"
#include "base/time.h"

/* A message of 1 MiB may be six times as long when it is escaped, and has fields; dead letters have room for one such
 * record (aws/letters.h). */
enum { RECORD_BYTES_MAX = 8 << 20 };

struct run {
    const struct decode_options *options;
    const struct decode_output *output;
    struct ps_account *account;
    uint64_t tag; /* of the next record */
};

static enum ps_err tell_undecodable(struct run *run, const char *detail, struct ps_span raw, bool is_base64)
{
    run->account->in++;
    return run->output->undecodable(run->output->context, run->tag++, detail, raw, is_base64);
}

/* -- records ------------------------------------------------------------------------------------------------------- */

static void write_fields(struct ps_json_writer *w, const struct ps_record *record)
{
    if (record->field_count == 0) return;
    ps_json_write_key(w, PS_SPAN("fields"));
    ps_json_write_object_begin(w);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct ps_field *field = &record->fields[i];
        ps_json_write_key_escaped(w, field->name);
        if (field->kind == PS_FIELD_JSON)
            ps_json_write_raw(w, field->value);
        else if (field->kind == PS_FIELD_STRING)
            ps_json_write_string_escaped(w, field->value);
        else
            ps_json_write_string(w, field->value);
    }
    ps_json_write_object_end(w);
}

static enum ps_err write_record(struct ps_arena *arena, const struct ps_record *record, struct ps_span *json)
{
    char iso[PS_TIME_ISO_BYTES];
    struct ps_buf buf;
    struct ps_json_writer w;
    ps_time_iso(record->event_time_ms, iso);
    ps_buf_init(&buf, arena, RECORD_BYTES_MAX);
    ps_json_write_init(&w, &buf);
    ps_json_write_object_begin(&w);
    ps_json_write_member(&w, PS_SPAN("group"), record->log_group);
    ps_json_write_member(&w, PS_SPAN("stream"), record->log_stream);
    ps_json_write_member(&w, PS_SPAN("account"), record->account);
    ps_json_write_member(&w, PS_SPAN("region"), record->region);
    ps_json_write_member(&w, PS_SPAN("id"), record->event_id);
    ps_json_write_key(&w, PS_SPAN("ts"));
    ps_json_write_i64(&w, record->event_time_ms);
    ps_json_write_member(&w, PS_SPAN("time"), ps_span_make(iso, sizeof iso));
    ps_json_write_member(&w, PS_SPAN("message"), record->message);
    write_fields(&w, record);
    ps_json_write_object_end(&w);
    return ps_json_write_finish(&w, json);
}

static enum ps_err make_record(struct run *run, const struct ps_from_cwlogs_envelope *envelope,
                               const struct ps_from_cwlogs_event *event, struct ps_span *json)
{
    struct ps_arena *arena = run->options->arena;
    struct ps_record record;
    struct ps_redact_counts counts = { 0 };
    ps_from_cwlogs_record(envelope, event, run->options->region, &record);
    PS_TRY(ps_from_cwlogs_extracted(arena, event, &record));
    /* Fields come from elsewhere than the message: then everything is looked at. */
    struct ps_span source = record.field_count > 0 ? ps_span_make(NULL, 0) : record.message;
    PS_TRY(ps_redact_record(run->options->redact, arena, source, &record, &counts));
    run->account->redacted += ps_redact_total(&counts);
    return write_record(arena, &record, json);
}

static enum ps_err run_event(struct run *run, const struct ps_from_cwlogs_envelope *envelope,
                             const struct ps_from_cwlogs_event *event)
{
    if (event->fault != NULL) return tell_undecodable(run, event->fault, event->raw, false);
    struct ps_span json;
    enum ps_err err = make_record(run, envelope, event, &json);
    if (err != PS_OK && ps_err_is_of_input(err)) return tell_undecodable(run, ps_err_note()->text, event->raw, false);
    PS_TRY(err);
    run->account->in++;
    const struct decode_record record = { .tag = run->tag++, .envelope = envelope, .event = event, .json = json };
    return run->output->record(run->output->context, &record);
}

/* -- envelopes and carriers ---------------------------------------------------------------------------------------- */

static enum ps_err run_envelope(struct run *run, struct ps_from_cwlogs_envelope *envelope)
{
    struct ps_span own = run->options->own_log_group;
    bool loops = own.len > 0 && ps_span_eq(own, envelope->log_group);
    run->account->envelopes++;
    run->account->control += envelope->control;
    run->account->refused_group += loops;
    for (;;) {
        struct ps_arena_mark mark = ps_arena_mark(run->options->arena);
        struct ps_from_cwlogs_event event;
        bool more = false;
        struct ps_from_cwlogs_envelope before = *envelope;
        enum ps_err err = ps_from_cwlogs_next(envelope, run->options->arena, &event, &more);
        if (err == PS_ERR_NO_MEMORY) {
            *envelope = before;
            more = true;
            err = ps_from_cwlogs_skip(envelope, &event);
        }
        PS_TRY(err);
        if (!more) return PS_OK;
        if (loops) {
            run->account->in++;
            ps_account_add(run->account, PS_VERDICT_FILTERED, 1);
        } else {
            PS_TRY(run_event(run, envelope, &event));
        }
        ps_arena_rewind(run->options->arena, mark);
    }
}

static enum ps_err refuse_carrier(struct run *run, const struct ps_carrier *carrier, enum ps_err err)
{
    if (!ps_err_is_of_input(err)) return err;
    return tell_undecodable(run, ps_err_note()->text, carrier->data, true);
}

static enum ps_err run_envelopes(struct run *run, const struct ps_carrier *carrier)
{
    struct ps_arena *arena = run->options->arena;
    struct ps_span json;
    enum ps_err err = ps_from_cwlogs_inflate(arena, carrier, run->options->inflated_bytes_max, &json);
    if (err != PS_OK) return refuse_carrier(run, carrier, err);
    run->account->inflated_bytes += json.len;
    for (;;) {
        struct ps_from_cwlogs_envelope envelope;
        bool more = false;
        err = ps_from_cwlogs_open(arena, &json, &envelope, &more);
        if (err != PS_OK) return refuse_carrier(run, carrier, err);
        if (!more) return PS_OK;
        PS_TRY(run_envelope(run, &envelope));
    }
}

enum ps_err decode_carrier(const struct decode_options *options, const struct ps_carrier *carrier,
                           const struct decode_output *output, struct ps_account *account)
{
    struct run run = {
        .options = options, .output = output, .account = account, .tag = (uint64_t)carrier->position << 32
    };
    PS_TRY(output->begin_carrier(output->context, carrier));
    if (carrier->fault != NULL) return tell_undecodable(&run, carrier->fault, carrier->raw, false);
    return run_envelopes(&run, carrier);
}

enum ps_err decode_run(const struct decode_options *options, struct ps_event *event, const struct decode_output *output,
                       struct ps_account *account)
{
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(event, &carrier, &more));
        if (!more) return PS_OK;
        struct ps_arena_mark mark = ps_arena_mark(options->arena);
        PS_TRY(decode_carrier(options, &carrier, output, account));
        ps_arena_rewind(options->arena, mark);
    }
}
