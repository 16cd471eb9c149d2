/* Target functions: ps_redact_text, ps_redact_record, ps_redact_suspects, ps_secret_scan_next.
 * Properties: a planted key or card is gone; redacting twice is the same as once; what the exact scan finds the fast
 * one suspects; a JSON line gets the same answer through the fast path as without it. */
#include <stdint.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/json_read.h"
#include "base/utf8.h"
#include "record/clean.h"
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

/* Undoes the escape of an ASCII character that the len bytes end with, however many backslashes begin it. */
static bool undo_last(char *bytes, size_t *len)
{
    char digits[3] = { 0 };
    if (*len < 6 || memcmp(bytes + *len - 6, "\\u00", 4) != 0) return false;
    memcpy(digits, bytes + *len - 2, 2);
    if (strspn(digits, "0123456789abcdefABCDEF") != 2) return false;
    unsigned long value = strtoul(digits, NULL, 16);
    if (value < 0x20 || value >= 0x7f) return false;
    *len -= 6;
    while (*len > 0 && bytes[*len - 1] == '\\')
        --*len;
    bytes[(*len)++] = (char)value;
    return true;
}

/* text with its escapes of ASCII characters undone until none is left. */
static struct ps_span undone(struct ps_span text)
{
    char *bytes = ps_arena_bytes(&t_arena, text.len);
    PS_ASSERT(bytes != NULL);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        bytes[len++] = text.data[i];
        while (undo_last(bytes, &len)) {}
    }
    return ps_span_make(bytes, len);
}

static size_t count_of(struct ps_span text, struct ps_span wanted)
{
    size_t count = 0;
    for (size_t at = 0; at < text.len; at++)
        count += ps_span_starts(ps_span_from(text, at), wanted);
    return count;
}

/* How often redaction may show wanted in this part of the input, which may hold it as no secret ("11111 11111", a
 * digest): a text comes out either as it was written or with its escapes undone. */
static size_t count_own(struct ps_span part, struct ps_span wanted)
{
    size_t written = count_of(part, wanted);
    size_t meant = count_of(undone(part), wanted);
    return written > meant ? written : meant;
}

static void check_plant(const struct ps_redact *redact, struct ps_span text, size_t at, struct ps_span plant,
                        struct ps_span secret)
{
    struct ps_span before = ps_span_first(text, at);
    struct ps_span behind = ps_span_from(text, at);
    struct ps_span planted = joined(before, plant, behind);
    struct ps_span out = redacted(redact, planted);
    PS_ASSERT(count_of(out, secret) <= count_own(before, secret) + count_own(behind, secret));
    char *data = (char *)(uintptr_t)planted.data;
    free(data);
}

static struct ps_span redact_record(const struct ps_redact *redact, struct ps_span source, struct ps_span message,
                                    struct ps_field fields[2])
{
    struct ps_record record = { .message = message, .fields = fields, .field_count = 2, .field_cap = 2 };
    struct ps_redact_counts counts = { 0 };
    enum ps_err err = ps_redact_record(redact, &t_arena, source, &record, &counts);
    PS_ASSERT(err == PS_OK);
    return record.message;
}

/* What a parser makes of the inside of a string: escapes undone, then cleaned. */
static struct ps_span decoded(struct ps_span inside)
{
    struct ps_span text;
    bool cut = false;
    enum ps_err err = ps_json_read_unescape(&t_arena, inside, &text);
    PS_ASSERT(err == PS_OK);
    struct ps_span repaired;
    size_t count = 0;
    err = ps_utf8_repair(&t_arena, text, &repaired, &count);
    PS_ASSERT(err == PS_OK);
    err = ps_clean(&t_arena, repaired, PS_CLEAN_UNLIMITED, &text, &cut);
    PS_ASSERT(err == PS_OK);
    return text;
}

/* The line as the pipeline has it before it is parsed. */
static struct ps_span cleaned(struct ps_span raw)
{
    struct ps_span repaired;
    struct ps_span text;
    size_t count = 0;
    bool cut = false;
    enum ps_err err = ps_utf8_repair(&t_arena, raw, &repaired, &count);
    PS_ASSERT(err == PS_OK);
    err = ps_clean(&t_arena, repaired, PS_CLEAN_UNLIMITED, &text, &cut);
    PS_ASSERT(err == PS_OK);
    return text;
}

/* The input as the inside of a JSON string. */
static void check_json(const struct ps_redact *redact, struct ps_span inside)
{
    struct ps_span raw = joined(PS_SPAN("{\"k\":[\""), inside, PS_SPAN("\"]}"));
    struct ps_span json = cleaned(raw);
    if (json.len >= 10 && ps_json_read_check(json) == PS_OK) {
        struct ps_span string = ps_span_make(json.data + 7, json.len - 10);
        struct ps_field fast[2] = {
            { .name = PS_SPAN("k"), .value = string, .kind = PS_FIELD_STRING },
            { .name = PS_SPAN("o"), .value = ps_span_make(json.data + 5, json.len - 6), .kind = PS_FIELD_JSON }
        };
        struct ps_field slow[2] = { fast[0], fast[1] };
        /* The input may close the string and go on: then only the whole is a value. */
        bool is_string = ps_json_read_check(ps_span_make(json.data + 6, json.len - 8)) == PS_OK;
        if (!is_string) fast[0].value = slow[0].value = PS_SPAN("");
        struct ps_span message = is_string ? decoded(string) : PS_SPAN("");
        struct ps_span fast_message = redact_record(redact, json, message, fast);
        struct ps_span slow_message = redact_record(redact, ps_span_make(NULL, 0), message, slow);
        PS_ASSERT(ps_span_eq(fast_message, slow_message));
        for (int i = 0; i < 2; i++)
            PS_ASSERT(ps_span_eq(fast[i].value, slow[i].value));
        enum ps_err err = ps_json_read_check(fast[1].value);
        PS_ASSERT(err == PS_OK);
    }
    char *data = (char *)(uintptr_t)raw.data;
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
