#include "upload-dispatcher/selection.h"

#include <stddef.h>
#include <string.h>

#include "support/check.h"

static const struct ps_s3_object OBJECT = {
    .change = PS_S3_CREATED,
    .bucket = PS_SPAN_INIT("logs"),
    .key = PS_SPAN_INIT("app/a.log"),
    .version_id = PS_SPAN_INIT("v1"),
    .etag = PS_SPAN_INIT("e1"),
    .sequencer = PS_SPAN_INIT("0055"),
    .size = 10,
};

static bool takes(const struct settings *settings, const char *key)
{
    struct ps_s3_object object = OBJECT;
    object.key = ps_span_of(key);
    return selection_takes(settings, &object);
}

static void only_what_was_created_is_taken(void)
{
    const struct settings any = { 0 };
    struct ps_s3_object object = OBJECT;
    CHECK(selection_takes(&any, &object));
    object.change = PS_S3_REMOVED;
    CHECK(!selection_takes(&any, &object));
    object.change = PS_S3_OTHER;
    CHECK(!selection_takes(&any, &object));
}

static void one_of_the_prefixes_and_one_of_the_suffixes_must_fit(void)
{
    const struct settings settings = { .key_prefix = PS_SPAN("app/, web/"), .key_suffix = PS_SPAN(".log,.log.gz") };
    CHECK(takes(&settings, "app/a.log") && takes(&settings, "web/b.log.gz"));
    CHECK(!takes(&settings, "db/a.log") && !takes(&settings, "app/a.txt") && !takes(&settings, "x/app/a.log"));
}

static void an_empty_part_of_a_list_fits_nothing(void)
{
    const struct settings settings = { .key_prefix = PS_SPAN("app/,") };
    CHECK(takes(&settings, "app/a.log"));
    CHECK(!takes(&settings, "web/a.log"));
}

static void both_bounds_of_the_size_are_taken(void)
{
    const struct settings settings = { .size_min = 10, .size_max_mb = 2 };
    static const struct {
        uint64_t size;
        bool taken;
    } CASES[] = { { 9, false }, { 10, true }, { 2000000, true }, { 2000001, false }, { UINT64_MAX, false } };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct ps_s3_object object = OBJECT;
        object.size = CASES[i].size;
        CHECK_EQ(selection_takes(&settings, &object), CASES[i].taken);
    }
    const struct settings any = { 0 };
    struct ps_s3_object huge = OBJECT;
    huge.size = UINT64_MAX;
    CHECK(selection_takes(&any, &huge));
}

static void a_group_is_the_key_or_its_leading_folders(void)
{
    static const struct {
        uint32_t depth;
        const char *key, *wanted;
    } CASES[] = {
        { 0, "a/b/c.log", "a/b/c.log" }, { 1, "a/b/c.log", "a/" }, { 2, "a/b/c.log", "a/b/" },
        { 9, "a/b/c.log", "a/b/" },      { 1, "c.log", "c.log" },  { 2, "/b/c.log", "/b/" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct settings settings = { .group_depth = CASES[i].depth };
        CHECK_TEXT(selection_group_of(&settings, ps_span_of(CASES[i].key)), CASES[i].wanted);
    }
}

struct ids {
    char group[PS_DIGEST_SHA256_HEX_BYTES], deduplication[PS_DIGEST_SHA256_HEX_BYTES];
};

static struct ids ids_of(uint32_t group_depth, const struct ps_s3_object *object)
{
    const struct settings settings = { .group_depth = group_depth };
    struct ids ids;
    CHECK_OK(selection_ids(&settings, object, ids.group, ids.deduplication));
    return ids;
}

static bool same(const char *a, const char *b)
{
    return memcmp(a, b, PS_DIGEST_SHA256_HEX_BYTES) == 0;
}

/* What sha256sum says of "logs\napp/a.log" and "logs\nv1\n0055\napp/a.log". */
static void ids_are_digests_of_the_objects_parts(void)
{
    struct ids ids = ids_of(0, &OBJECT);
    CHECK_TEXT(ps_span_make(ids.group, sizeof ids.group),
               "473209097bc823cf93c32e92cd98159e537b2c3a834a531bd6266fc5825d2a6f");
    CHECK_TEXT(ps_span_make(ids.deduplication, sizeof ids.deduplication),
               "7b73e57ecb45f3f453fdf7d0925c6175c7afa86a776356f0f5774fa7844e462b");
}

/* Whether an object with that member changed has the group and the deduplication id of the one without. */
static void check_change(size_t member, bool same_group, bool same_deduplication)
{
    struct ps_s3_object changed = OBJECT;
    struct ids before = ids_of(0, &OBJECT);
    *(struct ps_span *)((char *)&changed + member) = PS_SPAN("changed");
    struct ids after = ids_of(0, &changed);
    CHECK_EQ(same(before.group, after.group), same_group);
    CHECK_EQ(same(before.deduplication, after.deduplication), same_deduplication);
}

static void another_version_or_event_is_another_message_of_the_same_group(void)
{
    check_change(offsetof(struct ps_s3_object, bucket), false, false);
    check_change(offsetof(struct ps_s3_object, key), false, false);
    check_change(offsetof(struct ps_s3_object, version_id), true, false);
    check_change(offsetof(struct ps_s3_object, sequencer), true, false);
    check_change(offsetof(struct ps_s3_object, etag), true, true); /* the version says more */
}

static void without_a_version_the_etag_tells_objects_apart(void)
{
    struct ps_s3_object first = OBJECT, second = OBJECT;
    first.version_id = second.version_id = PS_SPAN("");
    second.etag = PS_SPAN("e2");
    CHECK(!same(ids_of(0, &first).deduplication, ids_of(0, &second).deduplication));
}

static void keys_of_one_folder_share_a_group_but_no_deduplication_id(void)
{
    struct ps_s3_object other = OBJECT;
    other.key = PS_SPAN("app/b.log");
    struct ids first = ids_of(1, &OBJECT), second = ids_of(1, &other);
    CHECK(same(first.group, second.group) && !same(first.deduplication, second.deduplication));
}

int main(void)
{
    RUN(only_what_was_created_is_taken);
    RUN(one_of_the_prefixes_and_one_of_the_suffixes_must_fit);
    RUN(an_empty_part_of_a_list_fits_nothing);
    RUN(both_bounds_of_the_size_are_taken);
    RUN(a_group_is_the_key_or_its_leading_folders);
    RUN(ids_are_digests_of_the_objects_parts);
    RUN(another_version_or_event_is_another_message_of_the_same_group);
    RUN(without_a_version_the_etag_tells_objects_apart);
    RUN(keys_of_one_folder_share_a_group_but_no_deduplication_id);
    return check_finish();
}
