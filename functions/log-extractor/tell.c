#include "tell.h"

#include "mail_cap.h"
#include "report.h"

/* Without a cap every mail has a place. */
static enum ps_err take_place(const struct extract_context *context, struct mail_cap_place *place)
{
    const struct mail_cap cap = {
        .table = context->extractor->table,
        .arena = context->arena,
        .deadline = context->deadline,
        .now_ms = context->now_ms,
        .per_hour = context->extractor->settings->mail_cap_per_hour,
    };
    *place = (struct mail_cap_place){ 0 };
    return cap.per_hour > 0 ? mail_cap_take(&cap, place) : PS_OK;
}

static enum ps_err send(const struct extract_context *context, struct report *report, bool *held)
{
    const struct extractor *extractor = context->extractor;
    struct ps_ses_message message = { .from = extractor->settings->mail_from,
                                      .to = extractor->mail_to,
                                      .to_count = extractor->mail_to_count };
    struct mail_cap_place place;
    PS_TRY(take_place(context, &place));
    *held = place.held;
    if (place.held) return PS_OK;
    report->place = &place;
    enum ps_err err = report_render(context->arena, report, &message);
    report->place = NULL; /* it does not outlive this call */
    PS_TRY(err);
    return ps_ses_send(extractor->ses, context->arena, context->deadline, &message);
}

/* One that changed while it was read is followed by the present one, which is mailed. */
static bool is_final(const struct summary *summary)
{
    return summary->state == SUMMARY_DONE ||
           (summary->state == SUMMARY_DEAD && !ps_span_eq(summary->reason, PS_SPAN("changed")));
}

enum ps_err tell(const struct extract_context *context, const struct summaries *summaries,
                 const struct ps_s3_object *object, const struct summary *summary, struct extract_counts *counts)
{
    const struct extractor *extractor = context->extractor;
    struct report report = { .object = object,
                             .summary = summary,
                             .patterns = &extractor->patterns,
                             .region = ps_call_region(extractor->client) };
    enum ps_severity severity = PS_SEVERITY_INFO;
    bool mine = false, held = false;
    if (extractor->ses == NULL || summary->mailed || !is_final(summary)) return PS_OK;
    if (!report_severity(&report, &severity) || (uint32_t)severity < extractor->settings->mail_severity) return PS_OK;
    PS_TRY(summary_claim_mail(summaries, object, &mine));
    if (!mine) PS_FAIL(PS_ERR_UNAVAILABLE, "another invocation is mailing this object: it is looked at again later");
    enum ps_err err = send(context, &report, &held);
    if (err == PS_OK) {
        counts->mails += !held;
        counts->mails_held += held;
        return summary_settle_mail(summaries, object, held);
    }
    const struct ps_err_note reason = *ps_err_note();
    if (summary_release_mail(summaries, object) != PS_OK)
        ps_log_fault(context->log, PS_LOG_WARN, "mail_not_released"); /* then this version is not mailed */
    PS_FAIL(reason.err, "%s", reason.text);
}
