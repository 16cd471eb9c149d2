/* What happens to one finished record, in order: parse, extracted fields, enrich, filter, redact, encode. Made from the
 * settings once, at init; a record's memory is the caller's scratch arena. */
#ifndef LOG_PROCESSOR_STAGES_H
#define LOG_PROCESSOR_STAGES_H

#include "event/from_cwlogs.h"
#include "pipeline.h"
#include "record/container.h"
#include "record/enrich.h"
#include "record/filter.h"
#include "record/index_name.h"
#include "record/redact.h"
#include "record/to_bulk.h"

/* CloudWatch's own limit of an event is 1 MiB; only joined texts can pass it. */
enum { STAGES_MESSAGE_BYTES_MAX = 1 << 20 };

struct stages {
    struct ps_filter filter;
    struct ps_redact *redact;
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

/* A record ready to be finished. */
struct stages_record {
    const struct ps_from_cwlogs_event *event; /* the first one, if several were joined */
    struct ps_span text;                      /* clean, unwrapped, joined */
    const struct ps_container *container;     /* NULL: the text stood by itself */
    uint32_t joined;
};

/* Counters of one payload that stages keep beside the account. */
struct stages_counts {
    struct ps_filter_counts filter;
    struct ps_redact_counts redact;
    struct ps_index_name_seen indices;
};

PS_MUST_USE enum ps_err stages_open(struct ps_arena *process, const struct settings *settings,
                                    struct ps_span function_region, struct stages *stages);

/* Adds what stages_open would refuse, each thing of it. */
void stages_check(const struct settings *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

PS_MUST_USE enum ps_err stages_envelope_begin(const struct stages *stages, struct ps_arena *arena,
                                              const struct ps_from_cwlogs_envelope *envelope,
                                              struct stages_envelope *out);

/* Puts the record out, or counts it as filtered. */
PS_MUST_USE enum ps_err stages_finish(struct stages_envelope *envelope, struct ps_arena *scratch,
                                      const struct stages_record *input, uint64_t tag,
                                      const struct pipeline_output *output, struct ps_account *account,
                                      struct stages_counts *counts);

#endif
