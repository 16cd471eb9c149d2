/* Field naming: which member of a record stands under which name in the document. A schema is a table of rows in the
 * order of the document; rows of one group stand together and become one nested object. to_bulk walks the table, so a
 * further naming is a further table. The tables are documented in docs/wire/document.md. */
#ifndef PS_SCHEMA_H
#define PS_SCHEMA_H

#include <stdint.h>

#include "base/span.h"

enum ps_schema_member {
    PS_SCHEMA_TIMESTAMP,
    PS_SCHEMA_MESSAGE,
    PS_SCHEMA_LEVEL,
    PS_SCHEMA_SERVICE,
    PS_SCHEMA_ENV,
    PS_SCHEMA_HOST,
    PS_SCHEMA_REGION,
    PS_SCHEMA_ACCOUNT,
    PS_SCHEMA_LOG_GROUP,
    PS_SCHEMA_LOG_STREAM,
    PS_SCHEMA_EVENT_ID,
    PS_SCHEMA_REQUEST_ID,
    PS_SCHEMA_TRACE_ID,
    PS_SCHEMA_SPAN_ID,
    PS_SCHEMA_LOGGER,
    PS_SCHEMA_FORMAT,
    PS_SCHEMA_ERROR_TYPE,
    PS_SCHEMA_ERROR_MESSAGE,
    PS_SCHEMA_STACK_TRACE,
    PS_SCHEMA_DURATION_MS, /* the number as it is */
    PS_SCHEMA_DURATION_NS, /* a whole number of nanoseconds */
    PS_SCHEMA_STATUS,
    PS_SCHEMA_EVENT_TIME,      /* the source's stamp, only when it differs from the timestamp */
    PS_SCHEMA_REGION_INFERRED, /* only true */
    PS_SCHEMA_JOINED,          /* only above 0 */
    PS_SCHEMA_UNPARSED,        /* only when set */
    PS_SCHEMA_MESSAGE_CUT,     /* only true */
    PS_SCHEMA_FIELDS,          /* object, only when there are any */
    PS_SCHEMA_TAGS,            /* object, only when there are any */
    PS_SCHEMA_CONSTANT,        /* text says the whole member */
};

/* A nested object. Group 0 is the document itself. */
struct ps_schema_group {
    uint8_t parent;
    struct ps_span open; /* "name":{ */
};

struct ps_schema_row {
    enum ps_schema_member member;
    uint8_t group;
    struct ps_span text; /* "name": — for CONSTANT with its value */
};

struct ps_schema {
    const struct ps_schema_row *rows;
    size_t row_count;
    const struct ps_schema_group *groups;
};

enum ps_schema_kind { PS_SCHEMA_FLAT, PS_SCHEMA_ECS, PS_SCHEMA_KIND_COUNT };

/* For a settings table: the words of FIELD_SCHEMA in the order of enum ps_schema_kind, NULL-terminated. */
extern const char *const PS_SCHEMA_WORDS[];

const struct ps_schema *ps_schema_of(enum ps_schema_kind kind);

#endif
