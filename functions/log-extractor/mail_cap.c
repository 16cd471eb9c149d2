#include "mail_cap.h"

#include "record/item.h"

enum {
    HOUR_MS = 3600 * 1000,
    TRIES_MAX = 10, /* others take places at the same time */
};

/* A summary's pk has a slash. */
static const struct ps_dynamodb_key KEY = { PS_SPAN_INIT("cap"), PS_SPAN_INIT("mail") };

/* The item. */
struct counts {
    bool found;
    int64_t hour; /* hours since 1970 */
    int64_t sent;
    int64_t held;
};

static enum ps_err read_counts(const struct mail_cap *cap, struct counts *out)
{
    struct ps_span json;
    PS_TRY(ps_dynamodb_get(cap->table, cap->arena, cap->deadline, &KEY, &json));
    *out = (struct counts){
        .found = json.len > 0,
        .hour = ps_dynamodb_item_number(json, PS_SPAN("capHour"), 0),
        .sent = ps_dynamodb_item_number(json, PS_SPAN("sent"), 0),
        .held = ps_dynamodb_item_number(json, PS_SPAN("held"), 0),
    };
    return PS_OK;
}

static enum ps_err write_counts(const struct mail_cap *cap, const struct counts *before, const struct counts *counts,
                                bool *done)
{
    struct ps_item item, values;
    struct ps_dynamodb_write write = { .kind = PS_DYNAMODB_PUT, .condition = PS_SPAN("attribute_not_exists(pk)") };
    size_t refused = 0;
    ps_item_begin(&item, cap->arena);
    ps_item_put_text(&item, "pk", KEY.pk);
    ps_item_put_text(&item, "sk", KEY.sk);
    ps_item_put_number(&item, "capHour", counts->hour);
    ps_item_put_number(&item, "sent", counts->sent);
    ps_item_put_number(&item, "held", counts->held);
    PS_TRY(ps_item_finish(&item, &write.item));
    if (before->found) {
        write.condition = PS_SPAN("capHour = :hour AND sent = :sent AND held = :held");
        ps_item_begin(&values, cap->arena);
        ps_item_put_number(&values, ":hour", before->hour);
        ps_item_put_number(&values, ":sent", before->sent);
        ps_item_put_number(&values, ":held", before->held);
        PS_TRY(ps_item_finish(&values, &write.values));
    }
    PS_TRY(ps_dynamodb_write(cap->table, cap->arena, cap->deadline, &write, 1, &refused));
    *done = refused == 1;
    return PS_OK;
}

/* A clock that is behind the item's hour counts in that hour. */
static void count_one(const struct mail_cap *cap, const struct counts *before, struct counts *counts,
                      struct mail_cap_place *place)
{
    int64_t hour = cap->now_ms / HOUR_MS;
    bool same_hour = before->found && before->hour >= hour;
    *counts = same_hour ? *before : (struct counts){ .hour = hour };
    *place = (struct mail_cap_place){ .held = counts->sent >= cap->per_hour };
    *(place->held ? &counts->held : &counts->sent) += 1;
    if (same_hour || place->held || before->held <= 0) return;
    place->held_before = (uint64_t)before->held;
    place->held_hour_ms = before->hour * HOUR_MS;
}

enum ps_err mail_cap_take(const struct mail_cap *cap, struct mail_cap_place *out)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        struct counts before, counts;
        struct mail_cap_place place;
        bool done = false;
        struct ps_arena_mark mark = ps_arena_mark(cap->arena);
        PS_TRY(read_counts(cap, &before));
        count_one(cap, &before, &counts, &place);
        PS_TRY(write_counts(cap, &before, &counts, &done));
        ps_arena_rewind(cap->arena, mark);
        if (!done) continue;
        *out = place;
        return PS_OK;
    }
    PS_FAIL(PS_ERR_THROTTLED, "cap of mails: %d invocations counted at the same time", TRIES_MAX);
}
