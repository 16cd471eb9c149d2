#include "record/coordinates.h"

const unsigned char PS_COORDINATES_NAMESPACE[PS_COORDINATES_NAMESPACE_BYTES] = {
    0xe0, 0xee, 0xd8, 0x53, 0xeb, 0x6d, 0x4a, 0x86, 0x8d, 0x00, 0x24, 0x21, 0x4d, 0xa1, 0x6f, 0x40,
};

struct ps_span ps_coordinates_stream_arn(struct ps_span arn)
{
    ptrdiff_t consumer = ps_span_find(arn, PS_SPAN("/consumer/"));
    return consumer == PS_SPAN_NONE ? arn : ps_span_first(arn, (size_t)consumer);
}

static void put_part(struct ps_buf *buf, struct ps_span part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.data[i] == '|')
            ps_buf_put(buf, PS_SPAN("%7C"));
        else if (part.data[i] == '%')
            ps_buf_put(buf, PS_SPAN("%25"));
        else
            ps_buf_byte(buf, part.data[i]);
    }
    ps_buf_byte(buf, '|');
}

void ps_coordinates_put(struct ps_buf *buf, const struct ps_coordinates *coordinates)
{
    put_part(buf, coordinates->source);
    put_part(buf, coordinates->cluster);
    put_part(buf, coordinates->stream);
    put_part(buf, coordinates->shard);
    put_part(buf, coordinates->position);
    ps_buf_u64(buf, coordinates->sub_sequence);
    ps_buf_byte(buf, '|');
    ps_buf_u64(buf, coordinates->event);
}

void ps_coordinates_write(struct ps_json_writer *writer, const struct ps_coordinates *coordinates)
{
    ps_json_write_object_begin(writer);
    ps_json_write_member(writer, PS_SPAN("type"), coordinates->source);
    if (coordinates->cluster.len > 0) ps_json_write_member(writer, PS_SPAN("cluster"), coordinates->cluster);
    ps_json_write_member(writer, PS_SPAN("stream"), coordinates->stream);
    ps_json_write_member(writer, PS_SPAN("shard"), coordinates->shard);
    ps_json_write_member(writer, PS_SPAN("position"), coordinates->position);
    ps_json_write_key(writer, PS_SPAN("subSequence"));
    ps_json_write_u64(writer, coordinates->sub_sequence);
    ps_json_write_key(writer, PS_SPAN("event"));
    ps_json_write_u64(writer, coordinates->event);
    ps_json_write_object_end(writer);
}
