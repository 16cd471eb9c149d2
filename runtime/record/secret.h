/* What a secret looks like: detectors for one text. record/redact.h decides what happens to what they find.
 *
 * Two questions with one relation. ps_secret_suspects is the fast scan of a text as it arrived (several bytes at a
 * time, JSON not decoded); ps_secret_scan_* finds secrets exactly in a decoded text. Whatever the exact scan would
 * find in any string decoded from a text, the fast scan suspects in that text; the reverse need not hold. The exact
 * rules are in docs/wire/redaction.md. Pure, allocates nothing; every look around a position is bounded. */
#ifndef PS_SECRET_H
#define PS_SECRET_H

#include "base/span.h"

enum ps_secret_class {
    PS_SECRET_AWS_KEYS,
    PS_SECRET_JWT,
    PS_SECRET_BEARER,
    PS_SECRET_CARD,
    PS_SECRET_EMAIL,
    PS_SECRET_IP,
    PS_SECRET_CLASS_COUNT,
};

/* A bit per class. */
#define PS_SECRET_BIT(class) (1U << (class))

/* What stands in place of a secret begins with this; a scan never looks for a secret's value across it. */
#define PS_SECRET_MARKER "[REDACTED:"

/* A name that says what its value is: "aws_secret_access_key", "x-amz-security-token", "Authorization". */
enum ps_secret_name {
    PS_SECRET_NAME_NONE,
    PS_SECRET_NAME_KEY,
    PS_SECRET_NAME_TOKEN,
    PS_SECRET_NAME_AUTHORIZATION,
    PS_SECRET_NAME_BEARER,
};

struct ps_secret {
    size_t begin;
    size_t end;
    enum ps_secret_class class;
};

/* What was found out about the letters begin..dot as the first part of a token: it ends at end, or is none (0). Every
 * "eyJ" in them has the same answer, so hostile texts cost no more than others. */
struct ps_secret_token {
    size_t begin;
    size_t dot;
    size_t end;
};

struct ps_secret_scan {
    struct ps_span text;
    unsigned classes;
    size_t at;
    size_t done; /* what lies before has been answered for */
    bool is_announced;
    struct ps_secret announced; /* by a name: its value, still ahead */
    struct ps_secret_token token;
};

/* Whether text, or any string in it after undoing JSON escapes, may hold a secret of classes. */
bool ps_secret_suspects(struct ps_span text, unsigned classes);

/* name: of the member whose value text is, PS_SECRET_NAME_NONE when it has no telling one. */
void ps_secret_scan_begin(struct ps_secret_scan *scan, struct ps_span text, unsigned classes, enum ps_secret_name name);

/* The next secret from left to right; they do not overlap. False at the end of the text. */
bool ps_secret_scan_next(struct ps_secret_scan *scan, struct ps_secret *out);

/* What a member of that name holds: the telling name must be its end ("x-amz-security-token", "proxyAuthorization"). */
enum ps_secret_name ps_secret_name_of(struct ps_span member);

/* "aws_keys", "jwt"... */
struct ps_span ps_secret_class_name(enum ps_secret_class class);

#endif
