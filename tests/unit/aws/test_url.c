#include "aws/url.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/percent.h"
#include "support/check.h"

static struct ps_arena arena;

static void the_parts_of_a_url_are_found(void)
{
    static const struct {
        const char *text, *host, *authority, *origin, *target;
        uint32_t port;
        bool https;
    } CASES[] = {
        { "https://a.example/p/q?r=s", "a.example", "a.example", "https://a.example", "/p/q?r=s", 443, true },
        { "https://a.example", "a.example", "a.example", "https://a.example", "/", 443, true },
        { "https://a.example:443/", "a.example", "a.example", "https://a.example:443", "/", 443, true },
        { "http://127.0.0.1:9200/x", "127.0.0.1", "127.0.0.1:9200", "http://127.0.0.1:9200", "/x", 9200, false },
        { "http://[::1]:9200", "[::1]", "[::1]:9200", "http://[::1]:9200", "/", 9200, false },
        { "http://[::1]/a@b:c", "[::1]", "[::1]", "http://[::1]", "/a@b:c", 80, false },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_url url;
        CHECK_OK(ps_url_split(ps_span_of(CASES[i].text), &url));
        CHECK_TEXT(url.host, CASES[i].host);
        CHECK_TEXT(url.authority, CASES[i].authority);
        CHECK_TEXT(url.origin, CASES[i].origin);
        CHECK_TEXT(url.target, CASES[i].target);
        CHECK_EQ(url.port, CASES[i].port);
        CHECK_EQ(url.https, CASES[i].https);
    }
}

static void what_is_no_url_of_ours_is_refused(void)
{
    static const char *const CASES[] = {
        "",
        "a.example",
        "ftp://a.example/",
        "HTTPS://a.example/", /* curl would take it; one spelling is enough */
        "https://",
        "https:///x",
        "https://user:secret@a.example/",
        "https://a.example:0/",
        "https://a.example:65536/",
        "https://a.example:/",
        "https://a.example:12x/",
        "https://a.example/a b",
        "https://a.example/\r\nX: y",
        "https://a.example/#part",
        "https://a.example?query",
        "https://a.example\\evil/",
        "https://a.%65xample/",
        "https://[::1/",
        "https://\xc3\xbc.example/",
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_url url;
        if (!CHECK_ERR(ps_url_split(ps_span_of(CASES[i]), &url), PS_ERR_BAD_CONFIG)) printf("# %s\n", CASES[i]);
    }
    static char longest[PS_URL_BYTES_MAX + 1] = "https://a.example/";
    memset(longest + 18, 'a', sizeof longest - 18);
    struct ps_url url;
    CHECK_ERR(ps_url_split(ps_span_make(longest, sizeof longest), &url), PS_ERR_BAD_CONFIG);
    CHECK_OK(ps_url_split(ps_span_make(longest, sizeof longest - 1), &url));
}

static void a_note_does_not_repeat_the_url(void)
{
    struct ps_url url;
    CHECK_ERR(ps_url_split(PS_SPAN("https://user:secret@a.example/"), &url), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "secret") == NULL);
}

static void every_prefix_of_a_url_is_read_within_its_bytes(void)
{
    static const char TEXT[] = "https://[2001:db8::1]:9200/a%20b?c=d";
    for (size_t len = 0; len < sizeof TEXT; len++) {
        char *copy = malloc(len > 0 ? len : 1);
        if (copy == NULL) abort();
        memcpy(copy, TEXT, len);
        struct ps_url url;
        enum ps_err err = ps_url_split(ps_span_make(copy, len), &url);
        CHECK(err == PS_OK || err == PS_ERR_BAD_CONFIG);
        free(copy);
    }
}

static void this_machine_is_known_by_its_addresses(void)
{
    static const char *const YES[] = { "localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]" };
    static const char *const NO[] = { "", "localhost.example", "127.evil.example", "10.0.0.1", "[::2]", "1270.0.0.1" };
    for (size_t i = 0; i < sizeof YES / sizeof YES[0]; i++)
        CHECK(ps_url_host_is_loopback(ps_span_of(YES[i])));
    for (size_t i = 0; i < sizeof NO / sizeof NO[0]; i++)
        CHECK(!ps_url_host_is_loopback(ps_span_of(NO[i])));
}

static struct ps_span encoded(struct ps_span text, bool keep_slash)
{
    struct ps_buf buf;
    struct ps_span out = PS_SPAN("");
    ps_buf_init(&buf, &arena, 4096);
    ps_url_encode(&buf, text, keep_slash);
    CHECK_OK(ps_buf_finish(&buf, &out));
    return out;
}

static void only_unreserved_bytes_stay_as_they_are(void)
{
    CHECK_TEXT(encoded(PS_SPAN("AZaz09-._~"), false), "AZaz09-._~");
    CHECK_TEXT(encoded(PS_SPAN("a/b c+d*\xc3\xbc\n%"), true), "a/b%20c%2Bd%2A%C3%BC%0A%25");
    CHECK_TEXT(encoded(PS_SPAN("a/b="), false), "a%2Fb%3D");
}

static void encoding_is_undone(void)
{
    char all[256];
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)i;
    struct ps_span out;
    CHECK_OK(ps_percent_decode_form(&arena, encoded(ps_span_make(all, sizeof all), true), &out));
    CHECK_SPAN(out, ps_span_make(all, sizeof all));
}

int main(void)
{
    arena = check_arena(1 << 20);
    RUN(the_parts_of_a_url_are_found);
    RUN(what_is_no_url_of_ours_is_refused);
    RUN(a_note_does_not_repeat_the_url);
    RUN(every_prefix_of_a_url_is_read_within_its_bytes);
    RUN(this_machine_is_known_by_its_addresses);
    RUN(only_unreserved_bytes_stay_as_they_are);
    RUN(encoding_is_undone);
    ps_arena_fini(&arena);
    return check_finish();
}
