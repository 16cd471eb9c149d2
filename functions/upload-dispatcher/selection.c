#include "selection.h"

static bool fits_one(struct ps_span list, struct ps_span key, bool (*fits)(struct ps_span, struct ps_span))
{
    bool more = list.len > 0;
    if (!more) return true;
    while (more) {
        struct ps_span part = ps_span_trim(ps_span_split(&list, ',', &more));
        if (part.len > 0 && fits(key, part)) return true;
    }
    return false;
}

bool selection_takes(const struct settings *settings, const struct ps_s3_object *object)
{
    if (object->change != PS_S3_CREATED) return false;
    if (object->size < settings->size_min) return false;
    if (settings->size_max_mb > 0 && object->size > (uint64_t)settings->size_max_mb * 1000000) return false;
    return fits_one(settings->key_prefix, object->key, ps_span_starts) &&
           fits_one(settings->key_suffix, object->key, ps_span_ends);
}

struct ps_span selection_group_of(const struct settings *settings, struct ps_span key)
{
    size_t end = 0;
    for (uint32_t depth = 0; depth < settings->group_depth; depth++) {
        ptrdiff_t slash = ps_span_find_byte(ps_span_from(key, end), '/');
        if (slash == PS_SPAN_NONE) break;
        end += (size_t)slash + 1;
    }
    return end > 0 ? ps_span_first(key, end) : key;
}

enum ps_err selection_ids(const struct settings *settings, const struct ps_s3_object *object,
                          char group[PS_DIGEST_SHA256_HEX_BYTES], char deduplication[PS_DIGEST_SHA256_HEX_BYTES])
{
    static const struct ps_span SEPARATOR = PS_SPAN_INIT("\n"); /* in no bucket's name; in a key it comes last */
    struct ps_span version = object->version_id.len > 0 ? object->version_id : object->etag;
    const struct ps_span of_group[] = { object->bucket, SEPARATOR, selection_group_of(settings, object->key) };
    const struct ps_span of_object[] = { object->bucket,    SEPARATOR, version,    SEPARATOR,
                                         object->sequencer, SEPARATOR, object->key };
    PS_TRY(ps_digest_sha256_hex(of_group, sizeof of_group / sizeof of_group[0], group));
    return ps_digest_sha256_hex(of_object, sizeof of_object / sizeof of_object[0], deduplication);
}
