/* What is known of one version of one object, kept as one item of a DynamoDB table (SUMMARY_TABLE): counts, samples,
 * and while it is being scanned, where to go on. docs/wire/error-summary.md has every attribute.
 *
 * pk is "bucket/key", sk the version id, or the ETag where there are no versions: each version keeps its own row. A
 * write holds only if the item's offset is still the one that was read, so that a message that is delivered twice
 * counts nothing twice; a finished item never changes, but for what became of its mail, and for one whose object was
 * not there. Items stay under 400 KB: samples go first, those of the least severe patterns before others. Secrets in
 * samples are hidden before they get here. */
#ifndef LOG_EXTRACTOR_SUMMARY_H
#define LOG_EXTRACTOR_SUMMARY_H

#include "aws/dynamodb_item.h"
#include "event/from_s3.h"
#include "scan/scanner.h"

enum summary_state {
    SUMMARY_NONE,    /* no item */
    SUMMARY_PARTIAL, /* scanned up to offset; restart says how to go on */
    SUMMARY_DONE,
    SUMMARY_DEAD, /* it cannot be read or is no text: reason says why */
};

struct summary {
    enum summary_state state;
    struct ps_span reason;  /* DEAD: one word ("gone", "archived", "binary", "damaged_gzip"...) */
    uint64_t offset;        /* of the text: totals are complete up to it */
    uint32_t hop;           /* continuations so far */
    struct ps_span restart; /* PARTIAL: of scan/decode.h, as text; empty: from the object's begin */
    uint64_t object_bytes;
    int64_t modified_ms; /* of the object, or of its notice where it is not known: its day is the index's key */
    uint64_t scan_ms;    /* spent, over all hops */
    bool mailed;         /* or held back by the cap: nobody has to mail it any more */
    struct ps_scan_totals totals;
};

struct summaries {
    struct ps_dynamodb_table *table;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    const struct ps_patterns *patterns; /* counts are kept by name: a changed set keeps what it still knows */
    struct ps_span request_id;          /* of the invocation: whose claims are its own */
    int64_t now_ms;
    uint32_t ttl_days; /* 0: for ever */
};

/* Whether the version id is the object's key in the table; else it is the ETag. */
bool summary_is_by_version(const struct ps_s3_object *object);

/* NONE comes with zeroed totals. BAD_INPUT for an item that is none of ours. */
PS_MUST_USE enum ps_err summary_get(const struct summaries *summaries, const struct ps_s3_object *object,
                                    struct summary *out);

/* Writes what summary says, if the item is still as before had it (its offset, or none at all). *done says whether. A
 * write whose answer was lost may have been made although *done is false: who reads the item again then finds its own
 * offset or state in it, and goes on as if it had been told. before is not DONE (asserted):
 * only what was dead because it was not there may be written again. */
PS_MUST_USE enum ps_err summary_put(const struct summaries *summaries, const struct ps_s3_object *object,
                                    const struct summary *before, const struct summary *summary, bool *done);

/* Claims the mail of a finished summary: *mine is true for exactly one invocation. Given back when the mail failed,
 * settled when it went out or the cap held it back. A claim that is neither (its process died) is free again after a
 * minute. */
PS_MUST_USE enum ps_err summary_claim_mail(const struct summaries *summaries, const struct ps_s3_object *object,
                                           bool *mine);
PS_MUST_USE enum ps_err summary_release_mail(const struct summaries *summaries, const struct ps_s3_object *object);
PS_MUST_USE enum ps_err summary_settle_mail(const struct summaries *summaries, const struct ps_s3_object *object,
                                            bool held);

#endif
