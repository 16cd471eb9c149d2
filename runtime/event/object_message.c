#include "event/object_message.h"

#include "base/json_write.h"
#include "event/event_priv.h"

void ps_object_message_put(struct ps_buf *buf, const struct ps_object_message *message)
{
    const struct ps_s3_object *object = &message->object;
    struct ps_json_writer writer;
    ps_json_write_init(&writer, buf);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("penstock"), PS_SPAN("object"));
    ps_json_write_member(&writer, PS_SPAN("bucket"), object->bucket);
    ps_json_write_member(&writer, PS_SPAN("key"), object->key);
    ps_json_write_member(&writer, PS_SPAN("versionId"), object->version_id);
    ps_json_write_member(&writer, PS_SPAN("etag"), object->etag);
    ps_json_write_key(&writer, PS_SPAN("size"));
    ps_json_write_u64(&writer, object->size);
    ps_json_write_member(&writer, PS_SPAN("sequencer"), object->sequencer);
    if (message->offset > 0 || message->hop > 0) {
        ps_json_write_key(&writer, PS_SPAN("offset"));
        ps_json_write_u64(&writer, message->offset);
        ps_json_write_key(&writer, PS_SPAN("hop"));
        ps_json_write_u64(&writer, message->hop);
    }
    ps_json_write_object_end(&writer);
}

/* As written. */
struct members {
    struct ps_span penstock, bucket, key, version_id, etag, size, sequencer, offset, hop;
};

static enum ps_err read_members(struct ps_span body, struct members *members)
{
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("penstock"), &members->penstock },
        { PS_SPAN("bucket"), &members->bucket },
        { PS_SPAN("key"), &members->key },
        { PS_SPAN("versionId"), &members->version_id },
        { PS_SPAN("etag"), &members->etag },
        { PS_SPAN("size"), &members->size },
        { PS_SPAN("sequencer"), &members->sequencer },
        { PS_SPAN("offset"), &members->offset },
        { PS_SPAN("hop"), &members->hop },
    };
    struct ps_json_reader reader;
    PS_TRY(ps_json_read_check(body));
    return ps_event_object(body, &reader) ? ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]) : PS_OK;
}

static enum ps_err read_object(struct ps_arena *arena, const struct members *members, struct ps_object_message *message)
{
    struct ps_s3_object *object = &message->object;
    uint64_t hop = 0;
    PS_TRY(ps_event_text(arena, members->bucket, &object->bucket));
    PS_TRY(ps_event_text(arena, members->key, &object->key));
    PS_TRY(ps_event_text(arena, members->version_id, &object->version_id));
    PS_TRY(ps_event_text(arena, members->etag, &object->etag));
    PS_TRY(ps_event_text(arena, members->sequencer, &object->sequencer));
    if (!ps_event_whole(members->size, &object->size) || !ps_event_whole(members->offset, &message->offset) ||
        !ps_event_whole(members->hop, &hop) || hop > UINT32_MAX)
        PS_FAIL(PS_ERR_BAD_INPUT, "size, offset or hop is no whole number");
    message->hop = (uint32_t)hop;
    return ps_from_s3_check(object);
}

enum ps_err ps_object_message_read(struct ps_arena *arena, struct ps_span body, struct ps_object_message *out,
                                   bool *is_one)
{
    struct members members = { 0 };
    struct ps_object_message message = { .object.change = PS_S3_CREATED };
    PS_TRY(read_members(body, &members));
    if (!ps_span_eq(members.penstock, PS_SPAN("\"object\""))) {
        *is_one = false;
        return PS_OK;
    }
    enum ps_err err = read_object(arena, &members, &message);
    if (err != PS_OK) return ps_err_wrap(err, "object message");
    *out = message;
    *is_one = true;
    return PS_OK;
}
