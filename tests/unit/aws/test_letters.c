#include "aws/letters.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base64.h"
#include "support/check.h"

static char folder[] = "/tmp/penstock-test-letters-XXXXXX";
static const struct ps_deadline NO_DEADLINE = { 0 };
static const int64_t NOON_MS = 1795262400000; /* 2026-11-21T12:00:00Z */

static struct ps_arena process;
static struct ps_arena arena;

static const struct ps_span ITEM = PS_SPAN_INIT("{\"create\":{\"_index\":\"app-logs-2026.11.21\",\"_id\":\"1\"}}\n"
                                                "{\"message\":\"m\",\"fields\":{\"a\":1}}\n");

static struct ps_dead_letter_store *open_store(const char *directory)
{
    struct ps_dead_letter_store *store = NULL;
    const struct ps_dead_letter_options options = {
        .directory = ps_span_of(directory),
        .prefix = PS_SPAN("log-processor"),
        .local = true,
    };
    CHECK_OK(ps_dead_letter_open(&process, NULL, &options, &store));
    return store;
}

static enum ps_err keep_key(void *context, struct ps_span key)
{
    struct ps_span *keys = context;
    while (keys->len > 0)
        keys++;
    *keys = key;
    return PS_OK;
}

/* Keys of all objects, ended by an empty one. */
static size_t list(struct ps_dead_letter_store *store, struct ps_span keys[8])
{
    size_t count = 0;
    memset(keys, 0, 8 * sizeof *keys);
    CHECK_OK(ps_dead_letter_list(store, &process, keep_key, keys));
    while (count < 8 && keys[count].len > 0)
        count++;
    return count;
}

/* The only object's text, which is deleted. */
static struct ps_span take_only(struct ps_dead_letter_store *store)
{
    struct ps_span keys[8];
    struct ps_span body = { 0 };
    if (!CHECK_EQ(list(store, keys), 1)) return body;
    CHECK(ps_span_starts(keys[0], PS_SPAN("log-processor/2026/11/21/")));
    CHECK_OK(ps_dead_letter_get(store, &process, keys[0], &body));
    CHECK_OK(ps_dead_letter_delete(store, &process, keys[0]));
    return body;
}

static void begin(struct ps_letters *letters, struct ps_dead_letter_store *store)
{
    ps_arena_reset(&arena, 0);
    CHECK_OK(ps_letters_begin(letters, &arena, store));
    ps_letters_first_record(letters, PS_SPAN("3931"), NOON_MS);
}

static void add(struct ps_letters *letters, uint64_t tag, const char *type)
{
    CHECK_OK(ps_letters_add_item(letters, tag, PS_SPAN("rejected"), 400, ps_span_of(type), PS_SPAN("status"), ITEM));
}

static void a_letter_is_the_documented_line(void)
{
    struct ps_letters letters;
    struct ps_dead_letter_store *store = open_store(folder);
    begin(&letters, store);
    add(&letters, 1, "mapper_parsing_exception");
    CHECK_OK(ps_letters_add_item(&letters, 2, PS_SPAN("undelivered"), 0, PS_SPAN("deadline"), PS_SPAN(""), ITEM));
    CHECK_OK(ps_letters_add_raw(&letters, 3, "base64 stops at byte 4", PS_SPAN("no \"base64\""), true));
    CHECK_OK(ps_letters_add_raw(&letters, 4, "message_missing", PS_SPAN("{\"id\":\"1\"}"), false));
    CHECK_OK(ps_letters_put(&letters, &arena, &NO_DEADLINE));
    CHECK_EQ(letters.put, 4);
    CHECK_EQ(letters.count, 0);
    CHECK_TEXT(
        take_only(store),
        "{\"reason\":\"rejected\",\"status\":400,\"type\":\"mapper_parsing_exception\",\"field\":\"status\",\"action\":"
        "{\"create\":{\"_index\":\"app-logs-2026.11.21\",\"_id\":\"1\"}},\"document\":{\"message\":\"m\",\"fields\":{"
        "\"a\":1}}}\n"
        "{\"reason\":\"undelivered\",\"status\":0,\"type\":\"deadline\",\"action\":{\"create\":{\"_index\":\"app-logs-"
        "2026.11.21\",\"_id\":\"1\"}},\"document\":{\"message\":\"m\",\"fields\":{\"a\":1}}}\n"
        "{\"reason\":\"undecodable\",\"detail\":\"base64 stops at byte 4\",\"data\":\"no \\\"base64\\\"\"}\n"
        "{\"reason\":\"undecodable\",\"detail\":\"message_missing\",\"raw\":\"eyJpZCI6IjEifQ==\"}\n");
}

/* Answers come in any order: the object must be the same, or each retry would add one. */
static void letters_are_sorted_so_that_the_order_of_answers_does_not_matter(void)
{
    static const uint64_t ORDERS[][4] = { { 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 2, 4, 1, 3 } };
    struct ps_dead_letter_store *store = open_store(folder);
    for (size_t i = 0; i < 3; i++) {
        struct ps_letters letters;
        begin(&letters, store);
        for (size_t n = 0; n < 4; n++) {
            char type[8];
            snprintf(type, sizeof type, "t%llu", (unsigned long long)ORDERS[i][n]);
            add(&letters, ORDERS[i][n] << 32 | 7, type);
        }
        CHECK_OK(ps_letters_put(&letters, &arena, &NO_DEADLINE));
    }
    struct ps_span body = take_only(store);
    ptrdiff_t before = -1;
    for (int n = 1; n <= 4; n++) {
        char type[16];
        snprintf(type, sizeof type, "\"t%d\"", n);
        ptrdiff_t at = ps_span_find(body, ps_span_of(type));
        CHECK(at > before);
        before = at;
    }
}

/* What the coordinates lay on may be gone when the object is named. */
static void the_key_does_not_depend_on_memory_that_was_taken_back(void)
{
    struct ps_dead_letter_store *store = open_store(folder);
    for (int i = 0; i < 2; i++) {
        struct ps_letters letters;
        ps_arena_reset(&arena, 0);
        CHECK_OK(ps_letters_begin(&letters, &arena, store));
        char id[] = "3931234567890";
        ps_letters_first_record(&letters, ps_span_of(id), NOON_MS);
        if (i == 1) memset(id, 'x', sizeof id - 1);
        add(&letters, 1, "t");
        CHECK_OK(ps_letters_put(&letters, &arena, &NO_DEADLINE));
    }
    CHECK(take_only(store).len > 0);
}

static void a_payload_without_a_first_record_has_a_key_too(void)
{
    struct ps_letters letters;
    struct ps_span keys[8];
    struct ps_dead_letter_store *store = open_store(folder);
    ps_arena_reset(&arena, 0);
    CHECK_OK(ps_letters_begin(&letters, &arena, store));
    CHECK_OK(ps_letters_add_raw(&letters, 0, "gzip", PS_SPAN("AAAA"), true));
    CHECK_OK(ps_letters_put(&letters, &arena, &NO_DEADLINE));
    if (!CHECK_EQ(list(store, keys), 1)) return;
    CHECK(ps_span_starts(keys[0], PS_SPAN("log-processor/1970/01/01/")));
    CHECK_OK(ps_dead_letter_delete(store, &process, keys[0]));
}

static void nothing_to_put_is_fine_even_without_a_store(void)
{
    struct ps_letters letters;
    begin(&letters, NULL);
    CHECK_OK(ps_letters_put(&letters, &arena, &NO_DEADLINE));
    CHECK(!ps_letters_full(&letters));
}

static void without_a_store_a_put_fails_and_names_the_setting(void)
{
    struct ps_letters letters;
    begin(&letters, NULL);
    add(&letters, 1, "t");
    CHECK_ERR(ps_letters_put(&letters, &arena, &NO_DEADLINE), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "DEAD_LETTER_BUCKET") != NULL);
    CHECK_EQ(letters.put, 0);
    CHECK_EQ(letters.count, 1);
}

static void a_store_that_refuses_is_a_failure_and_keeps_the_letters(void)
{
    struct ps_letters letters;
    char path[128];
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fclose(file) == 0);
    strncat(path, "/inside", sizeof path - strlen(path) - 1);
    struct ps_dead_letter_store *store = open_store(path);
    begin(&letters, store);
    add(&letters, 1, "t");
    CHECK(ps_letters_put(&letters, &arena, &NO_DEADLINE) != PS_OK);
    CHECK(strstr(ps_err_note()->text, "1 dead letters were not put") != NULL);
    CHECK_EQ(letters.put, 0);
    CHECK_EQ(letters.count, 1);
    path[strlen(path) - strlen("/inside")] = '\0';
    CHECK_EQ(unlink(path), 0);
}

static void letters_ask_to_be_put_before_they_overflow(void)
{
    enum { BIG_BYTES = 300 << 10 };
    struct ps_letters letters;
    struct ps_dead_letter_store *store = open_store(folder);
    begin(&letters, store);
    static char big[BIG_BYTES];
    memset(big, 'A', BIG_BYTES);
    size_t count = 0;
    for (; !ps_letters_full(&letters) && count < 100; count++)
        CHECK_OK(ps_letters_add_raw(&letters, count, "gzip", ps_span_make(big, BIG_BYTES), true));
    CHECK_EQ(count, 7);
    CHECK_OK(ps_letters_put(&letters, &arena, &NO_DEADLINE));
    CHECK(!ps_letters_full(&letters));
    CHECK(take_only(store).len > PS_LETTERS_BYTES_WANTED);
    /* One more than the memory holds is an error, and what was there stays whole. */
    for (count = 0; count < 100; count++) {
        if (ps_letters_add_raw(&letters, count, "gzip", ps_span_make(big, BIG_BYTES), true) != PS_OK) break;
    }
    CHECK(count > 30 && count < 45);
}

static void every_line_is_json_whatever_the_bytes(void)
{
    struct ps_letters letters;
    struct ps_dead_letter_store *store = open_store(folder);
    begin(&letters, store);
    char bytes[256];
    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    CHECK_OK(ps_letters_add_raw(&letters, 1, "detail with \"quotes\"", ps_span_make(bytes, sizeof bytes), false));
    CHECK_OK(ps_letters_put(&letters, &arena, &NO_DEADLINE));
    struct ps_span body = take_only(store);
    json_t *line = json_loadb(body.data, body.len, JSON_REJECT_DUPLICATES, NULL);
    CHECK_OR_RETURN(line != NULL);
    struct ps_span back;
    CHECK_OK(ps_base64_decode(&arena, ps_span_of(json_string_value(json_object_get(line, "raw"))), &back));
    CHECK_SPAN(back, ps_span_make(bytes, sizeof bytes));
    json_decref(line);
}

static enum ps_err begin_only(struct ps_letters *letters)
{
    return ps_letters_begin(letters, &arena, NULL);
}

static void full_memory_is_an_error(void)
{
    static struct ps_letters letters;
    ps_arena_reset(&arena, 0);
    PS_EACH_FAILURE(&arena, begin_only(&letters));
    struct ps_dead_letter_store *store = open_store(folder);
    begin(&letters, store);
    add(&letters, 1, "t");
    for (size_t at = 1; at < 50; at++) {
        arena.fail_countdown = at;
        enum ps_err err = ps_letters_put(&letters, &arena, &NO_DEADLINE);
        arena.fail_countdown = 0;
        if (err == PS_OK) break;
        CHECK_ERR(err, PS_ERR_NO_MEMORY);
        CHECK_EQ(letters.count, 1);
    }
    CHECK_EQ(letters.put, 1);
    (void)take_only(store);
}

int main(void)
{
    process = check_arena(64 << 20);
    arena = check_arena(64 << 20);
    CHECK(mkdtemp(folder) != NULL);
    RUN(a_letter_is_the_documented_line);
    RUN(letters_are_sorted_so_that_the_order_of_answers_does_not_matter);
    RUN(the_key_does_not_depend_on_memory_that_was_taken_back);
    RUN(a_payload_without_a_first_record_has_a_key_too);
    RUN(nothing_to_put_is_fine_even_without_a_store);
    RUN(without_a_store_a_put_fails_and_names_the_setting);
    RUN(a_store_that_refuses_is_a_failure_and_keeps_the_letters);
    RUN(letters_ask_to_be_put_before_they_overflow);
    RUN(every_line_is_json_whatever_the_bytes);
    RUN(full_memory_is_an_error);
    char command[128];
    snprintf(command, sizeof command, "rm -r %s", folder);
    CHECK_EQ(system(command), 0);
    ps_arena_fini(&arena);
    ps_arena_fini(&process);
    return check_finish();
}
