#include "base/assert.h"
#include "base/json_read.h"
#include "record/core_priv.h"

enum { PATH_BYTES_MAX = 64, PATH_LEVELS_MAX = 3 };

/* The dotted name of the member in hand: "http.response.status_code". */
struct path {
    char text[PATH_BYTES_MAX];
    size_t ends[PATH_LEVELS_MAX]; /* of the objects around */
    size_t level;
    size_t len; /* 0: too long to be a known one */
};

static void path_member(struct path *path, struct ps_span key)
{
    size_t end = path->ends[path->level];
    path->len = 0;
    if (key.len >= PATH_BYTES_MAX - end) return;
    path->text[end] = '.';
    memcpy(path->text + end + 1, key.data, key.len);
    path->len = end + 1 + key.len;
}

/* The value of a KEY that has just been read: taken, stepped into, or skipped. */
static enum ps_err put_nested(struct ps_core_line *line, struct ps_json_reader *reader, struct path *path, bool *taken)
{
    uint8_t number = path->len == 0 ? 0 : ps_core_number(ps_span_make(path->text, path->len));
    struct ps_json_reader before = *reader;
    struct ps_json_token token;
    *taken = false;
    PS_TRY(ps_json_read_next(reader, &token));
    struct ps_field value = { .value = token.text, .kind = PS_FIELD_STRING, .plain = !token.escaped };
    if (token.kind == PS_JSON_OBJECT_BEGIN && number != 0 && ps_core_numbered(number)->core == PS_CORE_OBJECT &&
        path->level + 1 < PATH_LEVELS_MAX) {
        path->ends[++path->level] = path->len;
        *taken = true; /* its members tell */
        return PS_OK;
    }
    if (token.kind != PS_JSON_STRING) {
        *reader = before;
        value.kind = PS_FIELD_JSON;
        PS_TRY(ps_json_read_skip(reader, &value.value));
    }
    if (number != 0 && !ps_core_numbered(number)->weak) return ps_core_set_by(line, number, &value, taken);
    return PS_OK;
}

/* The core members in an object of a known name; *all: it held nothing else, and something. */
enum ps_err ps_core_object_put(struct ps_core_line *line, struct ps_span name, struct ps_span object, bool *all)
{
    struct path path = { .ends = { name.len } };
    PS_ASSERT(name.len < PATH_BYTES_MAX);
    memcpy(path.text, name.data, name.len);
    struct ps_json_reader reader;
    ps_json_read_init(&reader, object);
    struct ps_json_token token;
    PS_TRY(ps_json_read_next(&reader, &token));
    size_t members = 0;
    size_t missed = 0;
    while (reader.depth > 0) {
        PS_TRY(ps_json_read_next(&reader, &token));
        if (token.kind == PS_JSON_OBJECT_END) {
            if (path.level > 0) path.level--;
            continue;
        }
        bool taken = false;
        path_member(&path, token.text);
        PS_TRY(put_nested(line, &reader, &path, &taken));
        members++;
        missed += !taken;
    }
    *all = members > 0 && missed == 0;
    return PS_OK;
}
