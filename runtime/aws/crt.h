/* The floor of the aws-c-* libraries: started once, never stopped. They keep their tables and OpenSSL's for the life
 * of the process, and take memory from malloc (a signature needs about 10 KB, given back at once); when that fails
 * they abort. None of their threads, event loops or TLS is ever started. */
#ifndef PS_CRT_H
#define PS_CRT_H

#include "base/attrs.h"

/* Once per process; more calls do nothing. */
void ps_crt_open(void);

/* What the library's last failure on this thread was: "AWS_AUTH_SIGNING_INVALID_CONFIGURATION". */
const char *ps_crt_error_name(void);

#endif
