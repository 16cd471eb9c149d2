#include "tell.h"

#include "mail_cap.h"
#include "report.h"

static bool is_severe(const struct extract_context *context, const struct summary *summary)
{
    const struct ps_patterns *patterns = &context->extractor->patterns;
    for (size_t i = 0; i < patterns->count; i++) {
        bool severe = (uint32_t)patterns->items[i].severity >= context->extractor->settings->mail_severity;
        if (severe && summary->totals.counts[i].lines > 0) return true;
    }
    return false;
}

static enum ps_err send(const struct extract_context *context, const struct ps_s3_object *object,
                        const struct summary *summary)
{
    const struct extractor *extractor = context->extractor;
    struct ps_ses_message message = { .from = extractor->settings->mail_from,
                                      .to = extractor->mail_to,
                                      .to_count = extractor->mail_to_count };
    PS_TRY(report_render(context->arena, object, ps_call_region(extractor->client), &extractor->patterns, summary,
                         &message));
    return ps_ses_send(extractor->ses, context->arena, context->deadline, &message);
}

enum ps_err tell(const struct extract_context *context, const struct summaries *summaries,
                 const struct ps_s3_object *object, const struct summary *summary, struct extract_counts *counts)
{
    const struct extractor *extractor = context->extractor;
    bool mine = false, held = false;
    if (extractor->ses == NULL || summary->mailed || summary->state != SUMMARY_DONE) return PS_OK;
    if (!is_severe(context, summary)) return PS_OK;
    PS_TRY(summary_claim_mail(summaries, object, &mine));
    if (!mine) return PS_OK;
    enum ps_err err = mail_cap_take(summaries, extractor->settings->mail_cap_per_hour, &held);
    if (err == PS_OK && held) {
        counts->mails_held++;
        return PS_OK;
    }
    if (err == PS_OK) err = send(context, object, summary);
    if (err == PS_OK) {
        counts->mails++;
        return PS_OK;
    }
    const struct ps_err_note reason = *ps_err_note();
    if (summary_release_mail(summaries, object) != PS_OK)
        ps_log_fault(context->log, PS_LOG_WARN, "mail_not_released"); /* then this version is not mailed */
    PS_FAIL(reason.err, "%s", reason.text);
}
