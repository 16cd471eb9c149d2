#include "record/fingerprint.h"

#include <stdio.h>

#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

/* The message in a block of its exact size, so that no rule looks beyond it. */
static struct ps_span of(struct ps_span message)
{
    static char memory[4][PS_FINGERPRINT_BYTES_MAX];
    static unsigned turn;
    struct ps_span copy = exact_copy(message);
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory[turn++ % 4], PS_FINGERPRINT_BYTES_MAX);
    ps_fingerprint_put(&buf, copy);
    CHECK_OK(buf.err);
    exact_free(copy);
    return ps_buf_span(&buf);
}

#define CHECK_OF(message, wanted) CHECK_TEXT(of(ps_span_of(message)), wanted)

/* What docs/wire/alerts.md says, rule by rule: a changed line here is a new major version. */
static void the_documented_forms_stay(void)
{
    static const char *const CASES[][2] = {
        { "user 17 not found", "user # not found" },
        { "Connection REFUSED", "connection refused" },
        { "  many \t\n  spaces\r\n", "many spaces" },
        { "took 12ms, then 1.5 s, 99% of 1,024 KiB", "took #, then # s, #% of # kib" },
        { "offset -5, +7 or 1e-5", "offset #, # or #" },
        { "range 3-9", "range #" },
        { "on 2026-11-21T10:00:00.123Z", "on #" },
        { "on 2026-11-21 10:00:00,123 +0100", "on # # #" },
        { "id 7e262398-2950-561b-9ead-d53435e1e851.", "id #." },
        { "id abcdefab-cdef-abcd-efab-cdefabcdefab", "id #" },
        { "req-7E262398-2950-561B-9EAD-D53435E1E851", "req-#" },
        { "commit deadbeef1 at 0x7ffe12ab", "commit # at #" },
        { "facade deadbeef", "facade deadbeef" },
        { "db1 worker-7 order_id=o-1001", "db# worker-# order_id=o-#" },
        { "pod web-7d9f8b6c5d-x2x7k", "pod web-#" },
        { "10.0.0.17:5432 unreachable", "# unreachable" },
        { "[2001:db8::1]:443 unreachable", "[#]:# unreachable" },
        { "from ::1 and 00:1a:2b:3c:4d:5e", "from # and #" },
        { "std::vector at Order.java:42", "std::vector at order.java:#" },
        { "user 'bob' not in \"staff\" of `x y`", "user # not in # of #" },
        { "don't quote what isn't", "don't quote what isn't" },
        { "an \"open one", "an \"open one" },
        { "{\"error\":\"timeout\",\"n\":3}", "{\"error\":#,\"n\":#}" },
        { "mail to jane.doe+x@mail.example.com failed", "mail to # failed" },
        { "arn:aws:sqs:eu-central-1:123456789012:jobs, gone", "#, gone" },
        { "GET /users/17/orders/7e262398-2950-561b-9ead-d53435e1e851?page=2", "get /users/#/orders/#?page=#" },
        { "https://api.example.com/v2/items", "https://api.example.com/v#/items" },
        { "issue #42", "issue #" },
        { "[1,2,3]", "[#]" },
        { "Request failed with status code 404", "request failed with status code 404" },
        { "HTTP 502, status=500, errno: -104, exit code 137", "http 502, status=500, errno: -104, exit code 137" },
        { "HTTP/1.1 took 502", "http/# took #" },
        { "code 829304", "code #" },
        { "gr\xc3\xbc\xc3\x9f"
          "e",
          "gr\xc3\xbc\xc3\x9f"
          "e" },
        { "token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9Kx4/b7Gh+2==", "token #" },
        { "SQLIntegrityConstraintViolationException", "sqlintegrityconstraintviolationexception" },
        { "", "" },
        { "   ", "" },
        { "17", "#" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_OF(CASES[i][0], CASES[i][1]);
}

/* Lines as services write them. */
static void what_tells_the_same_is_the_same(void)
{
    static const char *const PAIRS[][2] = {
        { "user 17 not found", "user 4711 not found" },
        { "duplicate key value violates unique constraint \"users_pkey\" (id)=(17)",
          "duplicate key value violates unique constraint \"users_pkey\" (id)=(18)" },
        { "connect ECONNREFUSED 10.0.3.17:5432", "connect ECONNREFUSED 10.0.12.4:5432" },
        { "dial tcp 172.31.0.9:443: i/o timeout", "dial tcp 172.31.14.201:443: i/o timeout" },
        { "2026-11-21T10:00:00.123Z ERROR pool exhausted (active=50, idle=0)",
          "2026-11-22T03:14:15.926Z ERROR pool exhausted (active=49, idle=1)" },
        { "RequestId: 8f5e2a1c-7b6d-4e3f-9a8b-0c1d2e3f4a5b Error: Task timed out after 3.00 seconds",
          "RequestId: abcdefab-cdef-abcd-abcd-abcdefabcdef Error: Task timed out after 30.02 seconds" },
        { "could not find user 'bob'", "could not find user 'alice o''hara'" },
        { "mail to jane@example.com bounced", "mail to j.doe@mail.example.org bounced" },
        { "pod checkout-7d9f8b6c5d-x2x7k OOMKilled", "pod checkout-5c4f7b9d88-9zq4h OOMKilled" },
        { "GET /orders/1001/lines/3 failed", "GET /orders/99/lines/12 failed" },
        { "cannot assume arn:aws:iam::123456789012:role/a", "cannot assume arn:aws-cn:iam::210987654321:role/other" },
        { "object 0x7f12ab not freed", "object 0x55deadbeef not freed" },
        { "order o-1001: card refused", "order o-7: card refused" },
        { "at com.example.Order.add(Order.java:42)", "at com.example.Order.add(Order.java:57)" },
        { "took 999ms", "took 1.2s" },
        { "peer 2001:db8::17 reset the connection", "peer fe80::1ff:fe23:4567:890a reset the connection" },
        { "Payment refused", "payment REFUSED" },
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++)
        CHECK_SPAN(of(ps_span_of(PAIRS[i][0])), of(ps_span_of(PAIRS[i][1])));
}

static void what_tells_something_else_differs(void)
{
    static const char *const PAIRS[][2] = {
        { "connection refused to db1", "disk full" },
        { "connection refused to db1", "connection reset by db1" },
        { "Request failed with status code 500", "Request failed with status code 404" },
        { "{\"status\":500}", "{\"status\":404}" },
        { "exit status 1", "exit status 137" },
        { "ORA-00942: table or view does not exist", "ORA-00001: unique constraint violated" },
        { "java.lang.NullPointerException", "java.lang.IllegalStateException" },
        { "GET /orders/17 failed", "GET /users/17 failed" },
        { "GET /orders/17 failed", "POST /orders/17 failed" },
        { "order service: refused", "cart service: refused" },
        { "Traceback (most recent call last):\n  File \"a.py\", line 3, in a\nKeyError: 1",
          "Traceback (most recent call last):\n  File \"b.py\", line 9, in b\nValueError: 1" },
        { "ERROR 10.0.0.1 refused", "ERROR 10.0.0.1 throttled" },
    };
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++)
        CHECK(!ps_span_eq(of(ps_span_of(PAIRS[i][0])), of(ps_span_of(PAIRS[i][1]))));
}

/* The end is counted in what is put: else a longer id would push other words out. */
static void a_longer_id_does_not_move_the_end(void)
{
    char shorter[1200], longer[1200], words[1000];
    for (size_t i = 0; i + 1 < sizeof words; i++)
        words[i] = i % 6 == 5 ? ' ' : (char)('a' + i % 26);
    words[sizeof words - 1] = '\0';
    snprintf(shorter, sizeof shorter, "user 1 %s", words);
    snprintf(longer, sizeof longer, "user 123456789012345678901234567890 %s", words);
    CHECK_SPAN(of(ps_span_of(shorter)), of(ps_span_of(longer)));
    CHECK_EQ(of(ps_span_of(longer)).len, PS_FINGERPRINT_BYTES_MAX);
}

static void what_follows_the_first_part_does_not_count(void)
{
    char first[2000], second[2000];
    memset(first, 'a', sizeof first);
    memcpy(second, first, sizeof first);
    memcpy(second + PS_FINGERPRINT_BYTES_MAX, "other words", 11);
    CHECK_SPAN(of(ps_span_make(first, sizeof first)), of(ps_span_make(second, sizeof second)));
    second[PS_FINGERPRINT_BYTES_MAX - 1] = 'b';
    CHECK(!ps_span_eq(of(ps_span_make(first, sizeof first)), of(ps_span_make(second, sizeof second))));
}

static void any_bytes_will_do(void)
{
    struct random random = { 7 };
    static const char ALPHABET[] = "09afgzAFGZ-+.,:/_@%=# '\"`\\\n\t\0\x7f\x80\xff()[]{}";
    char text[700];
    for (int round = 0; round < 20000; round++) {
        size_t len = random_below(&random, sizeof text);
        for (size_t i = 0; i < len; i++)
            text[i] = ALPHABET[random_below(&random, sizeof ALPHABET - 1)];
        struct ps_span once = of(ps_span_make(text, len));
        CHECK(once.len <= PS_FINGERPRINT_BYTES_MAX);
        CHECK_SPAN(of(ps_span_make(text, len)), once);
    }
}

int main(void)
{
    RUN(the_documented_forms_stay);
    RUN(what_tells_the_same_is_the_same);
    RUN(what_tells_something_else_differs);
    RUN(a_longer_id_does_not_move_the_end);
    RUN(what_follows_the_first_part_does_not_count);
    RUN(any_bytes_will_do);
    return check_finish();
}
