#include "aws/refusal.h"

#include "base/json_read.h"

/* "com.amazonaws.ssm#ParameterNotFound", and with ":http://..." after it: what lies between. */
static struct ps_span bare(struct ps_span code)
{
    ptrdiff_t hash = ps_span_find_byte(code, '#');
    if (hash != PS_SPAN_NONE) code = ps_span_from(code, (size_t)hash + 1);
    ptrdiff_t colon = ps_span_find_byte(code, ':');
    return colon == PS_SPAN_NONE ? code : ps_span_first(code, (size_t)colon);
}

struct ps_span ps_refusal_code(struct ps_span body)
{
    struct ps_json_token token = { .kind = PS_JSON_NULL };
    bool found = false;
    if (ps_json_read_check(body) != PS_OK || ps_span_trim(body).data[0] != '{') return PS_SPAN("");
    if (ps_json_read_member(body, PS_SPAN("__type"), &token, NULL, &found) != PS_OK) return PS_SPAN("");
    if (!found && ps_json_read_member(body, PS_SPAN("code"), &token, NULL, &found) != PS_OK) return PS_SPAN("");
    return token.kind == PS_JSON_STRING ? bare(token.text) : PS_SPAN("");
}
