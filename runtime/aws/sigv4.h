/* Signature Version 4, the door to aws-c-auth: which only signs here. No credential provider, stream or thread of it
 * is used; the body's digest is taken over its span. Verified by the published suite and by an independent verifier
 * (tests/integration). */
#ifndef PS_SIGV4_H
#define PS_SIGV4_H

#include "aws/credentials.h"
#include "aws/http.h"

struct ps_sigv4_scope {
    struct ps_span region;
    struct ps_span service; /* signing name: s3, es, aoss, dynamodb... */
    int64_t now_ms;
};

/* Starts the library, once per process. SYSTEM when it refuses. */
PS_MUST_USE enum ps_err ps_sigv4_open(void);

/* Adds Authorization, X-Amz-Date, with a session token X-Amz-Security-Token, and for s3 and aoss X-Amz-Content-Sha256
 * to the request; their texts lie on arena. The URL goes on the wire as it stands, except that '*' in its query becomes
 * %2A (on arena): signers disagree on a raw one. TOO_LARGE when the headers do not fit the request. */
PS_MUST_USE enum ps_err ps_sigv4_sign(struct ps_arena *arena, const struct ps_credentials *credentials,
                                      const struct ps_sigv4_scope *scope, struct ps_http_request *request);

#endif
