/* Alerts from EventBridge and SNS -> one incident for each kind -> Slack, PagerDuty and mail. */
#include "lambda/handler.h"

static enum ps_err invoke(struct ps_invocation *inv, struct ps_span payload, struct ps_reply *reply)
{
    (void)inv;
    (void)payload;
    (void)reply;
    PS_FAIL(PS_ERR_BAD_CONFIG, "not built yet");
}

PS_API const struct ps_handler ps_handler = { .abi = PS_HANDLER_ABI, .name = "alerter", .invoke = invoke };
