#include "aws/s3_read_priv.h"

#define OTHER_REGION ": the bucket is in another region than the function"
#define NO_ACCESS \
    ": the role needs s3:GetObject (s3:GetObjectVersion for a version) on the object, kms:Decrypt where a key " \
    "encrypts it, and s3:ListBucket on the bucket, without which a missing object looks like this"
#define BAD_CREDENTIALS ": credentials refused: check the function's role, and the clock"

#define RETRY PS_S3_READ_NEXT_RETRY, PS_S3_READ_FAULT, PS_ERR_UNAVAILABLE, ""
#define THROTTLED PS_S3_READ_NEXT_THROTTLED, PS_S3_READ_FAULT, PS_ERR_THROTTLED, ""
#define DENIED(remedy) PS_S3_READ_NEXT_DENIED, PS_S3_READ_FAULT, PS_ERR_DENIED, remedy
#define FAULT(remedy) PS_S3_READ_NEXT_STOP, PS_S3_READ_FAULT, PS_ERR_BAD_CONFIG, remedy
#define END(name) PS_S3_READ_NEXT_STOP, PS_S3_READ_##name, PS_OK, ""

/* Amazon S3 API reference, "Error responses". S3 tells of ended credentials with 400. */
static const struct {
    struct ps_span code;
    struct ps_s3_read_verdict verdict;
} CODES[] = {
    { PS_SPAN_INIT("NoSuchKey"), { END(GONE) } },
    { PS_SPAN_INIT("NoSuchVersion"), { END(GONE) } },
    { PS_SPAN_INIT("InvalidObjectState"), { END(ARCHIVED) } },
    { PS_SPAN_INIT("PreconditionFailed"), { END(CHANGED) } },
    { PS_SPAN_INIT("NoSuchBucket"), { FAULT(": no such bucket") } },
    { PS_SPAN_INIT("PermanentRedirect"), { FAULT(OTHER_REGION) } },
    { PS_SPAN_INIT("AuthorizationHeaderMalformed"), { FAULT(OTHER_REGION) } },
    { PS_SPAN_INIT("AccessDenied"), { DENIED(NO_ACCESS) } },
    { PS_SPAN_INIT("ExpiredToken"), { DENIED(BAD_CREDENTIALS) } },
    { PS_SPAN_INIT("InvalidToken"), { DENIED(BAD_CREDENTIALS) } },
    { PS_SPAN_INIT("TokenRefreshRequired"), { DENIED(BAD_CREDENTIALS) } },
    { PS_SPAN_INIT("SlowDown"), { THROTTLED } },
    { PS_SPAN_INIT("RequestTimeout"), { RETRY } },
};

/* The first rule that fits decides. */
static const struct {
    uint32_t min, max;
    struct ps_s3_read_verdict verdict;
} STATUSES[] = {
    { 200, 200, { .next = PS_S3_READ_NEXT_TAKE } },
    { 206, 206, { .next = PS_S3_READ_NEXT_TAKE } },
    { 301, 307, { FAULT(OTHER_REGION) } },
    { 401, 401, { DENIED(BAD_CREDENTIALS) } },
    { 403, 403, { DENIED(BAD_CREDENTIALS) } },
    { 408, 408, { RETRY } },
    { 412, 412, { END(CHANGED) } },
    { 416, 416, { .next = PS_S3_READ_NEXT_BEYOND } },
    { 429, 429, { THROTTLED } },
    { 500, 599, { RETRY } },
};

struct ps_s3_read_verdict ps_s3_read_verdict(uint32_t status, struct ps_span code, bool delete_marker)
{
    if (delete_marker && (status == 404 || status == 405)) return (struct ps_s3_read_verdict){ END(DELETED) };
    for (size_t i = 0; i < sizeof CODES / sizeof CODES[0]; i++)
        if (ps_span_eq(code, CODES[i].code)) return CODES[i].verdict;
    for (size_t i = 0; i < sizeof STATUSES / sizeof STATUSES[0]; i++)
        if (status >= STATUSES[i].min && status <= STATUSES[i].max) return STATUSES[i].verdict;
    return (struct ps_s3_read_verdict){ FAULT(": no answer of S3's to GetObject") };
}
