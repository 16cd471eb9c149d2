/* Hides secrets before anything leaves: in documents, dead letters, alerts and our own logs.
 *
 * A secret becomes [REDACTED:<class>] and is counted. Classes: aws_keys, jwt, bearer and card by default; email, ip
 * and own patterns on request (docs/wire/redaction.md has the exact rules). A text in which nothing is found comes
 * back as it is, uncopied; what is built lies on the arena given. A text whose scan has to be given up (an own
 * pattern at its limits, too many replacements) is hidden whole: it fails closed. Redacting twice changes nothing
 * more. The struct holds working memory for patterns: one per thread. */
#ifndef PS_REDACT_H
#define PS_REDACT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "record/record.h"
#include "record/secret.h"

enum {
    PS_REDACT_PATTERNS_MAX = 16,
    PS_REDACT_NAME_BYTES_MAX = 32,
    PS_REDACT_COUNTS = PS_SECRET_CLASS_COUNT + PS_REDACT_PATTERNS_MAX,
};

/* What REDACT means when it is not set. */
#define PS_REDACT_DEFAULT "aws_keys,jwt,bearer,card"

struct ps_redact;

/* by_class: built-in classes by enum ps_secret_class, then own patterns in their order. given_up counts texts that were
 * hidden whole; the class that could not be finished is counted as well. */
struct ps_redact_counts {
    uint64_t by_class[PS_REDACT_COUNTS];
    uint64_t given_up;
};

/* classes: "off", or names separated by commas ("default" stands for the default ones); empty means the default.
 * patterns: lines of name=regex (line feeds between them), empty for none; "off" with patterns leaves the patterns
 * alone. BAD_CONFIG names the setting (REDACT, REDACT_PATTERNS) with the unknown class and the allowed ones, or with
 * the pattern's name, offset and reason. */
PS_MUST_USE enum ps_err ps_redact_open(struct ps_arena *process, struct ps_span classes, struct ps_span patterns,
                                       struct ps_redact **out);
void ps_redact_close(struct ps_redact *redact);

/* What ps_redact_open would say; nothing stays on scratch. */
PS_MUST_USE enum ps_err ps_redact_check(struct ps_arena *scratch, struct ps_span classes, struct ps_span patterns);

/* Nothing to look for: no call below changes anything. */
bool ps_redact_is_off(const struct ps_redact *redact);

/* The one fast scan: false means that no string in text, JSON escapes undone or not, holds anything to hide. */
bool ps_redact_suspects(const struct ps_redact *redact, struct ps_span text);

/* Plain text, hidden. *out is in itself when nothing was found. */
PS_MUST_USE enum ps_err ps_redact_text(const struct ps_redact *redact, struct ps_arena *arena, struct ps_span in,
                                       struct ps_span *out, struct ps_redact_counts *counts);

/* Hides secrets in all that the record got from its producer: message, stack trace, error, logger, service, env,
 * host, ids, duration and every field, at any depth, names included (a name that is hidden stays unique). A number
 * that is a card becomes a string. Coordinates (account, group, stream, event id) are left.
 *
 * source: the text(s) the record was made from, as they arrived but cleaned; every string of the record must be a
 * part of it, as it is or with escapes undone. When it is not suspicious, nothing else is looked at: that is the fast
 * path. A span with data == NULL says that there is no such text, and everything is looked at; so it is for records
 * with extractedFields. */
PS_MUST_USE enum ps_err ps_redact_record(const struct ps_redact *redact, struct ps_arena *arena, struct ps_span source,
                                         struct ps_record *record, struct ps_redact_counts *counts);

/* Of an index of by_class: "aws_keys", or an own pattern's name; empty when nothing counts there. */
struct ps_span ps_redact_class_name(const struct ps_redact *redact, size_t index);

/* All of by_class. */
uint64_t ps_redact_total(const struct ps_redact_counts *counts);

#endif
