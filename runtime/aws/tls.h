/* The door to OpenSSL, which libcurl speaks TLS through and aws-c-cal takes digests from: what those two leave to the
 * program. OpenSSL itself is safe to use from several threads, and frees what it keeps for a thread when that ends. */
#ifndef PS_TLS_H
#define PS_TLS_H

#include "base/err.h"

/* Starts OpenSSL without its configuration file, which belongs to another build of it, and without the texts of
 * libcrypto's own errors (those of TLS are there): 0.3 and 0.2 ms. Comes before the first use of libcurl; more calls do
 * nothing. */
void ps_tls_open(void);

/* Seeds the generators of random numbers anew, those of all threads: two processes that go on from one snapshot must
 * not make the same keys. Source: RAND(7) and RAND_poll(3), OpenSSL 3.0. SYSTEM when the kernel gives no entropy. */
PS_MUST_USE enum ps_err ps_tls_reseed(void);

#endif
