/* Target functions: ps_redact_text, ps_redact_record, ps_redact_suspects, ps_secret_scan_next.
 * Properties: a planted key or card is gone; redacting twice is the same as once; what the exact scan finds the fast
 * one suspects; a JSON line gets the same answer through the fast path as without it. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "record/redact.h"

enum { ARENA_BYTES = 256 << 20, SETTINGS = 4 };

static struct ps_arena t_arena;
static struct ps_redact *t_redacts[SETTINGS];
static struct ps_arena_mark t_mark;

static void open_all(void)
{
    static const char *const CLASSES[SETTINGS] = { "default", "default,email,ip", "default,email,ip", "card" };
    static const char *const PATTERNS[SETTINGS] = { "", "", "order=ORD-[0-9]+\nupper=[A-Z]{3,}x?", "" };
    if (ps_arena_init(&t_arena, ARENA_BYTES) != PS_OK) abort();
    for (int i = 0; i < SETTINGS; i++) {
        enum ps_err err = ps_redact_open(&t_arena, ps_span_of(CLASSES[i]), ps_span_of(PATTERNS[i]), &t_redacts[i]);
        PS_ASSERT(err == PS_OK);
    }
    t_mark = ps_arena_mark(&t_arena);
}

/* A copy of parts in a block of its exact size. */
static struct ps_span joined(struct ps_span a, struct ps_span b, struct ps_span c)
{
    char *copy = malloc(a.len + b.len + c.len + 1);
    if (copy == NULL) abort();
    copy = realloc(copy, a.len + b.len + c.len == 0 ? 1 : a.len + b.len + c.len);
    if (copy == NULL) abort();
    if (a.len > 0) memcpy(copy, a.data, a.len);
    if (b.len > 0) memcpy(copy + a.len, b.data, b.len);
    if (c.len > 0) memcpy(copy + a.len + b.len, c.data, c.len);
    return ps_span_make(copy, a.len + b.len + c.len);
}

static struct ps_span redacted(const struct ps_redact *redact, struct ps_span text)
{
    struct ps_redact_counts counts = { 0 };
    struct ps_span out;
    enum ps_err err = ps_redact_text(redact, &t_arena, text, &out, &counts);
    PS_ASSERT(err == PS_OK);
    PS_ASSERT((ps_redact_total(&counts) > 0) == (out.data != text.data));
    PS_ASSERT(out.data == text.data || ps_redact_suspects(redact, text));
    struct ps_redact_counts again = { 0 };
    struct ps_span twice;
    err = ps_redact_text(redact, &t_arena, out, &twice, &again);
    PS_ASSERT(err == PS_OK && ps_span_eq(out, twice) && ps_redact_total(&again) == 0);
    return out;
}

static void check_exact_scan(struct ps_span text, unsigned classes)
{
    struct ps_secret_scan scan;
    struct ps_secret secret;
    size_t behind = 0;
    ps_secret_scan_begin(&scan, text, classes, PS_SECRET_NAME_NONE);
    while (ps_secret_scan_next(&scan, &secret)) {
        PS_ASSERT(secret.begin >= behind && secret.end > secret.begin && secret.end <= text.len);
        PS_ASSERT((PS_SECRET_BIT(secret.class) & classes) != 0);
        PS_ASSERT(ps_secret_suspects(text, classes));
        behind = secret.end;
    }
}

static void check_plant(const struct ps_redact *redact, struct ps_span text, size_t at, struct ps_span plant,
                        struct ps_span secret)
{
    struct ps_span planted = joined(ps_span_first(text, at), plant, ps_span_from(text, at));
    /* The input may hold the plant as well, in a place where it is no secret (a digest): then nothing is proved. */
    bool is_alone = ps_span_find(text, secret) == PS_SPAN_NONE;
    struct ps_span out = redacted(redact, planted);
    PS_ASSERT(!is_alone || ps_span_find(out, secret) == PS_SPAN_NONE);
    char *data = (char *)(uintptr_t)planted.data;
    free(data);
}

static void redact_record(const struct ps_redact *redact, struct ps_span source, struct ps_field fields[2])
{
    struct ps_record record = { .fields = fields, .field_count = 2, .field_cap = 2 };
    struct ps_redact_counts counts = { 0 };
    enum ps_err err = ps_redact_record(redact, &t_arena, source, &record, &counts);
    PS_ASSERT(err == PS_OK);
}

/* The input as the inside of a JSON string. */
static void check_json(const struct ps_redact *redact, struct ps_span inside)
{
    struct ps_span json = joined(PS_SPAN("{\"k\":[\""), inside, PS_SPAN("\"]}"));
    if (ps_json_read_check(json) == PS_OK) {
        struct ps_span nested = ps_span_make(json.data + 5, json.len - 6);
        struct ps_field fast[2] = {
            { .name = PS_SPAN("k"), .value = ps_span_make(json.data + 7, inside.len), .kind = PS_FIELD_STRING },
            { .name = PS_SPAN("o"), .value = nested, .kind = PS_FIELD_JSON }
        };
        struct ps_field slow[2] = { fast[0], fast[1] };
        redact_record(redact, json, fast);
        redact_record(redact, ps_span_make(NULL, 0), slow);
        for (int i = 0; i < 2; i++)
            PS_ASSERT(ps_span_eq(fast[i].value, slow[i].value));
        enum ps_err err = ps_json_read_check(fast[1].value);
        PS_ASSERT(err == PS_OK);
    }
    char *data = (char *)(uintptr_t)json.data;
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (t_arena.base == NULL) open_all();
    if (size < 2) return 0;
    const struct ps_redact *redact = t_redacts[data[0] % SETTINGS];
    struct ps_span text =
        joined(ps_span_make((const char *)data + 2, size - 2), ps_span_make(NULL, 0), ps_span_make(NULL, 0));
    size_t at = text.len == 0 ? 0 : data[1] % (text.len + 1);
    (void)redacted(redact, text);
    check_exact_scan(text, 0xf);
    check_exact_scan(text, 0x3f);
    check_plant(redact, text, at, PS_SPAN(" 4111 1111 1111 1111 "), PS_SPAN("1111 1111"));
    check_plant(redact, text, at, PS_SPAN("\n5555555555554444\n"), PS_SPAN("5555555555554444"));
    if (data[0] % SETTINGS != 3)
        check_plant(redact, text, at, PS_SPAN("AKIAIOSFODNN7EXAMPLE"), PS_SPAN("AKIAIOSFODNN7EXAMPLE"));
    check_json(redact, text);
    char *copy = (char *)(uintptr_t)text.data;
    free(copy);
    ps_arena_rewind(&t_arena, t_mark);
    return 0;
}
