/* An orderly end, on request (PENSTOCK_DRAIN=on). Lambda kills a process without a word, unless an extension is
 * registered: then SIGTERM comes first. So the bootstrap registers an internal extension that wants no events, and
 * SIGTERM becomes a descriptor that the loops watch while they wait for the next event: the event in hand is finished,
 * then the handler drains. Off by default: registering costs time at start, and the time of the drain is billed.
 * Sources: AWS Lambda developer guide, "Lambda Extensions API" (register, next; internal extensions) and "Understanding
 * the Lambda execution environment lifecycle" (shutdown phase). */
#ifndef PS_SHUTDOWN_H
#define PS_SHUTDOWN_H

#include "lambda/connection.h"

struct ps_shutdown {
    struct ps_connection connection; /* to the Extensions API; it waits there for ever */
    int stop_fd;                     /* readable for ever once SIGTERM has come */
};

/* Makes SIGTERM a descriptor. Before any thread is made, so before a handler is loaded: SIGTERM is blocked in all of
 * them from now on, and in the children that they start. After a failure nothing has changed, and stop_fd is -1. */
PS_MUST_USE enum ps_err ps_shutdown_open(struct ps_shutdown *shutdown);

/* Registers the extension; before the first /next. UNAVAILABLE when Lambda does not: then stop_fd works all the same,
 * but SIGTERM may never come. */
PS_MUST_USE enum ps_err ps_shutdown_register(struct ps_shutdown *shutdown, struct ps_span api_address);

#endif
