#include "deliver.h"

#include "base/assert.h"

/* What the sink says of one item becomes its verdict. */
static enum ps_err on_result(void *context, const struct ps_opensearch_result *result)
{
    struct deliver *deliver = context;
    struct ps_account *account = deliver->account;
    struct ps_span reason = PS_SPAN("rejected");
    switch (result->outcome) {
    case PS_OPENSEARCH_STORED:
        ps_account_add(account, PS_VERDICT_STORED, 1);
        return PS_OK;
    case PS_OPENSEARCH_DUPLICATE:
        ps_account_add(account, PS_VERDICT_DUPLICATE, 1);
        return PS_OK;
    case PS_OPENSEARCH_UNDELIVERED:
        if (deliver->takes_back) {
            ps_account_add(account, PS_VERDICT_RETURNED, 1);
            ps_reply_mark(&deliver->book, pipeline_tag_carrier(result->tag), PS_REPLY_RETURNED);
            return PS_OK;
        }
        deliver->spilled++;
        reason = PS_SPAN("undelivered");
        break;
    case PS_OPENSEARCH_REJECTED:
        break;
    }
    ps_account_add(account, PS_VERDICT_DEAD, 1);
    return ps_letters_add_item(&deliver->letters, result->tag, reason, result->status, result->type, result->field,
                               result->item);
}

/* Spilled is what the store has confirmed, as dead is. */
static enum ps_err put_letters(struct deliver *deliver)
{
    PS_TRY(ps_letters_put(&deliver->letters, deliver->arena, deliver->deadline));
    deliver->account->spilled += deliver->spilled;
    deliver->spilled = 0;
    return PS_OK;
}

/* Between items and not in on_result: putting letters speaks HTTP, and the sink may be in the middle of doing so. */
static enum ps_err make_room(struct deliver *deliver)
{
    return ps_letters_full(&deliver->letters) ? put_letters(deliver) : PS_OK;
}

static enum ps_err item_begin(void *context, struct ps_buf **buf)
{
    struct deliver *deliver = context;
    PS_TRY(make_room(deliver));
    return ps_opensearch_buf(deliver->sink, buf);
}

static enum ps_err item_commit(void *context, uint64_t tag)
{
    struct deliver *deliver = context;
    return ps_opensearch_commit(deliver->sink, tag);
}

static void item_rollback(void *context)
{
    struct deliver *deliver = context;
    ps_opensearch_rollback(deliver->sink);
}

static enum ps_err item_refused(void *context, uint64_t tag, const char *reason, struct ps_span item)
{
    struct deliver *deliver = context;
    PS_TRY(make_room(deliver));
    ps_account_add(deliver->account, PS_VERDICT_DEAD, 1);
    return ps_letters_add_item(&deliver->letters, tag, PS_SPAN("refused"), 0, ps_span_of(reason), ps_span_make(NULL, 0),
                               item);
}

static enum ps_err undecodable(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    struct deliver *deliver = context;
    PS_TRY(make_room(deliver));
    return ps_letters_add_raw(&deliver->letters, tag, detail, raw, is_base64);
}

/* Firehose need not deliver it further: it says nothing to anybody. */
static void control_only(void *context, size_t carrier)
{
    struct deliver *deliver = context;
    ps_reply_mark(&deliver->book, carrier, PS_REPLY_DROPPED);
}

static void first_record(void *context, struct ps_span coordinates, int64_t time_ms)
{
    struct deliver *deliver = context;
    ps_letters_first_record(&deliver->letters, coordinates, time_ms);
}

enum ps_err deliver_begin(struct deliver *deliver, struct ps_arena *arena, const struct deliver_options *options,
                          struct ps_account *account)
{
    *deliver = (struct deliver){
        .sink = options->sink,
        .arena = arena,
        .deadline = options->deadline,
        .account = account,
        .takes_back = options->takes_back,
    };
    PS_TRY(ps_letters_begin(&deliver->letters, arena, options->store));
    PS_TRY(ps_reply_open(arena, options->event, &deliver->book));
    ps_opensearch_begin(options->sink, options->log, options->deadline, on_result, deliver);
    return PS_OK;
}

struct pipeline_output deliver_output(struct deliver *deliver)
{
    return (struct pipeline_output){
        .context = deliver,
        .item_begin = item_begin,
        .item_commit = item_commit,
        .item_rollback = item_rollback,
        .item_refused = item_refused,
        .undecodable = undecodable,
        .control_only = control_only,
        .first_record = first_record,
    };
}

enum ps_err deliver_finish(struct deliver *deliver)
{
    PS_TRY(ps_opensearch_finish(deliver->sink, &deliver->stats));
    deliver->account->requests = deliver->stats.requests;
    deliver->account->retried = deliver->stats.retried_items;
    deliver->account->sent_bytes = deliver->stats.sent_bytes;
    return put_letters(deliver);
}

void deliver_give_up(struct deliver *deliver)
{
    struct ps_account *account = deliver->account;
    /* Letters that were not put are not dead: their records come again with the payload. */
    PS_ASSERT(account->verdicts[PS_VERDICT_DEAD] >= deliver->letters.put);
    account->verdicts[PS_VERDICT_DEAD] = deliver->letters.put;
    uint64_t settled = 0;
    for (int verdict = 0; verdict < PS_VERDICT_COUNT; verdict++)
        settled += account->verdicts[verdict];
    PS_ASSERT(settled <= account->in);
    ps_account_add(account, PS_VERDICT_RETURNED, account->in - settled);
}
