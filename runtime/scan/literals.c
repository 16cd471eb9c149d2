#include "scan/literals.h"

#include "base/assert.h"

enum {
    GRAM_BYTES_MAX = 4,
    STEP_MAX = 4,   /* more would gain little and fill the table */
    HASH_BITS = 14, /* 16 KB of flags stay in the first-level cache; 20 literals set one in 800 */
    TABLE_SLOTS = 1 << HASH_BITS,
    RUN = 8, /* places that are asked before a branch */
};

/* One gram of one literal: its place in the literal is offset. */
struct gram {
    uint16_t literal;
    uint16_t offset;
    uint16_t next; /* index of the next gram of this hash + 1; 0: the last */
};

struct ps_literals {
    const struct ps_literal *items;
    struct gram *grams;
    size_t gram_count;
    uint32_t gram_mask; /* the bytes of a gram, of the four that are loaded */
    size_t gram_bytes;  /* of the shortest literal, at most GRAM_BYTES_MAX */
    size_t step;        /* between places that are asked: every literal has a gram for each of so many offsets */
    uint8_t is_gram[TABLE_SLOTS];
    uint16_t first[TABLE_SLOTS]; /* index of a gram + 1; 0: none */
};

/* -- grams --------------------------------------------------------------------------------------------------------- */

/* Sets bit 5 of every byte: letters of both cases become one. So do a few other bytes, which the comparison tells
 * apart. */
static inline uint32_t hash_of(const struct ps_literals *literals, uint32_t bytes)
{
    uint32_t folded = (bytes | 0x20202020) & literals->gram_mask;
    return folded * UINT32_C(0x9e3779b1) >> (32 - HASH_BITS);
}

static inline uint32_t load(const char *at)
{
    uint32_t bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

/* Of the gram at at, behind which the text may end. */
static uint32_t hash_at(const struct ps_literals *literals, struct ps_span text, size_t at)
{
    uint32_t bytes = 0;
    memcpy(&bytes, text.data + at, literals->gram_bytes);
    return hash_of(literals, bytes);
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

static void add_gram(struct ps_literals *literals, size_t literal, size_t offset)
{
    uint32_t hash = hash_at(literals, literals->items[literal].text, offset);
    literals->grams[literals->gram_count++] = (struct gram){
        .literal = (uint16_t)literal,
        .offset = (uint16_t)offset,
        .next = literals->first[hash],
    };
    literals->first[hash] = (uint16_t)literals->gram_count;
    literals->is_gram[hash] = 1;
}

static enum ps_err find_shortest(const struct ps_literal *items, size_t count, size_t *shortest)
{
    if (count > PS_LITERALS_MAX) PS_FAIL(PS_ERR_BAD_CONFIG, "%zu literals, over %d", count, PS_LITERALS_MAX);
    *shortest = PS_LITERAL_BYTES_MAX;
    for (size_t i = 0; i < count; i++) {
        size_t len = items[i].text.len;
        if (len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "literal %zu: empty", i);
        if (len > PS_LITERAL_BYTES_MAX)
            PS_FAIL(PS_ERR_BAD_CONFIG, "literal %zu: %zu bytes, over %d", i, len, PS_LITERAL_BYTES_MAX);
        if (len < *shortest) *shortest = len;
    }
    return PS_OK;
}

enum ps_err ps_literals_open(struct ps_arena *process, const struct ps_literal *items, size_t count,
                             struct ps_literals **out)
{
    _Static_assert(PS_LITERALS_MAX * STEP_MAX < UINT16_MAX, "an index of a gram fits 16 bits");
    size_t shortest = 0;
    PS_TRY(find_shortest(items, count, &shortest));
    struct ps_literals *literals = PS_ARENA_NEW(process, struct ps_literals);
    struct ps_literal *copy = PS_ARENA_ARRAY(process, struct ps_literal, count);
    struct gram *grams = PS_ARENA_ARRAY(process, struct gram, count * STEP_MAX);
    if (literals == NULL || copy == NULL || grams == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "no memory for literals");
    if (count > 0) memcpy(copy, items, count * sizeof *items);
    literals->items = copy;
    literals->grams = grams;
    PS_ASSERT(shortest > 0);
    literals->gram_bytes = shortest < GRAM_BYTES_MAX ? shortest : GRAM_BYTES_MAX;
    literals->gram_mask = UINT32_MAX >> (32 - 8 * literals->gram_bytes);
    literals->step = shortest - literals->gram_bytes + 1;
    if (literals->step > STEP_MAX) literals->step = STEP_MAX;
    for (size_t i = 0; i < count; i++) {
        for (size_t offset = 0; offset < literals->step; offset++)
            add_gram(literals, i, offset);
    }
    *out = literals;
    return PS_OK;
}

/* -- asking -------------------------------------------------------------------------------------------------------- */

static bool stands_at(const struct ps_literal *literal, struct ps_span text, size_t begin)
{
    if (literal->text.len > text.len - begin) return false;
    struct ps_span there = ps_span_make(text.data + begin, literal->text.len);
    return literal->caseless ? ps_span_eq_nocase(there, literal->text) : ps_span_eq(there, literal->text);
}

static bool has_gram(const struct ps_literals *literals, struct ps_span text, size_t at)
{
    return at <= text.len && text.len - at >= literals->gram_bytes;
}

/* The least begin, from or later, of a literal that has the gram at `at`; PS_SPAN_NONE when there is none. found may be
 * NULL. */
static ptrdiff_t ask(const struct ps_literals *literals, struct ps_span text, size_t from, size_t at, uint64_t *found)
{
    ptrdiff_t least = PS_SPAN_NONE;
    for (size_t next = literals->first[hash_at(literals, text, at)]; next != 0;) {
        struct gram gram = literals->grams[next - 1];
        next = gram.next;
        if (gram.offset > at - from) continue;
        size_t begin = at - gram.offset;
        if (!stands_at(&literals->items[gram.literal], text, begin)) continue;
        if (found != NULL) found[gram.literal / 64] |= UINT64_C(1) << gram.literal % 64;
        if (least == PS_SPAN_NONE || (ptrdiff_t)begin < least) least = (ptrdiff_t)begin;
    }
    return least;
}

static inline unsigned flag_at(const struct ps_literals *literals, const char *at)
{
    return literals->is_gram[hash_of(literals, load(at))];
}

/* Bit n: the place n * step behind at may hold a gram. Written out: gcc leaves a loop over them a loop at -O2. */
static inline unsigned flags_of_run(const struct ps_literals *literals, const char *at, size_t step)
{
    const char *later = at + 4 * step;
    unsigned first = flag_at(literals, at) | flag_at(literals, at + step) << 1 | flag_at(literals, at + 2 * step) << 2 |
                     flag_at(literals, at + 3 * step) << 3;
    unsigned second = flag_at(literals, later) | flag_at(literals, later + step) << 1 |
                      flag_at(literals, later + 2 * step) << 2 | flag_at(literals, later + 3 * step) << 3;
    return first | second << 4;
}

/* The first place at `at`, or a multiple of step behind it, that may hold a gram, as far as whole runs reach. */
static size_t skip_runs(const struct ps_literals *literals, struct ps_span text, size_t at)
{
    const size_t step = literals->step;
    const size_t reach = (RUN - 1) * step + sizeof(uint32_t);
    while (at <= text.len && text.len - at >= reach) {
        unsigned flags = flags_of_run(literals, text.data + at, step);
        if (PS_UNLIKELY(flags != 0)) return at + (size_t)__builtin_ctz(flags) * step;
        at += RUN * step;
    }
    return at;
}

ptrdiff_t ps_literals_find(const struct ps_literals *literals, struct ps_span text, size_t from)
{
    PS_ASSERT(from <= text.len);
    for (size_t at = skip_runs(literals, text, from); has_gram(literals, text, at);
         at = skip_runs(literals, text, at + literals->step)) {
        ptrdiff_t begin = ask(literals, text, from, at, NULL);
        if (begin != PS_SPAN_NONE) return begin;
    }
    return PS_SPAN_NONE;
}

void ps_literals_mark(const struct ps_literals *literals, struct ps_span text, uint64_t *found)
{
    for (size_t at = skip_runs(literals, text, 0); has_gram(literals, text, at);
         at = skip_runs(literals, text, at + literals->step))
        (void)ask(literals, text, 0, at, found);
}
