#include "aws/tls.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

void ps_tls_open(void)
{
    /* If this fails, so will the first thing that is asked of OpenSSL, and tells why. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS, NULL);
}

enum ps_err ps_tls_reseed(void)
{
    /* Reseeds the primary generator; those of the threads see that at their next use and take a new seed from it. */
    if (RAND_poll() != 1) PS_FAIL(PS_ERR_SYSTEM, "OpenSSL: no entropy for its random numbers");
    return PS_OK;
}
