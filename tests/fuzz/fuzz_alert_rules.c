/* Target functions: rules_open, rules_judge, rules_glob_fits. The input's first line is a rule set, the rest an alert's
 * service, title and message. What is taken gives a ruling within its limits; a glob fits what going byte by byte
 * says. */
#include "alerter/rules.h"
#include "base/assert.h"
#include "support/exact.h"

enum { ARENA_BYTES = 64 << 20, TEXT_BYTES_MAX = 256 };

/* Byte by byte: reached[i] says whether the glob so far can end before text's i-th byte. */
static bool plainly_fits(struct ps_span glob, struct ps_span text)
{
    bool reached[TEXT_BYTES_MAX + 1] = { true };
    for (size_t g = 0; g < glob.len; g++) {
        bool star = glob.data[g] == '*';
        for (size_t i = text.len; !star && i > 0; i--)
            reached[i] = reached[i - 1] && text.data[i - 1] == glob.data[g];
        for (size_t i = 1; star && i <= text.len; i++)
            reached[i] = reached[i] || reached[i - 1];
        if (!star) reached[0] = false;
    }
    return reached[text.len];
}

static void check_glob(struct ps_span glob, struct ps_span text)
{
    text = ps_span_first(text, TEXT_BYTES_MAX);
    PS_ASSERT(rules_glob_fits(glob, text) == plainly_fits(glob, text));
}

static void check_rules(struct ps_arena *arena, struct ps_span text, const struct alert *alert)
{
    struct rules *rules = NULL;
    enum ps_err err = rules_open(arena, text, &rules);
    if (err != PS_OK) {
        PS_ASSERT(err == PS_ERR_BAD_CONFIG);
        PS_ASSERT(rules == NULL);
        return;
    }
    struct ruling ruling = rules_judge(rules, alert);
    PS_ASSERT(ruling.channels != 0 && (ruling.channels & ~(unsigned)CHANNELS_ALL) == 0);
    PS_ASSERT(ruling.rate_count >= 1 && ruling.rate_count <= RATE_COUNT_MAX);
    PS_ASSERT((ruling.rate_count == 1) == (ruling.rate_seconds == 0));
    PS_ASSERT(ruling.rate_seconds <= RATE_SECONDS_MAX);
    rules_close(rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ps_arena arena;
    if (arena.base == NULL && ps_arena_init(&arena, ARENA_BYTES) != PS_OK) abort();
    struct ps_span input = exact_copy(ps_span_make((const char *)data, size));
    struct ps_span rest = input;
    bool more = false;
    struct ps_span text = ps_span_split(&rest, '\n', &more);
    struct alert alert = { .level = PS_LEVEL_ERROR };
    alert.service = ps_span_split(&rest, '\n', &more);
    alert.title = ps_span_split(&rest, '\n', &more);
    alert.message = rest;
    check_rules(&arena, text, &alert);
    check_glob(alert.service, alert.title);
    exact_free(input);
    ps_arena_reset(&arena, ARENA_BYTES);
    return 0;
}
