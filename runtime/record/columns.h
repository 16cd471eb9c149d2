/* Space-separated columns, some of them in double quotes, as access logs have them. */
#ifndef PS_COLUMNS_H
#define PS_COLUMNS_H

#include "base/span.h"

/* Takes the next column off *rest. Inside quotes a backslash keeps the byte after it from ending the column; the
 * quotes go, escapes stay as written. A missing closing quote takes all that is left. *quoted may be NULL.
 * False at the end. */
bool ps_columns_next(struct ps_span *rest, struct ps_span *column, bool *quoted);

/* Splits "GET /path HTTP/1.1". False, and nothing set, when text is no request line. */
struct ps_columns_request {
    struct ps_span method;
    struct ps_span target;
    struct ps_span protocol; /* empty in HTTP/0.9 */
};
bool ps_columns_request(struct ps_span text, struct ps_columns_request *out);

/* "10.0.0.1:8080" and "[::1]:8080" in two; without a port all is host. */
void ps_columns_host_port(struct ps_span text, struct ps_span *host, struct ps_span *port);

#endif
