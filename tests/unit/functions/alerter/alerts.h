/* Payloads and their alerts, for the tests of those who read them. */
#ifndef ALERTS_H
#define ALERTS_H

#include <stdio.h>

#include "alerter/alert.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "support/check.h"
#include "support/exact.h"

static struct ps_arena alerts_arena;

/* A file of events/, on the arena. */
static inline struct ps_span alerts_sample(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "events/%s.json", name);
    FILE *file = fopen(path, "rb");
    if (!CHECK(file != NULL)) return PS_SPAN("{}");
    char *data = ps_arena_bytes(&alerts_arena, 64 << 10);
    size_t len = fread(data, 1, 64 << 10, file);
    fclose(file);
    return ps_span_make(data, len);
}

static inline struct payload alerts_open(struct ps_span json)
{
    struct payload payload = { 0 };
    CHECK_OK(payload_open(json, &payload));
    return payload;
}

static inline struct alert alerts_next(struct payload *payload)
{
    struct alert alert = { 0 };
    bool more = false;
    CHECK_OK(payload_next(payload, &alerts_arena, &alert, &more));
    CHECK(more);
    return alert;
}

/* The one alert of a payload. */
static inline struct alert alerts_only(struct ps_span json)
{
    struct payload payload = alerts_open(json);
    struct alert alert = alerts_next(&payload);
    struct alert none;
    bool more = true;
    CHECK_OK(payload_next(&payload, &alerts_arena, &none, &more));
    CHECK(!more);
    return alert;
}

/* What opening, or reading the first alert, fails with. */
static inline enum ps_err alerts_failure(struct ps_span json)
{
    struct payload payload;
    struct alert alert;
    bool more = false;
    PS_TRY(payload_open(json, &payload));
    return payload_next(&payload, &alerts_arena, &alert, &more);
}

static inline struct ps_span alerts_field(const struct alert *alert, const char *name)
{
    for (size_t i = 0; i < alert->field_count; i++) {
        if (ps_span_eq(alert->fields[i].name, ps_span_of(name))) return alert->fields[i].value;
    }
    return (struct ps_span){ 0 };
}

static inline bool alerts_same(const struct alert *a, const struct alert *b)
{
    return memcmp(a->fingerprint, b->fingerprint, ALERT_FINGERPRINT_BYTES) == 0;
}

/* text with each of the placeholders "@" replaced by value, on the arena. */
static inline struct ps_span alerts_with(const char *text, const char *value)
{
    struct ps_buf buf;
    struct ps_span out = { 0 };
    ps_buf_init(&buf, &alerts_arena, 1 << 20);
    for (; *text != '\0'; text++) {
        if (*text == '@')
            ps_buf_put(&buf, ps_span_of(value));
        else
            ps_buf_byte(&buf, *text);
    }
    CHECK_OK(ps_buf_finish(&buf, &out));
    return out;
}

#endif
