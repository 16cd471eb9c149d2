#include "alerter/slack.h"

#include <jansson.h>
#include <stdio.h>

#include "notices.h"
#include "support/check.h"
#include "support/random.h"

static struct ps_arena arena;

static struct ps_span render(const struct notice *notice)
{
    struct ps_span body = { 0 };
    CHECK_OK(slack_render(&arena, notice, &body));
    return body;
}

static void show(void)
{
    static const enum notice_kind K[] = { NOTICE_FIRED, NOTICE_SUMMARY, NOTICE_RESOLVED, NOTICE_HELD_BACK };
    for (size_t i = 0; i < 4; i++) {
        struct notice notice = notices_of(K[i], 17);
        struct ps_span body = render(&notice);
        printf("%.*s\n", (int)body.len, body.data);
    }
}

int main(void)
{
    arena = check_arena(64 << 20);
    RUN(show);
    ps_arena_fini(&arena);
    return check_finish();
}
