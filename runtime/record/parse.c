#include "record/parse.h"

#include "record/detect.h"
#include "record/parse_access.h"
#include "record/parse_alb.h"
#include "record/parse_json.h"
#include "record/parse_lambda.h"
#include "record/parse_logfmt.h"
#include "record/parse_plain.h"
#include "record/parse_vpcflow.h"

/* Whoever is sure comes first: platform lines are JSON too, and a brace inside a line says least. */
static const struct {
    unsigned detected;
    enum ps_err (*parse)(struct ps_arena *arena, struct ps_record *record, bool *matched);
} PARSERS[] = {
    { PS_DETECT_LAMBDA, ps_parse_lambda },    { PS_DETECT_JSON, ps_parse_json },
    { PS_DETECT_ALB, ps_parse_alb },          { PS_DETECT_VPC_FLOW, ps_parse_vpcflow },
    { PS_DETECT_ACCESS, ps_parse_access },    { PS_DETECT_LOGFMT, ps_parse_logfmt },
    { PS_DETECT_JSON_INSIDE, ps_parse_json },
};

enum ps_err ps_parse(struct ps_arena *arena, struct ps_record *record)
{
    if (record->time_ms == 0) record->time_ms = record->event_time_ms;
    unsigned detected = ps_detect(record);
    for (size_t i = 0; i < sizeof PARSERS / sizeof PARSERS[0]; i++) {
        if ((detected & PARSERS[i].detected) == 0) continue;
        bool matched = false;
        PS_TRY(PARSERS[i].parse(arena, record, &matched));
        if (matched) return PS_OK;
    }
    record->format = PS_FORMAT_PLAIN;
    record->unparsed = ps_parse_json_fault(record->message);
    ps_parse_plain(record, record->message);
    return PS_OK;
}
