#include "summary.h"

#include "host/metric.h"

static uint64_t ms(uint64_t us)
{
    return (us + 500) / 1000;
}

void summary_write(const struct summary *summary, const struct ps_invocation *inv, enum ps_event_source source,
                   enum ps_err err)
{
    const struct ps_account *account = &summary->account;
    const struct ps_dynamodb_stats *table = &summary->table;
    const struct publish_counts *events = &summary->events;
    const struct ps_metric metrics[] = {
        { "RecordsIn", PS_METRIC_COUNT, account->in },
        { "RecordsStored", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_STORED] },
        { "RecordsDuplicate", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DUPLICATE] },
        { "RecordsFiltered", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_FILTERED] },
        { "RecordsDead", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DEAD] },
        { "RecordsReturned", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_RETURNED] },
        { "RecordsUnparsed", PS_METRIC_COUNT, account->unparsed },
        { "ControlMessages", PS_METRIC_COUNT, account->control },
        { "Envelopes", PS_METRIC_COUNT, account->envelopes },
        { "Redactions", PS_METRIC_COUNT, account->redacted },
        { "EventsPublished", PS_METRIC_COUNT, events->published },
        { "EventsRejected", PS_METRIC_COUNT, events->rejected },
        { "EventsUndelivered", PS_METRIC_COUNT, events->undelivered },
        { "Requests", PS_METRIC_COUNT, table->requests + events->stats.requests },
        { "Retries", PS_METRIC_COUNT, table->retried_items + events->stats.retried_entries },
        { "Unprocessed", PS_METRIC_COUNT, table->unprocessed },
        { "Throttles", PS_METRIC_COUNT, table->throttled + events->stats.throttled },
        { "EventBytes", PS_METRIC_BYTES, account->event_bytes },
        { "SentBytes", PS_METRIC_BYTES, table->sent_bytes + events->stats.sent_bytes },
        { "LagMs", PS_METRIC_MILLISECONDS, summary->lag_ms },
        { "WaitMs", PS_METRIC_MILLISECONDS, ms(table->wait_us + events->stats.wait_us) },
        { "TotalMs", PS_METRIC_MILLISECONDS, ms(summary->total_us) },
        { "ColdStarts", PS_METRIC_COUNT, inv->cold ? 1 : 0 },
    };
    const struct ps_log_field *properties =
        PS_LOG_FIELDS(PS_LOG_STR("source", ps_span_of(ps_event_source_name(source))),
                      PS_LOG_STR("outcome", ps_span_of(err == PS_OK ? "ok" : ps_err_name(err))));
    ps_metric_write(inv->log, "invocation_done", inv->function_name, inv->now_ms, metrics,
                    sizeof metrics / sizeof metrics[0], properties);
}
