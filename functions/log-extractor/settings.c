#include "settings.h"

#include <stddef.h>

#include "aws/dynamodb.h"
#include "aws/s3.h"
#include "aws/ses.h"
#include "aws/sqs.h"
#include "base/buf.h"
#include "record/redact.h"

static const char *const SEVERITY_WORDS[] = { "info", "warn", "error", "fatal", NULL };

#define AT(member) offsetof(struct settings, member)

const struct ps_config_item SETTINGS_ITEMS[] = {
    { .name = "SOURCE_BUCKETS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(source_buckets),
      .value_default = "",
      .help = "Buckets that may be read, separated by commas; objects of others are left out." },
    { .name = "QUEUE_URL",
      .type = PS_CONFIG_TEXT,
      .offset = AT(queue_url),
      .value_default = "",
      .help = "The FIFO queue that invokes this function: continuations of large objects go there." },
    { .name = "SUMMARY_TABLE",
      .type = PS_CONFIG_TEXT,
      .offset = AT(summary_table),
      .value_default = "log-error-summaries",
      .help = "The table: partition key pk, sort key sk, both strings, and the index day-index." },
    { .name = "PATTERNS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(patterns),
      .value_default = "",
      .help =
          "What is looked for: a JSON file in the zip (its path there), s3://bucket/key or ssm:name. Unset: the set "
          "that comes with the function." },
    { .name = "MAIL_FROM",
      .type = PS_CONFIG_TEXT,
      .offset = AT(mail_from),
      .value_default = "",
      .help = "The sender, verified in Amazon SES." },
    { .name = "MAIL_TO",
      .type = PS_CONFIG_TEXT,
      .offset = AT(mail_to),
      .value_default = "",
      .help = "Up to 50 addresses, separated by commas. Unset: no mail." },
    { .name = "MAIL_SEVERITY",
      .type = PS_CONFIG_WORD,
      .offset = AT(mail_severity),
      .value_default = "error",
      .words = SEVERITY_WORDS,
      .help = "An object with a hit of this severity or above is mailed, once for each version." },
    { .name = "MAIL_CAP_PER_HOUR",
      .type = PS_CONFIG_U32,
      .offset = AT(mail_cap_per_hour),
      .value_default = "60",
      .min = 0,
      .max = 3600,
      .help = "Mails within an hour; what is over it is not mailed. 0: no cap." },
    { .name = "HOPS_MAX",
      .type = PS_CONFIG_U32,
      .offset = AT(hops_max),
      .value_default = "200",
      .min = 0,
      .max = 10000,
      .help = "Continuations of one object before it is given up." },
    { .name = "TTL_DAYS",
      .type = PS_CONFIG_U32,
      .offset = AT(ttl_days),
      .value_default = "0",
      .min = 0,
      .max = 36500,
      .help = "Days after its last write that a summary may expire (attribute ttl); 0: never." },
    { .name = "S3_IN_FLIGHT",
      .type = PS_CONFIG_U32,
      .offset = AT(s3_in_flight),
      .value_default = "3",
      .min = 1,
      .max = 8,
      .help = "Ranges of an object on their way at once." },
    { .name = "S3_PART_KB",
      .type = PS_CONFIG_U32,
      .offset = AT(s3_part_kb),
      .value_default = "4096",
      .min = 64,
      .max = 16384,
      .help = "Of one range. Times S3_IN_FLIGHT it is memory." },
    { .name = "PARTIAL_BATCH",
      .type = PS_CONFIG_BOOL,
      .offset = AT(partial_batch),
      .value_default = "on",
      .help = "Whether the mapping has ReportBatchItemFailures. It must say what the mapping says: off, a message that "
              "is handed back fails the whole batch." },
    { .name = "REDACT",
      .type = PS_CONFIG_TEXT,
      .offset = AT(redact),
      .value_default = PS_REDACT_DEFAULT,
      .help = "Classes of secrets hidden in samples, or off. On request: email, ip." },
    { .name = "REDACT_PATTERNS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(redact_patterns),
      .value_default = "",
      .help = "Own patterns, one a line: name=regular expression (PCRE2)." },
    { .name = "DEAD_LETTER_BUCKET",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.bucket),
      .value_default = "",
      .help = "S3 bucket for messages that nobody can read; it is never scanned. Without a store they go back to the "
              "queue." },
    { .name = "DEAD_LETTER_DIR",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.directory),
      .value_default = "",
      .help = "A folder instead, for laptops: refused unless PENSTOCK_LOCAL=1." },
    { .name = "DEAD_LETTER_PREFIX",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.prefix),
      .value_default = "log-extractor",
      .help = "What the keys of dead letters begin with; functions that share a bucket need one each." },
    { .name = "PENSTOCK_LOCAL",
      .type = PS_CONFIG_BOOL,
      .offset = AT(dead_letters.local),
      .value_default = "off",
      .help = "Says that this is not Lambda." },
    { .name = "REQUEST_TIMEOUT_MS",
      .type = PS_CONFIG_U32,
      .offset = AT(request_timeout_ms),
      .value_default = "10000",
      .min = 100,
      .max = 60000,
      .help = "Of one request." },
    { .name = NULL },
};

static void check_buckets(const struct settings *settings, struct ps_buf *mistakes)
{
    struct ps_span list = settings->source_buckets;
    if (list.len == 0) ps_config_mistake(mistakes, "SOURCE_BUCKETS is missing");
    for (bool more = list.len > 0; more;) {
        struct ps_span bucket = ps_span_trim(ps_span_split(&list, ',', &more));
        if (ps_s3_check_bucket(bucket) != PS_OK)
            ps_config_mistake(mistakes, "SOURCE_BUCKETS: \"%.*s\": %s", PS_SPAN_ARG(bucket), ps_err_note()->text);
    }
}

static void check_mail(const struct settings *settings, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    const struct ps_span *addresses = NULL;
    size_t count = 0;
    if (settings->mail_to.len == 0) return;
    if (ps_ses_read_addresses(scratch, settings->mail_to, &addresses, &count) != PS_OK)
        ps_config_mistake(mistakes, "MAIL_TO: %s", ps_err_note()->text);
    if (settings->mail_from.len == 0)
        ps_config_mistake(mistakes, "MAIL_FROM is missing: MAIL_TO is set");
    else if (ps_ses_check_address(settings->mail_from) != PS_OK)
        ps_config_mistake(mistakes, "MAIL_FROM: %s", ps_err_note()->text);
}

void settings_check(const void *settings_memory, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    const struct settings *settings = settings_memory;
    check_buckets(settings, mistakes);
    if (ps_sqs_check_queue(settings->queue_url) != PS_OK)
        ps_config_mistake(mistakes, "QUEUE_URL: %s", ps_err_note()->text);
    if (ps_dynamodb_check_table(settings->summary_table) != PS_OK)
        ps_config_mistake(mistakes, "SUMMARY_TABLE: %s", ps_err_note()->text);
    check_mail(settings, scratch, mistakes);
    ps_dead_letter_check(&settings->dead_letters, mistakes);
    if (ps_redact_check(scratch, settings->redact, settings->redact_patterns) != PS_OK)
        ps_config_mistake(mistakes, "%s", ps_err_note()->text);
}

bool settings_reads_from(const struct settings *settings, struct ps_span bucket)
{
    if (ps_span_eq(bucket, settings->dead_letters.bucket)) return false;
    struct ps_span list = settings->source_buckets;
    for (bool more = true; more;) {
        if (ps_span_eq(ps_span_trim(ps_span_split(&list, ',', &more)), bucket)) return true;
    }
    return false;
}
