/* The smallest handler: what came in goes out. */
#include "lambda/handler.h"

static enum ps_err echo_invoke(struct ps_invocation *inv, struct ps_span event, struct ps_reply *reply)
{
    (void)inv;
    ps_buf_put(reply->body, event);
    return PS_OK; /* a full body is the runtime's to tell */
}

PS_API const struct ps_handler ps_handler = {
    .abi = PS_HANDLER_ABI,
    .name = "echo",
    .invoke = echo_invoke,
};
