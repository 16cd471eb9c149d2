#include "aws/url.h"

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_host_text(struct ps_span host)
{
    bool bracketed = host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']';
    struct ps_span inside = bracketed ? ps_span_make(host.data + 1, host.len - 2) : host;
    for (size_t i = 0; i < inside.len; i++) {
        char c = inside.data[i];
        if (is_alnum(c) || c == '.' || c == '-' || c == '_' || (bracketed && c == ':')) continue;
        return false;
    }
    return inside.len > 0;
}

/* Offset of the colon before the port, or the length. */
static size_t port_colon(struct ps_span authority)
{
    for (size_t i = authority.len; i > 0; i--) {
        if (authority.data[i - 1] == ']') break;
        if (authority.data[i - 1] == ':') return i - 1;
    }
    return authority.len;
}

static enum ps_err split_authority(struct ps_span authority, struct ps_url *url)
{
    if (ps_span_find_byte(authority, '@') != PS_SPAN_NONE)
        PS_FAIL(PS_ERR_BAD_CONFIG, "URL: user information is not allowed in it");
    size_t colon = port_colon(authority);
    url->host = ps_span_first(authority, colon);
    url->authority = authority;
    if (!is_host_text(url->host)) PS_FAIL(PS_ERR_BAD_CONFIG, "URL: the host is not a name or an address");
    uint32_t port_default = url->https ? 443 : 80;
    url->port = port_default;
    if (colon == authority.len) return PS_OK;
    uint64_t port = 0;
    if (!ps_span_to_u64(ps_span_from(authority, colon + 1), &port) || port == 0 || port > 65535)
        PS_FAIL(PS_ERR_BAD_CONFIG, "URL: the port is not a number from 1 to 65535");
    url->port = (uint32_t)port;
    if (url->port == port_default) url->authority = url->host;
    return PS_OK;
}

static enum ps_err check_bytes(struct ps_span url)
{
    if (url.len > PS_URL_BYTES_MAX)
        PS_FAIL(PS_ERR_BAD_CONFIG, "URL: %zu bytes, more than %d", url.len, PS_URL_BYTES_MAX);
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.data[i];
        if (c <= 0x20 || c >= 0x7f || c == '#') PS_FAIL(PS_ERR_BAD_CONFIG, "URL: byte %zu must be encoded", i);
    }
    return PS_OK;
}

enum ps_err ps_url_split(struct ps_span text, struct ps_url *out)
{
    PS_TRY(check_bytes(text));
    struct ps_url url = { .https = ps_span_starts(text, PS_SPAN("https://")), .target = PS_SPAN("/") };
    if (!url.https && !ps_span_starts(text, PS_SPAN("http://")))
        PS_FAIL(PS_ERR_BAD_CONFIG, "URL: it must begin with https:// or http://");
    size_t begin = url.https ? sizeof "https://" - 1 : sizeof "http://" - 1;
    size_t end = begin;
    while (end < text.len && text.data[end] != '/' && text.data[end] != '?')
        end++;
    PS_TRY(split_authority(ps_span_make(text.data + begin, end - begin), &url));
    url.origin = ps_span_first(text, end);
    if (end < text.len && text.data[end] == '?') PS_FAIL(PS_ERR_BAD_CONFIG, "URL: a path must stand before the query");
    if (end < text.len) url.target = ps_span_from(text, end);
    *out = url;
    return PS_OK;
}

bool ps_url_host_is_loopback(struct ps_span host)
{
    if (ps_span_eq_nocase(host, PS_SPAN("localhost")) || ps_span_eq(host, PS_SPAN("[::1]"))) return true;
    if (!ps_span_starts(host, PS_SPAN("127."))) return false;
    /* 127.evil.example is a name: only digits and dots make an address. */
    for (size_t i = 0; i < host.len; i++) {
        if (host.data[i] != '.' && (host.data[i] < '0' || host.data[i] > '9')) return false;
    }
    return true;
}

void ps_url_encode(struct ps_buf *buf, struct ps_span text, bool keep_slash)
{
    static const char HEX[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool plain = is_alnum((char)c) || c == '-' || c == '.' || c == '_' || c == '~' || (c == '/' && keep_slash);
        if (plain) {
            ps_buf_byte(buf, (char)c);
            continue;
        }
        const char encoded[3] = { '%', HEX[c >> 4], HEX[c & 15] };
        ps_buf_put(buf, ps_span_make(encoded, sizeof encoded));
    }
}
