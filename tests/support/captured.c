#include "support/captured.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int captured_open(void)
{
    int fd = memfd_create("captured", MFD_CLOEXEC);
    if (fd >= 0) return fd;
    perror("captured_open");
    exit(EXIT_FAILURE);
}

char *captured_text(int fd, size_t *len)
{
    struct stat status = { 0 };
    char *text = NULL;
    if (fstat(fd, &status) == 0) text = malloc((size_t)status.st_size + 1);
    if (text == NULL || pread(fd, text, (size_t)status.st_size, 0) != status.st_size) {
        perror("captured_text");
        exit(EXIT_FAILURE);
    }
    *len = (size_t)status.st_size;
    text[*len] = '\0';
    return text;
}

void captured_clear(int fd)
{
    if (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0) return;
    perror("captured_clear");
    exit(EXIT_FAILURE);
}
