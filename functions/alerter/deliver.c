#include "deliver.h"

#include <stdio.h>

enum {
    FLAG_MS = 250, /* kept back, so that what was taken at the last moment is also written down */
    /* Sending ends before the lease does. */
    SENDING_MS_MAX = STORE_LEASE_MS_MAX - 5000,
};

/* Ends of incidents and the news of a cap itself are never held back: an incident would stay open. */
static bool is_capped(const struct notice *notice, uint32_t cap_per_hour)
{
    if (cap_per_hour == 0) return false;
    return notice->kind == NOTICE_FIRED || notice->kind == NOTICE_SUMMARY;
}

static struct ps_deadline time_to_send(const struct ps_deadline *deadline)
{
    struct ps_deadline time = *deadline;
    uint32_t left_ms = ps_deadline_left_ms(deadline);
    time.reserve_ms += FLAG_MS;
    if (left_ms != UINT32_MAX && left_ms > SENDING_MS_MAX) time.reserve_ms += left_ms - SENDING_MS_MAX;
    return time;
}

/* A part of the time for each channel that is left, so that one that hangs takes none from the others. */
static struct ps_deadline share_of(const struct ps_deadline *deadline, unsigned channels_left)
{
    struct ps_deadline share = *deadline;
    uint32_t left_ms = ps_deadline_left_ms(deadline);
    if (left_ms != UINT32_MAX) share.reserve_ms += left_ms - left_ms / channels_left;
    return share;
}

static enum ps_err deliver_one(const struct delivering *delivering, struct delivery *delivery, enum channel channel,
                               const struct notice *notice, const struct ps_deadline *deadline)
{
    unsigned bit = 1u << channel;
    uint32_t cap = delivering->channels->settings->channel_cap_per_hour[channel];
    if ((delivery->taken & bit) == 0 && is_capped(notice, cap))
        PS_TRY(store_take_place(delivering->store, delivery, channel, cap));
    if ((delivery->held & bit) != 0) {
        delivering->counts->held[channel]++;
        return PS_OK;
    }
    if ((delivery->sent & bit) != 0) return PS_OK;
    PS_TRY(channels_send(delivering->channels, delivering->store->arena, deadline, channel, notice));
    delivering->counts->sent[channel]++;
    return store_mark_sent(delivering->store, delivery, channel);
}

static unsigned count_bits(unsigned bits)
{
    return (unsigned)__builtin_popcount(bits);
}

unsigned deliver_missing(const struct delivering *delivering, const struct delivery *delivery, unsigned wanted,
                         enum notice_kind kind)
{
    unsigned missing = wanted & delivering->channels->set & ~(delivery->sent | delivery->held);
    for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
        if (!channels_concern(channel, kind)) missing &= ~(1u << channel);
    }
    return missing;
}

static void log_failure(const struct delivering *delivering, enum channel channel, enum ps_err err)
{
    ps_log_write(delivering->log, PS_LOG_ERROR, "notice_not_sent",
                 PS_LOG_FIELDS(PS_LOG_STR("channel", channel_name(channel)),
                               PS_LOG_STR("error", ps_span_of(ps_err_name(err))),
                               PS_LOG_STR("reason", ps_span_of(ps_err_note()->text))));
}

enum ps_err deliver(const struct delivering *delivering, struct delivery *delivery, unsigned wanted,
                    const struct notice *notice)
{
    struct deliver_counts *counts = delivering->counts;
    unsigned missing = deliver_missing(delivering, delivery, wanted, notice->kind);
    unsigned left_out = missing & counts->unreachable;
    const struct ps_deadline all = time_to_send(delivering->store->deadline);
    enum ps_err failed = left_out == 0 ? PS_OK : PS_ERR_UNAVAILABLE;
    char notes[PS_ERR_TEXT_BYTES_MAX] = "";
    missing &= ~left_out;
    for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++) {
        if ((missing & 1u << channel) == 0) continue;
        struct ps_arena_mark mark = ps_arena_mark(delivering->store->arena);
        struct ps_deadline deadline = share_of(&all, count_bits(missing >> channel));
        enum ps_err err = deliver_one(delivering, delivery, channel, notice, &deadline);
        ps_arena_rewind(delivering->store->arena, mark);
        if (err == PS_OK) continue;
        failed = err;
        counts->failed[channel]++;
        if (ps_err_class(err) == PS_CLASS_TRANSIENT) counts->unreachable |= 1u << channel;
        log_failure(delivering, channel, err);
        size_t used = strlen(notes);
        (void)snprintf(notes + used, sizeof notes - used, "%s%.*s: %.120s", used > 0 ? "; " : "",
                       PS_SPAN_ARG(channel_name(channel)), ps_err_note()->text);
    }
    if (failed == PS_OK) return PS_OK;
    if (store_release(delivering->store, delivery) != PS_OK)
        ps_log_fault(delivering->log, PS_LOG_WARN, "lease_not_released"); /* it ends by itself */
    PS_FAIL(failed, "not sent to every channel: %s", notes[0] != '\0' ? notes : "one could not be reached before");
}
