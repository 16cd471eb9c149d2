#include "settings.h"

#include <stddef.h>

#include "base/buf.h"
#include "record/redact.h"

static const char *const OUTPUT_WORDS[] = { "none", "kinesis", "firehose", "sqs", NULL };

#define AT(member) offsetof(struct settings, member)

const struct ps_config_item SETTINGS_ITEMS[] = {
    { .name = "OUTPUT",
      .type = PS_CONFIG_WORD,
      .offset = AT(output),
      .value_default = "none",
      .words = OUTPUT_WORDS,
      .help = "Where records go. none: back to the Firehose stream that asks for a transformation." },
    { .name = "OUTPUT_STREAM",
      .type = PS_CONFIG_TEXT,
      .offset = AT(output_stream),
      .value_default = "",
      .help = "Name of the stream, for kinesis and firehose." },
    { .name = "QUEUE_URL",
      .type = PS_CONFIG_TEXT,
      .offset = AT(queue_url),
      .value_default = "",
      .help = "URL of the queue, for sqs: a standard one, in the function's region." },
    { .name = "OUTPUT_ATTEMPTS",
      .type = PS_CONFIG_U32,
      .offset = AT(output_attempts),
      .value_default = "8",
      .min = 1,
      .max = 50,
      .help = "Requests in a row that bring no record further, before the rest counts as undelivered." },
    { .name = "REQUEST_TIMEOUT_MS",
      .type = PS_CONFIG_U32,
      .offset = AT(request_timeout_ms),
      .value_default = "10000",
      .min = 100,
      .max = 60000,
      .help = "Of one request; also bounded by the invocation's deadline." },
    { .name = "PARTIAL_BATCH",
      .type = PS_CONFIG_BOOL,
      .offset = AT(partial_batch),
      .value_default = "on",
      .help = "Whether the Kinesis mapping has ReportBatchItemFailures. It must say what the mapping says: off, "
              "undelivered records fail the whole batch." },
    { .name = "REDACT",
      .type = PS_CONFIG_TEXT,
      .offset = AT(redact),
      .value_default = "off",
      .help = "Classes of secrets hidden before anything leaves: default, or some of aws_keys, jwt, bearer, card, "
              "email, ip. Off: text passes as it is." },
    { .name = "REDACT_PATTERNS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(redact_patterns),
      .value_default = "",
      .help = "Own patterns, one a line: name=regular expression (PCRE2)." },
    { .name = "INFLATED_BYTES_MAX",
      .type = PS_CONFIG_U32,
      .offset = AT(inflated_bytes_max),
      .value_default = "67108864",
      .min = 1 << 20,
      .max = 1 << 28,
      .help = "An envelope that inflates to more is a dead letter." },
    { .name = "DEAD_LETTER_BUCKET",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.bucket),
      .value_default = "",
      .help = "S3 bucket for what could not be decoded or delivered. Without a store, such an invocation fails." },
    { .name = "DEAD_LETTER_DIR",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.directory),
      .value_default = "",
      .help = "A folder instead, for laptops: refused unless PENSTOCK_LOCAL=1." },
    { .name = "DEAD_LETTER_PREFIX",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.prefix),
      .value_default = "cloudwatch-decoder",
      .help = "What the keys of dead letters begin with; functions that share a bucket need one each." },
    { .name = "PENSTOCK_LOCAL",
      .type = PS_CONFIG_BOOL,
      .offset = AT(dead_letters.local),
      .value_default = "off",
      .help = "Says that this is not Lambda." },
    { .name = NULL },
};

enum ps_batch_service settings_service(const struct settings *settings)
{
    static const enum ps_batch_service SERVICES[] = {
        [OUTPUT_NONE] = PS_BATCH_FIREHOSE,
        [OUTPUT_KINESIS] = PS_BATCH_KINESIS,
        [OUTPUT_FIREHOSE] = PS_BATCH_FIREHOSE,
        [OUTPUT_SQS] = PS_BATCH_SQS,
    };
    return SERVICES[settings->output];
}

struct ps_span settings_target(const struct settings *settings)
{
    return settings->output == OUTPUT_SQS ? settings->queue_url : settings->output_stream;
}

static void check_output(const struct settings *settings, struct ps_buf *mistakes)
{
    if (settings->output == OUTPUT_NONE) return;
    if (ps_batch_check_target(settings_service(settings), settings_target(settings)) != PS_OK)
        ps_config_mistake(mistakes, "%s: %s", settings->output == OUTPUT_SQS ? "QUEUE_URL" : "OUTPUT_STREAM",
                          ps_err_note()->text);
}

void settings_check(const void *settings_memory, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    const struct settings *settings = settings_memory;
    check_output(settings, mistakes);
    if (ps_redact_check(scratch, settings->redact, settings->redact_patterns) != PS_OK)
        ps_config_mistake(mistakes, "%s", ps_err_note()->text);
    ps_dead_letter_check(&settings->dead_letters, mistakes);
}
