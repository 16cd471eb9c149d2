#include "aws/tls.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

/* How often a generator has been given a new seed. */
static unsigned seeds_of(EVP_RAND_CTX *generator)
{
    unsigned count = 0;
    OSSL_PARAM parameters[] = { OSSL_PARAM_construct_uint(OSSL_DRBG_PARAM_RESEED_COUNTER, &count),
                                OSSL_PARAM_construct_end() };
    CHECK_EQ(EVP_RAND_CTX_get_params(generator, parameters), 1);
    return count;
}

/* Such a file would take SHA-256 and all else away. */
static void the_machines_configuration_is_not_read(void)
{
    char path[] = "/tmp/penstock-test-openssl-XXXXXX";
    int fd = mkstemp(path);
    CHECK_OR_RETURN(fd >= 0);
    CHECK(dprintf(fd, "openssl_conf = a\n[a]\nalg_section = b\n[b]\ndefault_properties = fips=yes\n") > 0);
    close(fd);
    setenv("OPENSSL_CONF", path, 1);
    ps_tls_open();
    EVP_MD *digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    CHECK(digest != NULL);
    EVP_MD_free(digest);
    unlink(path);
}

static void a_new_seed_reaches_the_generators_of_the_thread(void)
{
    unsigned char bytes[16];
    ps_tls_open();
    CHECK_EQ(RAND_bytes(bytes, sizeof bytes), 1);
    CHECK_EQ(RAND_priv_bytes(bytes, sizeof bytes), 1);
    unsigned public_before = seeds_of(RAND_get0_public(NULL)), private_before = seeds_of(RAND_get0_private(NULL));
    CHECK_OK(ps_tls_reseed());
    CHECK_EQ(RAND_bytes(bytes, sizeof bytes), 1);
    CHECK_EQ(RAND_priv_bytes(bytes, sizeof bytes), 1);
    CHECK(seeds_of(RAND_get0_public(NULL)) != public_before);
    CHECK(seeds_of(RAND_get0_private(NULL)) != private_before);
}

int main(void)
{
    RUN(the_machines_configuration_is_not_read);
    RUN(a_new_seed_reaches_the_generators_of_the_thread);
    return check_finish();
}
