/* A secret setting NAME: given in the environment as it is, or as <NAME>_SECRET_ARN (AWS Secrets Manager) or
 * <NAME>_SSM_NAME (a parameter of AWS Systems Manager), where it is read once and kept. Either takes an ARN, whose
 * region is then asked, or a plain name of the client's own. "#key" behind it takes that member of a secret that is a
 * JSON object. Line breaks at the end of what was read are no part of the value: people paste them.
 *
 * When a service refuses the value, ps_secret_refresh reads it anew, at most once a minute: somebody may have rotated
 * it. Values are never logged and never part of a note. Sources: AWS Secrets Manager API Reference, "GetSecretValue";
 * AWS Systems Manager API Reference, "GetParameter"; what answers mean: docs/wire/secrets.md. */
#ifndef PS_SECRETS_H
#define PS_SECRETS_H

#include "aws/call.h"
#include "base/buf.h"
#include "host/deadline.h"

enum { PS_SECRET_BYTES_MAX = 8192 }; /* of the value taken; Secrets Manager holds 64 KB, an advanced parameter 8 KB */

/* As the settings hold it: three texts, at most one of them not empty. */
struct ps_secret_source {
    struct ps_span value;
    struct ps_span secret_arn;
    struct ps_span ssm_name;
};

/* Whether reading it needs credentials and a region. */
static inline bool ps_secret_is_remote(const struct ps_secret_source *source)
{
    return source->secret_arn.len > 0 || source->ssm_name.len > 0;
}

static inline bool ps_secret_is_set(const struct ps_secret_source *source)
{
    return source->value.len > 0 || ps_secret_is_remote(source);
}

/* What the settings' table cannot tell: more than one of the three, an ARN or a name that can be none, an empty key.
 * name is that of the setting. */
PS_API void ps_secret_check(const char *name, const struct ps_secret_source *source, struct ps_buf *mistakes);

struct ps_secret; /* opaque */

/* name and source must live as long as the secret, which keeps its value on process. No call is made. BAD_CONFIG for
 * what ps_secret_check would tell, and for a region that is missing. */
PS_API PS_MUST_USE enum ps_err ps_secret_open(struct ps_arena *process, struct ps_call_client *client, const char *name,
                                              const struct ps_secret_source *source, struct ps_secret **out);

/* The value; read at the first use, which a function makes in init. It stays until the next refresh. NOT_FOUND,
 * DENIED, THROTTLED, UNAVAILABLE, DEADLINE; BAD_CONFIG for a secret that is binary, too long, empty, marked for
 * deletion, or has no such key. */
PS_API PS_MUST_USE enum ps_err ps_secret_get(struct ps_secret *secret, const struct ps_deadline *deadline,
                                             struct ps_span *value);

/* Reads the value in init and after a snapshot, so that a mistake is told there. A failure that may pass is one WARN
 * line and left to the first use; any other is returned. */
PS_API PS_MUST_USE enum ps_err ps_secret_warm(struct ps_secret *secret, const struct ps_log *log);

/* After the value was refused: reads it anew. *changed says whether it differs. A value from the environment is not
 * read again, nor is one within a minute of its last refresh: *changed is false. A failure leaves the value. */
PS_API PS_MUST_USE enum ps_err ps_secret_refresh(struct ps_secret *secret, const struct ps_deadline *deadline,
                                                 bool *changed);

/* Before a snapshot of the process (SnapStart): wipes what was read, so that no snapshot holds it and each copy reads
 * anew. */
PS_API void ps_secret_forget(struct ps_secret *secret);

#endif
