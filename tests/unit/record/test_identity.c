#include "record/identity.h"

#include "support/check.h"

static char memory[4096];

static struct ps_span document(const struct ps_record *record, uint64_t source)
{
    struct ps_buf buf;
    ps_buf_init_fixed(&buf, memory, sizeof memory);
    ps_identity_document(&buf, record, source);
    struct ps_span out = { 0 };
    CHECK_OK(ps_buf_finish(&buf, &out));
    return out;
}

static uint64_t known_source(void)
{
    return ps_identity_source(PS_SPAN("123456789012"), PS_SPAN("/aws/lambda/checkout"),
                              PS_SPAN("2026/11/21/[$LATEST]0f1e"));
}

/* The values below were computed by another program from the header's description. Stored documents depend on them. */
static void the_hash_never_changes(void)
{
    CHECK(known_source() == 0xd4c1590eaa5440e5u);
}

static void an_id_is_the_event_id_and_the_source(void)
{
    struct ps_record record = { .event_id = PS_SPAN("00039312345678901234567890123456789012345678901234567890"),
                                .message = PS_SPAN("anything") };
    CHECK_TEXT(document(&record, known_source()),
               "00039312345678901234567890123456789012345678901234567890-d4c1590eaa5440e5");
    CHECK_TEXT(document(&record, 0x1f), "00039312345678901234567890123456789012345678901234567890-000000000000001f");
}

static void an_event_without_id_gets_one_from_its_time_place_and_text(void)
{
    struct ps_record record = { .event_time_ms = 1795255200123, .position = 3, .event_text = PS_SPAN("hello") };
    CHECK_TEXT(document(&record, known_source()), "n1795255200123-3-219a539d3500ba1d-d4c1590eaa5440e5");
    record.event_time_ms = INT64_MIN;
    record.position = SIZE_MAX;
    CHECK_EQ(document(&record, 0).len, 1 + 20 + 1 + 20 + 1 + 16 + 1 + 16);
}

static void a_long_event_id_is_hashed(void)
{
    char digits[201];
    memset(digits, '1', sizeof digits);
    struct ps_record record = { .event_id = ps_span_make(digits, 201) };
    CHECK_TEXT(document(&record, known_source()), "he56ac66e3e8f82918ea93b36c23fd0ce-d4c1590eaa5440e5");
    record.event_id.len = 200;
    CHECK_EQ(document(&record, 0).len, 200 + 17);
}

static void an_odd_event_id_is_escaped(void)
{
    struct ps_record record = { .event_id = PS_SPAN("a\"\n") };
    CHECK_TEXT(document(&record, 0), "a\\\"\\n-0000000000000000");
}

static void the_parts_of_a_source_do_not_run_together(void)
{
    uint64_t a = ps_identity_source(PS_SPAN("1"), PS_SPAN("23"), PS_SPAN("4"));
    CHECK(a != ps_identity_source(PS_SPAN("12"), PS_SPAN("3"), PS_SPAN("4")));
    CHECK(a != ps_identity_source(PS_SPAN("1"), PS_SPAN("2"), PS_SPAN("34")));
    CHECK(a == ps_identity_source(PS_SPAN("1"), PS_SPAN("23"), PS_SPAN("4")));
}

int main(void)
{
    RUN(the_hash_never_changes);
    RUN(an_id_is_the_event_id_and_the_source);
    RUN(an_event_without_id_gets_one_from_its_time_place_and_text);
    RUN(a_long_event_id_is_hashed);
    RUN(an_odd_event_id_is_escaped);
    RUN(the_parts_of_a_source_do_not_run_together);
    return check_finish();
}
