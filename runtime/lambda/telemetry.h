/* Where log lines go on managed instances: a stream socket that Lambda names takes the place of standard output and
 * standard error. Source: AWS's open-source runtime clients; the developer guide says only that it happens. */
#ifndef PS_TELEMETRY_H
#define PS_TELEMETRY_H

#include "base/err.h"

/* Connects both streams to the socket that _LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET names, and unsets the variable, so
 * that no child process connects again. Nothing happens without it. A failure leaves the streams as they were. */
PS_MUST_USE enum ps_err ps_telemetry_connect(void);

#endif
