/* Values of a line in the typed JSON of DynamoDB's API: {"S":...}, {"N":...}, {"BOOL":...}, {"NULL":true}, {"M":{...}}
 * and {"L":[...]}. Sources: Amazon DynamoDB developer guide, "DynamoDB low-level API", "Supported data types and naming
 * rules in Amazon DynamoDB" and "Constraints in Amazon DynamoDB".
 *
 * Nothing is lost: a number that DynamoDB would round or refuse, and what is nested too deep for it, is written as
 * text. No recursion, no allocation. */
#ifndef PS_DYNAMODB_VALUE_H
#define PS_DYNAMODB_VALUE_H

#include "base/json_write.h"
#include "record/record.h"

/* Levels of maps and lists; deeper ones are JSON text. DynamoDB's limit is 32, but the writer keeps 63 levels, of which
 * each takes two. */
enum { PS_DYNAMODB_VALUE_NESTING_MAX = 30 };

/* Where a value is due in a writer that is at most one object deep. BAD_INPUT or TOO_DEEP when a value of kind JSON is
 * none. */
PS_MUST_USE enum ps_err ps_dynamodb_value_write(struct ps_json_writer *writer, const struct ps_field *field);

/* {"<type>":"<text>"}; text is escaped here. */
void ps_dynamodb_value_typed(struct ps_json_writer *writer, struct ps_span type, struct ps_span text);

/* {"S":"..."} of a string's inside, escaped already. */
void ps_dynamodb_value_string(struct ps_json_writer *writer, struct ps_span inside);

/* {"BOOL":true} */
void ps_dynamodb_value_true(struct ps_json_writer *writer);

/* Whether DynamoDB keeps a JSON number as it is: at most 38 significant digits, 1e-130 to under 1e126, or 0. */
bool ps_dynamodb_value_is_number(struct ps_span text);

#endif
