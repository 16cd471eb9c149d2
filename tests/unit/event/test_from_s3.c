#include "event/from_s3.h"

#include <stdio.h>

#include "base/json_write.h"
#include "support/check.h"
#include "support/exact.h"

static struct ps_arena arena;

/* A file of events/, on the arena. */
static struct ps_span read_sample(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "events/%s.json", name);
    FILE *file = fopen(path, "rb");
    if (!CHECK(file != NULL)) return PS_SPAN("{}");
    char *data = ps_arena_bytes(&arena, 64 << 10);
    size_t len = fread(data, 1, 64 << 10, file);
    fclose(file);
    return ps_span_make(data, len);
}

/* A record of S3 whose event and object are given as JSON. */
#define RECORD(event, object) \
    "{\"eventVersion\":\"2.1\",\"eventSource\":\"aws:s3\",\"eventName\":" event \
    ",\"s3\":{\"bucket\":{\"name\":\"b\"}," \
    "\"object\":" object "}}"
#define CREATED(object) RECORD("\"ObjectCreated:Put\"", object)
#define RECORDS(records) "{\"Records\":[" records "]}"

#define EVENT(detail_type, detail) \
    "{\"version\":\"0\",\"id\":\"1\",\"detail-type\":" detail_type ",\"source\":\"aws.s3\",\"detail\":" detail "}"

static struct ps_from_s3 open_objects(struct ps_span payload)
{
    struct ps_from_s3 objects = { 0 };
    enum ps_from_s3_kind kind = PS_FROM_S3_NOTHING;
    CHECK_OK(ps_from_s3_open(&arena, payload, &kind, &objects));
    CHECK_EQ(kind, PS_FROM_S3_OBJECTS);
    return objects;
}

static struct ps_s3_object next(struct ps_from_s3 *objects)
{
    struct ps_s3_object object = { 0 };
    bool more = false;
    CHECK_OK(ps_from_s3_next(objects, &arena, &object, &more));
    CHECK(more);
    return object;
}

static void check_over(struct ps_from_s3 *objects)
{
    struct ps_s3_object object;
    for (int i = 0; i < 2; i++) {
        bool more = true;
        CHECK_OK(ps_from_s3_next(objects, &arena, &object, &more));
        CHECK(!more);
    }
}

/* The one object of payload. */
static struct ps_s3_object only(const char *payload)
{
    struct ps_from_s3 objects = open_objects(ps_span_of(payload));
    struct ps_s3_object object = next(&objects);
    check_over(&objects);
    return object;
}

static void check_kind(struct ps_span payload, enum ps_from_s3_kind wanted)
{
    struct ps_from_s3 objects;
    enum ps_from_s3_kind kind = PS_FROM_S3_OBJECTS;
    CHECK_OK(ps_from_s3_open(&arena, payload, &kind, &objects));
    if (!CHECK_EQ(kind, wanted)) printf("# %.*s\n", PS_SPAN_ARG(payload));
}

/* The text as SNS puts it into a queue. */
static struct ps_span enveloped(struct ps_span text)
{
    struct ps_buf buf;
    struct ps_json_writer writer;
    struct ps_span out = PS_SPAN("");
    ps_buf_init(&buf, &arena, 1 << 20);
    ps_json_write_init(&writer, &buf);
    ps_json_write_object_begin(&writer);
    ps_json_write_member(&writer, PS_SPAN("Type"), PS_SPAN("Notification"));
    ps_json_write_member(&writer, PS_SPAN("Message"), text);
    ps_json_write_object_end(&writer);
    CHECK_OK(ps_json_write_finish(&writer, &out));
    return out;
}

static void check_uploaded(struct ps_s3_object object)
{
    CHECK_EQ(object.change, PS_S3_CREATED);
    CHECK_TEXT(object.bucket, "example-uploads");
    CHECK_TEXT(object.key, "in/2026/11/21/app server 1+\xc3\xbc.log.gz");
    CHECK_TEXT(object.version_id, "096fKKXTRTtl3on89fVO.nfljtsv6qko");
    CHECK_TEXT(object.etag, "9b2cf535f27731c974343645a3985328-13");
    CHECK_TEXT(object.sequencer, "0055AED6DCD90281E5");
    CHECK_EQ(object.size, 104857600);
}

static void a_notification_of_s3_is_read(void)
{
    struct ps_from_s3 objects = open_objects(read_sample("s3-direct"));
    check_uploaded(next(&objects));
    struct ps_s3_object object = next(&objects);
    CHECK_EQ(object.change, PS_S3_CREATED);
    CHECK_TEXT(object.key, "in/+ /../100%.log");
    CHECK_EQ(object.version_id.len + object.size, 0);
    object = next(&objects);
    CHECK_EQ(object.change, PS_S3_REMOVED);
    CHECK_TEXT(object.key, "in/2026/11/21/app server 1+\xc3\xbc.log.gz");
    check_over(&objects);
}

static void an_event_of_eventbridge_names_the_same_object(void)
{
    struct ps_from_s3 objects = open_objects(read_sample("s3-eventbridge"));
    check_uploaded(next(&objects));
    check_over(&objects);
}

static void both_are_found_in_an_envelope_of_sns(void)
{
    static const char *const SAMPLES[] = { "s3-direct", "s3-eventbridge" };
    for (size_t i = 0; i < sizeof SAMPLES / sizeof SAMPLES[0]; i++) {
        struct ps_from_s3 objects = open_objects(enveloped(read_sample(SAMPLES[i])));
        check_uploaded(next(&objects));
    }
    check_kind(enveloped(read_sample("s3-test-event")), PS_FROM_S3_TEST);
}

/* What many a handler ends at: the first message of every notification that is set up has no "Records". */
static void the_test_event_without_records_is_known(void)
{
    check_kind(read_sample("s3-test-event"), PS_FROM_S3_TEST);
    check_kind(PS_SPAN("{\"Event\":\"s3:TestEvent\"}"), PS_FROM_S3_TEST);
    check_kind(PS_SPAN("{\"Event\":\"s3:OtherEvent\",\"Bucket\":\"b\"}"), PS_FROM_S3_NOTHING);
}

static void what_is_not_of_s3_is_nothing(void)
{
    static const char *const NOTHING[] = {
        "{}",
        "[]",
        "\"text\"",
        "5",
        "null",
        "{\"Records\":{}}",
        "{\"Records\":null}",
        "{\"Records\":[7]}",
        RECORDS("{\"kinesis\":{}}"),
        RECORDS("{\"messageId\":\"1\",\"body\":\"{\\\"s3\\\":{}}\",\"eventSource\":\"aws:sqs\"}"),
        RECORDS("{\"Sns\":{\"Message\":\"{}\"}}"),
        "{\"detail-type\":\"Object Created\",\"source\":\"my.app\",\"detail\":{}}",
        "{\"source\":\"aws.s3\"}",
        "{\"Type\":\"Notification\",\"Message\":{}}",
        "{\"Type\":\"Notification\"}",
        "{\"Type\":\"SubscriptionConfirmation\",\"Message\":\"You have chosen to subscribe\"}",
        "{\"penstock\":\"object\",\"bucket\":\"b\",\"key\":\"k\"}",
    };
    for (size_t i = 0; i < sizeof NOTHING / sizeof NOTHING[0]; i++)
        check_kind(ps_span_of(NOTHING[i]), PS_FROM_S3_NOTHING);
    check_kind(enveloped(PS_SPAN("[]")), PS_FROM_S3_NOTHING);
    check_kind(PS_SPAN("{\"Type\":\"Notification\",\"Message\":\"{}\",\"Event\":\"s3:TestEvent\"}"),
               PS_FROM_S3_NOTHING);
    check_kind(enveloped(enveloped(read_sample("s3-direct"))), PS_FROM_S3_NOTHING);
}

static void what_is_no_json_is_refused_inside_and_outside(void)
{
    static const char *const BROKEN[] = { "", " ", "hello", "{", RECORDS(CREATED("{\"key\":\"k\"}")) "]", "\"\\x\"" };
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        struct ps_from_s3 objects;
        enum ps_from_s3_kind kind;
        CHECK_ERR(ps_from_s3_open(&arena, ps_span_of(BROKEN[i]), &kind, &objects), PS_ERR_BAD_INPUT);
        CHECK_ERR(ps_from_s3_open(&arena, enveloped(ps_span_of(BROKEN[i])), &kind, &objects), PS_ERR_BAD_INPUT);
        CHECK(ps_span_starts(ps_span_of(ps_err_note()->text), PS_SPAN("the message of SNS: ")));
    }
}

static void no_records_are_no_objects(void)
{
    struct ps_from_s3 objects = open_objects(PS_SPAN("{\"Records\":[]}"));
    check_over(&objects);
}

static void a_key_of_s3_is_form_encoded(void)
{
    static const struct {
        const char *written, *key;
    } CASES[] = {
        { "a+b%2Bc%2bd", "a b+c+d" },
        { "in%2Fa+b%25.log", "in/a b%.log" },
        { "%C3%BC\\u00fc\xc3\xbc", "\xc3\xbc\xc3\xbc\xc3\xbc" },
        { "%2525", "%25" },
        { ".", "." },
        { "..%2F../a//b", "../../a//b" },
        { "a\\/b\\\"%22", "a/b\"\"" },
        { "+", " " },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char payload[400];
        snprintf(payload, sizeof payload, RECORDS(CREATED("{\"key\":\"%s\"}")), CASES[i].written);
        CHECK_TEXT(only(payload).key, CASES[i].key);
    }
}

static void a_key_need_not_be_text(void)
{
    CHECK_SPAN(only(RECORDS(CREATED("{\"key\":\"%00%ff\\u0000%0A\"}"))).key, PS_SPAN("\0\xff\0\n"));
}

static void a_key_of_eventbridge_is_as_it_is(void)
{
    CHECK_TEXT(
        only(EVENT("\"Object Created\"", "{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"a+b%2B%\\u00fc\"}}")).key,
        "a+b%2B%\xc3\xbc");
}

static void the_name_of_an_event_tells_the_change(void)
{
    static const struct {
        const char *event;
        enum ps_s3_change change;
    } CASES[] = {
        { "ObjectCreated:Put", PS_S3_CREATED },
        { "ObjectCreated:Post", PS_S3_CREATED },
        { "ObjectCreated:Copy", PS_S3_CREATED },
        { "ObjectCreated:CompleteMultipartUpload", PS_S3_CREATED },
        { "s3:ObjectCreated:Put", PS_S3_CREATED },
        { "ObjectRemoved:Delete", PS_S3_REMOVED },
        { "s3:ObjectRemoved:DeleteMarkerCreated", PS_S3_REMOVED },
        { "LifecycleExpiration:Delete", PS_S3_REMOVED },
        { "LifecycleExpiration:DeleteMarkerCreated", PS_S3_REMOVED },
        { "ObjectRestore:Post", PS_S3_OTHER },
        { "ObjectRestore:Completed", PS_S3_OTHER },
        { "ObjectTagging:Put", PS_S3_OTHER },
        { "ObjectAcl:Put", PS_S3_OTHER },
        { "LifecycleTransition", PS_S3_OTHER },
        { "Replication:OperationFailedReplication", PS_S3_OTHER },
        { "ReducedRedundancyLostObject", PS_S3_OTHER },
        { "s3:s3:ObjectCreated:Put", PS_S3_OTHER },
        { "objectcreated:put", PS_S3_OTHER },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char payload[400];
        snprintf(payload, sizeof payload, RECORDS(RECORD("\"%s\"", "{\"key\":\"k\"}")), CASES[i].event);
        if (!CHECK_EQ(only(payload).change, CASES[i].change)) printf("# %s\n", CASES[i].event);
    }
}

static void the_type_of_an_event_of_eventbridge_tells_it_too(void)
{
    static const struct {
        const char *type;
        enum ps_s3_change change;
    } CASES[] = {
        { "Object Created", PS_S3_CREATED },         { "Object Deleted", PS_S3_REMOVED },
        { "Object Restore Completed", PS_S3_OTHER }, { "Object Storage Class Changed", PS_S3_OTHER },
        { "Object Tags Added", PS_S3_OTHER },        { "Object ACL Updated", PS_S3_OTHER },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char payload[400];
        snprintf(payload, sizeof payload, EVENT("\"%s\"", "{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}"),
                 CASES[i].type);
        CHECK_EQ(only(payload).change, CASES[i].change);
    }
}

static void any_version_2_is_read(void)
{
    static const char *const SAME[] = { "2.0", "2.1", "2.3", "2.10" };
    static const char *const OTHER[] = { "\"3.0\"", "\"20.0\"", "\"1.0\"", "2.1" };
    char payload[400];
    for (size_t i = 0; i < sizeof SAME / sizeof SAME[0]; i++) {
        snprintf(payload, sizeof payload,
                 "{\"Records\":[{\"eventVersion\":\"%s\",\"eventName\":\"ObjectCreated:Put\","
                 "\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}}]}",
                 SAME[i]);
        CHECK_TEXT(only(payload).key, "k");
    }
    for (size_t i = 0; i < sizeof OTHER / sizeof OTHER[0]; i++) {
        snprintf(payload, sizeof payload, "{\"Records\":[{\"eventVersion\":%s,\"s3\":{}}]}", OTHER[i]);
        struct ps_from_s3 objects = open_objects(ps_span_of(payload));
        struct ps_s3_object object;
        bool more = false;
        CHECK_ERR(ps_from_s3_next(&objects, &arena, &object, &more), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), "Records[0]: its eventVersion is not 2.x");
    }
}

static void a_size_is_exact(void)
{
    CHECK_EQ(only(RECORDS(CREATED("{\"key\":\"k\",\"size\":9007199254740993}"))).size, 9007199254740993);
    CHECK(only(RECORDS(CREATED("{\"key\":\"k\",\"size\":18446744073709551615}"))).size == UINT64_MAX);
    CHECK_EQ(only(RECORDS(CREATED("{\"key\":\"k\"}"))).size, 0);
    CHECK_EQ(only(RECORDS(CREATED("{\"key\":\"k\",\"size\":null}"))).size, 0);
}

static void an_etag_has_no_quotes(void)
{
    CHECK_TEXT(only(RECORDS(CREATED("{\"key\":\"k\",\"eTag\":\"\\\"d41d-2\\\"\"}"))).etag, "d41d-2");
    CHECK_TEXT(only(RECORDS(CREATED("{\"key\":\"k\",\"eTag\":\"\\\"\"}"))).etag, "\"");
    CHECK_TEXT(only(RECORDS(CREATED("{\"key\":\"k\",\"eTag\":\"\\\"d\"}"))).etag, "\"d");
    CHECK_EQ(only(RECORDS(CREATED("{\"key\":\"k\",\"eTag\":null,\"versionId\":null,\"sequencer\":7}"))).etag.len, 0);
}

static void of_two_members_with_one_name_the_last_counts(void)
{
    CHECK_TEXT(
        only(RECORDS(CREATED("{\"key\":\"one\",\"key\":\"two\",\"\\u006bey\":\"three\",\"more\":{\"key\":[]}}"))).key,
        "two");
}

static void a_bad_record_is_told_with_its_place_and_the_others_go_on(void)
{
    static const struct {
        const char *record, *note;
    } CASES[] = {
        { "7", "it names no object of S3" },
        { "{\"kinesis\":{},\"eventSource\":\"aws:kinesis\"}", "it names no object of S3" },
        { "{\"s3\":{}}", "there is no \"object\"" },
        { "{\"s3\":{\"object\":{\"key\":\"k\"}}}", "the bucket is missing, empty or no text" },
        { "{\"s3\":{\"bucket\":{\"name\":\"\"},\"object\":{\"key\":\"k\"}}}",
          "the bucket is missing, empty or no text" },
        { "{\"s3\":{\"bucket\":{\"name\":7},\"object\":{\"key\":\"k\"}}}", "the bucket is missing, empty or no text" },
        { CREATED("{\"size\":1}"), "the key is missing, empty or no text" },
        { CREATED("{\"key\":\"\"}"), "the key is missing, empty or no text" },
        { CREATED("{\"key\":7}"), "the key is missing, empty or no text" },
        { CREATED("{\"key\":\"100%.log\"}"), "percent encoding: broken at byte 3" },
        { CREATED("{\"key\":\"k\",\"size\":-1}"), "the size is no whole number" },
        { CREATED("{\"key\":\"k\",\"size\":1.5}"), "the size is no whole number" },
        { CREATED("{\"key\":\"k\",\"size\":\"17\"}"), "the size is no whole number" },
        { CREATED("{\"key\":\"k\",\"size\":18446744073709551616}"), "the size is no whole number" },
        { RECORD("\"\"", "{\"key\":\"k\"}"), "the event's name is missing, empty or no text" },
        { RECORD("null", "{\"key\":\"k\"}"), "the event's name is missing, empty or no text" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char payload[600];
        char note[200];
        snprintf(payload, sizeof payload, RECORDS(CREATED("{\"key\":\"first\"}") ",%s," CREATED("{\"key\":\"last\"}")),
                 CASES[i].record);
        snprintf(note, sizeof note, "Records[1]: %s", CASES[i].note);
        struct ps_from_s3 objects = open_objects(ps_span_of(payload));
        CHECK_TEXT(next(&objects).key, "first");
        struct ps_s3_object object = { .size = 4711 };
        bool more = true;
        CHECK_ERR(ps_from_s3_next(&objects, &arena, &object, &more), PS_ERR_BAD_INPUT);
        CHECK_TEXT(ps_span_of(ps_err_note()->text), note);
        CHECK_EQ(object.size, 4711);
        CHECK_TEXT(next(&objects).key, "last");
        check_over(&objects);
    }
}

static void one_record_of_s3_tells_that_all_are(void)
{
    struct ps_from_s3 objects = open_objects(PS_SPAN(RECORDS("7,{\"kinesis\":{}}," CREATED("{\"key\":\"k\"}"))));
    struct ps_s3_object object;
    bool more = true;
    CHECK_ERR(ps_from_s3_next(&objects, &arena, &object, &more), PS_ERR_BAD_INPUT);
    CHECK_ERR(ps_from_s3_next(&objects, &arena, &object, &more), PS_ERR_BAD_INPUT);
    CHECK_TEXT(next(&objects).key, "k");
    check_over(&objects);
}

static void a_broken_event_of_eventbridge_is_told_once(void)
{
    static const char *const BROKEN[] = {
        EVENT("\"Object Created\"", "\"{}\""),
        EVENT("\"Object Created\"", "{}"),
        EVENT("\"Object Created\"", "{\"bucket\":{\"name\":\"b\"},\"object\":{}}"),
        EVENT("\"Object Created\"", "{\"bucket\":[],\"object\":{\"key\":\"k\"}}"),
        EVENT("7", "{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"k\"}}"),
    };
    for (size_t i = 0; i < sizeof BROKEN / sizeof BROKEN[0]; i++) {
        struct ps_from_s3 objects = open_objects(ps_span_of(BROKEN[i]));
        struct ps_s3_object object;
        bool more = true;
        CHECK_ERR(ps_from_s3_next(&objects, &arena, &object, &more), PS_ERR_BAD_INPUT);
        CHECK(ps_span_starts(ps_span_of(ps_err_note()->text), PS_SPAN("EventBridge's event of S3: ")));
        check_over(&objects);
    }
}

static void no_text_is_longer_than_s3_allows(void)
{
    static char text[PS_S3_TEXT_BYTES_MAX + 1];
    memset(text, 'k', sizeof text);
    const struct ps_span most = ps_span_make(text, sizeof text - 1);
    const struct ps_span over = ps_span_make(text, sizeof text);
    const struct ps_s3_object good = {
        .bucket = most, .key = most, .version_id = most, .etag = most, .sequencer = most
    };
    CHECK_OK(ps_from_s3_check(&good));
    for (int i = 0; i < 5; i++) {
        struct ps_s3_object object = good;
        struct ps_span *const texts[] = { &object.bucket, &object.key, &object.version_id, &object.etag,
                                          &object.sequencer };
        *texts[i] = over;
        CHECK_ERR(ps_from_s3_check(&object), PS_ERR_BAD_INPUT);
    }
    CHECK_TEXT(ps_span_of(ps_err_note()->text), "the sequencer has 1025 bytes, S3 allows 1024");
}

static void no_prefix_opens(void)
{
    static const char *const SAMPLES[] = { "s3-direct", "s3-eventbridge", "s3-test-event" };
    for (size_t i = 0; i < 2 * (sizeof SAMPLES / sizeof SAMPLES[0]); i++) {
        struct ps_arena_mark mark = ps_arena_mark(&arena);
        struct ps_span sample = ps_span_trim(read_sample(SAMPLES[i / 2]));
        if (i % 2 == 1) sample = enveloped(sample);
        for (size_t len = 0; len < sample.len; len++) {
            struct ps_arena_mark before = ps_arena_mark(&arena);
            struct ps_span copy = exact_copy(ps_span_first(sample, len));
            struct ps_from_s3 objects;
            enum ps_from_s3_kind kind;
            CHECK_ERR(ps_from_s3_open(&arena, copy, &kind, &objects), PS_ERR_BAD_INPUT);
            exact_free(copy);
            ps_arena_rewind(&arena, before);
        }
        ps_arena_rewind(&arena, mark);
    }
}

static enum ps_err read_all(struct ps_span payload)
{
    struct ps_from_s3 objects;
    enum ps_from_s3_kind kind;
    PS_TRY(ps_from_s3_open(&arena, payload, &kind, &objects));
    for (bool more = true; more;) {
        struct ps_s3_object object;
        PS_TRY(ps_from_s3_next(&objects, &arena, &object, &more));
    }
    return PS_OK;
}

static void no_memory_is_told_and_later_calls_succeed(void)
{
    struct ps_span direct = enveloped(read_sample("s3-direct"));
    struct ps_span event = enveloped(read_sample("s3-eventbridge"));
    struct ps_span escaped = PS_SPAN(EVENT("\"Object \\u0043reated\"",
                                           "{\"bucket\":{\"name\":\"\\u0062\"},\"object\":"
                                           "{\"key\":\"\\u006b\",\"etag\":\"\\u0065\",\"version-id\":\"\\u0076\","
                                           "\"sequencer\":\"\\u0031\"}}"));
    PS_EACH_FAILURE(&arena, read_all(direct));
    PS_EACH_FAILURE(&arena, read_all(event));
    PS_EACH_FAILURE(&arena, read_all(escaped));
}

int main(void)
{
    arena = check_arena(8 << 20);
    RUN(a_notification_of_s3_is_read);
    RUN(an_event_of_eventbridge_names_the_same_object);
    RUN(both_are_found_in_an_envelope_of_sns);
    RUN(the_test_event_without_records_is_known);
    RUN(what_is_not_of_s3_is_nothing);
    RUN(what_is_no_json_is_refused_inside_and_outside);
    RUN(no_records_are_no_objects);
    RUN(a_key_of_s3_is_form_encoded);
    RUN(a_key_need_not_be_text);
    RUN(a_key_of_eventbridge_is_as_it_is);
    RUN(the_name_of_an_event_tells_the_change);
    RUN(the_type_of_an_event_of_eventbridge_tells_it_too);
    RUN(any_version_2_is_read);
    RUN(a_size_is_exact);
    RUN(an_etag_has_no_quotes);
    RUN(of_two_members_with_one_name_the_last_counts);
    RUN(a_bad_record_is_told_with_its_place_and_the_others_go_on);
    RUN(one_record_of_s3_tells_that_all_are);
    RUN(a_broken_event_of_eventbridge_is_told_once);
    RUN(no_text_is_longer_than_s3_allows);
    RUN(no_prefix_opens);
    RUN(no_memory_is_told_and_later_calls_succeed);
    ps_arena_fini(&arena);
    return check_finish();
}
