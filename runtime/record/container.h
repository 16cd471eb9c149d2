/* Lines that a log agent wrapped: Fluent Bit and FireLens objects, Docker's json-file, and the text prefix of the
 * Kubernetes runtimes (CRI). What the application wrote becomes the record's message, to be parsed as any other.
 *
 * An object is a wrapper when it has a string "log" and a member that only agents write (stream, source, container_id,
 * kubernetes...), or nothing but "log", and no message of its own. Other members become fields as they are, the
 * agent's time the record's time when it is plausible. */
#ifndef PS_CONTAINER_H
#define PS_CONTAINER_H

#include "record/record.h"

/* A piece of a line that the container runtime had to split; pieces follow one another in their stream. */
struct ps_container {
    struct ps_span stream;     /* "stdout", "stderr" or empty */
    struct ps_span partial_id; /* the same in all pieces of a line; empty when the runtime gives none */
    uint32_t ordinal;          /* from 1; 0 unknown */
    bool partial;              /* the message is a piece; in CRI the last one is not marked as one */
    bool last;                 /* and it is the last one */
};

/* Takes the wrapper off record->message (clean text; of pieces the end stays as it is). service and host are set where
 * they are empty. A record that is no wrapper is left alone, *out is then zero and *matched false. Fails with NO_MEMORY
 * only. */
PS_MUST_USE enum ps_err ps_container_unwrap(struct ps_arena *arena, struct ps_record *record, struct ps_container *out,
                                            bool *matched);

/* Whether next is the piece that follows held in its line. */
bool ps_container_continues(const struct ps_container *held, const struct ps_container *next);

/* Who wrote a stream, from its name and its group's: /aws/lambda/<function> with <date>/[version]<instance>, the
 * awslogs driver's prefix/container/task, Fluent Bit's ...var.log.containers.pod_namespace_container-id.log, and the
 * groups of CodeBuild, App Runner and RDS. Empty where the names don't tell; parts of the given spans otherwise. */
void ps_container_names(struct ps_span log_group, struct ps_span log_stream, struct ps_span *service,
                        struct ps_span *host);

#endif
