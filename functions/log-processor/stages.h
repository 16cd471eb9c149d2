/* What happens to one finished record, in order: parse, extracted fields, enrich, filter, redact, encode. Made from the
 * settings once, at init; a record's memory is the caller's scratch arena. */
#ifndef LOG_PROCESSOR_STAGES_H
#define LOG_PROCESSOR_STAGES_H

#include "event/from_cwlogs.h"
#include "pipeline.h"
#include "record/enrich.h"
#include "record/filter.h"
#include "record/index_name.h"
#include "record/parse_vpcflow.h"
#include "record/redact.h"
#include "record/to_bulk.h"

/* CloudWatch's own limit of an event is 1 MiB; only joined texts can pass it. */
enum { STAGES_MESSAGE_BYTES_MAX = 1 << 20 };

struct stages {
    struct ps_match *include; /* NULL: everything */
    struct ps_match *exclude; /* NULL: nothing */
    struct ps_filter filter;
    struct ps_redact *redact;
    const struct ps_parse_vpcflow_format *vpc_flow; /* NULL: no order was declared */
    struct ps_enrich_settings enrich;
    struct ps_enrich_tags tags;
    struct ps_index_name index;
    struct ps_to_bulk_options bulk;
    struct ps_span function_region;
};

/* What is the same for all records of one envelope. */
struct stages_envelope {
    const struct stages *stages;
    const struct ps_from_cwlogs_envelope *envelope;
    struct ps_enrich_source source;
    struct ps_to_bulk_envelope bulk;
};

/* Counters of one payload that stages keep beside the account. */
struct stages_counts {
    struct ps_filter_counts filter;
    struct ps_redact_counts redact;
    struct ps_index_name_seen indices;
};

/* Where a record's verdict and its document go. */
struct stages_output {
    const struct pipeline_output *output;
    uint64_t tag;
    struct ps_account *account;
    struct stages_counts *counts;
    bool reached_output; /* told back: a failure came from the output, not from the record */
};

PS_MUST_USE enum ps_err stages_open(struct ps_arena *process, const struct settings *settings,
                                    struct ps_span function_region, struct stages *stages);

void stages_close(struct stages *stages);

/* Adds what stages_open would refuse, each thing of it. */
void stages_check(const struct settings *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

PS_MUST_USE enum ps_err stages_envelope_begin(const struct stages *stages, struct ps_arena *arena,
                                              const struct ps_from_cwlogs_envelope *envelope,
                                              struct stages_envelope *out);

/* Puts the record out, or counts it as filtered. record has its coordinates and its whole message, cleaned, unwrapped
 * and joined; event is the (first) one it came from; source is what redaction may scan instead of every member, or a
 * span without data when members came from elsewhere too. */
PS_MUST_USE enum ps_err stages_finish(struct stages_envelope *envelope, struct ps_arena *scratch,
                                      const struct ps_from_cwlogs_event *event, struct ps_record *record,
                                      struct ps_span source, struct stages_output *out);

#endif
