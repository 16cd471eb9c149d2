/* Numbers as they stand in logs: exact decimals, no floating point anywhere. */
#ifndef PS_NUM_H
#define PS_NUM_H

#include "base/buf.h"
#include "base/span.h"

/* Room for any output below, NUL not included. */
enum { PS_NUM_TEXT_BYTES_MAX = 48 };

/* Reads a JSON-like decimal ("12", "-0.5", "1e3") as an integer scaled by 10^scale, rounded half away from zero.
 * False when it is no number or does not fit. ("1.2345", 3) gives 1235. Leading zeros are allowed, as logs have them;
 * scale is 0..18 here and below (asserted). */
PS_API PS_MUST_USE bool ps_num_scaled(struct ps_span text, int scale, int64_t *out);

/* The same, but what is below the last place is cut off instead of rounded. */
PS_API PS_MUST_USE bool ps_num_scaled_cut(struct ps_span text, int scale, int64_t *out);

/* Whether text is a valid JSON number. */
PS_API bool ps_num_is_json(struct ps_span text);

/* Writes an integer scaled by 10^scale as the shortest decimal: (1500, 3) gives 1.5. */
PS_API void ps_num_put_scaled(struct ps_buf *buf, int64_t value, int scale);

#endif
