#include "aws/dynamodb_priv.h"
#include "base/assert.h"

enum { ROOM_BYTES = PS_DYNAMODB_ITEM_JSON_BYTES_MAX + PS_DYNAMODB_PK_BYTES_MAX + PS_DYNAMODB_SK_BYTES_MAX };

enum ps_err ps_dynamodb_pool_open(struct ps_arena *process, struct ps_dynamodb_pool *pool, uint32_t slots)
{
    pool->live_max = (size_t)(slots + 1) * PS_DYNAMODB_REQUEST_BYTES;
    pool->bytes_max = 2 * pool->live_max + ROOM_BYTES;
    pool->bytes = ps_arena_bytes(process, pool->bytes_max);
    pool->items = PS_ARENA_ARRAY(process, struct ps_dynamodb_item, PS_DYNAMODB_POOL_ITEMS_MAX);
    pool->hashes = PS_ARENA_ARRAY(process, uint64_t, PS_DYNAMODB_POOL_ITEMS_MAX);
    if (pool->bytes == NULL || pool->items == NULL || pool->hashes == NULL)
        PS_FAIL(PS_ERR_NO_MEMORY, "DynamoDB: %zu bytes for items", pool->bytes_max);
    ps_dynamodb_pool_clear(pool);
    return PS_OK;
}

void ps_dynamodb_pool_clear(struct ps_dynamodb_pool *pool)
{
    pool->used = 0;
    pool->live = 0;
    pool->oldest = NULL;
    pool->newest = NULL;
    pool->count = 0;
    pool->backing_off = 0;
    pool->free = NULL;
    for (uint32_t i = PS_DYNAMODB_POOL_ITEMS_MAX; i-- > 0;) {
        pool->hashes[i] = 0;
        pool->items[i].after = pool->free;
        pool->free = &pool->items[i];
    }
}

/* -- keys ---------------------------------------------------------------------------------------------------------- */

/* FNV-1a. Equal hashes of different keys cost time only: keys themselves are compared. */
static uint64_t hash_more(uint64_t hash, struct ps_span text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001b3u;
    return hash;
}

static uint64_t hash_pk(struct ps_span pk)
{
    return hash_more(0xcbf29ce484222325u, pk);
}

static uint64_t hash_key(const struct ps_dynamodb_key *key)
{
    uint64_t hash = hash_more(hash_more(hash_pk(key->pk), PS_SPAN("\0")), key->sk);
    return hash == 0 ? 1 : hash;
}

static uint32_t index_of(const struct ps_dynamodb_pool *pool, const struct ps_dynamodb_item *item)
{
    return (uint32_t)(item - pool->items);
}

struct ps_span ps_dynamodb_pool_json(const struct ps_dynamodb_pool *pool, const struct ps_dynamodb_item *item)
{
    return ps_span_make(pool->bytes + item->offset, item->json_len);
}

struct ps_dynamodb_key ps_dynamodb_pool_key(const struct ps_dynamodb_pool *pool, const struct ps_dynamodb_item *item)
{
    const char *pk = pool->bytes + item->offset + item->json_len;
    return (struct ps_dynamodb_key){ { pk, item->pk_len }, { pk + item->pk_len, item->sk_len } };
}

static bool has_key(const struct ps_dynamodb_pool *pool, const struct ps_dynamodb_item *item,
                    const struct ps_dynamodb_key *key)
{
    struct ps_dynamodb_key its = ps_dynamodb_pool_key(pool, item);
    return ps_span_eq(its.pk, key->pk) && ps_span_eq(its.sk, key->sk);
}

/* -- in and out ---------------------------------------------------------------------------------------------------- */

static size_t bytes_of(const struct ps_dynamodb_item *item)
{
    return (size_t)item->json_len + item->pk_len + item->sk_len;
}

/* Moves all items to the front. They lie in the order of the list. */
static void compact(struct ps_dynamodb_pool *pool)
{
    size_t end = 0;
    for (struct ps_dynamodb_item *item = pool->oldest; item != NULL; item = item->after) {
        if (item->offset != end) memmove(pool->bytes + end, pool->bytes + item->offset, bytes_of(item));
        item->offset = (uint32_t)end;
        end += bytes_of(item);
    }
    PS_ASSERT(end == pool->live);
    pool->used = end;
}

bool ps_dynamodb_pool_make_room(struct ps_dynamodb_pool *pool)
{
    if (pool->free == NULL || pool->live > pool->live_max) return false;
    if (pool->bytes_max - pool->used < ROOM_BYTES) compact(pool);
    return true;
}

static void set_rounds(struct ps_dynamodb_pool *pool, struct ps_dynamodb_item *item, uint32_t rounds)
{
    if (rounds > 0 && item->rounds == 0) pool->backing_off++;
    if (rounds == 0 && item->rounds > 0) pool->backing_off--;
    item->rounds = rounds;
}

static void put_last(struct ps_dynamodb_pool *pool, struct ps_dynamodb_item *item)
{
    item->before = pool->newest;
    item->after = NULL;
    if (pool->newest != NULL)
        pool->newest->after = item;
    else
        pool->oldest = item;
    pool->newest = item;
    pool->count++;
    pool->live += bytes_of(item);
}

/* Out of the list; its bytes are free, the item itself is not yet. */
static void unlink_item(struct ps_dynamodb_pool *pool, struct ps_dynamodb_item *item)
{
    if (item->before != NULL)
        item->before->after = item->after;
    else
        pool->oldest = item->after;
    if (item->after != NULL)
        item->after->before = item->before;
    else
        pool->newest = item->before;
    pool->hashes[index_of(pool, item)] = 0;
    set_rounds(pool, item, 0);
    pool->count--;
    pool->live -= bytes_of(item);
    if (pool->count == 0) pool->used = 0;
}

void ps_dynamodb_pool_remove(struct ps_dynamodb_pool *pool, struct ps_dynamodb_item *item)
{
    unlink_item(pool, item);
    while (item != NULL) {
        struct ps_dynamodb_item *older = item->older;
        item->after = pool->free;
        pool->free = item;
        item = older;
    }
}

/* item, and those it has replaced already, at the end of newer's chain. */
static void replace(struct ps_dynamodb_pool *pool, struct ps_dynamodb_item *item, struct ps_dynamodb_item *newer)
{
    unlink_item(pool, item);
    struct ps_dynamodb_item **end = &newer->older;
    while (*end != NULL)
        end = &(*end)->older;
    *end = item;
}

/* A new item of a partition key that backs off must wait with the others. */
static void join_back_off(struct ps_dynamodb_pool *pool, struct ps_dynamodb_item *item)
{
    if (pool->backing_off == 0) return;
    for (const struct ps_dynamodb_item *other = pool->oldest; other != item; other = other->after) {
        if (other->rounds == 0 || other->pk_hash != item->pk_hash) continue;
        item->not_before_us = other->not_before_us;
        set_rounds(pool, item, other->rounds);
        return;
    }
}

struct ps_dynamodb_item *ps_dynamodb_pool_add(struct ps_dynamodb_pool *pool, size_t json_len, uint64_t tag,
                                              const struct ps_dynamodb_key *key, bool *replaced)
{
    struct ps_dynamodb_item *item = pool->free;
    PS_ASSERT(item != NULL);
    PS_ASSERT(json_len <= PS_DYNAMODB_ITEM_JSON_BYTES_MAX);
    PS_ASSERT(key->pk.len <= PS_DYNAMODB_PK_BYTES_MAX);
    PS_ASSERT(key->sk.len <= PS_DYNAMODB_SK_BYTES_MAX);
    pool->free = item->after;
    *item = (struct ps_dynamodb_item){ .tag = tag,
                                       .pk_hash = hash_pk(key->pk),
                                       .offset = (uint32_t)pool->used,
                                       .json_len = (uint32_t)json_len,
                                       .pk_len = (uint32_t)key->pk.len,
                                       .sk_len = (uint32_t)key->sk.len };
    char *end = pool->bytes + pool->used + json_len;
    memcpy(end, key->pk.data, key->pk.len);
    memcpy(end + key->pk.len, key->sk.data, key->sk.len);
    pool->used += bytes_of(item);
    put_last(pool, item);
    join_back_off(pool, item);
    uint64_t hash = hash_key(key);
    *replaced = false;
    for (uint32_t i = 0; i < PS_DYNAMODB_POOL_ITEMS_MAX; i++) {
        struct ps_dynamodb_item *other = &pool->items[i];
        if (pool->hashes[i] != hash || !has_key(pool, other, key)) continue;
        if (other->taken) {
            item->follows = true;
            continue;
        }
        item->follows = item->follows || other->follows;
        replace(pool, other, item);
        *replaced = true;
    }
    pool->hashes[index_of(pool, item)] = hash;
    return item;
}

/* -- choosing ------------------------------------------------------------------------------------------------------ */

/* Two writes of one row must not be under way at once: which of them came last would be chance. */
static bool must_follow(const struct ps_dynamodb_pool *pool, const struct ps_dynamodb_item *item)
{
    if (!item->follows) return false;
    uint64_t hash = pool->hashes[index_of(pool, item)];
    struct ps_dynamodb_key key = ps_dynamodb_pool_key(pool, item);
    for (uint32_t i = 0; i < PS_DYNAMODB_POOL_ITEMS_MAX; i++) {
        if (pool->hashes[i] == hash && pool->items[i].taken && has_key(pool, &pool->items[i], &key)) return true;
    }
    return false;
}

/* A partition key in trouble has one request at a time: it must not take all slots. */
static bool is_elsewhere(const struct ps_dynamodb *sink, const struct ps_dynamodb_slot *mine, uint64_t pk_hash)
{
    for (uint32_t i = 0; i < sink->options.slots; i++) {
        const struct ps_dynamodb_slot *slot = &sink->slots[i];
        if (slot == mine || slot->state == PS_DYNAMODB_SLOT_FREE) continue;
        for (uint32_t k = 0; k < slot->count; k++) {
            if (slot->items[k]->pk_hash == pk_hash) return true;
        }
    }
    return false;
}

static void take_item(struct ps_dynamodb_slot *slot, struct ps_dynamodb_item *item)
{
    item->taken = true;
    slot->items[slot->count++] = item;
    if (item->tries > 0) slot->taken = PS_RETRY_THROTTLE_COST;
}

/* Of the items that back off, or of the others, the oldest that may go; *full says that no more fit. */
static void take_some(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, bool backing_off, uint64_t now_us,
                      uint64_t *due_us, bool *full)
{
    const struct ps_dynamodb_pool *pool = &sink->pool;
    size_t bytes = 0;
    const struct ps_dynamodb_item *elsewhere = NULL; /* the last met: its partition key need not be looked for again */
    for (struct ps_dynamodb_item *item = pool->oldest; item != NULL && !*full; item = item->after) {
        if (item->taken || (item->rounds > 0) != backing_off || must_follow(pool, item)) continue;
        if (item->not_before_us > now_us) {
            if (item->not_before_us < *due_us) *due_us = item->not_before_us;
            continue;
        }
        if (elsewhere != NULL && elsewhere->pk_hash == item->pk_hash) continue;
        if (backing_off && is_elsewhere(sink, slot, item->pk_hash)) {
            elsewhere = item;
            continue;
        }
        *full = slot->count > 0 && bytes + item->json_len > PS_DYNAMODB_REQUEST_BYTES;
        if (*full) return;
        take_item(slot, item);
        bytes += item->json_len;
        *full = slot->count == PS_DYNAMODB_REQUEST_ITEMS_MAX;
    }
}

void ps_dynamodb_pool_take(struct ps_dynamodb *sink, struct ps_dynamodb_slot *slot, uint64_t now_us, uint64_t *due_us)
{
    PS_ASSERT(slot->state == PS_DYNAMODB_SLOT_FREE);
    bool full = false;
    slot->count = 0;
    slot->taken = 0;
    if (sink->pool.backing_off > 0) take_some(sink, slot, true, now_us, due_us, &full);
    if (slot->count > 0) return;
    take_some(sink, slot, false, now_us, due_us, &full);
    if (full || sink->flushing) return;
    while (slot->count > 0)
        slot->items[--slot->count]->taken = false;
}

void ps_dynamodb_pool_back_off(struct ps_dynamodb_pool *pool, uint64_t pk_hash, uint32_t rounds, uint64_t not_before_us)
{
    for (struct ps_dynamodb_item *item = pool->oldest; item != NULL; item = item->after) {
        if (item->taken || item->pk_hash != pk_hash) continue;
        set_rounds(pool, item, rounds);
        item->not_before_us = not_before_us;
    }
}
