/* The mail about one finished object, read to its end or not: sent once for each version, when a pattern of
 * MAIL_SEVERITY or above was found. */
#ifndef LOG_EXTRACTOR_TELL_H
#define LOG_EXTRACTOR_TELL_H

#include "extract.h"

/* Nothing to do for an object that is mailed already, or has nothing that severe. A mail that could not be sent is a
 * failure, after which another try may send it: the summary stays. */
PS_MUST_USE enum ps_err tell(const struct extract_context *context, const struct summaries *summaries,
                             const struct ps_s3_object *object, const struct summary *summary,
                             struct extract_counts *counts);

#endif
