/* A summary as a mail: subject in one line, a plain part, and an HTML part in which all text is escaped. Both say what
 * was found where, the gravest severity first, with as many samples as a part has room for, and lead to the object in
 * the S3 console. What could not be read, or not to its end, is said before the counts. */
#ifndef LOG_EXTRACTOR_REPORT_H
#define LOG_EXTRACTOR_REPORT_H

#include "aws/ses.h"
#include "mail_cap.h"
#include "summary.h"

struct report {
    const struct ps_s3_object *object;
    const struct summary *summary;
    const struct ps_patterns *patterns;
    const struct mail_cap_place *place; /* what was held back before is told, too */
    struct ps_span region;              /* of the bucket; without one there is no link */
};

/* The gravest severity that was found; false when nothing was. */
PS_MUST_USE bool report_severity(const struct report *report, enum ps_severity *out);

/* Fills subject, text and html, on arena. */
PS_MUST_USE enum ps_err report_render(struct ps_arena *arena, const struct report *report,
                                      struct ps_ses_message *message);

#endif
