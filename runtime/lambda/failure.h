/* What Lambda and the caller are told of a failure: its type, its document and its cause for X-Ray. Made from the
 * thread's fault note. Everything is ASCII and on one line, for it may stand in a header; text beyond the limits is
 * cut. Sources: AWS Lambda developer guide, "Using the Lambda runtime API" (invocation error, initialization error);
 * the form of the cause and of the types as the Runtime API server of AWS's emulator checks them. */
#ifndef PS_FAILURE_H
#define PS_FAILURE_H

#include "base/err.h"
#include "base/span.h"

enum {
    PS_FAILURE_TYPE_BYTES_MAX = 64,
    PS_FAILURE_JSON_BYTES_MAX = 28 << 10, /* 4 KiB of text, each byte of which may become \u00XX, and the rest */
    PS_FAILURE_CAUSE_BYTES_MAX = 5 << 10, /* the text of a note, likewise, and the rest */
};

struct ps_failure {
    struct ps_span type;  /* "Runtime.Word" or "Function.Word": of another form Lambda would record it as unknown */
    struct ps_span json;  /* {"errorMessage":...,"errorType":...,"stackTrace":["file:line"]} */
    struct ps_span cause; /* of Lambda-Runtime-Function-XRay-Error-Cause */
    char type_memory[PS_FAILURE_TYPE_BYTES_MAX];
    char json_memory[PS_FAILURE_JSON_BYTES_MAX];
    char cause_memory[PS_FAILURE_CAUSE_BYTES_MAX];
};

/* type NULL: "Function." and the note's error, as in Function.BadInput. An empty text: the note's. */
void ps_failure_make(struct ps_failure *failure, const char *type, struct ps_span text);

#endif
