/* What needs a real bootstrap (its symbols, another ABI, a handler that calls services) is in tests/check-objects. */
#include "lambda/loader.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check.h"

static struct ps_arena arena;
static char folder[] = "/tmp/test_loader.XXXXXX";

static enum ps_err try_open(struct ps_loader *loader, const char *handler)
{
    *loader = (struct ps_loader){ .arena = &arena, .task_root = ps_span_of(folder), .own_folder = PS_SPAN("/nowhere") };
    const struct ps_handler *found = NULL;
    enum ps_err err = ps_loader_open(loader, ps_span_of(handler), &found);
    CHECK(found == NULL);
    return err;
}

static void check_refused(const char *handler, const char *error_type)
{
    struct ps_loader loader;
    CHECK_ERR(try_open(&loader, handler), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(ps_span_of(loader.error_type), error_type);
}

static void the_own_folder_is_where_the_program_lies(void)
{
    struct ps_span own;
    CHECK_OK(ps_loader_own_folder(&arena, &own));
    CHECK(own.len > 0 && own.data[0] == '/');
    CHECK(ps_span_ends(own, PS_SPAN("tests/unit/lambda")));
}

static void a_name_that_could_leave_its_folder_is_malformed(void)
{
    static const char *const BAD[] = { "",     ".",         "..",     "../x",         "a/b",
                                       "/abs", ".hidden.h", "name.",  "name.sym bol", "name.sym-bol",
                                       "-x.y", "a..b",      "name b", "na\xc3\xa9",   "a\\b" };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++)
        check_refused(BAD[i], "Runtime.MalformedHandlerName");
}

static void a_name_over_128_bytes_is_malformed(void)
{
    char name[200];
    memset(name, 'n', sizeof name);
    name[128] = '\0';
    check_refused(name, "Runtime.HandlerNotFound");
    name[128] = 'n';
    name[129] = '\0';
    check_refused(name, "Runtime.MalformedHandlerName");
}

static void a_missing_file_is_told_with_every_place(void)
{
    check_refused("missing", "Runtime.HandlerNotFound");
    char wanted[512];
    snprintf(wanted, sizeof wanted,
             "no file for _HANDLER \"missing\": looked for %s/missing.so /nowhere/missing.so "
             "/nowhere/functions/missing.so",
             folder);
    CHECK_TEXT(ps_span_of(ps_err_note()->text), wanted);
    check_refused("missing.symbol", "Runtime.HandlerNotFound");
}

static void a_file_that_is_no_shared_object_is_told_with_the_reason(void)
{
    char path[256];
    snprintf(path, sizeof path, "%s/text.so", folder);
    FILE *file = fopen(path, "we");
    CHECK_OR_RETURN(file != NULL);
    fputs("not ELF", file);
    fclose(file);
    check_refused("text", "Runtime.InvalidHandlerObject");
    CHECK(strstr(ps_err_note()->text, "handler does not load: ") != NULL);
    CHECK(strstr(ps_err_note()->text, "/nowhere/lib/libpenstock-aws.so.1 is not there") != NULL);
    CHECK(remove(path) == 0);
}

static enum ps_err open_missing(void)
{
    struct ps_loader loader;
    enum ps_err err = try_open(&loader, "missing");
    return err == PS_ERR_BAD_CONFIG ? PS_OK : err;
}

static enum ps_err open_own_folder(void)
{
    struct ps_span own;
    return ps_loader_own_folder(&arena, &own);
}

static void a_missing_piece_of_memory_is_an_error(void)
{
    PS_EACH_FAILURE(&arena, open_missing());
    PS_EACH_FAILURE(&arena, open_own_folder());
}

int main(void)
{
    arena = check_arena(1 << 20);
    if (mkdtemp(folder) == NULL) return EXIT_FAILURE;
    RUN(the_own_folder_is_where_the_program_lies);
    RUN(a_name_that_could_leave_its_folder_is_malformed);
    RUN(a_name_over_128_bytes_is_malformed);
    RUN(a_missing_file_is_told_with_every_place);
    RUN(a_file_that_is_no_shared_object_is_told_with_the_reason);
    RUN(a_missing_piece_of_memory_is_an_error);
    (void)rmdir(folder);
    ps_arena_fini(&arena);
    return check_finish();
}
