/* What the s3_read*.c files share.
 *
 *   s3_read.c          the ring of parts: which are asked for when, and how their bytes are given in order
 *   s3_read_verdict.c  what an answer means: tables
 *
 * A part's life: FREE -> WAITING -> FLYING -> (WAITING again, after a pause or at once) -> READY or FAILED -> FREE.
 * Parts lie in a ring in the order of their bytes. A failure is told when its part has come to the front. */
#ifndef PS_S3_READ_PRIV_H
#define PS_S3_READ_PRIV_H

#include "aws/http.h"
#include "aws/s3_read.h"

/* What is done about an answer. */
enum ps_s3_read_next {
    PS_S3_READ_NEXT_TAKE,
    PS_S3_READ_NEXT_RETRY,     /* may pass */
    PS_S3_READ_NEXT_THROTTLED, /* the same, and not soon */
    PS_S3_READ_NEXT_DENIED,    /* read the credentials again, once; then it is a fault */
    PS_S3_READ_NEXT_BEYOND,    /* the range begins where the object has nothing */
    PS_S3_READ_NEXT_STOP,      /* with end, and err where that is FAULT */
};

struct ps_s3_read_verdict {
    enum ps_s3_read_next next;
    enum ps_s3_read_end end;
    enum ps_err err;    /* what it is when no retry is left */
    const char *remedy; /* for people */
};

/* By the code where it is known, else by the status. */
struct ps_s3_read_verdict ps_s3_read_verdict(uint32_t status, struct ps_span code, bool delete_marker);

#endif
