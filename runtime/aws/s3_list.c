#include "aws/s3_list.h"

#include "base/percent.h"

enum { ERROR_CODE_BYTES_MAX = 64 };

/* Takes the text of the next <tag>text</tag> off *rest. Tag names are looked for as text: none of those asked for can
 * appear inside a value, where '<' is always escaped. */
static bool next_element(struct ps_span *rest, struct ps_span open, struct ps_span close, struct ps_span *text)
{
    ptrdiff_t begin = ps_span_find(*rest, open);
    if (begin == PS_SPAN_NONE) return false;
    struct ps_span after = ps_span_from(*rest, (size_t)begin + open.len);
    ptrdiff_t end = ps_span_find(after, close);
    if (end == PS_SPAN_NONE) return false;
    *text = ps_span_first(after, (size_t)end);
    *rest = ps_span_from(after, (size_t)end + close.len);
    return true;
}

static struct ps_span element(struct ps_span xml, struct ps_span open, struct ps_span close)
{
    struct ps_span text = PS_SPAN("");
    return next_element(&xml, open, close, &text) ? text : PS_SPAN("");
}

static const struct entity {
    struct ps_span name;
    char byte;
} ENTITIES[] = {
    { PS_SPAN_INIT("&amp;"), '&' },  { PS_SPAN_INIT("&lt;"), '<' },    { PS_SPAN_INIT("&gt;"), '>' },
    { PS_SPAN_INIT("&quot;"), '"' }, { PS_SPAN_INIT("&apos;"), '\'' }, { PS_SPAN_INIT("&#34;"), '"' },
    { PS_SPAN_INIT("&#39;"), '\'' }, { PS_SPAN_INIT("&#x27;"), '\'' }, { PS_SPAN_INIT("&#13;"), '\r' },
    { PS_SPAN_INIT("&#xD;"), '\r' }, { PS_SPAN_INIT("&#10;"), '\n' },  { PS_SPAN_INIT("&#xA;"), '\n' },
};

static const struct entity *entity_at(struct ps_span text)
{
    for (size_t i = 0; i < sizeof ENTITIES / sizeof ENTITIES[0]; i++) {
        if (ps_span_starts(text, ENTITIES[i].name)) return &ENTITIES[i];
    }
    return NULL;
}

/* A copy with the entities undone that a URL-encoded or plain ASCII key can hold. */
static enum ps_err unescape(struct ps_arena *arena, struct ps_span text, struct ps_span *out)
{
    char *data = ps_arena_bytes(arena, text.len);
    if (data == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "%zu bytes of XML text", text.len);
    size_t len = 0;
    while (text.len > 0) {
        size_t used = 1;
        char byte = text.data[0];
        if (byte == '&') {
            const struct entity *entity = entity_at(text);
            if (entity == NULL) PS_FAIL(PS_ERR_BAD_INPUT, "S3 listing: an entity that has no place in it");
            byte = entity->byte;
            used = entity->name.len;
        }
        data[len++] = byte;
        text = ps_span_from(text, used);
    }
    *out = ps_span_make(data, len);
    return PS_OK;
}

static enum ps_err read_keys(struct ps_arena *arena, struct ps_span xml, bool url_encoded, struct ps_s3_page *page)
{
    page->keys = PS_ARENA_ARRAY(arena, struct ps_span, PS_S3_LIST_KEYS_MAX);
    if (page->keys == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "keys of an S3 listing");
    struct ps_span text;
    while (next_element(&xml, PS_SPAN("<Key>"), PS_SPAN("</Key>"), &text)) {
        if (page->count == PS_S3_LIST_KEYS_MAX)
            PS_FAIL(PS_ERR_BAD_INPUT, "S3 listing: more than %d keys", PS_S3_LIST_KEYS_MAX);
        PS_TRY(unescape(arena, text, &text));
        if (url_encoded) PS_TRY(ps_percent_decode_form(arena, text, &text));
        page->keys[page->count++] = text;
    }
    return PS_OK;
}

enum ps_err ps_s3_list_read(struct ps_arena *arena, struct ps_span xml, struct ps_s3_page *out)
{
    if (ps_span_find(xml, PS_SPAN("<ListBucketResult")) == PS_SPAN_NONE ||
        ps_span_find(xml, PS_SPAN("</ListBucketResult>")) == PS_SPAN_NONE)
        PS_FAIL(PS_ERR_BAD_INPUT, "S3 listing: %zu bytes that are no ListBucketResult", xml.len);
    struct ps_s3_page page = { 0 };
    struct ps_span encoding = element(xml, PS_SPAN("<EncodingType>"), PS_SPAN("</EncodingType>"));
    PS_TRY(read_keys(arena, xml, ps_span_eq(encoding, PS_SPAN("url")), &page));
    struct ps_span truncated = element(xml, PS_SPAN("<IsTruncated>"), PS_SPAN("</IsTruncated>"));
    if (ps_span_eq(truncated, PS_SPAN("true"))) {
        page.next_token = element(xml, PS_SPAN("<NextContinuationToken>"), PS_SPAN("</NextContinuationToken>"));
        if (page.next_token.len == 0) PS_FAIL(PS_ERR_BAD_INPUT, "S3 listing: it goes on, but has no token");
        PS_TRY(unescape(arena, page.next_token, &page.next_token));
    }
    *out = page;
    return PS_OK;
}

struct ps_span ps_s3_list_error_code(struct ps_span xml)
{
    struct ps_span code = element(xml, PS_SPAN("<Code>"), PS_SPAN("</Code>"));
    bool plain = code.len <= ERROR_CODE_BYTES_MAX;
    for (size_t i = 0; plain && i < code.len; i++) {
        char c = code.data[i];
        plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    }
    return plain ? code : PS_SPAN("");
}

bool ps_s3_list_error_size(struct ps_span xml, uint64_t *size)
{
    return ps_span_to_u64(element(xml, PS_SPAN("<ActualObjectSize>"), PS_SPAN("</ActualObjectSize>")), size);
}
