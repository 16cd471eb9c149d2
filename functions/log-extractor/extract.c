#include "extract.h"

#include "aws/digest.h"
#include "host/clock.h"
#include "tell.h"

enum {
    CHECKPOINT_MS = 4000, /* for the summary's item and the continuation, each with a retry */
    TRIES_MAX = 3,        /* others change the same item, or the object itself changes */
    CONTINUATION_BYTES_MAX = 16 << 10,
    BINARY_NUL_PARTS = 512,      /* one NUL in so many bytes: it is no text */
    BINARY_BYTES_MIN = 64 << 10, /* of a text's begin, unless it has no more: a few bytes tell nothing */
};

/* One object under way. */
struct job {
    const struct extract_context *context;
    struct ps_object_message message;
    struct summaries summaries;
    struct summary before; /* as the item was read */
    struct summary now;
    bool is_present;        /* the ETag was asked for */
    uint32_t checkpoint_ms; /* before the deadline: there it stops */
    bool has_all_time;      /* nothing else was done before in this invocation */
    uint64_t read;          /* of the object: where the next bytes stand */
    uint64_t fed;           /* of the text: what the scanner has got */
    uint64_t began_us;
    struct ps_redact_counts redacted;
    struct extract_counts *counts;
};

enum progress { PROGRESS_SCANNED, PROGRESS_OUT_OF_TIME, PROGRESS_CHANGED, PROGRESS_DEAD };

static const struct extractor *extractor_of(const struct job *job)
{
    return job->context->extractor;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static const char *dead_reason(enum ps_s3_read_end end)
{
    switch (end) {
    case PS_S3_READ_GONE:
        return "gone";
    case PS_S3_READ_DELETED:
        return "deleted";
    case PS_S3_READ_ARCHIVED:
        return "archived";
    case PS_S3_READ_CHANGED:
        return "changed";
    case PS_S3_READ_GOES_ON:
    case PS_S3_READ_DONE:
    case PS_S3_READ_FAULT:
        break;
    }
    return NULL;
}

static enum progress give_up(struct job *job, const char *reason)
{
    job->now.state = SUMMARY_DEAD;
    job->now.reason = ps_span_of(reason);
    return PROGRESS_DEAD;
}

static const char *damage_of(const struct job *job, enum ps_err err)
{
    if (err == PS_ERR_UNSUPPORTED) return "unsupported";
    if (err == PS_ERR_TOO_LARGE) return "zstd_window";
    switch (ps_decode_form(extractor_of(job)->decode)) {
    case PS_DECODE_GZIP:
        return "damaged_gzip";
    case PS_DECODE_ZSTD:
        return "damaged_zstd";
    case PS_DECODE_PLAIN:
        break;
    }
    return "damaged";
}

/* Begins object and text where the summary says. */
static enum ps_err begin(struct job *job)
{
    const struct extractor *extractor = extractor_of(job);
    struct ps_s3_read_object object = {
        .bucket = job->message.object.bucket,
        .key = job->message.object.key,
        .version_id = job->message.object.version_id,
        .etag = job->message.object.etag,
    };
    job->fed = 0;
    job->redacted = (struct ps_redact_counts){ 0 };
    ps_decode_begin(extractor->decode);
    /* One that cannot be read was written by another version: from the begin it goes as well. */
    if (job->now.restart.len > 0 &&
        ps_decode_begin_at(extractor->decode, job->now.restart, &object.offset, &job->fed) != PS_OK)
        ps_log_fault(job->context->log, PS_LOG_WARN, "restart_unreadable");
    job->read = object.offset;
    ps_scanner_begin(extractor->scanner, job->context->arena, &job->now.totals);
    ps_scanner_hide(extractor->scanner, extractor->redact, &job->redacted);
    struct ps_deadline deadline = *job->context->deadline; /* who waits for S3 must not wait longer than he may scan */
    deadline.reserve_ms += job->checkpoint_ms / 4;
    return ps_s3_read_begin(extractor->read, &deadline, &object);
}

/* What was scanned before is left out. */
static enum ps_err scan_text(struct job *job, struct ps_span text)
{
    uint64_t known = job->now.offset > job->fed ? job->now.offset - job->fed : 0;
    job->fed += text.len;
    if (known >= text.len) return PS_OK;
    return ps_scanner_feed(extractor_of(job)->scanner, ps_span_from(text, (size_t)known));
}

static bool is_binary(const struct job *job)
{
    uint64_t nul_bytes = job->now.totals.nul_bytes;
    return nul_bytes > 0 && nul_bytes >= job->fed / BINARY_NUL_PARTS;
}

/* Than the invocation before: there is something to keep. */
static bool is_further(const struct job *job)
{
    return job->now.totals.bytes > job->before.offset;
}

/* What has to be decoded again comes before anything new: without something new a continuation would begin where this
 * one did. */
static bool must_stop(const struct job *job)
{
    uint32_t left_ms = ps_deadline_left_ms(job->context->deadline);
    if (is_further(job)) return left_ms < job->checkpoint_ms;
    return job->fed < job->before.offset && left_ms < job->checkpoint_ms / 2;
}

/* Everything that is fed becomes text and is scanned: a range of 4 MB may hold gigabytes. */
static enum ps_err scan_fed(struct job *job, bool *done, enum progress *progress)
{
    const struct extractor *extractor = extractor_of(job);
    for (;;) {
        struct ps_span text;
        enum ps_err err = ps_decode_next(extractor->decode, &text, done);
        if (err == PS_ERR_BAD_INPUT || err == PS_ERR_UNSUPPORTED || err == PS_ERR_TOO_LARGE) {
            *progress = give_up(job, damage_of(job, err));
            return PS_OK;
        }
        PS_TRY(err);
        if (text.len == 0) return PS_OK;
        if (must_stop(job)) {
            *progress = PROGRESS_OUT_OF_TIME;
            return PS_OK;
        }
        PS_TRY(scan_text(job, text));
        if (job->fed >= BINARY_BYTES_MIN && is_binary(job)) {
            *progress = give_up(job, "binary");
            return PS_OK;
        }
        ps_s3_read_pump(extractor->read);
    }
}

/* What was scanned before such a failure is kept. */
static bool may_pass(enum ps_err err)
{
    return ps_err_class(err) == PS_CLASS_TRANSIENT || ps_err_class(err) == PS_CLASS_DEADLINE;
}

static enum ps_err scan(struct job *job, enum progress *progress)
{
    const struct extractor *extractor = extractor_of(job);
    *progress = PROGRESS_SCANNED;
    PS_TRY(begin(job));
    for (;;) {
        struct ps_span bytes = PS_SPAN("");
        enum ps_s3_read_end end = PS_S3_READ_FAULT;
        bool done = false;
        enum ps_err err = ps_s3_read_next(extractor->read, &bytes, &end);
        if (err != PS_OK && is_further(job) && may_pass(err)) {
            ps_log_fault(job->context->log, PS_LOG_WARN, "read_broken_off");
            *progress = PROGRESS_OUT_OF_TIME;
            return PS_OK;
        }
        PS_TRY(err);
        if (end == PS_S3_READ_CHANGED) {
            *progress = PROGRESS_CHANGED;
            return PS_OK;
        }
        if (dead_reason(end) != NULL) {
            *progress = give_up(job, dead_reason(end));
            return PS_OK;
        }
        job->read += bytes.len;
        job->counts->source_bytes += bytes.len;
        ps_decode_feed(extractor->decode, bytes, end == PS_S3_READ_DONE);
        PS_TRY(scan_fed(job, &done, progress));
        if (*progress != PROGRESS_SCANNED) return PS_OK;
        if (end == PS_S3_READ_DONE) {
            PS_TRY(ps_scanner_finish(extractor->scanner));
            if (is_binary(job)) *progress = give_up(job, "binary");
            return PS_OK;
        }
        /* When all is read, to finish takes no longer than to stop. */
        if (job->read < ps_s3_read_size(extractor->read) && must_stop(job)) {
            *progress = PROGRESS_OUT_OF_TIME;
            return PS_OK;
        }
    }
}

/* -- keeping ------------------------------------------------------------------------------------------------------- */

/* The scanner has hidden what stands in a line; of those of a stack trace one may tell what the next one is. */
static enum ps_err hide_secrets(struct job *job)
{
    const struct extractor *extractor = extractor_of(job);
    struct ps_arena *arena = job->context->arena;
    for (size_t i = 0; i < extractor->patterns.count; i++) {
        struct ps_scan_count *count = &job->now.totals.counts[i];
        for (size_t j = 0; j < count->sample_count; j++) {
            struct ps_scan_sample *sample = &count->samples[j];
            PS_TRY(ps_redact_text(extractor->redact, arena, sample->text, &sample->text, &job->redacted));
            for (size_t k = 0; k < sample->field_count; k++)
                PS_TRY(ps_redact_text(extractor->redact, arena, sample->fields[k].value, &sample->fields[k].value,
                                      &job->redacted));
        }
    }
    job->counts->redacted += ps_redact_total(&job->redacted);
    return PS_OK;
}

static enum ps_err keep(struct job *job, bool *done)
{
    const struct extractor *extractor = extractor_of(job);
    PS_TRY(hide_secrets(job));
    job->now.offset = job->now.totals.bytes;
    job->now.scan_ms = job->before.scan_ms + (ps_clock_monotonic_us() - job->began_us) / 1000;
    if (job->now.state != SUMMARY_DEAD || ps_s3_read_size(extractor->read) > 0) {
        job->now.object_bytes = ps_s3_read_size(extractor->read);
        job->now.modified_ms = ps_s3_read_modified_ms(extractor->read);
    }
    if (job->now.modified_ms == 0) job->now.modified_ms = job->context->sent_ms;
    return summary_put(&job->summaries, &job->message.object, &job->before, &job->now, done);
}

/* The rest of the object is a message of its own, in the same group, so that nothing overtakes it. */
static enum ps_err send_continuation(const struct job *job)
{
    const struct ps_s3_object *object = &job->message.object;
    struct ps_object_message rest = job->message;
    char deduplication[PS_DIGEST_SHA256_HEX_BYTES], offset[24];
    struct ps_buf body, digits;
    size_t unsent = 0;
    rest.offset = job->now.offset;
    rest.hop = job->now.hop;
    ps_buf_init_fixed(&digits, offset, sizeof offset);
    ps_buf_u64(&digits, rest.offset);
    const struct ps_span parts[] = { object->bucket, PS_SPAN("\n"),        object->version_id,
                                     PS_SPAN("\n"),  object->etag,         PS_SPAN("\n"),
                                     object->key,    PS_SPAN("\noffset "), ps_buf_span(&digits) };
    PS_TRY(ps_digest_sha256_hex(parts, sizeof parts / sizeof parts[0], deduplication));
    ps_buf_init(&body, job->context->arena, CONTINUATION_BYTES_MAX);
    ps_object_message_put(&body, &rest);
    struct ps_sqs_send message = { .group = job->context->group,
                                   .deduplication = ps_span_make(deduplication, sizeof deduplication) };
    if (message.group.len == 0) message.group = message.deduplication; /* it came from a standard queue */
    PS_TRY(ps_buf_finish(&body, &message.body));
    PS_TRY(ps_sqs_send(extractor_of(job)->queue, job->context->arena, job->context->deadline, &message, 1, &unsent));
    if (unsent == 0) return PS_OK;
    const struct ps_err_note reason = *ps_err_note();
    PS_FAIL(reason.err, "continuation of an object: %s", reason.text);
}

/* Where to go on. */
static enum ps_err put_restart(struct job *job)
{
    const struct extractor *extractor = extractor_of(job);
    uint64_t text_offset = 0;
    struct ps_buf restart;
    ps_buf_init(&restart, job->context->arena, PS_DECODE_RESTART_BYTES_MAX);
    job->now.restart = PS_SPAN("");
    if (ps_decode_put_restart(extractor->decode, job->now.totals.bytes, &restart, &text_offset))
        PS_TRY(ps_buf_finish(&restart, &job->now.restart));
    return PS_OK;
}

static enum ps_err stop_here(struct job *job, bool *done, enum extract_end *end)
{
    *end = EXTRACT_DEAD;
    job->now.state = SUMMARY_PARTIAL;
    job->now.hop = job->before.hop + 1;
    if (is_further(job))
        PS_TRY(put_restart(job));
    else if (job->has_all_time)
        (void)give_up(job, "no_progress");
    else
        PS_FAIL(PS_ERR_DEADLINE, "no time left to come to where an object was left");
    if (job->now.hop > extractor_of(job)->settings->hops_max) (void)give_up(job, "too_many_continuations");
    PS_TRY(keep(job, done));
    if (!*done || job->now.state == SUMMARY_DEAD) return PS_OK;
    *end = EXTRACT_CONTINUED;
    return send_continuation(job);
}

/* -- one object ---------------------------------------------------------------------------------------------------- */

/* Where neither version nor ETag makes a key for the summary, the object's ETag is asked for. */
static enum ps_err learn_etag(struct job *job, enum progress *progress)
{
    const struct extractor *extractor = extractor_of(job);
    struct ps_s3_object *object = &job->message.object;
    struct ps_span bytes;
    enum ps_s3_read_end end = PS_S3_READ_FAULT;
    *progress = PROGRESS_SCANNED;
    if (object->etag.len > 0 || summary_is_by_version(object)) return PS_OK;
    job->now = (struct summary){ 0 };
    PS_TRY(ps_scan_totals_make(job->context->arena, &extractor->patterns, &job->now.totals));
    PS_TRY(begin(job));
    PS_TRY(ps_s3_read_next(extractor->read, &bytes, &end));
    struct ps_span etag = ps_s3_read_etag(extractor->read);
    char *copy = ps_arena_bytes(job->context->arena, etag.len);
    if (copy == NULL) PS_FAIL(PS_ERR_NO_MEMORY, "an ETag");
    if (etag.len > 0) memcpy(copy, etag.data, etag.len);
    job->is_present = true;
    object->etag = etag.len > 0 ? ps_span_make(copy, etag.len) : PS_SPAN("unknown");
    ps_s3_read_leave(extractor->read);
    if (dead_reason(end) != NULL) *progress = give_up(job, dead_reason(end));
    return PS_OK;
}

static enum ps_err finish(struct job *job, enum progress progress, bool *done, enum extract_end *end)
{
    if (progress == PROGRESS_OUT_OF_TIME) {
        PS_TRY(stop_here(job, done, end));
    } else {
        if (progress == PROGRESS_SCANNED) job->now.state = SUMMARY_DONE;
        PS_TRY(keep(job, done));
        *end = job->now.state == SUMMARY_DEAD ? EXTRACT_DEAD : EXTRACT_DONE;
    }
    return *done ? tell(job->context, &job->summaries, &job->message.object, &job->now, job->counts) : PS_OK;
}

static void count_result(const struct job *job)
{
    const struct ps_patterns *patterns = &extractor_of(job)->patterns;
    job->counts->objects_read++;
    job->counts->text_bytes += job->now.totals.bytes - job->before.totals.bytes;
    job->counts->lines += job->now.totals.lines - job->before.totals.lines;
    for (size_t i = 0; i < patterns->count; i++)
        job->counts->hit_lines += job->now.totals.counts[i].lines - job->before.totals.counts[i].lines;
}

/* The object that the message names is no more: whatever has its key now is to be scanned. */
static void turn_to_present(struct job *job, bool *done)
{
    job->message.object.etag = PS_SPAN("");
    *done = false;
}

/* That was found before, and the invocation that found it may not have come to the present object. */
static bool was_replaced(const struct job *job)
{
    return job->before.state == SUMMARY_DEAD && ps_span_eq(job->before.reason, PS_SPAN("changed")) &&
           !job->is_present && !summary_is_by_version(&job->message.object);
}

/* What was not there, or not readable where it lies, may be there again with the same ETag: it is looked at once more.
 */
static bool is_settled(const struct summary *summary)
{
    static const struct ps_span ABSENT[] = { PS_SPAN_INIT("gone"), PS_SPAN_INIT("deleted"), PS_SPAN_INIT("archived") };
    if (summary->state != SUMMARY_DEAD) return summary->state == SUMMARY_DONE;
    for (size_t i = 0; i < sizeof ABSENT / sizeof ABSENT[0]; i++) {
        if (ps_span_eq(summary->reason, ABSENT[i])) return false;
    }
    return true;
}

/* What is scanned goes into a copy, which shares only the texts of samples: before stays what the item said. */
static enum ps_err go_on_from_before(struct job *job)
{
    const struct ps_patterns *patterns = &extractor_of(job)->patterns;
    struct ps_scan_totals fresh;
    PS_TRY(ps_scan_totals_make(job->context->arena, patterns, &fresh));
    memcpy(fresh.counts, job->before.totals.counts, patterns->count * sizeof fresh.counts[0]);
    job->now = job->before;
    job->now.totals.counts = fresh.counts;
    job->now.reason = PS_SPAN(""); /* of what was not there */
    return PS_OK;
}

/* One try; *done is false when the item or the object has changed meanwhile. */
static enum ps_err try_object(struct job *job, bool *done, enum extract_end *end)
{
    const struct extractor *extractor = extractor_of(job);
    enum progress progress = PROGRESS_SCANNED;
    *done = true;
    PS_TRY(learn_etag(job, &progress));
    PS_TRY(summary_get(&job->summaries, &job->message.object, &job->before));
    if (was_replaced(job)) {
        turn_to_present(job, done);
        return PS_OK;
    }
    if (is_settled(&job->before)) {
        *end = EXTRACT_DUPLICATE;
        return tell(job->context, &job->summaries, &job->message.object, &job->before, job->counts);
    }
    if (progress == PROGRESS_DEAD) return finish(job, progress, done, end);
    PS_TRY(go_on_from_before(job));
    enum ps_err err = scan(job, &progress);
    if (err != PS_OK) {
        ps_s3_read_leave(extractor->read);
        return err;
    }
    if (progress == PROGRESS_CHANGED) {
        (void)give_up(job, "changed");
        PS_TRY(keep(job, done));
        turn_to_present(job, done);
        return PS_OK;
    }
    PS_TRY(finish(job, progress, done, end));
    ps_s3_read_leave(extractor->read);
    if (*done) count_result(job);
    return PS_OK;
}

enum ps_err extract_object(const struct extract_context *context, const struct ps_object_message *message,
                           struct extract_counts *counts, enum extract_end *end)
{
    struct job job = {
        .context = context,
        .message = *message,
        .summaries = { .table = context->extractor->table,
                       .arena = context->arena,
                       .deadline = context->deadline,
                       .patterns = &context->extractor->patterns,
                       .request_id = context->request_id,
                       .now_ms = context->now_ms,
                       .ttl_days = context->extractor->settings->ttl_days },
        .began_us = ps_clock_monotonic_us(),
        .counts = counts,
    };
    for (int i = 0; i < TRIES_MAX; i++) {
        bool done = false;
        uint32_t half_ms = ps_deadline_left_ms(context->deadline) / 2; /* short time-outs read, too */
        job.checkpoint_ms = half_ms < CHECKPOINT_MS ? half_ms : CHECKPOINT_MS;
        job.has_all_time = context->is_first && i == 0;
        PS_TRY(try_object(&job, &done, end));
        if (done) return PS_OK;
    }
    PS_FAIL(PS_ERR_UNAVAILABLE, "an object or its summary changed %d times while it was read: it is looked at again",
            TRIES_MAX);
}
