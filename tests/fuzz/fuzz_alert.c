/* Target functions: payload_open, payload_next and each read_*. Whatever the payload, an alert has what a notice needs:
 * an id, a service, a title, valid UTF-8 within its limits; and reading it again gives the same. */
#include <stdlib.h>

#include "alerter/alert.h"
#include "base/assert.h"
#include "base/time.h"
#include "base/utf8.h"
#include "support/exact.h"

static struct ps_arena arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct ps_span text, size_t bytes_max)
{
    PS_ASSERT(text.len <= bytes_max);
    PS_ASSERT(ps_utf8_valid_prefix(text) == text.len);
}

static void check_alert(const struct alert *alert)
{
    PS_ASSERT(alert->id.len > 0 && alert->service.len > 0 && alert->title.len > 0);
    PS_ASSERT(alert->ignored == (alert->why.len > 0));
    PS_ASSERT(alert->level >= PS_LEVEL_WARN || alert->source == ALERT_LOG);
    PS_ASSERT(alert->level != PS_LEVEL_NONE);
    PS_ASSERT(alert->time_ms >= PS_TIME_TEXT_MS_MIN && alert->time_ms <= PS_TIME_TEXT_MS_MAX);
    PS_ASSERT(alert->field_count <= ALERT_FIELDS_MAX);
    PS_ASSERT(alert->link.len == 0 || ps_span_starts(alert->link, PS_SPAN("https://console.")));
    check_text(alert->id, ALERT_ID_BYTES_MAX);
    check_text(alert->service, ALERT_TITLE_BYTES_MAX);
    check_text(alert->title, ALERT_TITLE_READ_MAX);
    check_text(alert->message, ALERT_MESSAGE_READ_MAX);
    check_text(alert->account, ALERT_TITLE_BYTES_MAX);
    check_text(alert->region, ALERT_TITLE_BYTES_MAX);
    check_text(alert->link, 8192);
    PS_ASSERT(ps_span_find_byte(alert->title, '\n') == PS_SPAN_NONE);
    PS_ASSERT(ps_span_find_byte(alert->service, '\n') == PS_SPAN_NONE);
    for (size_t i = 0; i < alert->field_count; i++) {
        PS_ASSERT(alert->fields[i].name.len > 0 && alert->fields[i].value.len > 0);
        check_text(alert->fields[i].name, ALERT_TITLE_BYTES_MAX);
        check_text(alert->fields[i].value, ALERT_MESSAGE_BYTES_MAX);
    }
}

static enum ps_err next(struct payload *payload, struct alert *alert, bool *more)
{
    enum ps_err err = payload_next(payload, &arena, alert, more);
    PS_ASSERT(err == PS_OK || ps_err_class(err) == PS_CLASS_INPUT);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (arena.base == NULL && ps_arena_init(&arena, (size_t)64 << 20) != PS_OK) abort();
    struct ps_span json = exact_copy(ps_span_make((const char *)data, size));
    struct payload payload, again;
    bool more = payload_open(json, &payload) == PS_OK;
    if (more) again = payload;
    while (more) {
        struct alert alert, same;
        enum ps_err err = next(&payload, &alert, &more);
        PS_ASSERT(next(&again, &same, &more) == err);
        if (err != PS_OK || !more) continue;
        check_alert(&alert);
        PS_ASSERT(ps_span_eq(alert.id, same.id));
        PS_ASSERT(memcmp(alert.fingerprint, same.fingerprint, sizeof same.fingerprint) == 0);
    }
    ps_arena_reset(&arena, 0);
    exact_free(json);
    return 0;
}
