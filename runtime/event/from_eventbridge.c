#include "event/from_eventbridge.h"

#include "base/time.h"
#include "event/event_priv.h"

/* As written. */
struct members {
    struct ps_span id, source, detail_type, account, region, resources, time, replay_name, detail;
};

bool ps_from_eventbridge_is(struct ps_span payload)
{
    bool found = false;
    return ps_json_read_member(payload, PS_SPAN("detail-type"), NULL, NULL, &found) == PS_OK && found;
}

static enum ps_err read_members(struct ps_span payload, struct members *members)
{
    const struct ps_event_wanted wanted[] = {
        { PS_SPAN("id"), &members->id },
        { PS_SPAN("source"), &members->source },
        { PS_SPAN("detail-type"), &members->detail_type },
        { PS_SPAN("account"), &members->account },
        { PS_SPAN("region"), &members->region },
        { PS_SPAN("resources"), &members->resources },
        { PS_SPAN("time"), &members->time },
        { PS_SPAN("replay-name"), &members->replay_name },
        { PS_SPAN("detail"), &members->detail },
    };
    struct ps_json_reader reader;
    struct ps_json_token end;
    if (!ps_event_object(payload, &reader)) PS_FAIL(PS_ERR_BAD_INPUT, "the event is no JSON object");
    PS_TRY(ps_event_members(&reader, wanted, sizeof wanted / sizeof wanted[0]));
    return ps_json_read_next(&reader, &end); /* nothing but white space may follow */
}

static enum ps_err read_first(struct ps_arena *arena, struct ps_span resources, struct ps_span *out)
{
    struct ps_json_reader reader;
    struct ps_json_token token;
    struct ps_span raw = { 0 };
    bool more = false;
    if (resources.len == 0 || resources.data[0] != '[') return PS_OK;
    ps_json_read_init(&reader, resources);
    PS_TRY(ps_json_read_next(&reader, &token));
    PS_TRY(ps_event_element(&reader, &raw, &more));
    return ps_event_text(arena, raw, out);
}

enum ps_err ps_from_eventbridge(struct ps_arena *arena, struct ps_span payload, struct ps_eventbridge_event *out)
{
    struct members members = { 0 };
    struct ps_eventbridge_event event = { 0 };
    struct ps_span time = { 0 };
    PS_TRY(read_members(payload, &members));
    PS_TRY(ps_event_text(arena, members.id, &event.id));
    PS_TRY(ps_event_text(arena, members.source, &event.source));
    PS_TRY(ps_event_text(arena, members.detail_type, &event.detail_type));
    PS_TRY(ps_event_text(arena, members.account, &event.account));
    PS_TRY(ps_event_text(arena, members.region, &event.region));
    PS_TRY(read_first(arena, members.resources, &event.resource));
    PS_TRY(ps_event_text(arena, members.time, &time));
    if (!ps_time_parse_iso(time, &event.time_ms)) event.time_ms = 0;
    event.replayed = members.replay_name.len > 0;
    if (members.detail.len > 0 && members.detail.data[0] == '{') event.detail = members.detail;
    *out = event;
    return PS_OK;
}
