#include "event/kpl.h"

#include <stdio.h>

#include "aws/digest.h"
#include "support/check.h"
#include "support/exact.h"
#include "support/random.h"

/* Three records as the Python package aws-kinesis-agg 1.2.3 aggregates them: the third has the first one's key and no
 * data. */
static const char SAMPLE[] = "\xf3\x89\x9a\xc2"
                             "\x0a\x08"
                             "checkout"
                             "\x0a\x08"
                             "payments"
                             "\x12\x09"
                             "123456789"
                             "\x1a\x3a\x08\x00\x1a\x36"
                             "{\"service\":\"checkout\",\"level\":\"INFO\",\"message\":\"paid\"}"
                             "\x1a\x40\x08\x01\x10\x00\x1a\x3a"
                             "{\"service\":\"payments\",\"level\":\"ERROR\",\"message\":\"refused\"}"
                             "\x1a\x04\x08\x00\x1a\x00"
                             "\x15\x04\xcc\x94\x73\xba\xaa\x8f\xdf\x40\x02\xe3\x93\xe1\x9e\x85";

/* A protobuf message in the making. */
struct message {
    char bytes[1 << 18];
    size_t len;
};

static void put_varint(struct message *message, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        message->bytes[message->len++] = (char)(value | 0x80);
    message->bytes[message->len++] = (char)value;
}

static void put_number(struct message *message, uint32_t field, uint64_t value)
{
    put_varint(message, field << 3);
    put_varint(message, value);
}

static void put_raw(struct message *message, struct ps_span bytes)
{
    PS_ASSERT(bytes.len <= sizeof message->bytes - message->len);
    memcpy(message->bytes + message->len, bytes.data, bytes.len);
    message->len += bytes.len;
}

static void put_bytes(struct message *message, uint32_t field, struct ps_span bytes)
{
    put_varint(message, field << 3 | 2);
    put_varint(message, bytes.len);
    put_raw(message, bytes);
}

static void put_record(struct message *message, uint64_t partition_key, const char *data)
{
    static struct message record;
    record.len = 0;
    put_number(&record, 1, partition_key);
    put_bytes(&record, 3, ps_span_of(data));
    put_bytes(message, 3, ps_span_make(record.bytes, record.len));
}

static void put_hashed_record(struct message *message, uint64_t partition_key, uint64_t hash_key, const char *data)
{
    static struct message record;
    record.len = 0;
    put_number(&record, 1, partition_key);
    put_number(&record, 2, hash_key);
    put_bytes(&record, 3, ps_span_of(data));
    put_bytes(message, 3, ps_span_make(record.bytes, record.len));
}

static struct ps_span all_of(const struct message *message)
{
    return ps_span_make(message->bytes, message->len);
}

/* What the sub-records hold, one after the other: "0 key/hash=data fault|". */
static struct ps_span tell(struct ps_span message)
{
    static char text[1 << 12];
    struct ps_kpl kpl;
    struct ps_kpl_record record;
    size_t len = 0;
    if (!CHECK_OK(ps_kpl_open(message, &kpl))) return ps_span_make(text, 0);
    while (ps_kpl_next(&kpl, &record)) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%zu %.*s/%.*s=%.*s%s%s|", record.sub_sequence,
                                PS_SPAN_ARG(record.partition_key), PS_SPAN_ARG(record.explicit_hash_key),
                                PS_SPAN_ARG(record.data), record.fault == NULL ? "" : " ",
                                record.fault == NULL ? "" : record.fault);
    }
    CHECK(!ps_kpl_next(&kpl, &record));
    return ps_span_make(text, len);
}

static void an_aggregate_of_another_program_is_split(void)
{
    struct ps_span message;
    struct ps_span md5;
    CHECK_OR_RETURN(ps_kpl_detect(ps_span_make(SAMPLE, sizeof SAMPLE - 1), &message, &md5));
    unsigned char digest[PS_DIGEST_MD5_BYTES];
    CHECK_OK(ps_digest_md5(&message, 1, digest));
    CHECK_SPAN(md5, ps_span_make((const char *)digest, sizeof digest));
    CHECK_TEXT(tell(message), "0 checkout/={\"service\":\"checkout\",\"level\":\"INFO\",\"message\":\"paid\"}|"
                              "1 payments/123456789="
                              "{\"service\":\"payments\",\"level\":\"ERROR\",\"message\":\"refused\"}|"
                              "2 checkout/=|");
}

static void what_lacks_the_form_is_not_detected(void)
{
    struct ps_span message = PS_SPAN("untouched");
    struct ps_span md5 = PS_SPAN("untouched");
    struct ps_span sample = ps_span_make(SAMPLE, sizeof SAMPLE - 1);
    for (size_t len = 0; len < 4 + 1 + 16; len++) {
        struct ps_span copy = exact_copy(ps_span_first(sample, len));
        CHECK(!ps_kpl_detect(copy, &message, &md5));
        exact_free(copy);
    }
    for (size_t i = 0; i < 4; i++) {
        struct ps_span copy = exact_copy(sample);
        ((char *)(uintptr_t)copy.data)[i] ^= 1;
        CHECK(!ps_kpl_detect(copy, &message, &md5));
        exact_free(copy);
    }
    CHECK_TEXT(message, "untouched");
    CHECK_TEXT(md5, "untouched");
    CHECK(ps_kpl_detect(ps_span_first(sample, 4 + 1 + 16), &message, &md5));
    CHECK_EQ(message.len, 1);
    CHECK_EQ(md5.len, 16);
}

static void key_tables_may_follow_the_records(void)
{
    struct message message = { 0 };
    put_hashed_record(&message, 1, 0, "a");
    put_bytes(&message, 2, PS_SPAN("7"));
    put_bytes(&message, 1, PS_SPAN("zero"));
    put_hashed_record(&message, 0, 1, "b");
    put_bytes(&message, 1, PS_SPAN("one"));
    put_bytes(&message, 2, PS_SPAN("8"));
    CHECK_TEXT(tell(all_of(&message)), "0 one/7=a|1 zero/8=b|");
}

/* amazon-kinesis-client gives out the records before a bad key index and loses that one and all behind it (apache/hudi
 * #19707 tells of it, too). */
static void a_bad_key_index_loses_no_record(void)
{
    struct message message = { 0 };
    put_bytes(&message, 1, PS_SPAN("key"));
    put_bytes(&message, 2, PS_SPAN("7"));
    put_record(&message, 0, "a");
    put_record(&message, 1, "b");
    put_record(&message, UINT64_MAX, "c");
    put_hashed_record(&message, 0, 1, "d");
    put_hashed_record(&message, 5, 5, "e");
    put_record(&message, 0, "f");
    CHECK_TEXT(tell(all_of(&message)), "0 key/=a|1 /=b partition_key_unknown|2 /=c partition_key_unknown|"
                                       "3 key/=d hash_key_unknown|4 /=e partition_key_unknown|5 key/=f|");
}

/* amazon-kinesis-client drops a whole aggregate when one record's hash lies outside its shard, and so loses what
 * producers other than the KPL have sent (kinesis-aggregation #32, #175). */
static void no_record_is_left_out_for_its_hash(void)
{
    struct message message = { 0 };
    put_bytes(&message, 1, PS_SPAN("key"));
    put_bytes(&message, 2, PS_SPAN("0"));
    put_bytes(&message, 2, PS_SPAN("340282366920938463463374607431768211455"));
    put_bytes(&message, 2, PS_SPAN("no number"));
    put_hashed_record(&message, 0, 0, "a");
    put_hashed_record(&message, 0, 1, "b");
    put_hashed_record(&message, 0, 2, "c");
    CHECK_TEXT(tell(all_of(&message)), "0 key/0=a|1 key/340282366920938463463374607431768211455=b|2 key/no number=c|");
}

static void what_a_record_lacks_is_its_own_fault(void)
{
    struct message message = { 0 };
    put_bytes(&message, 1, PS_SPAN("key"));
    put_bytes(&message, 3, PS_SPAN(""));
    put_bytes(&message, 3, PS_SPAN("\x08\x00"));
    put_bytes(&message, 3, PS_SPAN("\x1a\x01x"));
    put_record(&message, 0, "y");
    CHECK_TEXT(tell(all_of(&message)), "0 /= data_missing|1 key/= data_missing|2 /=x partition_key_missing|3 key/=y|");
}

static void unknown_fields_and_tags_are_skipped(void)
{
    struct message message = { 0 };
    put_number(&message, 1, 5); /* a key table that is a number is none */
    put_number(&message, 3, 5); /* nor is that a record */
    put_raw(&message,
            PS_SPAN("\x21"                                   /* 4: 64 bits */
                    "\x0a\x01x\x0a\x01x\x0a\x01\x2d"         /* that look like keys; 5: 32 bits */
                    "\x0a\x01x\x0a\x33\x3b\x0a\x01x\x3c\x34" /* that look like keys; groups 6 and 7 with one */
                    "\xf8\xff\xff\xff\x0f\x00"));            /* the highest number */
    put_bytes(&message, 1, PS_SPAN("key"));
    put_bytes(&message, 3, PS_SPAN("\x08\x00\x22\x05\x0a\x03tag\x22\x01!\x1a\x01x\x12\x00\x28\x01"));
    CHECK_TEXT(tell(all_of(&message)), "0 key/=x|");
}

static void of_a_field_that_comes_twice_the_last_counts(void)
{
    struct message message = { 0 };
    put_bytes(&message, 1, PS_SPAN("a"));
    put_bytes(&message, 1, PS_SPAN("b"));
    put_bytes(&message, 3, PS_SPAN("\x1a\x01x\x08\x09\x1a\x01y\x08\x01"));
    CHECK_TEXT(tell(all_of(&message)), "0 b/=y|");
}

static void numbers_have_ten_bytes_at_most(void)
{
    static const struct {
        struct ps_span record;
        const char *told;
    } CASES[] = {
        { PS_SPAN_INIT("\x1a\x00\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), "0 key/=|" },
        { PS_SPAN_INIT("\x1a\x80\x00\x88\x00\x80\x00"), "0 key/=|" },
        { PS_SPAN_INIT("\x1a\x00\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "0 /= partition_key_unknown|" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct message message = { 0 };
        put_bytes(&message, 3, CASES[i].record);
        put_bytes(&message, 1, PS_SPAN("key"));
        CHECK_TEXT(tell(all_of(&message)), CASES[i].told);
    }
}

static void what_is_no_aggregate_is_refused_whole(void)
{
    static const struct {
        struct ps_span message;
        const char *note;
    } CASES[] = {
        { PS_SPAN_INIT(""), "the aggregate holds no sub-record" },
        { PS_SPAN_INIT("\x0a\x01k"), "the aggregate holds no sub-record" },
        { PS_SPAN_INIT("\x1a\x00\x0a"), "protobuf: a number is cut at byte 3" },
        { PS_SPAN_INIT("\x1a\x00\x0a\x80"), "protobuf: a number is cut at byte 4" },
        { PS_SPAN_INIT("\x1a\x00\x0a\x02k"), "protobuf: 2 bytes wanted at byte 4, 1 are left" },
        { PS_SPAN_INIT("\x1a\x00\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01k"),
          "protobuf: 18446744073709551615 bytes wanted at byte 13, 1 are left" },
        { PS_SPAN_INIT("\x1a\x00\x29zzzzzzz"), "protobuf: 8 bytes wanted at byte 3, 7 are left" },
        { PS_SPAN_INIT("\x1a\x00\x2dzzz"), "protobuf: 4 bytes wanted at byte 3, 3 are left" },
        { PS_SPAN_INIT("\x1a\x00\x28\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"),
          "protobuf: the number before byte 13 has more than 64 bits" },
        { PS_SPAN_INIT("\x1a\x00\x28\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"),
          "protobuf: the number before byte 13 has more than 64 bits" },
        { PS_SPAN_INIT("\x1a\x00\x02\x00"), "protobuf: no field has the number before byte 3" },
        { PS_SPAN_INIT("\x1a\x00\x80\x80\x80\x80\x10\x00"), "protobuf: no field has the number before byte 7" },
        { PS_SPAN_INIT("\x1a\x00\x0c"), "protobuf: no value has the wire type 4 before byte 3" },
        { PS_SPAN_INIT("\x1a\x00\x0e"), "protobuf: no value has the wire type 6 before byte 3" },
        { PS_SPAN_INIT("\x1a\x00\x0f"), "protobuf: no value has the wire type 7 before byte 3" },
        { PS_SPAN_INIT("\x1a\x00\x33\x3b\x34\x3c"), "protobuf: group 7 is ended as 6 at byte 5" },
        { PS_SPAN_INIT("\x1a\x00\x33\x28\x01"), "protobuf: a number is cut at byte 5" },
        { PS_SPAN_INIT("\x1a\x00\x1a\x02\x1a\x01"), "sub-record 1: protobuf: 1 bytes wanted at byte 2, 0 are left" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_span copy = exact_copy(CASES[i].message);
        struct ps_kpl kpl = { .record_count = 77 };
        CHECK_ERR(ps_kpl_open(copy, &kpl), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), CASES[i].note);
        CHECK_EQ(kpl.record_count, 77);
        exact_free(copy);
    }
}

static void groups_and_size_have_a_ceiling(void)
{
    struct ps_kpl kpl;
    for (size_t depth = PS_KPL_GROUPS_DEEP_MAX; depth <= PS_KPL_GROUPS_DEEP_MAX + 1; depth++) {
        struct message message = { 0 };
        for (size_t i = 0; i < depth; i++)
            put_raw(&message, PS_SPAN("\x33"));
        for (size_t i = 0; i < depth; i++)
            put_raw(&message, PS_SPAN("\x34"));
        put_record(&message, 0, "x");
        CHECK_ERR(ps_kpl_open(all_of(&message), &kpl), depth == PS_KPL_GROUPS_DEEP_MAX ? PS_OK : PS_ERR_TOO_DEEP);
    }
    CHECK_ERR(ps_kpl_open(ps_span_make(NULL, PS_KPL_MESSAGE_BYTES_MAX + 1), &kpl), PS_ERR_TOO_LARGE);
}

/* Far more keys than marks, the tables and the records mixed at random. */
static void each_of_many_keys_is_found(void)
{
    enum { KEYS = 5000, RECORDS = 5000 };
    static struct message message;
    static uint32_t wanted[RECORDS];
    struct random random = { 11 };
    size_t keys[2] = { 0 };
    size_t records = 0;
    while (keys[0] < KEYS || keys[1] < KEYS || records < RECORDS) {
        char text[32];
        size_t what = random_below(&random, 3);
        if (what < 2 && keys[what] < KEYS) {
            (void)snprintf(text, sizeof text, "%c%zu", (char)('p' + what), keys[what]);
            put_bytes(&message, (uint32_t)what + 1, ps_span_of(text));
            keys[what]++;
        } else if (what == 2 && records < RECORDS) {
            wanted[records] = (uint32_t)random_below(&random, KEYS);
            put_hashed_record(&message, wanted[records], KEYS - 1 - wanted[records], "x");
            records++;
        }
    }
    struct ps_kpl kpl;
    struct ps_kpl_record record;
    CHECK_OK(ps_kpl_open(all_of(&message), &kpl));
    CHECK_EQ(kpl.record_count, RECORDS);
    CHECK(kpl.mark_distance <= (2 * KEYS + RECORDS) / (PS_KPL_MARKS_MAX / 2)); /* so that no key is far from its mark */
    while (ps_kpl_next(&kpl, &record)) {
        char text[2][32];
        (void)snprintf(text[0], sizeof text[0], "p%u", wanted[record.sub_sequence]);
        (void)snprintf(text[1], sizeof text[1], "q%u", KEYS - 1 - wanted[record.sub_sequence]);
        CHECK_TEXT(record.partition_key, text[0]);
        CHECK_TEXT(record.explicit_hash_key, text[1]);
        CHECK(record.fault == NULL);
        records--;
    }
    CHECK_EQ(records, 0);
}

/* A message cut between two fields is a shorter message; cut anywhere else it is none. */
static void every_prefix_is_split_or_refused(void)
{
    struct ps_span message;
    struct ps_span md5;
    CHECK_OR_RETURN(ps_kpl_detect(ps_span_make(SAMPLE, sizeof SAMPLE - 1), &message, &md5));
    size_t opened = 0;
    for (size_t len = 0; len <= message.len; len++) {
        struct ps_span copy = exact_copy(ps_span_first(message, len));
        struct ps_kpl kpl;
        struct ps_kpl_record record;
        if (ps_kpl_open(copy, &kpl) == PS_OK) {
            opened++;
            while (ps_kpl_next(&kpl, &record))
                CHECK(record.fault == NULL);
        }
        exact_free(copy);
    }
    CHECK_EQ(opened, 3);
}

int main(void)
{
    RUN(an_aggregate_of_another_program_is_split);
    RUN(what_lacks_the_form_is_not_detected);
    RUN(key_tables_may_follow_the_records);
    RUN(a_bad_key_index_loses_no_record);
    RUN(no_record_is_left_out_for_its_hash);
    RUN(what_a_record_lacks_is_its_own_fault);
    RUN(unknown_fields_and_tags_are_skipped);
    RUN(of_a_field_that_comes_twice_the_last_counts);
    RUN(numbers_have_ten_bytes_at_most);
    RUN(what_is_no_aggregate_is_refused_whole);
    RUN(groups_and_size_have_a_ceiling);
    RUN(each_of_many_keys_is_found);
    RUN(every_prefix_is_split_or_refused);
    return check_finish();
}
