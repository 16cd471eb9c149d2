/* URLs, as far as calls need them: the parts of an absolute http or https URL, and percent encoding (RFC 3986;
 * base/percent.h undoes it). Views of the input, no memory of its own. */
#ifndef PS_URL_H
#define PS_URL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

enum { PS_URL_BYTES_MAX = 8192 };

struct ps_url {
    bool https;
    struct ps_span host;      /* a name, an address, or [an IPv6 address] */
    struct ps_span authority; /* host and port as they stand in the Host header: a scheme's own port is left out */
    struct ps_span origin;    /* scheme://host[:port] as given */
    struct ps_span target;    /* path and query; "/" when the URL ends after the authority */
    uint32_t port;
};

/* BAD_CONFIG for another scheme, user information, a fragment, spaces and control bytes, a host with bytes no host has,
 * a bad port, or more than PS_URL_BYTES_MAX bytes. The URL itself is not repeated in the note: it may hold a secret. */
PS_API PS_MUST_USE enum ps_err ps_url_split(struct ps_span url, struct ps_url *out);

/* Whether host is this machine: localhost, 127.0.0.0/8 or [::1]. */
PS_API bool ps_url_host_is_loopback(struct ps_span host);

/* Percent-encodes all but the unreserved bytes (letters, digits, - . _ ~); '/' is kept when keep_slash is set. */
PS_API void ps_url_encode(struct ps_buf *buf, struct ps_span text, bool keep_slash);

#endif
