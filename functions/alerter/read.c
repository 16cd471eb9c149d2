#include "read.h"

#include "aws/digest.h"
#include "base/assert.h"
#include "base/time.h"
#include "base/utf8.h"

static const struct ps_span ELLIPSIS = PS_SPAN_INIT("…");

struct ps_span read_member(struct ps_span object, struct ps_span name)
{
    struct ps_span raw = { 0 };
    bool found = false;
    enum ps_err err = ps_json_read_member(object, name, NULL, &raw, &found);
    return err == PS_OK && found ? raw : (struct ps_span){ 0 };
}

enum ps_err read_clean(struct ps_arena *arena, struct ps_span text, size_t bytes_max, struct ps_span *out)
{
    struct ps_span clean;
    size_t repaired = 0;
    PS_TRY(ps_utf8_repair(arena, text, &clean, &repaired));
    if (clean.len <= bytes_max) {
        *out = clean;
        return PS_OK;
    }
    PS_ASSERT(bytes_max >= ELLIPSIS.len);
    struct ps_buf buf;
    ps_buf_init(&buf, arena, bytes_max);
    ps_buf_put(&buf, ps_span_first(clean, ps_utf8_cut(clean, bytes_max - ELLIPSIS.len)));
    ps_buf_put(&buf, ELLIPSIS);
    return ps_buf_finish(&buf, out);
}

enum ps_err read_string(struct ps_arena *arena, struct ps_span value, size_t bytes_max, struct ps_span *out)
{
    struct ps_span text;
    if (value.len < 2 || value.data[0] != '"') return PS_OK;
    PS_TRY(ps_json_read_unescape(arena, ps_span_make(value.data + 1, value.len - 2), &text));
    return read_clean(arena, text, bytes_max, out);
}

enum ps_err read_scalar(struct ps_arena *arena, struct ps_span value, size_t bytes_max, struct ps_span *out)
{
    if (value.len == 0 || value.data[0] == '{' || value.data[0] == '[' || ps_span_eq(value, PS_SPAN("null")))
        return PS_OK;
    return value.data[0] == '"' ? read_string(arena, value, bytes_max, out) : read_clean(arena, value, bytes_max, out);
}

enum ps_err read_time(struct ps_arena *arena, struct ps_span value, int64_t *ms)
{
    struct ps_span text = { 0 };
    PS_TRY(read_string(arena, value, ALERT_TITLE_BYTES_MAX, &text));
    int64_t time_ms = 0;
    if (ps_time_parse_iso(text, &time_ms)) *ms = time_ms;
    return PS_OK;
}

struct ps_span read_first_line(struct ps_span text)
{
    bool more = false;
    struct ps_span rest = ps_span_trim(text);
    return ps_span_trim(ps_span_split(&rest, '\n', &more));
}

void read_add_field(struct alert *alert, struct ps_span name, struct ps_span value)
{
    if (value.len == 0 || alert->field_count == ALERT_FIELDS_MAX) return;
    alert->fields[alert->field_count++] = (struct alert_field){ name, value };
}

static enum ps_err set_digest(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    char *hex = ps_arena_bytes(arena, PS_DIGEST_SHA256_HEX_BYTES);
    if (hex == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "an alert's id");
    PS_TRY(ps_digest_sha256_hex(&text, 1, hex));
    *out = ps_span_make(hex, PS_DIGEST_SHA256_HEX_BYTES);
    return PS_OK;
}

enum ps_err read_set_id(struct ps_arena *arena, struct alert *alert, const struct ps_span *parts, size_t count)
{
    struct ps_buf buf;
    struct ps_span id;
    ps_buf_init(&buf, arena, SIZE_MAX);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) ps_buf_byte(&buf, '|');
        ps_buf_put(&buf, parts[i]);
    }
    PS_TRY(ps_buf_finish(&buf, &id));
    if (id.len > ALERT_ID_BYTES_MAX) PS_TRY(set_digest(arena, id, &id));
    alert->id = id;
    return PS_OK;
}

/* A NUL before each part: no text of a log has one, so that ("a", "bc") is not ("ab", "c"). */
enum ps_err read_set_fingerprint(struct alert *alert, const struct ps_span *parts, size_t count)
{
    struct ps_span all[1 + 2 * READ_FINGERPRINT_PARTS_MAX] = { alert_source_name(alert->source) };
    char hex[PS_DIGEST_SHA256_HEX_BYTES];
    PS_ASSERT(count <= READ_FINGERPRINT_PARTS_MAX);
    for (size_t i = 0; i < count; i++) {
        all[1 + 2 * i] = ps_span_make("", 1);
        all[2 + 2 * i] = parts[i];
    }
    PS_TRY(ps_digest_sha256_hex(all, 1 + 2 * count, hex));
    memcpy(alert->fingerprint, hex, sizeof alert->fingerprint);
    return PS_OK;
}
