#include "lambda/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/assert.h"

#define DEFAULT_SYMBOL "ps_handler"
#define AWS_LIBRARY "lib/libpenstock-aws.so.1"

enum {
    NAME_BYTES_MAX = 128,
    PLACES = 3,
};

struct wanted {
    struct ps_span name;
    const char *symbol;
};

enum ps_err ps_loader_own_folder(struct ps_arena *arena, struct ps_span *out)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path);
    if (len <= 0) PS_FAIL(PS_ERR_SYSTEM, "/proc/self/exe: %s", strerrordesc_np(errno));
    const char *slash = memrchr(path, '/', (size_t)len);
    size_t folder_bytes = slash == NULL || slash == path ? 1 : (size_t)(slash - path);
    char *copy = ps_arena_bytes(arena, folder_bytes);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "folder of the bootstrap");
    memcpy(copy, path, folder_bytes);
    *out = ps_span_make(copy, folder_bytes);
    return PS_OK;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A plain file name: no folder can be named with it. */
static bool is_plain_name(struct ps_span name)
{
    bool ok = name.len > 0 && name.len <= NAME_BYTES_MAX && name.data[0] != '.' && name.data[0] != '-';
    for (size_t i = 0; ok && i < name.len; i++)
        ok = is_word_byte(name.data[i]) || name.data[i] == '-' || name.data[i] == '.';
    return ok && !ps_span_ends(name, PS_SPAN(".")) && ps_span_find(name, PS_SPAN("..")) == PS_SPAN_NONE;
}

static bool is_symbol(struct ps_span symbol)
{
    bool ok = symbol.len > 0 && symbol.len <= NAME_BYTES_MAX;
    for (size_t i = 0; ok && i < symbol.len; i++)
        ok = is_word_byte(symbol.data[i]);
    return ok;
}

/* folder/name suffix, with a NUL. */
static enum ps_err make_path(struct ps_arena *arena, struct ps_span folder, const char *between, struct ps_span name,
                             const char *suffix, const char **out)
{
    struct ps_buf path;
    ps_buf_init(&path, arena, PATH_MAX);
    ps_buf_put(&path, folder);
    ps_buf_put(&path, ps_span_of(between));
    ps_buf_put(&path, name);
    ps_buf_put(&path, ps_span_of(suffix));
    ps_buf_byte(&path, '\0');
    struct ps_span made;
    PS_TRY(ps_buf_finish(&path, &made));
    PS_ASSERT(made.data != NULL);
    *out = made.data;
    return PS_OK;
}

/* The last dot parts name and symbol: a C symbol has none. */
static enum ps_err read_wanted(struct ps_loader *loader, struct ps_span handler, struct wanted *wanted)
{
    loader->error_type = "Runtime.MalformedHandlerName";
    if (handler.len == 0) PS_FAIL(PS_ERR_BAD_CONFIG, "_HANDLER is not set: it names the function, as in log-processor");
    struct ps_span symbol = PS_SPAN(DEFAULT_SYMBOL);
    wanted->name = handler;
    const char *dot = memrchr(handler.data, '.', handler.len);
    if (dot != NULL) {
        wanted->name = ps_span_between(handler.data, dot);
        symbol = ps_span_between(dot + 1, handler.data + handler.len);
    }
    if (!is_plain_name(wanted->name) || !is_symbol(symbol))
        PS_FAIL(PS_ERR_BAD_CONFIG, "_HANDLER \"%.*s\" is not <name> or <name>.<symbol>", PS_SPAN_ARG(handler));
    return make_path(loader->arena, PS_SPAN(""), "", symbol, "", &wanted->symbol);
}

/* The first place that has the file; out is NULL when none has. places[] names them all. */
static enum ps_err find_file(struct ps_loader *loader, struct ps_span name, const char *places[PLACES],
                             const char **out)
{
    size_t count = 0;
    *out = NULL;
    /* Where the whole function is one zip, the two folders are the same. */
    if (loader->task_root.len > 0 && !ps_span_eq(loader->task_root, loader->own_folder))
        PS_TRY(make_path(loader->arena, loader->task_root, "/", name, ".so", &places[count++]));
    PS_TRY(make_path(loader->arena, loader->own_folder, "/", name, ".so", &places[count++]));
    PS_TRY(make_path(loader->arena, loader->own_folder, "/functions/", name, ".so", &places[count++]));
    for (size_t i = 0; i < count && *out == NULL; i++) {
        if (access(places[i], F_OK) == 0) *out = places[i];
    }
    return PS_OK;
}

/* What dlopen said; the text is the C library's until its next call. */
static const char *why(void)
{
    const char *text = dlerror(); // NOLINT(concurrency-mt-unsafe)
    return text == NULL ? "no reason given" : text;
}

/* A handler that calls services refers to libpenstock-aws; the rest open at the first try. */
static enum ps_err open_object(struct ps_loader *loader, const char *path, void **out)
{
    loader->error_type = "Runtime.InvalidHandlerObject";
    *out = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*out != NULL) return PS_OK;
    enum ps_err err = ps_err_raise(PS_ERR_BAD_CONFIG, __FILE__, __LINE__, "handler does not load: %s", why());
    const char *library;
    PS_TRY(make_path(loader->arena, loader->own_folder, "/", PS_SPAN(AWS_LIBRARY), "", &library));
    if (access(library, F_OK) != 0) return ps_err_wrap(err, "%s is not there", library);
    if (dlopen(library, RTLD_NOW | RTLD_GLOBAL) == NULL) PS_FAIL(PS_ERR_BAD_CONFIG, "library does not load: %s", why());
    *out = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (*out == NULL) PS_FAIL(PS_ERR_BAD_CONFIG, "handler does not load: %s", why());
    return PS_OK;
}

static enum ps_err check_handler(struct ps_loader *loader, const char *path, const struct ps_handler *handler)
{
    loader->error_type = "Runtime.InvalidHandlerAbi";
    if (handler->abi != PS_HANDLER_ABI)
        PS_FAIL(PS_ERR_BAD_CONFIG, "%s was built for handler ABI %u, this bootstrap has %u: build it again", path,
                handler->abi, (unsigned)PS_HANDLER_ABI);
    loader->error_type = "Runtime.InvalidHandlerObject";
    if (handler->invoke == NULL) PS_FAIL(PS_ERR_BAD_CONFIG, "%s: the handler has no invoke function", path);
    return PS_OK;
}

enum ps_err ps_loader_open(struct ps_loader *loader, struct ps_span handler, const struct ps_handler **out)
{
    struct wanted wanted = { .symbol = DEFAULT_SYMBOL };
    PS_TRY(read_wanted(loader, handler, &wanted));
    loader->error_type = "Runtime.HandlerNotFound";
    const char *places[PLACES] = { "", "", "" };
    const char *path;
    PS_TRY(find_file(loader, wanted.name, places, &path));
    if (path == NULL)
        PS_FAIL(PS_ERR_BAD_CONFIG, "no file for _HANDLER \"%.*s\": looked for %s %s %s", PS_SPAN_ARG(handler),
                places[0], places[1], places[2]);
    void *object = NULL;
    PS_TRY(open_object(loader, path, &object));
    loader->error_type = "Runtime.HandlerNotFound";
    const struct ps_handler *found = dlsym(object, wanted.symbol);
    if (found == NULL) PS_FAIL(PS_ERR_BAD_CONFIG, "%s has no symbol \"%s\"", path, wanted.symbol);
    PS_TRY(check_handler(loader, path, found));
    *out = found;
    return PS_OK;
}
