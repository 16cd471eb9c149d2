/* What the settings say about where things go, opened: OpenSearch and the dead-letter store. */
#ifndef LOG_PROCESSOR_SINK_H
#define LOG_PROCESSOR_SINK_H

#include "aws/dead_letter.h"
#include "aws/opensearch.h"
#include "settings.h"

struct sink {
    const struct ps_log *log;
    struct ps_call_client *client;
    struct ps_secret *opensearch_password; /* NULL unless requests carry one */
    struct ps_opensearch *opensearch;
    struct ps_dead_letter_store *dead_letters; /* NULL: none */
};

/* Everything slow happens here: TLS roots, credentials, the password, a first signature, a first connection. log must
 * live as long as the sink. */
PS_MUST_USE enum ps_err sink_open(struct ps_arena *process, const struct ps_log *log, const struct settings *settings,
                                  struct ps_span region, struct sink *sink);
void sink_close(struct sink *sink);

/* Around a snapshot of the process: no connection and no password that was read is in it; credentials, the password and
 * random numbers are fresh after it. */
PS_MUST_USE enum ps_err sink_before_snapshot(struct sink *sink);
PS_MUST_USE enum ps_err sink_after_restore(struct sink *sink);

#endif
