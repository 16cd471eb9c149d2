/* What the secrets*.c files share.
 *
 *   secrets.c         the public face: where a secret is, when it is asked for, the value kept
 *   secrets_reply.c   reads answers (outside bytes), and what their codes mean: a table */
#ifndef PS_SECRETS_PRIV_H
#define PS_SECRETS_PRIV_H

#include "aws/secrets.h"

enum ps_secret_service {
    PS_SECRET_MANAGER,   /* AWS Secrets Manager */
    PS_SECRET_PARAMETER, /* AWS Systems Manager, Parameter Store */
};

struct ps_secret {
    struct ps_call_client *client;
    const struct ps_secret_source *source;
    bool remote; /* the rest is for a value that is not in the environment */
    enum ps_secret_service service;
    struct ps_span setting; /* NAME_SECRET_ARN or NAME_SSM_NAME, for notes */
    struct ps_span id;      /* ARN or name */
    struct ps_span key;     /* of a member; empty: the whole value */
    struct ps_span url;
    struct ps_call_target target;
    uint64_t refreshed_us; /* monotonic; 0: never */
    bool read;
    size_t len;
    char value[PS_SECRET_BYTES_MAX];
};

/* The value in the body of a 200, or its member key: a slice of body, or on arena. BAD_CONFIG for a secret that cannot
 * serve as one text, UNAVAILABLE for a body that is no answer. */
PS_MUST_USE enum ps_err ps_secret_reply_read(struct ps_arena *arena, enum ps_secret_service service,
                                             struct ps_span body, struct ps_span key, struct ps_span *value);

/* What any other answer means, with a note on how to mend it; never PS_OK. */
PS_MUST_USE enum ps_err ps_secret_reply_refusal(enum ps_secret_service service, uint32_t status, struct ps_span body);

#endif
