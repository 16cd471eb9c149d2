/* Logs: one line per event, one write(2) per line, fields instead of prose, never payloads or secrets.
 * JSON lines by default (timestamp, level, message, service, requestId, tenantId, then the fields);
 * AWS_LAMBDA_LOG_FORMAT=Text gives "timestamp level message key=value" without the service. AWS_LAMBDA_LOG_LEVEL is the
 * threshold. Usage: ps_log_warn(inv->log, "bulk_item_refused", PS_LOG_STR("type", type), PS_LOG_U64("status", status));
 * Lines over 16 KiB are cut; lines of several threads never mix. Levels and members as AWS documents them for JSON logs
 * of OS-only runtimes. */
#ifndef PS_LOG_H
#define PS_LOG_H

#include "base/err.h"
#include "base/span.h"

enum ps_log_level {
    PS_LOG_TRACE,
    PS_LOG_DEBUG,
    PS_LOG_INFO,
    PS_LOG_WARN,
    PS_LOG_ERROR,
    PS_LOG_FATAL,
};

struct ps_log {
    int fd;
    bool text; /* else JSON */
    enum ps_log_level threshold;
    struct ps_span service;    /* the function's name: who reads its lines can tell whose they are */
    struct ps_span request_id; /* of the invocation in hand; empty during init */
    struct ps_span tenant_id;  /* likewise; empty for most functions */
};

enum ps_log_kind { PS_LOG_KIND_END, PS_LOG_KIND_STR, PS_LOG_KIND_U64, PS_LOG_KIND_I64, PS_LOG_KIND_BOOL };

struct ps_log_field {
    enum ps_log_kind kind;
    const char *name;
    struct ps_span text;
    uint64_t number;
};

#define PS_LOG_STR(name_, span_) ((struct ps_log_field){ .kind = PS_LOG_KIND_STR, .name = (name_), .text = (span_) })
#define PS_LOG_U64(name_, value_) \
    ((struct ps_log_field){ .kind = PS_LOG_KIND_U64, .name = (name_), .number = (value_) })
#define PS_LOG_I64(name_, value_) \
    ((struct ps_log_field){ .kind = PS_LOG_KIND_I64, .name = (name_), .number = (uint64_t)(int64_t)(value_) })
#define PS_LOG_BOOL(name_, value_) \
    ((struct ps_log_field){ .kind = PS_LOG_KIND_BOOL, .name = (name_), .number = (value_) })

/* fields ends with PS_LOG_KIND_END. */
PS_API void ps_log_write(const struct ps_log *log, enum ps_log_level level, const char *message,
                         const struct ps_log_field *fields);

#define PS_LOG_FIELDS(...) ((const struct ps_log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ .kind = PS_LOG_KIND_END } })
#define ps_log_debug(log, message, ...) ps_log_write((log), PS_LOG_DEBUG, (message), PS_LOG_FIELDS(__VA_ARGS__))
#define ps_log_info(log, message, ...) ps_log_write((log), PS_LOG_INFO, (message), PS_LOG_FIELDS(__VA_ARGS__))
#define ps_log_warn(log, message, ...) ps_log_write((log), PS_LOG_WARN, (message), PS_LOG_FIELDS(__VA_ARGS__))
#define ps_log_error(log, message, ...) ps_log_write((log), PS_LOG_ERROR, (message), PS_LOG_FIELDS(__VA_ARGS__))

/* Logs the thread's fault note: message, the error's name, its text and place. */
PS_API void ps_log_fault(const struct ps_log *log, enum ps_log_level level, const char *message);

/* Reads AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL and AWS_LAMBDA_FUNCTION_NAME; writes to fd. Unknown values mean
 * JSON and INFO. */
PS_API struct ps_log ps_log_open(int fd);

PS_API struct ps_span ps_log_level_name(enum ps_log_level level);

#endif
