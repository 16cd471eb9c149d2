#include "support/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned passed;
static unsigned failed;
static bool test_failed;

static bool report(bool ok, const char *what, const char *file, int line)
{
    if (ok) return true;
    test_failed = true;
    printf("# %s:%d: %s\n", file, line, what);
    return false;
}

bool check_true(bool ok, const char *what, const char *file, int line)
{
    return report(ok, what, file, line);
}

bool check_i64(int64_t got, int64_t wanted, const char *what, const char *file, int line)
{
    if (got == wanted) return true;
    (void)report(false, what, file, line);
    printf("#   got %" PRId64 ", wanted %" PRId64 "\n", got, wanted);
    return false;
}

static void print_span(const char *label, struct ps_span span)
{
    printf("#   %s (%zu bytes): ", label, span.len);
    for (size_t i = 0; i < span.len && i < 400; i++) {
        unsigned char c = (unsigned char)span.data[i];
        if (c >= 0x20 && c < 0x7f)
            putchar(c);
        else
            printf("\\x%02x", c);
    }
    putchar('\n');
}

bool check_span(struct ps_span got, struct ps_span wanted, const char *what, const char *file, int line)
{
    if (ps_span_eq(got, wanted)) return true;
    (void)report(false, what, file, line);
    print_span("got", got);
    print_span("wanted", wanted);
    return false;
}

bool check_err(enum ps_err got, enum ps_err wanted, const char *what, const char *file, int line)
{
    if (got == wanted) return true;
    (void)report(false, what, file, line);
    printf("#   got %s, wanted %s", ps_err_name(got), ps_err_name(wanted));
    if (got != PS_OK) printf(" (%s)", ps_err_note()->text);
    putchar('\n');
    return false;
}

void check_run(const char *name, void (*test)(void))
{
    test_failed = false;
    test();
    if (test_failed)
        failed++;
    else
        passed++;
    printf("%s %s\n", test_failed ? "not ok" : "ok", name);
    fflush(stdout);
}

int check_finish(void)
{
    printf("# %u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

struct ps_arena check_arena(size_t ceiling_bytes)
{
    struct ps_arena arena;
    if (ps_arena_init(&arena, ceiling_bytes) != PS_OK) {
        printf("# no arena: %s\n", ps_err_note()->text);
        exit(EXIT_FAILURE);
    }
    return arena;
}
