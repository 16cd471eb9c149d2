/* What a piece of code writes to a file descriptor, kept in a temporary file without a name. */
#ifndef CAPTURED_H
#define CAPTURED_H

#include "base/span.h"

/* A descriptor to write to; the end of the program when there is none. */
int captured_open(void);

/* All that was written so far, on the heap, NUL-terminated; give it back with free. */
char *captured_text(int fd, size_t *len);

/* Forgets what was written. */
void captured_clear(int fd);

#endif
