/* Where the patterns come from: PATTERNS names a file in the zip, an object or a parameter; unset, the set that comes
 * with the function. Read once, at init. */
#ifndef LOG_EXTRACTOR_PATTERN_SOURCE_H
#define LOG_EXTRACTOR_PATTERN_SOURCE_H

#include "aws/call.h"
#include "scan/patterns.h"

/* BAD_CONFIG says what cannot be read, or which pattern is wrong. */
PS_MUST_USE enum ps_err pattern_source_open(struct ps_arena *process, struct ps_call_client *client,
                                            struct ps_span source, struct ps_patterns *patterns);

#endif
