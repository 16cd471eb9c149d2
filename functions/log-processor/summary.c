#include "summary.h"

#include "host/metric.h"

static uint64_t ms(uint64_t us)
{
    return (us + 500) / 1000;
}

static uint64_t less(uint64_t from, uint64_t what)
{
    return from > what ? from - what : 0;
}

/* The pipeline's time holds the sink's: what is left is parsing and encoding. */
static uint64_t process_us(const struct summary *summary)
{
    return less(summary->times.process_us, summary->times.inflate_us + summary->sink.gzip_us + summary->sink.wait_us);
}

void summary_write(const struct summary *summary, const struct ps_invocation *inv, enum ps_event_source source,
                   enum ps_err err)
{
    const struct ps_account *account = &summary->account;
    const struct ps_metric metrics[] = {
        { "RecordsIn", PS_METRIC_COUNT, account->in },
        { "RecordsStored", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_STORED] },
        { "RecordsDuplicate", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DUPLICATE] },
        { "RecordsFiltered", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_FILTERED] },
        { "RecordsJoined", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_JOINED] },
        { "RecordsDead", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_DEAD] },
        { "RecordsReturned", PS_METRIC_COUNT, account->verdicts[PS_VERDICT_RETURNED] },
        { "RecordsSpilled", PS_METRIC_COUNT, account->spilled },
        { "RecordsUnparsed", PS_METRIC_COUNT, account->unparsed },
        { "ControlMessages", PS_METRIC_COUNT, account->control },
        { "Envelopes", PS_METRIC_COUNT, account->envelopes },
        { "EnvelopesRefused", PS_METRIC_COUNT, account->refused_group },
        { "Redactions", PS_METRIC_COUNT, account->redacted },
        { "Repairs", PS_METRIC_COUNT, account->repaired },
        { "Cuts", PS_METRIC_COUNT, account->cut },
        { "Requests", PS_METRIC_COUNT, account->requests },
        { "Retries", PS_METRIC_COUNT, account->retried },
        { "Throttles", PS_METRIC_COUNT, summary->sink.throttled },
        { "EventBytes", PS_METRIC_BYTES, account->event_bytes },
        { "InflatedBytes", PS_METRIC_BYTES, account->inflated_bytes },
        { "BodyBytes", PS_METRIC_BYTES, summary->sink.body_bytes },
        { "SentBytes", PS_METRIC_BYTES, account->sent_bytes },
        { "InflateMs", PS_METRIC_MILLISECONDS, ms(summary->times.inflate_us) },
        { "ProcessMs", PS_METRIC_MILLISECONDS, ms(process_us(summary)) },
        { "GzipMs", PS_METRIC_MILLISECONDS, ms(summary->sink.gzip_us) },
        { "WaitMs", PS_METRIC_MILLISECONDS, ms(summary->sink.wait_us) },
        { "TotalMs", PS_METRIC_MILLISECONDS, ms(summary->total_us) },
        { "ColdStarts", PS_METRIC_COUNT, inv->cold ? 1 : 0 },
    };
    uint64_t busy_us = summary->times.inflate_us + process_us(summary) + summary->sink.gzip_us;
    const struct ps_log_field *properties =
        PS_LOG_FIELDS(PS_LOG_STR("source", ps_span_of(ps_event_source_name(source))),
                      PS_LOG_STR("outcome", ps_span_of(err == PS_OK ? "ok" : ps_err_name(err))),
                      PS_LOG_U64("busy_us", busy_us), PS_LOG_U64("answers_overflowed", summary->answers_overflowed));
    ps_metric_write(inv->log, "invocation_done", inv->function_name, inv->now_ms, metrics,
                    sizeof metrics / sizeof metrics[0], properties);
}
