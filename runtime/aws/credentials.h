/* Credentials: from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, as Lambda sets them),
 * else by one GET to AWS_CONTAINER_CREDENTIALS_FULL_URI (as Lambda sets it with SnapStart), whose answer expires. They
 * are never logged and never part of a note. The texts live in the struct itself: it must not be copied. */
#ifndef PS_CREDENTIALS_H
#define PS_CREDENTIALS_H

#include "aws/http.h"

enum { PS_CREDENTIALS_TEXT_BYTES_MAX = 8192 };

struct ps_credentials {
    bool present;
    bool renewable;     /* they came from the container endpoint */
    int64_t expires_ms; /* 0: not known to expire */
    struct ps_span access_key_id;
    struct ps_span secret_access_key;
    struct ps_span session_token; /* may be empty */
    char text[PS_CREDENTIALS_TEXT_BYTES_MAX];
};

/* Reads them anew. *changed says whether they differ from what credentials held. DENIED when there are none,
 * UNAVAILABLE when the endpoint does not answer, BAD_CONFIG for an endpoint that is neither https nor on this machine;
 * credentials keep their old content then. */
PS_MUST_USE enum ps_err ps_credentials_read(struct ps_credentials *credentials, struct ps_http *http, bool *changed);

/* Whether they may be used for a signature at now_ms: DENIED, saying why, when not. */
PS_MUST_USE enum ps_err ps_credentials_check(const struct ps_credentials *credentials, int64_t now_ms);

/* Whether it is time to read them again: renewable ones within five minutes of their end. */
bool ps_credentials_due(const struct ps_credentials *credentials, int64_t now_ms);

/* Fills credentials from the JSON that the container endpoint answers. arena is for unescaping. */
PS_MUST_USE enum ps_err ps_credentials_parse(struct ps_arena *arena, struct ps_span json,
                                             struct ps_credentials *credentials);

#endif
