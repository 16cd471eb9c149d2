#include "deliver.h"

static enum ps_err on_result(void *context, const struct ps_batch_result *result)
{
    struct deliver *deliver = context;
    struct ps_span reason = PS_SPAN("rejected");
    switch (result->outcome) {
    case PS_BATCH_SENT:
        ps_account_add(deliver->account, PS_VERDICT_STORED, 1);
        return PS_OK;
    case PS_BATCH_UNDELIVERED:
        if (ps_reply_takes_back(deliver->options.event->source)) {
            ps_account_add(deliver->account, PS_VERDICT_RETURNED, 1);
            ps_reply_mark(&deliver->book, decode_tag_carrier(result->tag), PS_REPLY_RETURNED);
            return PS_OK;
        }
        reason = PS_SPAN("undelivered");
        break;
    case PS_BATCH_REJECTED:
        break;
    }
    ps_account_add(deliver->account, PS_VERDICT_DEAD, 1);
    return ps_letters_add_row(&deliver->letters, result->tag, reason, result->status, result->type, result->record);
}

/* Between records and not in on_result: putting letters speaks HTTP, and the batch may be in the middle of doing so. */
static enum ps_err make_room(struct deliver *deliver)
{
    if (!ps_letters_full(&deliver->letters)) return PS_OK;
    return ps_letters_put(&deliver->letters, deliver->options.arena, deliver->options.deadline);
}

/* The payload's first record tells where its dead letters lie. */
static void tell_first(struct deliver *deliver, struct ps_span coordinates, int64_t time_ms)
{
    if (deliver->first_told || coordinates.len == 0) return;
    deliver->first_told = true;
    ps_letters_first_record(&deliver->letters, coordinates, time_ms);
}

static enum ps_err begin_carrier(void *context, const struct ps_carrier *carrier)
{
    tell_first(context, carrier->sequence, carrier->arrival_ms);
    return PS_OK;
}

static enum ps_err record(void *context, const struct decode_record *record)
{
    struct deliver *deliver = context;
    tell_first(deliver, record->event->id, record->event->timestamp_ms);
    PS_TRY(make_room(deliver));
    return ps_batch_add(deliver->options.batch, record->tag, record->envelope->log_stream, record->json);
}

static enum ps_err undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    struct deliver *deliver = context;
    PS_TRY(make_room(deliver));
    ps_account_add(deliver->account, PS_VERDICT_DEAD, 1);
    return ps_letters_add_raw(&deliver->letters, tag, detail, raw, is_base64);
}

enum ps_err deliver_begin(struct deliver *deliver, const struct deliver_options *options, struct ps_account *account)
{
    *deliver = (struct deliver){ .options = *options, .account = account };
    PS_TRY(ps_letters_begin(&deliver->letters, options->arena, options->store));
    PS_TRY(ps_reply_open(options->arena, options->event, &deliver->book));
    ps_batch_begin(options->batch, options->target, options->log, options->deadline, on_result, deliver);
    return PS_OK;
}

struct decode_output deliver_output(struct deliver *deliver)
{
    return (struct decode_output){
        .context = deliver,
        .begin_carrier = begin_carrier,
        .record = record,
        .undecodable = undecodable,
    };
}

enum ps_err deliver_finish(struct deliver *deliver)
{
    PS_TRY(ps_batch_finish(deliver->options.batch, &deliver->stats));
    return ps_letters_put(&deliver->letters, deliver->options.arena, deliver->options.deadline);
}
