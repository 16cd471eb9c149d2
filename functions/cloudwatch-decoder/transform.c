#include "transform.h"

#include "aws/batch.h"
#include "base/assert.h"
#include "base/base64.h"

enum {
    PIECE_BYTES_MAX = 1000 << 10, /* of a smaller envelope: what Firehose takes as a record */
    PIECE_PARTS = 8,              /* the lines of a smaller envelope fill this part of an answer */
};

enum result { OK, DROPPED, PUT_BACK, FAILED };

struct transform_answer {
    enum result result;
    uint32_t records;
    size_t lines_bytes;
    struct ps_span data; /* OK: base64 */
};

/* -- smaller envelopes --------------------------------------------------------------------------------------------- */

/* The pieces of one carrier. */
struct pieces {
    struct transform *transform;
    uint64_t carrier;
    struct ps_buf piece;     /* the envelope being built; empty: none */
    struct ps_span envelope; /* the one it is made of, as it came */
    struct ps_span tail;     /* of it, behind its events */
    size_t lines_bytes;
};

static enum ps_err put_piece(struct pieces *pieces)
{
    const struct transform_options *options = &pieces->transform->options;
    struct ps_span piece;
    if (pieces->piece.len == 0) return PS_OK;
    ps_buf_byte(&pieces->piece, ']');
    ps_buf_put(&pieces->piece, pieces->tail);
    if (ps_buf_finish(&pieces->piece, &piece) != PS_OK)
        pieces->transform->answers[pieces->carrier].result = FAILED;
    else
        PS_TRY(options->put_back(options->context, pieces->carrier, piece));
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
                 pieces->lines_bytes + record->json.len <= pieces->transform->options.bytes_max / PIECE_PARTS &&
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
    pieces->transform->answers[pieces->carrier].result = FAILED;
    return PS_OK;
}

static enum ps_err put_pieces(struct transform *transform, const struct ps_carrier *carrier)
{
    struct ps_arena *arena = transform->options.decode->arena;
    struct pieces pieces = { .transform = transform, .carrier = carrier->position };
    struct ps_account ignored = { 0 }; /* its records have been counted */
    char *memory = ps_arena_bytes(arena, PIECE_BYTES_MAX);
    if (memory == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "smaller envelopes");
    ps_buf_init_fixed(&pieces.piece, memory, PIECE_BYTES_MAX);
    const struct decode_output output = { &pieces, skip_carrier_begin, add_to_piece, refuse_piece };
    PS_TRY(decode_carrier(transform->options.decode, carrier, &output, &ignored));
    return put_piece(&pieces);
}

static enum ps_err put_as_it_came(struct transform *transform, const struct ps_carrier *carrier)
{
    struct ps_span data = carrier->data, bytes;
    if (carrier->data_escaped) PS_TRY(ps_json_read_unescape(transform->options.decode->arena, data, &data));
    PS_TRY(ps_base64_decode(transform->options.decode->arena, data, &bytes));
    return transform->options.put_back(transform->options.context, carrier->position, bytes);
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

static void keep_data(struct transform *transform, struct transform_answer *answer)
{
    size_t begin = transform->data.len;
    ps_base64_encode(&transform->data, ps_buf_span(&transform->lines));
    PS_ASSERT(transform->data.err == PS_OK);
    answer->data = ps_span_make(transform->data.data + begin, transform->data.len - begin);
    transform->left -= answer->data.len;
}

static enum ps_err settle(struct transform *transform, const struct ps_carrier *carrier)
{
    struct transform_answer *answer = &transform->answers[carrier->position];
    if (answer->result == FAILED) return PS_OK;
    answer->result = answer->records == 0 ? DROPPED : OK;
    if (answer->records == 0) return PS_OK;
    if (fits(answer->lines_bytes, transform->left)) {
        keep_data(transform, answer);
        return PS_OK;
    }
    bool behind_others = fits(answer->lines_bytes, transform->room);
    answer->result = transform->options.stream.len > 0 && (behind_others || answer->records > 1) ? PUT_BACK : FAILED;
    if (answer->result == FAILED) return PS_OK;
    return behind_others ? put_as_it_came(transform, carrier) : put_pieces(transform, carrier);
}

/* -- the output of decode ------------------------------------------------------------------------------------------ */

static enum ps_err begin_carrier(void *context, const struct ps_carrier *carrier)
{
    struct transform *transform = context;
    (void)carrier;
    transform->lines.len = 0;
    transform->lines.err = PS_OK;
    return PS_OK;
}

static enum ps_err add_line(void *context, const struct decode_record *record)
{
    struct transform *transform = context;
    struct transform_answer *answer = &transform->answers[decode_tag_carrier(record->tag)];
    answer->records++;
    answer->lines_bytes += record->json.len + 1;
    ps_buf_put(&transform->lines, record->json);
    ps_buf_byte(&transform->lines, '\n');
    return PS_OK;
}

static enum ps_err fail_carrier(void *context, uint64_t tag, const char *detail, struct ps_span raw, bool is_base64)
{
    struct transform *transform = context;
    struct transform_answer *answer = &transform->answers[decode_tag_carrier(tag)];
    (void)raw, (void)is_base64;
    answer->records++;
    answer->result = FAILED;
    ps_log_warn(transform->options.log, "carrier_undecodable", PS_LOG_U64("carrier", decode_tag_carrier(tag)),
                PS_LOG_STR("detail", ps_span_of(detail)));
    return PS_OK;
}

void transform_not_put_back(struct transform *transform, uint64_t carrier)
{
    transform->answers[carrier].result = FAILED;
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

/* "arn:aws:firehose:eu-west-1:123456789012:deliverystream/logs" */
struct ps_span transform_stream(const struct ps_event *event)
{
    static const struct ps_span BEFORE = PS_SPAN_INIT(":deliverystream/");
    ptrdiff_t at = ps_span_find(event->arn, BEFORE);
    struct ps_span name = at == PS_SPAN_NONE ? PS_SPAN("") : ps_span_from(event->arn, (size_t)at + BEFORE.len);
    return ps_batch_check_target(PS_BATCH_FIREHOSE, name) == PS_OK ? name : PS_SPAN("");
}

static enum ps_err open_answers(struct transform *transform)
{
    struct ps_arena *arena = transform->options.decode->arena;
    struct ps_event walk = *transform->event;
    size_t bare = ANSWER_BEGIN.len + ANSWER_END.len;
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(&walk, &carrier, &more));
        if (!more) break;
        bare += bare_bytes(&carrier);
    }
    size_t bytes_max = transform->options.bytes_max;
    if (bare > bytes_max)
        PS_FAIL(PS_ERR_TOO_LARGE, "the bare answers need %zu bytes, Lambda takes %zu", bare, bytes_max);
    transform->room = transform->left = bytes_max - bare;
    transform->answers = PS_ARENA_ARRAY(arena, struct transform_answer, transform->event->carrier_count);
    char *lines = ps_arena_bytes(arena, bytes_max);
    char *data = ps_arena_bytes(arena, bytes_max);
    if (transform->answers == NULL || lines == NULL || data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "an answer to build");
    ps_buf_init_fixed(&transform->lines, lines, bytes_max);
    ps_buf_init_fixed(&transform->data, data, bytes_max);
    return PS_OK;
}

static enum ps_err write_answer(const struct transform *transform, struct ps_buf *body)
{
    struct ps_event *event = transform->event;
    ps_event_rewind(event);
    ps_buf_put(body, ANSWER_BEGIN);
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(event, &carrier, &more));
        if (!more) break;
        const struct transform_answer *answer = &transform->answers[carrier.position];
        if (carrier.position > 0) ps_buf_byte(body, ',');
        ps_buf_put(body, ENTRY_BEGIN);
        ps_buf_put(body, carrier.record_id);
        ps_buf_put(body, RESULTS[answer->result]);
        ps_buf_put(body, answer->data);
        ps_buf_put(body, PS_SPAN("\"}"));
    }
    ps_buf_put(body, ANSWER_END);
    PS_ASSERT(body->err != PS_OK || body->len <= transform->options.bytes_max);
    struct ps_span written;
    return ps_buf_finish(body, &written);
}

enum ps_err transform_run(struct transform *transform, const struct transform_options *options, struct ps_event *event,
                          struct ps_account *account)
{
    const struct decode_output output = { transform, begin_carrier, add_line, fail_carrier };
    *transform = (struct transform){ .options = *options, .event = event, .account = account };
    PS_TRY(open_answers(transform));
    for (;;) {
        struct ps_carrier carrier;
        bool more = false;
        PS_TRY(ps_event_next(event, &carrier, &more));
        if (!more) return PS_OK;
        struct ps_arena_mark mark = ps_arena_mark(options->decode->arena);
        PS_TRY(decode_carrier(options->decode, &carrier, &output, account));
        ps_arena_rewind(options->decode->arena, mark); /* putting back takes as much again */
        PS_TRY(settle(transform, &carrier));
        ps_arena_rewind(options->decode->arena, mark);
    }
}

enum ps_err transform_finish(struct transform *transform, struct ps_buf *body)
{
    for (size_t i = 0; i < transform->event->carrier_count; i++) {
        const struct transform_answer *answer = &transform->answers[i];
        ps_account_add(transform->account, answer->result == OK ? PS_VERDICT_STORED : PS_VERDICT_RETURNED,
                       answer->records);
    }
    return write_answer(transform, body);
}
