/* How log lines and metric lines are put together: one fixed buffer, one write(2). */
#ifndef PS_LOG_PRIV_H
#define PS_LOG_PRIV_H

#include "base/json_write.h"
#include "host/log.h"

enum {
    PS_LOG_LINE_BYTES_MAX = 16 << 10,
    PS_LOG_TAIL_BYTES = 32, /* kept for closing a line that had to be cut */
};

/* key and value as a JSON member. A text is repaired, and cut to what leaves tail_bytes of the buf; *cut tells that
 * it was, and that nothing more should be put. */
void ps_log_put_field(struct ps_json_writer *writer, const struct ps_log_field *field, size_t tail_bytes, bool *cut);

/* Writes the line in one call. There is nowhere to report a failure to. */
void ps_log_emit(int fd, struct ps_span line);

#endif
