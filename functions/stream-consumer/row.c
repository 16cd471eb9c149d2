#include "row.h"

#include "aws/digest.h"

enum { COORDINATES_BYTES_MAX = 4 << 10 };

static void read_line(struct ps_arena *arena, const struct message *message, struct ps_stream_line *line)
{
    struct ps_span why = ps_span_of(message->fault);
    if (message->fault == NULL) {
        if (ps_stream_line_read(arena, message->bytes, message->arrival_ms, line) == PS_OK) return;
        why = PS_SPAN("no_room");
    }
    ps_stream_line_keep(message->bytes, message->arrival_ms, why, line);
}

static enum ps_err make_id(struct ps_arena *arena, const struct message *message, struct row *row)
{
    struct ps_buf text;
    ps_buf_init(&text, arena, COORDINATES_BYTES_MAX);
    ps_coordinates_put(&text, &message->coordinates);
    PS_TRY(ps_buf_finish(&text, &row->coordinates));
    const struct ps_span name[] = {
        ps_span_make((const char *)PS_COORDINATES_NAMESPACE, PS_COORDINATES_NAMESPACE_BYTES),
        row->coordinates,
    };
    unsigned char sha1[PS_UUID_SHA1_BYTES];
    PS_TRY(ps_digest_sha1(name, sizeof name / sizeof name[0], sha1));
    ps_uuid_v5(sha1, row->id);
    return PS_OK;
}

enum ps_err row_make(struct row *row, struct ps_arena *arena, const struct message *message,
                     const struct ps_redact *redact, struct ps_redact_counts *counts)
{
    read_line(arena, message, &row->line);
    PS_TRY(ps_stream_line_redact(&row->line, redact, arena, counts));
    return make_id(arena, message, row);
}

struct ps_to_dynamodb_options row_options(const struct settings *settings)
{
    return (struct ps_to_dynamodb_options){
        .shards = settings->service_shards,
        .ttl_days = settings->ttl_days,
        .item_bytes_max = PS_TO_DYNAMODB_ITEM_BYTES_MAX,
    };
}
