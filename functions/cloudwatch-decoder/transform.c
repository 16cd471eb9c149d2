#include "transform.h"

#include "base/assert.h"
#include "base/base64.h"

enum {
    PIECE_BYTES_MAX = 1000 << 10, /* of a smaller envelope: what Firehose takes as a record */
    PIECE_PARTS = 8,              /* the lines of a smaller envelope fill this part of an answer */
};

enum result { OK, DROPPED, PUT_BACK, FAILED };

/* What becomes of one carrier. */
struct answer {
    enum result result;
    uint32_t records;
    size_t lines_bytes;
    struct ps_span data; /* OK: base64 */
};

struct run {
    const struct transform_options *options;
    const struct ps_event *event;
    struct ps_span stream;  /* empty when the event does not name it */
    struct answer *answers; /* one for each carrier */
    struct ps_buf lines;    /* of the carrier in hand; has failed when they are more than any answer holds */
    struct ps_buf data;     /* of all that are answered */
    size_t room;            /* of the answer, for data */
    size_t left;            /* of room */
};

/* -- smaller envelopes --------------------------------------------------------------------------------------------- */

/* The pieces of one carrier. */
struct pieces {
    struct run *run;
    uint64_t carrier;
    struct ps_buf piece;     /* the envelope being built; empty: none */
    struct ps_span envelope; /* the one it is made of, as it came */
    struct ps_span tail;     /* of it, behind its events */
    size_t lines_bytes;
};

static enum ps_err put_piece(struct pieces *pieces)
{
    struct ps_span piece;
    if (pieces->piece.len == 0) return PS_OK;
    ps_buf_byte(&pieces->piece, ']');
    ps_buf_put(&pieces->piece, pieces->tail);
    if (ps_buf_finish(&pieces->piece, &piece) != PS_OK)
        pieces->run->answers[pieces->carrier].result = FAILED;
    else
        PS_TRY(ps_batch_add(pieces->run->options->batch, pieces->carrier, PS_SPAN(""), piece));
    pieces->piece.len = 0;
    pieces->piece.err = PS_OK;
    return PS_OK;
}

static enum ps_err skip_carrier_begin(void *context, const struct ps_carrier *carrier)
{
    (void)context, (void)carrier;
    return PS_OK;
}

/* Everything around the events stays as it came. */
static enum ps_err add_to_piece(void *context, const struct decode_record *record)
{
    struct pieces *pieces = context;
    struct ps_span envelope = record->envelope->raw, events = record->envelope->events;
    size_t events_at = (size_t)(events.data - envelope.data);
    struct ps_span tail = ps_span_from(envelope, events_at + events.len);
    size_t around = events_at + tail.len + sizeof "[]," - 1;
    bool joins = pieces->envelope.data == envelope.data &&
                 pieces->lines_bytes + record->json.len <= pieces->run->options->bytes_max / PIECE_PARTS &&
                 pieces->piece.len + record->event->raw.len + around <= PIECE_BYTES_MAX;
    if (!joins) PS_TRY(put_piece(pieces));
    if (pieces->piece.len == 0) {
        ps_buf_put(&pieces->piece, ps_span_first(envelope, events_at));
        pieces->envelope = envelope;
        pieces->tail = tail;
        pieces->lines_bytes = 0;
    }
    ps_buf_byte(&pieces->piece, pieces->lines_bytes == 0 ? '[' : ',');
    ps_buf_put(&pieces->piece, record->event->raw);
    pieces->lines_bytes += record->json.len;
    return PS_OK;
}

/* The carrier has been decoded whole just before, with more memory. */
static enum ps_err refuse_piece(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    struct pieces *pieces = context;
    (void)tag, (void)detail, (void)raw, (void)is_base64;
    pieces->run->answers[pieces->carrier].result = FAILED;
    return PS_OK;
}

static enum ps_err put_pieces(struct run *run, const struct ps_carrier *carrier)
{
    struct ps_arena *arena = run->options->decode->arena;
    struct pieces pieces = { .run = run, .carrier = carrier->position };
    struct ps_account ignored = { 0 }; /* its records have been counted */
    char *memory = ps_arena_bytes(arena, PIECE_BYTES_MAX);
    if (memory == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "smaller envelopes");
    ps_buf_init_fixed(&pieces.piece, memory, PIECE_BYTES_MAX);
    const struct decode_output output = { &pieces, skip_carrier_begin, add_to_piece, refuse_piece };
    PS_TRY(decode_carrier(run->options->decode, carrier, &output, &ignored));
    return put_piece(&pieces);
}

static enum ps_err put_as_it_came(struct run *run, const struct ps_carrier *carrier)
{
    struct ps_span data = carrier->data, bytes;
    if (carrier->data_escaped) PS_TRY(ps_json_read_unescape(run->options->decode->arena, data, &data));
    PS_TRY(ps_base64_decode(run->options->decode->arena, data, &bytes));
    return ps_batch_add(run->options->batch, carrier->position, PS_SPAN(""), bytes);
}

/* -- answers ------------------------------------------------------------------------------------------------------- */

static const struct ps_span RESULTS[] = {
    [OK] = PS_SPAN_INIT("\",\"result\":\"Ok\",\"data\":\""),
    [DROPPED] = PS_SPAN_INIT("\",\"result\":\"Dropped"),
    [PUT_BACK] = PS_SPAN_INIT("\",\"result\":\"Dropped"),
    [FAILED] = PS_SPAN_INIT("\",\"result\":\"ProcessingFailed"),
};

#define ENTRY_BEGIN PS_SPAN("{\"recordId\":\"")
#define ENTRY_END PS_SPAN("\"},")
#define ANSWER_BEGIN PS_SPAN("{\"records\":[")
#define ANSWER_END PS_SPAN("]}")

/* Of an entry without data, whatever its result. */
static size_t bare_bytes(const struct ps_carrier *carrier)
{
    return ENTRY_BEGIN.len + carrier->record_id.len + RESULTS[FAILED].len + ENTRY_END.len;
}

static size_t base64_bytes(size_t bytes)
{
    return (bytes + 2) / 3 * 4;
}

/* Whether lines of that many bytes fit where there is room for so many bytes of data. */
static bool fits(size_t lines_bytes, size_t room)
{
    return base64_bytes(lines_bytes) <= room;
}

static void keep_data(struct run *run, struct answer *answer)
{
    size_t begin = run->data.len;
    ps_base64_encode(&run->data, ps_buf_span(&run->lines));
    PS_ASSERT(run->data.err == PS_OK);
    answer->data = ps_span_make(run->data.data + begin, run->data.len - begin);
    run->left -= answer->data.len;
}

static enum ps_err settle(struct run *run, const struct ps_carrier *carrier)
{
    struct answer *answer = &run->answers[carrier->position];
    if (answer->result == FAILED) return PS_OK;
    answer->result = answer->records == 0 ? DROPPED : OK;
    if (answer->records == 0) return PS_OK;
    if (fits(answer->lines_bytes, run->left)) {
        keep_data(run, answer);
        return PS_OK;
    }
    bool behind_others = fits(answer->lines_bytes, run->room);
    answer->result = run->stream.len > 0 && (behind_others || answer->records > 1) ? PUT_BACK : FAILED;
    if (answer->result == FAILED) return PS_OK;
    return behind_others ? put_as_it_came(run, carrier) : put_pieces(run, carrier);
}

/* -- the output of decode ------------------------------------------------------------------------------------------ */

static enum ps_err begin_carrier(void *context, const struct ps_carrier *carrier)
{
    struct run *run = context;
    (void)carrier;
    run->lines.len = 0;
    run->lines.err = PS_OK;
    return PS_OK;
}

static enum ps_err add_line(void *context, const struct decode_record *record)
{
    struct run *run = context;
    struct answer *answer = &run->answers[decode_tag_carrier(record->tag)];
    answer->records++;
    answer->lines_bytes += record->json.len + 1;
    ps_buf_put(&run->lines, record->json);
    ps_buf_byte(&run->lines, '\n');
    return PS_OK;
}

static enum ps_err fail_carrier(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    struct run *run = context;
    struct answer *answer = &run->answers[decode_tag_carrier(tag)];
    (void)raw, (void)is_base64;
    answer->records++;
    answer->result = FAILED;
    ps_log_warn(run->options->log, "carrier_undecodable", PS_LOG_U64("carrier", decode_tag_carrier(tag)),
                PS_LOG_STR("detail", ps_span_of(detail)));
    return PS_OK;
}

/* What could not be put back stays with Firehose, whole. */
static enum ps_err on_result(void *context, const struct ps_batch_result *result)
{
    struct run *run = context;
    if (result->outcome != PS_BATCH_SENT) run->answers[result->tag].result = FAILED;
    return PS_OK;
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

/* "arn:aws:firehose:eu-west-1:123456789012:deliverystream/logs" */
static struct ps_span stream_of(struct ps_span arn)
{
    static const struct ps_span BEFORE = PS_SPAN_INIT(":deliverystream/");
    ptrdiff_t at = ps_span_find(arn, BEFORE);
    struct ps_span name = at == PS_SPAN_NONE ? PS_SPAN("") : ps_span_from(arn, (size_t)at + BEFORE.len);
    return ps_batch_check_target(PS_BATCH_FIREHOSE, name) == PS_OK ? name : PS_SPAN("");
}

static enum ps_err open_run(struct run *run)
{
    struct ps_arena *arena = run->options->decode->arena;
    struct ps_event walk = *run->event;
    size_t bare = ANSWER_BEGIN.len + ANSWER_END.len;
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(&walk, &carrier, &more));
        if (!more) break;
        bare += bare_bytes(&carrier);
    }
    size_t bytes_max = run->options->bytes_max;
    if (bare > bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "the bare answers need %zu bytes, Lambda takes %zu", bare, bytes_max);
    run->room = run->left = bytes_max - bare;
    run->answers = PS_ARENA_ARRAY(arena, struct answer, run->event->carrier_count);
    char *lines = ps_arena_bytes(arena, bytes_max);
    char *data = ps_arena_bytes(arena, bytes_max);
    if (run->answers == NULL || lines == NULL || data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "an answer to build");
    ps_buf_init_fixed(&run->lines, lines, bytes_max);
    ps_buf_init_fixed(&run->data, data, bytes_max);
    return PS_OK;
}

static enum ps_err write_answer(const struct run *run, struct ps_event *event, struct ps_buf *body)
{
    ps_event_rewind(event);
    ps_buf_put(body, ANSWER_BEGIN);
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(event, &carrier, &more));
        if (!more) break;
        const struct answer *answer = &run->answers[carrier.position];
        if (carrier.position > 0) ps_buf_byte(body, ',');
        ps_buf_put(body, ENTRY_BEGIN);
        ps_buf_put(body, carrier.record_id);
        ps_buf_put(body, RESULTS[answer->result]);
        ps_buf_put(body, answer->data);
        ps_buf_put(body, PS_SPAN("\"}"));
    }
    ps_buf_put(body, ANSWER_END);
    PS_ASSERT(body->err != PS_OK || body->len <= run->options->bytes_max);
    struct ps_span written;
    return ps_buf_finish(body, &written);
}

enum ps_err transform(const struct transform_options *options, struct ps_event *event, struct ps_buf *body,
                      struct ps_account *account, struct ps_batch_stats *stats)
{
    struct run run = { .options = options, .event = event, .stream = stream_of(event->arn) };
    const struct decode_output output = { &run, begin_carrier, add_line, fail_carrier };
    PS_TRY(open_run(&run));
    ps_batch_begin(options->batch, run.stream, options->log, options->deadline, on_result, &run);
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(event, &carrier, &more));
        if (!more) break;
        struct ps_arena_mark mark = ps_arena_mark(options->decode->arena);
        PS_TRY(decode_carrier(options->decode, &carrier, &output, account));
        ps_arena_rewind(options->decode->arena, mark); /* putting back takes as much again */
        PS_TRY(settle(&run, &carrier));
        ps_arena_rewind(options->decode->arena, mark);
    }
    PS_TRY(ps_batch_finish(options->batch, stats));
    for (size_t i = 0; i < event->carrier_count; i++)
        ps_account_add(account, run.answers[i].result == OK ? PS_VERDICT_STORED : PS_VERDICT_RETURNED,
                       run.answers[i].records);
    return write_answer(&run, event, body);
}
