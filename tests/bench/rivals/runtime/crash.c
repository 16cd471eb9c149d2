/* Echo on Penstock that can crash, as the rivals' echoes can; speed is measured with functions/echo. */
#include <stdlib.h>

#include "lambda/handler.h"

static enum ps_err crash_invoke(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    if (ps_span_eq(event, PS_SPAN("{\"crash\":true}"))) abort();
    ps_buf_put(reply->body, event);
    return PS_OK;
}

PS_API const struct ps_handler ps_handler = {
    .abi = PS_HANDLER_ABI,
    .name = "crash",
    .invoke = crash_invoke,
};
