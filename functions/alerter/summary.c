#include "summary.h"

#include "host/metric.h"

static uint64_t sum(const uint64_t counts[CHANNEL_COUNT])
{
    uint64_t total = 0;
    for (size_t i = 0; i < CHANNEL_COUNT; i++)
        total += counts[i];
    return total;
}

static struct ps_span kind_name(enum payload_kind kind)
{
    static const struct ps_span NAMES[] = {
        [PAYLOAD_ALERT] = PS_SPAN_INIT("alert"),
        [PAYLOAD_SNS] = PS_SPAN_INIT("sns"),
        [PAYLOAD_SCHEDULE] = PS_SPAN_INIT("schedule"),
    };
    return NAMES[kind];
}

void summary_write(const struct summary *summary, const struct ps_invocation *inv, enum ps_err err)
{
    const struct ps_account *account = &summary->account;
    const struct deliver_counts *delivered = &summary->delivered;
    const struct ps_metric metrics[] = {
        { "RecordsIn", PS_METRIC_COUNT, account->in },
        { "RecordsStored", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_STORED] },
        { "RecordsDuplicate", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DUPLICATE] },
        { "RecordsFiltered", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_FILTERED] },
        { "RecordsJoined", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_JOINED] },
        { "RecordsDead", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DEAD] },
        { "RecordsReturned", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_RETURNED] },
        { "AlertsReplayed", PS_METRIC_COUNT, summary->handled.replayed },
        { "IncidentsOpened", PS_METRIC_COUNT, summary->handled.opened },
        { "IncidentsResolved", PS_METRIC_COUNT, summary->closings.resolved },
        { "WindowsClosed", PS_METRIC_COUNT, summary->closings.windows },
        { "NoticesToPagerDuty", PS_METRIC_COUNT, delivered->sent[CHANNEL_PAGERDUTY] },
        { "NoticesToSlack", PS_METRIC_COUNT, delivered->sent[CHANNEL_SLACK] },
        { "NoticesToMail", PS_METRIC_COUNT, delivered->sent[CHANNEL_MAIL] },
        { "NoticesHeld", PS_METRIC_COUNT, sum(delivered->held) },
        { "NoticesFailed", PS_METRIC_COUNT, sum(delivered->failed) },
        { "NoticesDead", PS_METRIC_COUNT, summary->closings.dead },
        { "Redactions", PS_METRIC_COUNT, account->redacted },
        { "EventBytes", PS_METRIC_BYTES, account->event_bytes },
        { "TotalMs", PS_METRIC_MILLISECONDS, (summary->total_us + 500) / 1000 },
        { "ColdStarts", PS_METRIC_COUNT, inv->cold ? 1 : 0 },
    };
    const struct ps_log_field *properties =
        PS_LOG_FIELDS(PS_LOG_STR("payload", kind_name(summary->kind)),
                      PS_LOG_STR("outcome", ps_span_of(err == PS_OK ? "ok" : ps_err_name(err))));
    ps_metric_write(inv->log, "invocation_done", inv->function_name, inv->now_ms, metrics,
                    sizeof metrics / sizeof metrics[0], properties);
}
