#include "aws/refusal.h"

#include <stdio.h>

#include "support/check.h"
#include "support/exact.h"

static void a_code_comes_without_its_namespace(void)
{
    static const struct {
        const char *body, *code;
    } CASES[] = {
        { "{\"__type\":\"ValidationException\",\"message\":\"x\"}", "ValidationException" },
        { "{\"__type\":\"com.amazonaws.events#ResourceNotFoundException\"}", "ResourceNotFoundException" },
        { "{\"code\":\"AccessDeniedException:http://internal.amazon.com/coral/\"}", "AccessDeniedException" },
        { "{\"code\":\"x\",\"__type\":\"a#b:c\"}", "b" },
        { " {\"__type\":\"x\"}\n", "x" },
        { "{\"message\":\"no code\"}", "" },
        { "{\"__type\":5}", "" },
        { "[\"__type\"]", "" },
        { "<html></html>", "" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        CHECK_TEXT(ps_refusal_code(ps_span_of(CASES[i].body)), CASES[i].code);
}

static void no_prefix_of_a_refusal_is_one(void)
{
    static const char WHOLE[] = "{\"__type\":\"com.amazonaws.ssm#ParameterNotFound\",\"message\":\"\\u00e9\"}";
    for (size_t len = 0; len < sizeof WHOLE - 1; len++) {
        struct ps_span copy = exact_copy(ps_span_make(WHOLE, len));
        CHECK_EQ(ps_refusal_code(copy).len, 0);
        exact_free(copy);
    }
}

int main(void)
{
    RUN(a_code_comes_without_its_namespace);
    RUN(no_prefix_of_a_refusal_is_one);
    return check_finish();
}
