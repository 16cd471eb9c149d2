#include "record/columns.h"

static struct ps_span take_quoted(struct ps_span *rest)
{
    const char *begin = rest->data + 1;
    const char *end = rest->data + rest->len;
    const char *at = begin;
    while (at < end && *at != '"')
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    *rest = at < end ? ps_span_between(at + 1, end) : ps_span_make(end, 0);
    return ps_span_between(begin, at);
}

bool ps_columns_next(struct ps_span *rest, struct ps_span *column, bool *quoted)
{
    while (rest->len > 0 && rest->data[0] == ' ')
        *rest = ps_span_from(*rest, 1);
    if (rest->len == 0) return false;
    bool is_quoted = rest->data[0] == '"';
    if (quoted != NULL) *quoted = is_quoted;
    bool more = false;
    *column = is_quoted ? take_quoted(rest) : ps_span_split(rest, ' ', &more);
    return true;
}

static bool is_method(struct ps_span text)
{
    if (text.len < 3 || text.len > 20) return false;
    for (size_t i = 0; i < text.len; i++) {
        bool letter = (text.data[i] >= 'A' && text.data[i] <= 'Z') || text.data[i] == '-' || text.data[i] == '_';
        if (!letter) return false;
    }
    return true;
}

bool ps_columns_request(struct ps_span text, struct ps_columns_request *out)
{
    bool more = false;
    struct ps_span rest = text;
    struct ps_span method = ps_span_split(&rest, ' ', &more);
    if (!more || rest.len == 0 || !is_method(method)) return false;
    /* Targets of broken clients hold spaces: the protocol is what follows the last one. */
    const char *last = memrchr(rest.data, ' ', rest.len);
    struct ps_span after = last == NULL ? PS_SPAN("") : ps_span_between(last + 1, rest.data + rest.len);
    bool has_protocol = ps_span_starts(after, PS_SPAN("HTTP/"));
    out->method = method;
    out->protocol = has_protocol ? after : PS_SPAN("");
    out->target = has_protocol ? ps_span_between(rest.data, last) : rest;
    return true;
}

void ps_columns_host_port(struct ps_span text, struct ps_span *host, struct ps_span *port)
{
    const char *colon = text.len == 0 ? NULL : memrchr(text.data, ':', text.len);
    *host = text;
    *port = PS_SPAN("");
    if (colon == NULL) return;
    struct ps_span digits = ps_span_between(colon + 1, text.data + text.len);
    uint64_t number = 0;
    if (!ps_span_to_u64(digits, &number) || number > 65535) return;
    *host = ps_span_between(text.data, colon);
    *port = digits;
    if (host->len > 2 && host->data[0] == '[' && host->data[host->len - 1] == ']')
        *host = ps_span_make(host->data + 1, host->len - 2);
}
