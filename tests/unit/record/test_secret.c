#include "record/secret.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"

enum { ALL = (1 << PS_SECRET_CLASS_COUNT) - 1, DEFAULTS = 0xf, ROOM_BYTES = 4096 };

/* Made up, in the forms of the real ones. */
#define KEY_ID "AKIAIOSFODNN7EXAMPLE"
#define SECRET_KEY "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SESSION_TOKEN "IQoJb3JpZ2luX2VjEEXAMPLEaCXVzLWVhc3QtMSJHMEUCIQDexample//////////8BEAAaDDEyMzQ1Njc4OTAxMg=="
#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"

/* A copy in a block of its exact size, so that reading past either end is seen. */
static char *exact_copy(struct ps_span text)
{
    char *copy = malloc(text.len == 0 ? 1 : text.len);
    if (copy == NULL) abort();
    if (text.len > 0) memcpy(copy, text.data, text.len);
    return copy;
}

static bool suspects(struct ps_span text, unsigned classes)
{
    char *copy = exact_copy(text);
    bool answer = ps_secret_suspects(ps_span_make(copy, text.len), classes);
    free(copy);
    return answer;
}

/* The first secret of text; begin == end when there is none. */
static struct ps_secret first_secret(struct ps_span text, unsigned classes)
{
    char *copy = exact_copy(text);
    struct ps_secret_scan scan;
    struct ps_secret found = { 0 };
    ps_secret_scan_begin(&scan, ps_span_make(copy, text.len), classes, PS_SECRET_NAME_NONE);
    if (!ps_secret_scan_next(&scan, &found)) found = (struct ps_secret){ 0 };
    free(copy);
    return found;
}

static void check_found(const char *text, const char *secret, enum ps_secret_class class)
{
    struct ps_span span = ps_span_of(text);
    struct ps_secret found = first_secret(span, ALL);
    bool right = CHECK_SPAN(ps_span_make(text + found.begin, found.end - found.begin), ps_span_of(secret));
    if (right) right = CHECK_EQ(found.class, class);
    if (right) right = CHECK(suspects(span, ALL));
    if (!right) printf("# in: %s\n", text);
}

static void check_clean(const char *text, unsigned classes)
{
    struct ps_secret found = first_secret(ps_span_of(text), classes);
    if (!CHECK_EQ(found.end - found.begin, 0)) printf("# in: %s\n", text);
}

static void aws_key_ids_are_found_wherever_they_stand(void)
{
    check_found(KEY_ID, KEY_ID, PS_SECRET_AWS_KEYS);
    check_found("id=ASIAIOSFODNN7EXAMPLE;", "ASIAIOSFODNN7EXAMPLE", PS_SECRET_AWS_KEYS);
    check_found("Credential%3DAKIAIOSFODNN7EXAMPLE%2F20261121", KEY_ID, PS_SECRET_AWS_KEYS);
    check_found("first\\nAKIAIOSFODNN7EXAMPLE", KEY_ID, PS_SECRET_AWS_KEYS);
    check_found("principal AROAIOSFODNN7EXAMPLEX:session", "AROAIOSFODNN7EXAMPLEX", PS_SECRET_AWS_KEYS);
    check_found("user AIDAIOSFODNN7EXAMPLE", "AIDAIOSFODNN7EXAMPLE", PS_SECRET_AWS_KEYS);
}

static void secret_keys_are_found_behind_their_name(void)
{
    static const char *const FORMS[] = {
        "aws_secret_access_key=%s",
        "AWS_SECRET_ACCESS_KEY: %s",
        "{\"SecretAccessKey\":\"%s\"}",
        "{\\\"secretAccessKey\\\":\\\"%s\\\"}",
        "SecretKey %s",
        "secret key is %s now",
        "aws.secretKey -> %s",
        "AWS Secret Access Key [None]: %s",
        "{\"Name\":\"SecretKey\",\"Value\":\"%s\"}",
    };
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        char text[256];
        (void)snprintf(text, sizeof text, "%.*s" SECRET_KEY "%s", (int)(strstr(FORMS[i], "%s") - FORMS[i]), FORMS[i],
                       strstr(FORMS[i], "%s") + 2);
        check_found(text, SECRET_KEY, PS_SECRET_AWS_KEYS);
    }
    check_found("\"SecretKey\":\"wJalrXUtnFEMI\\/K7MDENG+bPxRfiCYEXAMPLEKEY\"",
                "wJalrXUtnFEMI\\/K7MDENG+bPxRfiCYEXAMPLEKEY", PS_SECRET_AWS_KEYS);
    check_found("secretKey=wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY&x=1",
                "wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY", PS_SECRET_AWS_KEYS);
    check_clean(SECRET_KEY, ALL);
    check_clean("commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", ALL);
    check_clean("secretKey of 39: JalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ALL);
    check_clean("secretKey of 41: wwJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ALL);
}

/* The second secret of the text, behind an access key id. */
static struct ps_span behind_key_id(const char *text)
{
    struct ps_secret_scan scan;
    struct ps_secret found = { 0 };
    ps_secret_scan_begin(&scan, ps_span_of(text), ALL, PS_SECRET_NAME_NONE);
    CHECK(ps_secret_scan_next(&scan, &found));
    if (!ps_secret_scan_next(&scan, &found)) return PS_SPAN("");
    CHECK_EQ(found.class, PS_SECRET_AWS_KEYS);
    return ps_span_make(text + found.begin, found.end - found.begin);
}

static void secret_keys_are_found_behind_their_key_id(void)
{
    CHECK_TEXT(behind_key_id("using key " KEY_ID " with " SECRET_KEY), SECRET_KEY);
    CHECK_TEXT(behind_key_id(KEY_ID ":" SECRET_KEY ";"), SECRET_KEY);
    CHECK_TEXT(behind_key_id("\"" KEY_ID "\",\"" SECRET_KEY "\""), SECRET_KEY);
    CHECK_TEXT(behind_key_id(KEY_ID " deployed 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12"), "");
    CHECK_TEXT(behind_key_id(KEY_ID " wwJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "");
}

static void session_tokens_are_found_behind_their_name(void)
{
    check_found("aws_session_token = " SESSION_TOKEN "\n", SESSION_TOKEN, PS_SECRET_AWS_KEYS);
    check_found("X-Amz-Security-Token=IQoJb3JpZ2luX2VjEEXAMPLEaCXVzLWVhc3QtMSJHMEUCIQD%2Fexample&X-Amz-Date=2",
                "IQoJb3JpZ2luX2VjEEXAMPLEaCXVzLWVhc3QtMSJHMEUCIQD%2Fexample", PS_SECRET_AWS_KEYS);
    check_found("{\"sessionToken\":\"" SESSION_TOKEN "\"}", SESSION_TOKEN, PS_SECRET_AWS_KEYS);
    check_clean("session token expired for user anna", ALL);
    check_clean("nextToken: " SECRET_KEY, ALL);
}

static void tokens_of_json_are_found(void)
{
    check_found(JWT, JWT, PS_SECRET_JWT);
    check_found("token=" JWT "&x=1", JWT, PS_SECRET_JWT);
    check_found("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.",
                PS_SECRET_JWT);
    check_found("cut eyJhbGciOiJub25lIn0.eyJzdWIiOiIxM", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxM", PS_SECRET_JWT);
    check_found("jwe eyJhbGciOiJkaXIifQ..5s2bX0y.gHw_1.Zk2", "eyJhbGciOiJkaXIifQ..5s2bX0y.gHw_1.Zk2", PS_SECRET_JWT);
    check_clean("eyJhbGciOiJub25lIn0 alone", ALL);
    check_clean("eyJ.a.b", ALL);
    check_clean("keyJob.run.now", ALL);
}

static void credentials_are_found_behind_authorization_and_bearer(void)
{
    check_found("Authorization: Basic dTpw", "dTpw", PS_SECRET_BEARER);
    check_found("authorization=bearer abcd", "abcd", PS_SECRET_BEARER);
    check_found("{\"Authorization\":\"Basic YWxhZGRpbjpvcGVuc2VzYW1l\"}", "YWxhZGRpbjpvcGVuc2VzYW1l", PS_SECRET_BEARER);
    check_found("'Proxy-Authorization': ['Basic YWxhZGRpbg==']", "YWxhZGRpbg==", PS_SECRET_BEARER);
    check_found("curl -H BEARER abc123def", "abc123def", PS_SECRET_BEARER);
    check_found("got Bearer mySecretToken, ok", "mySecretToken", PS_SECRET_BEARER);
    check_found("Bearer%20abc123def456", "abc123def456", PS_SECRET_BEARER);
    check_clean("bearer token is missing", ALL);
    check_clean("bearer authentication failed", ALL);
    check_clean("WWW-Authenticate: Bearer realm=\"orders\"", ALL);
    check_clean("Basic functions of 12345678abc", ALL);
    check_clean("authorization failed", ALL);
}

static void cards_are_found_in_all_printed_forms(void)
{
    static const char *const CARDS[] = {
        "4111111111111111",  "4111 1111 1111 1111",     "4111-1111-1111-1111",  "378282246310005",
        "3782 822463 10005", "5555555555554444",        "2223003122003222",     "6011111111111117",
        "30569309025904",    "3056 930902 5904",        "3530111333300000",     "6200000000000005",
        "4222222222222",     "4222 222 222 222",        "4000000000000000006",  "6304000000000000",
        "2200000000000004",  "4000-0000-0000-0000-006", "676100 0000000000001",
    };
    for (size_t i = 0; i < sizeof CARDS / sizeof CARDS[0]; i++) {
        static const char *const AROUND[][2] = { { "", "" },       { "card=", "," }, { "{\"n\":", "}" },
                                                 { "12 ", " 34" }, { "\\n", "\\n" }, { "paid by ", "." },
                                                 { "cc", "" },     { "x-", "-7/26" } };
        for (size_t j = 0; j < sizeof AROUND / sizeof AROUND[0]; j++) {
            char text[128];
            (void)snprintf(text, sizeof text, "%s%s%s", AROUND[j][0], CARDS[i], AROUND[j][1]);
            check_found(text, CARDS[i], PS_SECRET_CARD);
        }
    }
}

static void what_follows_a_card_does_not_hide_it(void)
{
    check_found("41 4111 1111 1111 1111 110.0.0", "4111 1111 1111 1111", PS_SECRET_CARD);
    check_found("4111 1111 1111 1111 1111", "4111 1111 1111 1111", PS_SECRET_CARD);
    check_found("4111-1111-1111-1111-1", "4111-1111-1111-1111", PS_SECRET_CARD);
}

static void other_numbers_are_left_alone(void)
{
    static const char *const TEXTS[] = {
        "4111111111111112",                                         /* fails Luhn */
        "1111111111111117",                                         /* no brand */
        "36978845645678912345678912345678912345678912345678912345", /* a CloudWatch event id */
        "38040508070234895070234895034111111111111111234890572345",
        "1795255200000",
        "1795255200000000",
        "1795255200000000000",
        "2026-11-21 10:00:00.123 4111 1111",
        "550e8400-e29b-41d4-a716-446655440000",
        "41111111-1111-1111-1111-111111111111",
        "0.4111111111111111",
        "4111111111111111.5",
        "+4222222222222",
        "9f86d081884c7d4111111111111111a08", /* a digest */
        "deadbeef4111111111111111deadbeef",
        "1Z9999999999999999",
        "order 4111-1111-1111 done",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111 1111-1111 1111",
        "4111  1111  1111  1111",
        "41111111111111111111",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "ACCAACCAACCAACCAACCAACCAACCA",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ip-10-0-0-1 v1.2.3.4 10:00:00 12.5 1.2.3 std::vector dead::beef aa:bb:cc:dd:ee:ff 1.2.3.4.5 999.1.1.1",
        "pkg@1.2.3 @timestamp a@b user@ @x.com image@sha256",
    };
    for (size_t i = 0; i < sizeof TEXTS / sizeof TEXTS[0]; i++)
        check_clean(TEXTS[i], ALL);
    check_clean("2 123456789010 eni-12 172.31.9.69 172.31.9.12 443 49152 6 25 20000 1418530010 1418530070 ACCEPT OK",
                DEFAULTS);
}

static void addresses_are_found_on_request(void)
{
    check_found("mail anna.b+c@mail.example.com now", "anna.b+c@mail.example.com", PS_SECRET_EMAIL);
    check_found("<anna@example.co.uk>", "anna@example.co.uk", PS_SECRET_EMAIL);
    check_found("from 10.1.2.3:443", "10.1.2.3", PS_SECRET_IP);
    check_found("from 10.1.2.3.", "10.1.2.3", PS_SECRET_IP);
    check_found("\\n192.168.0.1/24", "192.168.0.1", PS_SECRET_IP);
    check_found("[fe80::1]:80", "fe80::1", PS_SECRET_IP);
    check_found("fe80::1: gone", "fe80::1", PS_SECRET_IP);
    check_found("2001:db8:0:0:8:800:200c:417a", "2001:db8:0:0:8:800:200c:417a", PS_SECRET_IP);
    check_found("::ffff:10.0.0.1", "::ffff:10.0.0.1", PS_SECRET_IP);
    check_clean("anna@example.com 10.1.2.3 fe80::1", DEFAULTS);
}

static void classes_that_are_off_find_nothing(void)
{
    static const char TEXT[] = KEY_ID " " JWT " bearer abc123def 4111111111111111 anna@example.com 10.1.2.3";
    struct ps_span text = ps_span_of(TEXT);
    for (int class = 0; class < PS_SECRET_CLASS_COUNT; class ++) {
        struct ps_secret_scan scan;
        struct ps_secret secret;
        int count = 0;
        ps_secret_scan_begin(&scan, text, PS_SECRET_BIT(class), PS_SECRET_NAME_NONE);
        while (ps_secret_scan_next(&scan, &secret)) {
            CHECK_EQ(secret.class, class);
            count++;
        }
        CHECK_EQ(count, 1);
    }
    CHECK(!suspects(text, 0));
    CHECK(first_secret(text, 0).end == 0);
}

static void names_of_members_tell_what_they_hold(void)
{
    CHECK_EQ(ps_secret_name_of(PS_SPAN("aws_secret_access_key")), PS_SECRET_NAME_KEY);
    CHECK_EQ(ps_secret_name_of(PS_SPAN("credentials.SecretKey")), PS_SECRET_NAME_KEY);
    CHECK_EQ(ps_secret_name_of(PS_SPAN("x-amz-security-token")), PS_SECRET_NAME_TOKEN);
    CHECK_EQ(ps_secret_name_of(PS_SPAN("Proxy-Authorization")), PS_SECRET_NAME_AUTHORIZATION);
    CHECK_EQ(ps_secret_name_of(PS_SPAN("bearer")), PS_SECRET_NAME_BEARER);
    CHECK_EQ(ps_secret_name_of(PS_SPAN("secret_key_id")), PS_SECRET_NAME_NONE);
    CHECK_EQ(ps_secret_name_of(PS_SPAN("")), PS_SECRET_NAME_NONE);
}

/* -- properties ------------------------------------------------------------------------------------------------------
 */

static const struct {
    struct ps_span text;
    enum ps_secret_class class;
} PLANTS[] = {
    { PS_SPAN_INIT(KEY_ID), PS_SECRET_AWS_KEYS },
    { PS_SPAN_INIT("aws_secret_access_key=" SECRET_KEY), PS_SECRET_AWS_KEYS },
    { PS_SPAN_INIT("x-amz-security-token: " SESSION_TOKEN), PS_SECRET_AWS_KEYS },
    { PS_SPAN_INIT(JWT), PS_SECRET_JWT },
    { PS_SPAN_INIT("bearer abc123def"), PS_SECRET_BEARER },
    { PS_SPAN_INIT("AUTHORIZATION: basic dTpwd2Q="), PS_SECRET_BEARER },
    { PS_SPAN_INIT("4111111111111111"), PS_SECRET_CARD },
    { PS_SPAN_INIT("4111 1111 1111 1111"), PS_SECRET_CARD },
    { PS_SPAN_INIT("4222222222222"), PS_SECRET_CARD },
    { PS_SPAN_INIT("4000-0000-0000-0000-006"), PS_SECRET_CARD },
    { PS_SPAN_INIT("3782 822463 10005"), PS_SECRET_CARD },
    { PS_SPAN_INIT("676100 0000000000001"), PS_SECRET_CARD },
};
enum { PLANTS_COUNT = sizeof PLANTS / sizeof PLANTS[0] };

/* Fillers that touch a secret without being a part of it. */
static const struct ps_span FILLERS[] = {
    PS_SPAN_INIT("."),
    PS_SPAN_INIT("\""),
    PS_SPAN_INIT(" "),
    PS_SPAN_INIT("12:"),
    PS_SPAN_INIT("2026-11-21T10:00:00Z,"),
    PS_SPAN_INIT("\xc3\xa9"),
    PS_SPAN_INIT("the quick, "),
    PS_SPAN_INIT("{\"k\":"),
    PS_SPAN_INIT("1795255200000,"),
    PS_SPAN_INIT("\n\t"),
};
enum { FILLERS_COUNT = sizeof FILLERS / sizeof FILLERS[0] };

static size_t fill(char *at, size_t len, struct ps_span filler, size_t phase)
{
    for (size_t i = 0; i < len; i++)
        at[i] = filler.data[(phase + i) % filler.len];
    return len;
}

/* The filler's end, so that whole units touch the plant. */
static size_t phase_of(size_t len, struct ps_span filler)
{
    return (filler.len - len % filler.len) % filler.len;
}

static void a_planted_secret_is_found_at_every_offset(void)
{
    char *text = malloc(ROOM_BYTES);
    if (text == NULL) abort();
    for (size_t p = 0; p < PLANTS_COUNT; p++) {
        for (size_t f = 0; f < FILLERS_COUNT; f++) {
            for (size_t before = 0; before <= 80; before++) {
                size_t behind = (before * 7 + p) % 81;
                size_t len = fill(text, before, FILLERS[f], phase_of(before, FILLERS[f]));
                memcpy(text + len, PLANTS[p].text.data, PLANTS[p].text.len);
                len += PLANTS[p].text.len;
                /* "...1111.5" and "...11112" would be other numbers. */
                bool touches = (FILLERS[f].data[0] >= '0' && FILLERS[f].data[0] <= '9') || FILLERS[f].data[0] == 't';
                struct ps_span tail = f == 0 || touches ? PS_SPAN(" .") : FILLERS[f];
                len += fill(text + len, behind, tail, 0);
                struct ps_secret found = first_secret(ps_span_make(text, len), DEFAULTS);
                bool right = found.end > found.begin && found.begin >= before &&
                             found.end <= before + PLANTS[p].text.len && found.class == PLANTS[p].class;
                if (!CHECK(right)) printf("# plant %zu filler %zu before %zu behind %zu\n", p, f, before, behind);
                if (!CHECK(suspects(ps_span_make(text, len), DEFAULTS)))
                    printf("# suspects: plant %zu filler %zu before %zu behind %zu\n", p, f, before, behind);
            }
        }
    }
    free(text);
}

/* Whatever one byte of a planted secret is replaced by its \u escape, the raw text stays suspicious. */
static void escaped_secrets_are_suspected(void)
{
    for (size_t p = 0; p < PLANTS_COUNT; p++) {
        for (size_t i = 0; i < PLANTS[p].text.len; i++) {
            char text[512];
            int len = snprintf(text, sizeof text, "{\"k\":\"%.*s\\u%04x%.*s\"}", (int)i, PLANTS[p].text.data,
                               (unsigned)(unsigned char)PLANTS[p].text.data[i], (int)(PLANTS[p].text.len - i - 1),
                               PLANTS[p].text.data + i + 1);
            if (!CHECK(suspects(ps_span_make(text, (size_t)len), DEFAULTS))) printf("# %s\n", text);
        }
    }
    CHECK(suspects(PS_SPAN("\\u00224111111111111111"), DEFAULTS));
    CHECK(suspects(PS_SPAN("\\u00e9.4111111111111111"), DEFAULTS));
    CHECK(suspects(PS_SPAN("\\u005cu0041"), DEFAULTS));
    CHECK(!suspects(PS_SPAN("a \\u003cb\\u003e \\u00e9\\u4e2d \\u00zz \\b, C:\\\\bin \\f"), DEFAULTS));
}

/* Cleaning takes them out of decoded strings, and then the two parts meet. */
static void characters_that_will_be_removed_are_suspected_inside_secrets(void)
{
    static const char *const REMOVED[] = { "\\b",     "\\f",     "\\u0000", "\\u001b[0m", "\\u009b1m",  "\\u200b",
                                           "\\u2060", "\\ufeff", "\\u061c", "\\u007f",    "\\b\\u200b", "\\\\b" };
    for (size_t p = 0; p < PLANTS_COUNT; p++) {
        for (size_t r = 0; r < sizeof REMOVED / sizeof REMOVED[0]; r++) {
            for (size_t i = 1; i < PLANTS[p].text.len; i++) {
                char text[512];
                int len = snprintf(text, sizeof text, "{\"k\":\"%.*s%s%.*s\"}", (int)i, PLANTS[p].text.data, REMOVED[r],
                                   (int)(PLANTS[p].text.len - i), PLANTS[p].text.data + i);
                if (!CHECK(suspects(ps_span_make(text, (size_t)len), DEFAULTS))) printf("# %s\n", text);
            }
        }
    }
}

static void normal_lines_are_not_suspected(void)
{
    static const char *const LINES[] = {
        "{\"timestamp\":\"2026-11-21T10:00:00.123Z\",\"level\":\"INFO\",\"message\":\"order 791900 "
        "accepted\",\"ts\":1795255200123,"
        "\"requestId\":\"8f14e45f-ceea-467f-a8d7-000000012312\",\"path\":\"/api/v1/orders/1233/items\",\"status\":200}",
        "2026-11-21 10:12:33,123 INFO  [http-nio-8080-exec-12] c.acme.orders.OrderService - loaded order 7123",
        "START RequestId: 8f14e45f-ceea-467f-a8d7-000000012312 Version: $LATEST",
        "REPORT RequestId: 8f14e45f-ceea-467f-a8d7-0 Duration: 12.34 ms Billed Duration: 13 ms Memory Size: 128 MB",
        "decrypted the organization's broken token of DATA AAAA heartbeat database",
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        if (!CHECK(!suspects(ps_span_of(LINES[i]), DEFAULTS))) printf("# %s\n", LINES[i]);
    }
}

/* Random texts from the alphabet of secrets: whatever the exact scan finds, the fast one suspects. */
static void what_is_found_is_suspected(void)
{
    static const char *const PARTS[] = {
        "A",
        "AKIA",
        "ASIA",
        "eyJ",
        "hbGciOi",
        ".",
        "bearer",
        "Bearer ",
        "authorization",
        ": ",
        "Basic ",
        "dTpwdw==",
        "4111",
        "1111",
        "-",
        " ",
        "1",
        "4",
        "37",
        "secret",
        "_",
        "key",
        "access",
        "session",
        "token",
        "=",
        "\\/",
        "\\n",
        "\"",
        "@",
        "a.example",
        ".com",
        "10.",
        "0.1",
        "::",
        "fe80:",
        ":1",
        "\\u",
        "\\u00e9",
        "0",
        "EXAMPLE7",
        SECRET_KEY,
        "%2F",
        "\t",
        "+",
        "x",
        "[REDACTED:card]",
    };
    enum { COUNT = sizeof PARTS / sizeof PARTS[0] };
    uint64_t seed = 42;
    char text[ROOM_BYTES];
    size_t hits = 0;
    for (int round = 0; round < 200000; round++) {
        size_t len = 0;
        for (int part = 0; part < 12; part++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407U;
            const char *chosen = PARTS[(seed >> 33) % COUNT];
            size_t chosen_len = strlen(chosen);
            memcpy(text + len, chosen, chosen_len);
            len += chosen_len;
        }
        struct ps_span span = ps_span_make(text, len);
        if (first_secret(span, ALL).end == 0) continue;
        hits++;
        if (!CHECK(suspects(span, ALL))) printf("# %.*s\n", (int)len, text);
    }
    CHECK(hits > 1000);
}

static void every_prefix_is_read_within_its_bounds(void)
{
    static const char TEXT[] =
        "x AKIAIOSFODNN7EXAMPLE aws_secret_access_key=\"" SECRET_KEY "\" " JWT " Authorization: Bearer a1b2c3d4 "
        "4111 1111 1111 1111 4000-0000-0000-0000-006 anna@example.com 10.1.2.3 fe80::1 2001:db8::10.0.0.1 "
        "\\u0041 \\x41 x-amz-security-token=" SESSION_TOKEN " session_token \\u00";
    for (size_t len = 0; len < sizeof TEXT; len++) {
        struct ps_span prefix = ps_span_make(TEXT, len);
        bool found = first_secret(prefix, ALL).end > 0;
        CHECK(!found || suspects(prefix, ALL));
        struct ps_span suffix = ps_span_make(TEXT + len, sizeof TEXT - 1 - len);
        found = first_secret(suffix, ALL).end > 0;
        CHECK(!found || suspects(suffix, ALL));
    }
}

int main(void)
{
    RUN(aws_key_ids_are_found_wherever_they_stand);
    RUN(secret_keys_are_found_behind_their_name);
    RUN(secret_keys_are_found_behind_their_key_id);
    RUN(session_tokens_are_found_behind_their_name);
    RUN(tokens_of_json_are_found);
    RUN(credentials_are_found_behind_authorization_and_bearer);
    RUN(cards_are_found_in_all_printed_forms);
    RUN(what_follows_a_card_does_not_hide_it);
    RUN(other_numbers_are_left_alone);
    RUN(addresses_are_found_on_request);
    RUN(classes_that_are_off_find_nothing);
    RUN(names_of_members_tell_what_they_hold);
    RUN(a_planted_secret_is_found_at_every_offset);
    RUN(escaped_secrets_are_suspected);
    RUN(characters_that_will_be_removed_are_suspected_inside_secrets);
    RUN(normal_lines_are_not_suspected);
    RUN(what_is_found_is_suspected);
    RUN(every_prefix_is_read_within_its_bounds);
    return check_finish();
}
