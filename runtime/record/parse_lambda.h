/* What a Lambda function's log group holds beside the function's own JSON.
 *
 * - Platform lines as text (START, END, REPORT, INIT_START, INIT_REPORT, RESTORE_*, XRAY, EXTENSION...) and as JSON
 *   ("type":"platform.report"): both give the same fields, "type" as the JSON form names it, measures as numbers.
 * - The prefixes of text mode, "<time>\t<request id>\t<LEVEL>\t" (Node) and "[LEVEL]\t<time>\t<request id>\t"
 *   (Python): they become core members; an object in what follows is parsed as JSON.
 * - Failures: "Task timed out", "Runtime exited with error", out of memory; level ERROR or FATAL and an error type
 *   ("Sandbox.Timedout", "OutOfMemory", "Runtime.ExitError").
 * Except for the prefixes the message stays the whole line. */
#ifndef PS_PARSE_LAMBDA_H
#define PS_PARSE_LAMBDA_H

#include "record/record.h"

PS_MUST_USE enum ps_err ps_parse_lambda(struct ps_arena *arena, struct ps_record *record, bool *matched);

#endif
