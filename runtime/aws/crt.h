/* The floor of the aws-c-* libraries: started once, never stopped. They keep their tables and OpenSSL's for the life
 * of the process, and take memory from malloc (a signature needs about 10 KB, given back at once); when that fails
 * they abort. None of their threads, event loops or TLS is ever started. */
#ifndef PS_CRT_H
#define PS_CRT_H

struct aws_allocator;

/* Calls start, the init function of one of the libraries, which starts those below it. Each of them remembers in a
 * plain variable that it has been started, so threads take turns here; more calls do nothing. */
void ps_crt_open(void (*start)(struct aws_allocator *allocator));

/* What the library's last failure on this thread was: "AWS_AUTH_SIGNING_INVALID_CONFIGURATION". */
const char *ps_crt_error_name(void);

#endif
