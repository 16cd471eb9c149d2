#include "aws/dead_letter.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "aws/digest.h"
#include "aws/s3.h"
#include "base/assert.h"
#include "base/buf.h"
#include "base/time.h"
#include "host/config.h"

enum {
    LETTER_BYTES_MAX = 64 << 20,
    LISTING_BYTES_MAX = 4 << 20, /* 1,000 keys of 1,024 bytes, each byte encoded as three, and what surrounds them */
    KEY_BYTES_MAX = 1024,
    PREFIX_BYTES_MAX = 256,
    TOKEN_BYTES_MAX = 2048,
    PATH_BYTES_MAX = 4096,
    FOLDER_LEVELS = 3, /* year, month, day */
    NAMES_MAX = 1 << 20,
};

struct ps_dead_letter_store {
    struct ps_s3 *s3;         /* or NULL */
    struct ps_span directory; /* or empty */
    struct ps_span prefix;
};

static const struct ps_deadline NO_DEADLINE = { 0 };

/* -- open ------------------------------------------------------------------------------------------------------ */

/* The prefix becomes a part of keys and of folders: words with no way out of them. */
static bool is_key_text(struct ps_span text, bool slash_allowed)
{
    if (text.len == 0 || text.data[0] == '/' || text.data[text.len - 1] == '/') return false;
    if (ps_span_find(text, PS_SPAN("..")) != PS_SPAN_NONE || ps_span_find(text, PS_SPAN("//")) != PS_SPAN_NONE)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '.' || (c == '/' && slash_allowed);
        if (!plain) return false;
    }
    return true;
}

static enum ps_err copy(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    char *data = ps_arena_bytes(arena, text.len);
    if (data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes", text.len);
    if (text.len > 0) memcpy(data, text.data, text.len);
    *out = ps_span_make(data, text.len);
    return PS_OK;
}

static enum ps_err check_options(const struct ps_dead_letter_options *options)
{
    if (options->bucket.len > 0 && options->directory.len > 0)
        PS_FAIL(PS_ERR_BAD_CONFIG, "DEAD_LETTER_BUCKET and DEAD_LETTER_DIR: only one of them may be set");
    if (options->directory.len > 0 && !options->local)
        PS_FAIL(PS_ERR_BAD_CONFIG, "DEAD_LETTER_DIR: a folder keeps nothing in Lambda; it needs PENSTOCK_LOCAL=1");
    if (options->directory.len > PATH_BYTES_MAX / 2)
        PS_FAIL(PS_ERR_BAD_CONFIG, "DEAD_LETTER_DIR: the path is too long");
    if (options->prefix.len > PREFIX_BYTES_MAX || !is_key_text(options->prefix, true))
        PS_FAIL(PS_ERR_BAD_CONFIG, "DEAD_LETTER_PREFIX: it must be letters, digits and - _ . /");
    return PS_OK;
}

void ps_dead_letter_check(const struct ps_dead_letter_options *options, struct ps_buf *mistakes)
{
    if (options->directory.len > 0 && !options->local)
        ps_config_mistake(mistakes,
                          "DEAD_LETTER_DIR is for laptops (PENSTOCK_LOCAL=1): a function's disk goes with it, "
                          "so use DEAD_LETTER_BUCKET");
    if (options->bucket.len > 0 && ps_s3_check_bucket(options->bucket) != PS_OK)
        ps_config_mistake(mistakes, "DEAD_LETTER_BUCKET: %s", ps_err_note()->text);
    if (options->directory.len > 0 && options->bucket.len > 0)
        ps_config_mistake(mistakes, "DEAD_LETTER_BUCKET and DEAD_LETTER_DIR are both set: choose one");
}

enum ps_err ps_dead_letter_open(struct ps_arena *process, struct ps_call_client *client,
                                const struct ps_dead_letter_options *options, struct ps_dead_letter_store **out)
{
    if (options->bucket.len == 0 && options->directory.len == 0) {
        *out = NULL;
        return PS_OK;
    }
    PS_TRY(check_options(options));
    struct ps_dead_letter_store *store = PS_ARENA_NEW(process, struct ps_dead_letter_store);
    if (store == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "dead-letter store");
    PS_TRY(copy(process, options->directory, &store->directory));
    PS_TRY(copy(process, options->prefix, &store->prefix));
    if (options->bucket.len > 0) PS_TRY(ps_s3_open(process, client, options->bucket, &store->s3));
    *out = store;
    return PS_OK;
}

/* -- keys ------------------------------------------------------------------------------------------------------ */

/* Days that four digits can write; an absurd stamp is kept under the nearest of them. */
static int64_t clamp_time(int64_t time_ms)
{
    static const int64_t LAST_MS = 253402300799999; /* 9999-12-31T23:59:59.999Z */
    if (time_ms < 0) return 0;
    return time_ms < LAST_MS ? time_ms : LAST_MS;
}

/* The length goes first, so that coordinates and body cannot lend each other bytes. */
static enum ps_err name_of(struct ps_span coordinates, struct ps_span body, char hex[PS_DIGEST_SHA256_HEX_BYTES])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%zu:", coordinates.len);
    PS_ASSERT(len > 0);
    const struct ps_span parts[] = { { digits, (size_t)len }, coordinates, body };
    return ps_digest_sha256_hex(parts, 3, hex);
}

static enum ps_err make_key(const struct ps_dead_letter_store *store, struct ps_arena *arena, int64_t time_ms,
                            struct ps_span coordinates, struct ps_span body, struct ps_span *out)
{
    char day[PS_TIME_DAY_BYTES], hex[PS_DIGEST_SHA256_HEX_BYTES];
    ps_time_day(clamp_time(time_ms), '/', day);
    PS_TRY(name_of(coordinates, body, hex));
    struct ps_buf buf;
    ps_buf_init(&buf, arena, KEY_BYTES_MAX);
    ps_buf_put(&buf, store->prefix);
    ps_buf_byte(&buf, '/');
    ps_buf_put(&buf, ps_span_make(day, sizeof day));
    ps_buf_byte(&buf, '/');
    ps_buf_put(&buf, ps_span_make(hex, sizeof hex));
    ps_buf_put(&buf, PS_SPAN(".jsonl"));
    return ps_buf_finish(&buf, out);
}

/* -- the folder form ------------------------------------------------------------------------------------------- */

/* NUL-terminated "<directory>/<key><suffix>"; the key is checked, since replay is given keys from outside. */
static enum ps_err make_path(const struct ps_dead_letter_store *store, struct ps_arena *arena, struct ps_span key,
                             struct ps_span suffix, char **out)
{
    if (!is_key_text(key, true)) PS_FAIL(PS_ERR_REFUSED, "dead-letter key of %zu bytes: not one of ours", key.len);
    struct ps_buf buf;
    struct ps_span path;
    ps_buf_init(&buf, arena, PATH_BYTES_MAX);
    ps_buf_put(&buf, store->directory);
    ps_buf_byte(&buf, '/');
    ps_buf_put(&buf, key);
    ps_buf_put(&buf, suffix);
    ps_buf_byte(&buf, '\0');
    PS_TRY(ps_buf_finish(&buf, &path));
    *out = buf.data;
    return PS_OK;
}

/* Makes every folder above the file; path is changed and put back. */
static enum ps_err make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int code = mkdir(path, 0777);
        int reason = errno;
        *slash = '/';
        if (code != 0 && reason != EEXIST) PS_FAIL(PS_ERR_SYSTEM, "dead-letter folder: %s", strerror(reason));
    }
    return PS_OK;
}

static enum ps_err write_all(int fd, struct ps_span body)
{
    while (body.len > 0) {
        ssize_t wrote = write(fd, body.data, body.len);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) PS_FAIL(PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
        body = ps_span_from(body, (size_t)wrote);
    }
    if (fsync(fd) != 0) PS_FAIL(PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
    return PS_OK;
}

static enum ps_err write_file(const char *path, struct ps_span body)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) PS_FAIL(PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
    enum ps_err err = write_all(fd, body);
    if (close(fd) != 0 && err == PS_OK) PS_FAIL(PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
    return err;
}

/* A name that was renamed is kept only once its folder is on the disk. */
static enum ps_err sync_folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    PS_ASSERT(slash != NULL);
    *slash = '\0';
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *slash = '/';
    if (fd < 0 || fsync(fd) != 0) {
        int reason = errno;
        if (fd >= 0) close(fd);
        PS_FAIL(PS_ERR_SYSTEM, "dead-letter folder: %s", strerror(reason));
    }
    close(fd);
    return PS_OK;
}

static enum ps_err put_file(const struct ps_dead_letter_store *store, struct ps_arena *arena, struct ps_span key,
                            struct ps_span body)
{
    char *path = NULL, *unfinished = NULL;
    char suffix[32];
    (void)snprintf(suffix, sizeof suffix, ".unfinished-%ld", (long)getpid());
    PS_TRY(make_path(store, arena, key, PS_SPAN(""), &path));
    PS_TRY(make_path(store, arena, key, ps_span_of(suffix), &unfinished));
    PS_TRY(make_folders(path));
    enum ps_err err = write_file(unfinished, body);
    if (err != PS_OK) {
        (void)unlink(unfinished);
        return err;
    }
    if (rename(unfinished, path) != 0) PS_FAIL(PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
    return sync_folder_of(path);
}

static enum ps_err read_all(int fd, struct ps_arena *arena, size_t size, struct ps_span *out)
{
    char *data = ps_arena_bytes(arena, size);
    if (data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "dead letter of %zu bytes", size);
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, data + len, size - len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) PS_FAIL(PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
        if (got == 0) break;
        len += (size_t)got;
    }
    *out = ps_span_make(data, len);
    return PS_OK;
}

static enum ps_err get_file(const struct ps_dead_letter_store *store, struct ps_arena *arena, struct ps_span key,
                            struct ps_span *body)
{
    char *path = NULL;
    PS_TRY(make_path(store, arena, key, PS_SPAN(""), &path));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) PS_FAIL(errno == ENOENT ? PS_ERR_NOT_FOUND : PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
    struct stat status;
    enum ps_err err = PS_OK;
    if (fstat(fd, &status) != 0)
        err = ps_err_raise(PS_ERR_SYSTEM, __FILE__, __LINE__, "dead-letter file: %s", strerror(errno));
    else if (status.st_size > LETTER_BYTES_MAX)
        err =
            ps_err_raise(PS_ERR_TOO_LARGE, __FILE__, __LINE__, "dead letter of %lld bytes", (long long)status.st_size);
    else
        err = read_all(fd, arena, (size_t)status.st_size, body);
    close(fd);
    return err;
}

static enum ps_err delete_file(const struct ps_dead_letter_store *store, struct ps_arena *arena, struct ps_span key)
{
    char *path = NULL;
    PS_TRY(make_path(store, arena, key, PS_SPAN(""), &path));
    if (unlink(path) != 0 && errno != ENOENT) PS_FAIL(PS_ERR_SYSTEM, "dead-letter file: %s", strerror(errno));
    return PS_OK;
}

/* Keys (of folders, at the end of files) under the store, on an arena. */
struct names {
    struct ps_span *list;
    size_t count;
    size_t cap;
};

static enum ps_err add_name(struct ps_arena *arena, struct names *names, struct ps_span folder, struct ps_span name)
{
    if (names->count == names->cap) {
        if (names->cap == NAMES_MAX) PS_FAIL(PS_ERR_TOO_LARGE, "more than %d dead letters in the folder", NAMES_MAX);
        size_t cap = names->cap == 0 ? 64 : names->cap * 2;
        struct ps_span *list = PS_ARENA_ARRAY(arena, struct ps_span, cap);
        if (list == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu names of dead letters", cap);
        if (names->count > 0) memcpy(list, names->list, names->count * sizeof *list);
        names->list = list;
        names->cap = cap;
    }
    struct ps_buf buf;
    ps_buf_init(&buf, arena, KEY_BYTES_MAX);
    ps_buf_put(&buf, folder);
    ps_buf_byte(&buf, '/');
    ps_buf_put(&buf, name);
    PS_TRY(ps_buf_finish(&buf, &names->list[names->count]));
    names->count++;
    return PS_OK;
}

static enum ps_err read_folder(const struct ps_dead_letter_store *store, struct ps_arena *arena, struct ps_span folder,
                               bool files, struct names *names)
{
    char *path = NULL;
    PS_TRY(make_path(store, arena, folder, PS_SPAN(""), &path));
    DIR *entries = opendir(path);
    if (entries == NULL && (errno == ENOENT || errno == ENOTDIR)) return PS_OK; /* nothing has died there yet */
    if (entries == NULL) PS_FAIL(PS_ERR_SYSTEM, "dead-letter folder: %s", strerror(errno));
    enum ps_err err = PS_OK;
    for (struct dirent *entry; err == PS_OK && (entry = readdir(entries)) != NULL;) {
        struct ps_span name = ps_span_of(entry->d_name);
        bool ours = name.data[0] != '.' && is_key_text(name, false) && files == ps_span_ends(name, PS_SPAN(".jsonl"));
        if (ours) err = add_name(arena, names, folder, name);
    }
    (void)closedir(entries);
    return err;
}

static int compare_names(const void *a, const void *b)
{
    const struct ps_span *x = a, *y = b;
    size_t shorter = x->len < y->len ? x->len : y->len;
    int order = memcmp(x->data, y->data, shorter);
    if (order != 0) return order;
    return (x->len > y->len) - (x->len < y->len);
}

static enum ps_err list_files(const struct ps_dead_letter_store *store, struct ps_arena *arena,
                              ps_dead_letter_visit *visit, void *context)
{
    struct ps_span prefix = store->prefix;
    struct names folders = { .list = &prefix, .count = 1 };
    for (int level = 0; level <= FOLDER_LEVELS; level++) {
        struct names inside = { 0 };
        for (size_t i = 0; i < folders.count; i++)
            PS_TRY(read_folder(store, arena, folders.list[i], level == FOLDER_LEVELS, &inside));
        folders = inside;
    }
    if (folders.count > 0) qsort(folders.list, folders.count, sizeof *folders.list, compare_names);
    for (size_t i = 0; i < folders.count; i++)
        PS_TRY(visit(context, folders.list[i]));
    return PS_OK;
}

/* -- the bucket form ------------------------------------------------------------------------------------------- */

static struct ps_s3_limits reading_limits(size_t bytes_max)
{
    return (struct ps_s3_limits){ .deadline = &NO_DEADLINE, .response_bytes_max = bytes_max };
}

static enum ps_err visit_page(const struct ps_s3_page *page, ps_dead_letter_visit *visit, void *context)
{
    for (size_t i = 0; i < page->count; i++) {
        if (ps_span_ends(page->keys[i], PS_SPAN(".jsonl"))) PS_TRY(visit(context, page->keys[i]));
    }
    return PS_OK;
}

/* Page by page, the arena rewound after each: a bucket may hold more than memory does. */
static enum ps_err list_objects(const struct ps_dead_letter_store *store, struct ps_arena *arena,
                                ps_dead_letter_visit *visit, void *context)
{
    char prefix_text[PREFIX_BYTES_MAX + 1], token_text[TOKEN_BYTES_MAX];
    memcpy(prefix_text, store->prefix.data, store->prefix.len);
    prefix_text[store->prefix.len] = '/';
    struct ps_span prefix = { prefix_text, store->prefix.len + 1 }, token = PS_SPAN("");
    struct ps_s3_limits limits = reading_limits(LISTING_BYTES_MAX);
    do {
        struct ps_arena_mark mark = ps_arena_mark(arena);
        struct ps_s3_page page;
        PS_TRY(ps_s3_list(store->s3, arena, &limits, prefix, token, &page));
        if (page.next_token.len > sizeof token_text)
            PS_FAIL(PS_ERR_TOO_LARGE, "S3 listing: token of %zu bytes", page.next_token.len);
        memcpy(token_text, page.next_token.len > 0 ? page.next_token.data : "", page.next_token.len);
        token = ps_span_make(token_text, page.next_token.len);
        PS_TRY(visit_page(&page, visit, context));
        ps_arena_rewind(arena, mark);
    } while (token.len > 0);
    return PS_OK;
}

/* -- both ------------------------------------------------------------------------------------------------------ */

enum ps_err ps_dead_letter_put(struct ps_dead_letter_store *store, struct ps_arena *arena,
                               const struct ps_deadline *deadline, int64_t time_ms, struct ps_span coordinates,
                               struct ps_span body)
{
    if (body.len > LETTER_BYTES_MAX) PS_FAIL(PS_ERR_TOO_LARGE, "dead letter of %zu bytes", body.len);
    struct ps_span key;
    PS_TRY(make_key(store, arena, time_ms, coordinates, body, &key));
    if (store->s3 == NULL) return put_file(store, arena, key, body);
    struct ps_s3_limits limits = { .deadline = deadline, .hard_deadline = true };
    return ps_s3_put(store->s3, arena, &limits, key, PS_SPAN("application/x-ndjson"), body);
}

enum ps_err ps_dead_letter_list(struct ps_dead_letter_store *store, struct ps_arena *arena, ps_dead_letter_visit *visit,
                                void *context)
{
    if (store->s3 == NULL) return list_files(store, arena, visit, context);
    return list_objects(store, arena, visit, context);
}

enum ps_err ps_dead_letter_get(struct ps_dead_letter_store *store, struct ps_arena *arena, struct ps_span key,
                               struct ps_span *body)
{
    if (store->s3 == NULL) return get_file(store, arena, key, body);
    struct ps_s3_limits limits = reading_limits(LETTER_BYTES_MAX);
    return ps_s3_get(store->s3, arena, &limits, key, body);
}

enum ps_err ps_dead_letter_delete(struct ps_dead_letter_store *store, struct ps_arena *arena, struct ps_span key)
{
    if (store->s3 == NULL) return delete_file(store, arena, key);
    struct ps_s3_limits limits = reading_limits(0);
    return ps_s3_delete(store->s3, arena, &limits, key);
}
