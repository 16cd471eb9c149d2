#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "penstock_commands.h"

/* Larger than any Lambda event; a file over it is not one. */
enum { INPUT_BYTES_MAX = 64 << 20, READ_BYTES = 1 << 20, RED_ZONES = 64 << 10 };

bool command_help(int argc, char **argv, const char *help)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(help, stdout);
            return true;
        }
    }
    return false;
}

int command_fault(const char *what)
{
    fprintf(stderr, "penstock: %s: %s\n", what, ps_err_note()->text);
    return COMMAND_FAILED;
}

void command_counts(const struct ps_account *account)
{
    fprintf(stderr, "in %lu%s", (unsigned long)account->in, account->in > 0 ? ":" : "");
    for (int verdict = 0; verdict < PS_VERDICT_COUNT; verdict++) {
        if (account->verdicts[verdict] == 0) continue;
        fprintf(stderr, " %s %lu", ps_account_verdict_name((enum ps_verdict)verdict),
                (unsigned long)account->verdicts[verdict]);
    }
    fprintf(stderr, "; control %lu, unparsed %lu, redacted %lu, repaired %lu, cut %lu\n",
            (unsigned long)account->control, (unsigned long)account->unparsed, (unsigned long)account->redacted,
            (unsigned long)account->repaired, (unsigned long)account->cut);
}

static enum ps_err read_all(int fd, char *data, struct ps_span *out)
{
    size_t len = 0;
    for (;;) {
        if (len == INPUT_BYTES_MAX) PS_FAIL(PS_ERR_TOO_LARGE, "more than %d bytes", INPUT_BYTES_MAX);
        size_t room = INPUT_BYTES_MAX - len;
        ssize_t got = read(fd, data + len, room < READ_BYTES ? room : READ_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) PS_FAIL(PS_ERR_SYSTEM, "read: %s", strerror(errno));
        if (got == 0) break;
        len += (size_t)got;
    }
    if (len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "the input is empty");
    *out = ps_span_make(data, len);
    return PS_OK;
}

static enum ps_err read_input(const char *name, char *data, struct ps_span *out)
{
    bool standard_input = strcmp(name, "-") == 0;
    int fd = standard_input ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) PS_FAIL(PS_ERR_SYSTEM, "open: %s", strerror(errno));
    enum ps_err err = read_all(fd, data, out);
    if (!standard_input) (void)close(fd);
    return err;
}

int command_each_input(int argc, char **argv, command_input *visit, void *context)
{
    static char standard_input[] = "-";
    char *only[] = { standard_input };
    char **names = argc > 1 ? argv + 1 : only;
    int count = argc > 1 ? argc - 1 : 1;
    for (int i = 0; i < count; i++) {
        if (names[i][0] != '-' || names[i][1] == '\0') continue;
        fprintf(stderr, "penstock: there is no option '%s' (--help tells what there is)\n", names[i]);
        return COMMAND_USAGE;
    }
    struct ps_arena arena;
    /* Sanitizer builds put red zones around what an arena gives out. */
    if (ps_arena_init(&arena, INPUT_BYTES_MAX + RED_ZONES) != PS_OK) return command_fault("memory");
    char *data = ps_arena_bytes(&arena, INPUT_BYTES_MAX);
    bool progress = count > 1 && isatty(STDERR_FILENO) == 1;
    int result = data == NULL ? COMMAND_FAILED : COMMAND_DONE;
    for (int i = 0; i < count && data != NULL; i++) {
        if (progress) fprintf(stderr, "\r%d of %d", i + 1, count);
        struct ps_span bytes = { 0 };
        enum ps_err err = read_input(names[i], data, &bytes);
        if (err == PS_OK) err = visit(context, names[i], bytes);
        if (err != PS_OK) result = command_fault(names[i]);
    }
    if (progress) fputc('\n', stderr);
    ps_arena_fini(&arena);
    return result;
}
