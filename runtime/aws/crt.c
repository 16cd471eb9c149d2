#include "aws/crt.h"

#include <aws/common/allocator.h>
#include <aws/common/common.h>
#include <aws/common/error.h>
#include <pthread.h>
#include <stddef.h>

/* aws_common_library_init opens libnuma by name where it is installed: 0.3 ms and 0.6 MB for a library that nothing
 * here uses. libpenstock-aws is linked with --wrap=dlopen, so that no library inside it can load another one. */
void *__wrap_dlopen(const char *file, int mode);
void *__wrap_dlopen(const char *file, int mode)
{
    (void)file;
    (void)mode;
    return NULL;
}

void ps_crt_open(void (*start)(struct aws_allocator *allocator))
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&lock);
    start(aws_default_allocator());
    pthread_mutex_unlock(&lock);
}

const char *ps_crt_error_name(void)
{
    return aws_error_name(aws_last_error());
}
