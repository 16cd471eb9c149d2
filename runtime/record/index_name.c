#include "record/index_name.h"

#include "base/assert.h"
#include "base/time.h"
#include "base/utf8.h"

static const int64_t YEAR_2000_MS = 946684800000;
static const int64_t YEAR_2101_MS = 4133980800000;
static const int64_t HOUR_MS = 3600000;
static const int64_t DAY_MS = 86400000;

static bool is_dated(int64_t time_ms)
{
    return time_ms >= YEAR_2000_MS && time_ms < YEAR_2101_MS;
}

bool ps_index_name_ok(struct ps_span name)
{
    if (name.len == 0 || name.len > PS_INDEX_NAME_BYTES_MAX || ps_utf8_valid_prefix(name) < name.len) return false;
    if (ps_span_eq(name, PS_SPAN(".")) || ps_span_eq(name, PS_SPAN(".."))) return false;
    if (name.data[0] == '-' || name.data[0] == '_' || name.data[0] == '+') return false;
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c <= ' ' || c == 0x7f || (c >= 'A' && c <= 'Z') || strchr("\\/*?\"<>|,#:", c) != NULL) return false;
    }
    return true;
}

static bool read_part(char c, enum ps_index_name_step *step)
{
    switch (c) {
    case 'Y':
        *step = PS_INDEX_NAME_YEAR;
        return true;
    case 'm':
        *step = PS_INDEX_NAME_MONTH;
        return true;
    case 'd':
        *step = PS_INDEX_NAME_DAY;
        return true;
    case 'H':
        *step = PS_INDEX_NAME_HOUR;
        return true;
    default:
        return false;
    }
}

/* Finds the date parts; *found has bit s for step s. */
static enum ps_err find_parts(struct ps_span pattern, size_t *first, size_t *end, unsigned *found)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.data[i] != '%') continue;
        enum ps_index_name_step step = PS_INDEX_NAME_ALWAYS;
        if (i + 1 == pattern.len || !read_part(pattern.data[i + 1], &step))
            PS_FAIL(PS_ERR_BAD_CONFIG, "index pattern: the %% at byte %zu starts none of %%Y %%m %%d %%H", i);
        if ((*found & (1u << step)) != 0)
            PS_FAIL(PS_ERR_BAD_CONFIG, "index pattern: %%%c stands there twice", pattern.data[i + 1]);
        if (*found == 0) *first = i;
        *found |= 1u << step;
        *end = i + 2;
        i++;
    }
    return PS_OK;
}

/* Puts what the pattern gives for one moment through the rules. */
static enum ps_err check_sample(const struct ps_index_name *name, int64_t time_ms)
{
    char memory[2 * PS_INDEX_NAME_BYTES_MAX];
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_index_name_put(&buf, name, time_ms);
    struct ps_span text;
    PS_TRY(ps_buf_finish(&buf, &text));
    if (!ps_index_name_ok(text))
        PS_FAIL(PS_ERR_BAD_CONFIG,
                "an index cannot be called \"%.*s\": 1 to 255 bytes, lower case, no space and none of "
                "\\ / * ? \" < > | , # : and not starting with - _ +",
                PS_SPAN_ARG(text));
    return PS_OK;
}

enum ps_err ps_index_name_compile(struct ps_span pattern, struct ps_index_name *out)
{
    if (pattern.len > PS_INDEX_NAME_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "index pattern of %zu bytes, the limit is %d", pattern.len, PS_INDEX_NAME_BYTES_MAX);
    size_t first = pattern.len;
    size_t end = pattern.len;
    unsigned found = 0;
    PS_TRY(find_parts(pattern, &first, &end, &found));
    unsigned parts = found >> PS_INDEX_NAME_YEAR; /* year is bit 0, then month, day, hour */
    if ((parts & (parts + 1)) != 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "index pattern: %%H needs %%d, %%d needs %%m, %%m needs %%Y");
    struct ps_index_name name = { .pattern = pattern, .head = ps_span_first(pattern, first) };
    name.dates = ps_span_make(pattern.data + first, end - first);
    name.tail = ps_span_from(pattern, end);
    for (; parts != 0; parts >>= 1)
        name.step++;
    PS_TRY(check_sample(&name, YEAR_2000_MS));
    PS_TRY(check_sample(&name, 0));
    *out = name;
    return PS_OK;
}

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

int64_t ps_index_name_period(const struct ps_index_name *name, int64_t time_ms)
{
    if (name->step == PS_INDEX_NAME_ALWAYS) return 0;
    if (!is_dated(time_ms)) return INT64_MIN;
    if (name->step == PS_INDEX_NAME_HOUR) return floor_div(time_ms, HOUR_MS);
    if (name->step == PS_INDEX_NAME_DAY) return floor_div(time_ms, DAY_MS);
    struct ps_time_civil civil = ps_time_to_civil(time_ms);
    return name->step == PS_INDEX_NAME_YEAR ? civil.year : civil.year * 12 + civil.month;
}

static void put_digits(struct ps_buf *buf, unsigned value, unsigned digits)
{
    char *room = ps_buf_room(buf, digits);
    if (room == NULL) return;
    for (unsigned i = digits; i > 0; i--, value /= 10)
        room[i - 1] = (char)('0' + value % 10);
    buf->len += digits;
}

static void put_dates(struct ps_buf *buf, struct ps_span dates, int64_t time_ms)
{
    struct ps_time_civil civil = ps_time_to_civil(time_ms);
    const struct {
        unsigned value, digits;
    } parts[] = {
        [PS_INDEX_NAME_YEAR] = { (unsigned)civil.year, 4 },
        [PS_INDEX_NAME_MONTH] = { civil.month, 2 },
        [PS_INDEX_NAME_DAY] = { civil.day, 2 },
        [PS_INDEX_NAME_HOUR] = { civil.hour, 2 },
    };
    for (size_t i = 0; i < dates.len; i++) {
        enum ps_index_name_step step = PS_INDEX_NAME_ALWAYS;
        if (dates.data[i] != '%') {
            ps_buf_byte(buf, dates.data[i]);
            continue;
        }
        bool known = read_part(dates.data[i + 1], &step); /* compile has seen to it */
        PS_ASSERT(known);
        put_digits(buf, parts[step].value, parts[step].digits);
        i++;
    }
}

void ps_index_name_put(struct ps_buf *buf, const struct ps_index_name *name, int64_t time_ms)
{
    ps_buf_put(buf, name->head);
    if (name->dates.len > 0 && is_dated(time_ms))
        put_dates(buf, name->dates, time_ms);
    else if (name->dates.len > 0)
        ps_buf_put(buf, PS_SPAN("undated"));
    ps_buf_put(buf, name->tail);
}

bool ps_index_name_admit(struct ps_index_name_seen *seen, const struct ps_index_name *name, int64_t time_ms)
{
    int64_t period = ps_index_name_period(name, time_ms);
    /* The newest first: events come nearly in order. */
    for (size_t i = seen->count; i > 0; i--) {
        if (seen->periods[i - 1] == period) return true;
    }
    if (seen->count == PS_INDEX_NAME_SEEN_MAX) return false;
    seen->periods[seen->count++] = period;
    return true;
}
