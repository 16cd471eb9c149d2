#include "aws/s3_head.h"

#include "base/time.h"

enum ps_err ps_s3_head_range(struct ps_span text, struct ps_s3_range *out)
{
    static const struct ps_span UNIT = PS_SPAN_INIT("bytes ");
    bool more = false;
    struct ps_s3_range range;
    struct ps_span rest = ps_span_from(text, ps_span_starts(text, UNIT) ? UNIT.len : 0);
    bool ok = ps_span_starts(text, UNIT) && ps_span_to_u64(ps_span_split(&rest, '-', &more), &range.first) &&
              ps_span_to_u64(ps_span_split(&rest, '/', &more), &range.last) && ps_span_to_u64(rest, &range.size);
    if (!ok) PS_FAIL(PS_ERR_BAD_INPUT, "Content-Range: %zu bytes that tell no range and size", text.len);
    if (range.first > range.last || range.last >= range.size)
        PS_FAIL(PS_ERR_BAD_INPUT, "Content-Range: a range that no object can have");
    *out = range;
    return PS_OK;
}

/* It is the form of access logs with other separators: 12/Oct/2022:17:50:00 +0000. */
bool ps_s3_head_date(struct ps_span text, int64_t *ms)
{
    enum { DATE_BYTES = 29, DAY_AT = 5, DAY_BYTES = 20 };
    static const struct ps_span ZONE = PS_SPAN_INIT(" GMT");
    char clf[DAY_BYTES + 6];
    if (text.len != DATE_BYTES || !ps_span_ends(text, ZONE)) return false;
    memcpy(clf, text.data + DAY_AT, DAY_BYTES);
    if (clf[2] != ' ' || clf[6] != ' ' || clf[11] != ' ') return false;
    clf[2] = clf[6] = '/';
    clf[11] = ':';
    memcpy(clf + DAY_BYTES, " +0000", 6);
    return ps_time_parse_clf(ps_span_make(clf, sizeof clf), ms);
}

struct ps_span ps_s3_head_etag(struct ps_span text)
{
    if (text.len < 2 || text.data[0] != '"' || text.data[text.len - 1] != '"') return text;
    return ps_span_make(text.data + 1, text.len - 2);
}
