#include <stdio.h>

#include "aws/dynamodb_priv.h"
#include "support/check.h"

enum { SLOTS = 3 };

static struct ps_arena arena;
static struct ps_dynamodb sink;
static struct ps_dynamodb_slot slots[SLOTS];
static uint64_t due_us;

static void open_pool(void)
{
    sink = (struct ps_dynamodb){ .slots = slots, .options = { .slots = SLOTS }, .flushing = true };
    memset(slots, 0, sizeof slots);
    CHECK_OK(ps_dynamodb_pool_open(&arena, &sink.pool, SLOTS));
    due_us = UINT64_MAX;
}

static struct ps_dynamodb_item *add_json(const char *pk, uint64_t tag, size_t json_len)
{
    char sk[24];
    int len = snprintf(sk, sizeof sk, "%llu", (unsigned long long)tag);
    struct ps_dynamodb_key key = { ps_span_of(pk), { sk, (size_t)len } };
    bool replaced = false;
    CHECK(ps_dynamodb_pool_make_room(&sink.pool));
    memset(sink.pool.bytes + sink.pool.used, 'a' + (int)(tag % 26), json_len);
    struct ps_dynamodb_item *item = ps_dynamodb_pool_add(&sink.pool, json_len, tag, &key, &replaced);
    CHECK(!replaced);
    return item;
}

static struct ps_dynamodb_item *add(const char *pk, uint64_t tag)
{
    return add_json(pk, tag, 100);
}

static uint32_t take(struct ps_dynamodb_slot *slot, uint64_t now_us)
{
    ps_dynamodb_pool_take(&sink, slot, now_us, &due_us);
    if (slot->count > 0) slot->state = PS_DYNAMODB_SLOT_FLYING;
    return slot->count;
}

static void give_back(struct ps_dynamodb_slot *slot)
{
    for (uint32_t i = 0; i < slot->count; i++)
        slot->items[i]->taken = false;
    slot->state = PS_DYNAMODB_SLOT_FREE;
    slot->count = 0;
}

static void end(struct ps_dynamodb_slot *slot)
{
    for (uint32_t i = 0; i < slot->count; i++)
        ps_dynamodb_pool_remove(&sink.pool, slot->items[i]);
    slot->state = PS_DYNAMODB_SLOT_FREE;
    slot->count = 0;
}

static void items_go_in_the_order_they_came(void)
{
    open_pool();
    for (uint64_t tag = 1; tag <= 60; tag++)
        add("api", tag);
    CHECK_EQ(take(&slots[0], 1), 25);
    CHECK_EQ(take(&slots[1], 1), 25);
    CHECK_EQ(take(&slots[2], 1), 10);
    CHECK_EQ(slots[0].items[0]->tag, 1);
    CHECK_EQ(slots[1].items[0]->tag, 26);
    CHECK_EQ(slots[2].items[9]->tag, 60);
}

static void a_request_that_is_not_full_waits_for_more(void)
{
    open_pool();
    sink.flushing = false;
    for (uint64_t tag = 1; tag <= 24; tag++)
        add("api", tag);
    CHECK_EQ(take(&slots[0], 1), 0);
    add("api", 25);
    CHECK_EQ(take(&slots[0], 1), 25);
}

static void a_key_that_backs_off_waits_and_the_others_go(void)
{
    open_pool();
    for (uint64_t tag = 1; tag <= 10; tag++)
        add(tag % 2 == 0 ? "hot" : "cool", tag);
    ps_dynamodb_pool_back_off(&sink.pool, sink.pool.newest->pk_hash, 1, 1000);
    CHECK_EQ(take(&slots[0], 1), 5);
    CHECK_EQ(due_us, 1000);
    CHECK_EQ(take(&slots[1], 999), 0);
    CHECK_EQ(take(&slots[1], 1000), 5);
    CHECK_EQ(slots[1].items[0]->tag, 2);
}

static void a_key_that_backs_off_has_one_request_at_a_time(void)
{
    open_pool();
    for (uint64_t tag = 1; tag <= 60; tag++)
        add("hot", tag);
    add("warm", 61);
    ps_dynamodb_pool_back_off(&sink.pool, sink.pool.newest->pk_hash, 1, 10);
    ps_dynamodb_pool_back_off(&sink.pool, sink.pool.oldest->pk_hash, 1, 10);
    CHECK_EQ(take(&slots[0], 10), 25);
    CHECK_EQ(take(&slots[1], 10), 1); /* another that waited, too, is not held up by it */
    CHECK_EQ(slots[1].items[0]->tag, 61);
    CHECK_EQ(take(&slots[2], 10), 0);
    end(&slots[0]);
    CHECK_EQ(take(&slots[0], 10), 25);
}

static void a_new_item_joins_its_keys_wait(void)
{
    open_pool();
    const struct ps_dynamodb_item *first = add("hot", 1);
    ps_dynamodb_pool_back_off(&sink.pool, first->pk_hash, 3, 1000);
    const struct ps_dynamodb_item *second = add("hot", 2);
    CHECK_EQ(second->rounds, 3);
    CHECK_EQ(second->not_before_us, 1000);
    CHECK_EQ(add("cool", 3)->rounds, 0);
    CHECK_EQ(sink.pool.backing_off, 2);
}

static void an_item_follows_one_with_its_key_until_that_is_gone(void)
{
    open_pool();
    add("api", 1);
    CHECK_EQ(take(&slots[0], 1), 1);
    add("api", 1);
    CHECK_EQ(take(&slots[1], 1), 0);
    give_back(&slots[0]);
    CHECK_EQ(take(&slots[1], 1), 1); /* the older */
    CHECK(slots[1].items[0] == sink.pool.oldest);
    CHECK_EQ(take(&slots[0], 1), 0);
    end(&slots[1]);
    CHECK_EQ(take(&slots[0], 1), 1);
}

static void a_full_pool_takes_no_more_until_items_end(void)
{
    open_pool();
    for (uint64_t tag = 1; tag <= PS_DYNAMODB_POOL_ITEMS_MAX; tag++)
        add("api", tag);
    CHECK(!ps_dynamodb_pool_make_room(&sink.pool));
    CHECK_EQ(take(&slots[0], 1), 25);
    end(&slots[0]);
    CHECK(ps_dynamodb_pool_make_room(&sink.pool));
    CHECK_EQ(sink.pool.count, PS_DYNAMODB_POOL_ITEMS_MAX - 25);
    ps_dynamodb_pool_clear(&sink.pool);
    while (ps_dynamodb_pool_make_room(&sink.pool))
        add_json("api", sink.pool.count, 300 << 10);
    CHECK(sink.pool.live > sink.pool.live_max);
}

static void check_bytes(const struct ps_dynamodb_slot *slot)
{
    for (uint32_t i = 0; i < slot->count; i++) {
        const struct ps_dynamodb_item *item = slot->items[i];
        struct ps_span json = ps_dynamodb_pool_json(&sink.pool, item);
        char wanted = (char)('a' + (int)(item->tag % 26));
        uint64_t number = 0;
        CHECK(json.data[0] == wanted && json.data[json.len - 1] == wanted);
        CHECK(ps_span_to_u64(ps_dynamodb_pool_key(&sink.pool, item).sk, &number));
        CHECK_EQ(number, item->tag);
    }
}

static void items_keep_their_bytes_while_others_come_and_go(void)
{
    open_pool();
    uint32_t random = 1;
    for (uint64_t tag = 1; tag <= 2000; tag++) {
        random = random * 1664525u + 1013904223u;
        add_json(tag % 3 == 0 ? "api" : "web", tag, 1 + (random >> 12) % (100 << 10));
        if (sink.pool.count < 40) continue;
        if (slots[1].count == 0 && tag > 100) (void)take(&slots[1], 1); /* these stay */
        (void)take(&slots[0], 1);
        check_bytes(&slots[0]);
        end(&slots[0]);
    }
    CHECK(slots[1].count > 0);
    check_bytes(&slots[1]);
}

static enum ps_err open_one(void)
{
    struct ps_dynamodb_pool pool = { 0 };
    return ps_dynamodb_pool_open(&arena, &pool, SLOTS);
}

static void opening_survives_any_failed_allocation(void)
{
    PS_EACH_FAILURE(&arena, open_one());
}

int main(void)
{
    arena = check_arena(256 << 20);
    RUN(items_go_in_the_order_they_came);
    RUN(a_request_that_is_not_full_waits_for_more);
    RUN(a_key_that_backs_off_waits_and_the_others_go);
    RUN(a_key_that_backs_off_has_one_request_at_a_time);
    RUN(a_new_item_joins_its_keys_wait);
    RUN(an_item_follows_one_with_its_key_until_that_is_gone);
    RUN(a_full_pool_takes_no_more_until_items_end);
    RUN(items_keep_their_bytes_while_others_come_and_go);
    RUN(opening_survives_any_failed_allocation);
    ps_arena_fini(&arena);
    return check_finish();
}
