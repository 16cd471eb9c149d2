#include "host/env.h"

#include <stdlib.h>

#include "support/check.h"

static void unset_and_empty_are_the_same(void)
{
    CHECK(unsetenv("PENSTOCK_TEST") == 0);
    CHECK_EQ(ps_env_get("PENSTOCK_TEST").len, 0);
    CHECK(setenv("PENSTOCK_TEST", "", 1) == 0);
    CHECK_EQ(ps_env_get("PENSTOCK_TEST").len, 0);
}

static void a_value_comes_as_it_is(void)
{
    CHECK(setenv("PENSTOCK_TEST", " a=b ", 1) == 0);
    CHECK_TEXT(ps_env_get("PENSTOCK_TEST"), " a=b ");
}

static void the_trace_id_is_set_changed_and_unset(void)
{
    ps_env_set_trace_id(PS_SPAN("Root=1-aaaaaaaa"));
    CHECK_TEXT(ps_env_get("_X_AMZN_TRACE_ID"), "Root=1-aaaaaaaa");
    ps_env_set_trace_id(PS_SPAN("Root=2"));
    CHECK_TEXT(ps_env_get("_X_AMZN_TRACE_ID"), "Root=2");
    ps_env_set_trace_id(PS_SPAN(""));
    CHECK(getenv("_X_AMZN_TRACE_ID") == NULL);
    ps_env_set_trace_id(PS_SPAN("Root=3"));
    CHECK_TEXT(ps_env_get("_X_AMZN_TRACE_ID"), "Root=3");
}

static void a_trace_id_of_another_program_gives_way(void)
{
    CHECK(setenv("_X_AMZN_TRACE_ID", "inherited", 1) == 0);
    ps_env_set_trace_id(PS_SPAN("Root=4"));
    CHECK_TEXT(ps_env_get("_X_AMZN_TRACE_ID"), "Root=4");
}

static void an_absurdly_long_trace_id_unsets_it(void)
{
    char text[4096];
    memset(text, 'x', sizeof text);
    ps_env_set_trace_id(ps_span_make(text, 1024));
    CHECK_EQ(ps_env_get("_X_AMZN_TRACE_ID").len, 1024);
    ps_env_set_trace_id(ps_span_make(text, 1025));
    CHECK(getenv("_X_AMZN_TRACE_ID") == NULL);
}

int main(void)
{
    RUN(unset_and_empty_are_the_same);
    RUN(a_value_comes_as_it_is);
    RUN(the_trace_id_is_set_changed_and_unset);
    RUN(a_trace_id_of_another_program_gives_way);
    RUN(an_absurdly_long_trace_id_unsets_it);
    return check_finish();
}
