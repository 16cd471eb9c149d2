#include "log-extractor/pattern_source.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/check.h"
#include "support/fake_http.h"

#define ONE_PATTERN "[{\"name\":\"boom\",\"regex\":\"boom\",\"severity\":\"fatal\"}]"

static struct ps_arena arena;
static struct ps_call_client *client;
static char folder[] = "/tmp/pattern-source-XXXXXX";

static struct ps_span path_of(const char *name)
{
    static char path[64];
    int len = snprintf(path, sizeof path, "%s/%s", folder, name);
    return ps_span_make(path, (size_t)len);
}

static void write_file(const char *name, const char *text, size_t len)
{
    int fd = open(path_of(name).data, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    (void)close(fd);
}

static void remove_file(const char *name)
{
    CHECK_EQ(unlink(path_of(name).data), 0);
}

static void finds_boom(struct ps_span source)
{
    struct ps_patterns patterns = { 0 };
    if (!CHECK_OK(pattern_source_open(&arena, client, source, &patterns))) return;
    CHECK_EQ(patterns.count, 1);
    CHECK_TEXT(patterns.items[0].name, "boom");
    ps_patterns_close(&patterns);
}

static void refuses(struct ps_span source, enum ps_err wanted, const char *note)
{
    struct ps_patterns patterns = { 0 };
    CHECK_ERR(pattern_source_open(&arena, client, source, &patterns), wanted);
    check_true(strstr(ps_err_note()->text, note) != NULL, ps_err_note()->text, __FILE__, __LINE__);
}

static void unset_it_is_the_set_that_comes_with_the_function(void)
{
    struct ps_patterns patterns = { 0 };
    CHECK_OK(pattern_source_open(&arena, client, PS_SPAN(""), &patterns));
    CHECK(patterns.count > 1);
    ps_patterns_close(&patterns);
}

static void a_file_is_read_by_its_path_or_below_the_functions_root(void)
{
    write_file("patterns.json", ONE_PATTERN, strlen(ONE_PATTERN));
    finds_boom(path_of("patterns.json"));
    setenv("LAMBDA_TASK_ROOT", folder, 1);
    finds_boom(PS_SPAN("patterns.json"));
    unsetenv("LAMBDA_TASK_ROOT");
    remove_file("patterns.json");
}

static void what_is_wrong_with_a_file_is_told(void)
{
    refuses(path_of("missing.json"), PS_ERR_BAD_CONFIG, "No such file or directory");
    refuses(path_of(""), PS_ERR_BAD_CONFIG, "Is a directory");
    static const char WRONG[] = "[{\"name\":\"boom\",\"regex\":\"(\",\"severity\":\"fatal\"}]";
    write_file("wrong.json", WRONG, sizeof WRONG - 1);
    refuses(path_of("wrong.json"), PS_ERR_BAD_CONFIG, "boom");
    remove_file("wrong.json");
}

/* Blanks behind the patterns, up to the limit and over it. */
static void a_file_over_the_limit_is_refused(void)
{
    static char text[PS_PATTERNS_BYTES_MAX + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, ONE_PATTERN, strlen(ONE_PATTERN));
    write_file("long.json", text, sizeof text - 1);
    finds_boom(path_of("long.json"));
    write_file("long.json", text, sizeof text);
    refuses(path_of("long.json"), PS_ERR_BAD_CONFIG, "262144");
    remove_file("long.json");
}

static void an_object_is_read_from_s3(void)
{
    const struct fake_http_step script[] = {
        { .method = "GET", .target = "/config/a/patterns.json", .reply = { .body = PS_SPAN(ONE_PATTERN) } },
        { .reply = { .status = 404, .body = PS_SPAN("<Error><Code>NoSuchKey</Code></Error>") } },
    };
    struct fake_http *server = fake_http_open(script, 2, false);
    setenv("AWS_ENDPOINT_URL", fake_http_url(server).data, 1);
    finds_boom(PS_SPAN("s3://config/a/patterns.json"));
    refuses(PS_SPAN("s3://config/a/patterns.json"), PS_ERR_NOT_FOUND, "config");
    CHECK_EQ(fake_http_finish(server), 0);
    refuses(PS_SPAN("s3://config"), PS_ERR_BAD_CONFIG, "the key is missing");
}

static void a_parameter_is_read_from_ssm(void)
{
    const struct fake_http_step script[] = {
        { .method = "POST",
          .header = "X-Amz-Target: AmazonSSM.GetParameter",
          .reply = { .body =
                         PS_SPAN("{\"Parameter\":{\"Value\":\"[{\\\"name\\\":\\\"boom\\\",\\\"regex\\\":\\\"boom\\\","
                                 "\\\"severity\\\":\\\"fatal\\\"}]\"}}") } },
    };
    struct fake_http *server = fake_http_open(script, 1, false);
    setenv("AWS_ENDPOINT_URL", fake_http_url(server).data, 1);
    finds_boom(PS_SPAN("ssm:/scan/patterns"));
    CHECK(ps_span_find(fake_http_request(server, 0).body, PS_SPAN("\"/scan/patterns\"")) != PS_SPAN_NONE);
    CHECK_EQ(fake_http_finish(server), 0);
}

int main(void)
{
    arena = check_arena(64 << 20);
    setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "key", 1);
    struct ps_call_client_options options = { .region = PS_SPAN("us-east-1"), .needs_credentials = true };
    CHECK_OK(ps_call_client_open(&arena, &options, &client));
    CHECK(mkdtemp(folder) != NULL);
    RUN(unset_it_is_the_set_that_comes_with_the_function);
    RUN(a_file_is_read_by_its_path_or_below_the_functions_root);
    RUN(what_is_wrong_with_a_file_is_told);
    RUN(a_file_over_the_limit_is_refused);
    RUN(an_object_is_read_from_s3);
    RUN(a_parameter_is_read_from_ssm);
    CHECK_EQ(rmdir(folder), 0);
    ps_call_client_close(client);
    ps_arena_fini(&arena);
    return check_finish();
}
