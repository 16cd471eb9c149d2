#include "settings.h"

#include <stddef.h>

#include "aws/dynamodb.h"
#include "aws/eventbridge.h"
#include "base/buf.h"
#include "record/redact.h"

#define AT(member) offsetof(struct settings, member)

const struct ps_config_item SETTINGS_ITEMS[] = {
    { .name = "DDB_TABLE",
      .type = PS_CONFIG_TEXT,
      .offset = AT(ddb_table),
      .value_default = "log-stream-logs",
      .help = "The table: partition key pk, sort key sk, both strings." },
    { .name = "DDB_IN_FLIGHT",
      .type = PS_CONFIG_U32,
      .offset = AT(ddb_in_flight),
      .value_default = "4",
      .min = 1,
      .max = 8,
      .help = "Requests on their way at once." },
    { .name = "DDB_ATTEMPTS",
      .type = PS_CONFIG_U32,
      .offset = AT(ddb_attempts),
      .value_default = "4",
      .min = 1,
      .max = 20,
      .help = "Tries of a request that fails as a whole. What DynamoDB leaves unprocessed is tried until time is up." },
    { .name = "SERVICE_SHARDS",
      .type = PS_CONFIG_U32,
      .offset = AT(service_shards),
      .value_default = "1",
      .min = 1,
      .max = 100,
      .help = "Partitions that the rows of one service are spread over: pk is the service, then service#1 and so on. "
              "With more than one, queries must ask them all (penstock query does)." },
    { .name = "TTL_DAYS",
      .type = PS_CONFIG_U32,
      .offset = AT(ttl_days),
      .value_default = "0",
      .min = 0,
      .max = 36500,
      .help = "Days after a record's own time that its row may expire (attribute ttl); 0: never." },
    { .name = "REQUEST_TIMEOUT_MS",
      .type = PS_CONFIG_U32,
      .offset = AT(request_timeout_ms),
      .value_default = "5000",
      .min = 100,
      .max = 60000,
      .help = "Of one request." },
    { .name = "EVENT_BUS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(event_bus),
      .value_default = "default",
      .help = "Name or ARN of the bus that LogError events go to." },
    { .name = "EVENT_SOURCE",
      .type = PS_CONFIG_TEXT,
      .offset = AT(event_source),
      .value_default = "penstock.stream-consumer",
      .help = "The events' source, for rules to match." },
    { .name = "EVENTBRIDGE_REQUIRED",
      .type = PS_CONFIG_BOOL,
      .offset = AT(eventbridge_required),
      .value_default = "false",
      .help = "Whether records whose event could not be published are handed back, to be tried again." },
    { .name = "EVENT_DETAIL_BYTES",
      .type = PS_CONFIG_U32,
      .offset = AT(event_detail_bytes),
      .value_default = "65536",
      .min = 16 << 10,
      .max = 200 << 10,
      .help = "A longer event loses its fields, then the end of its message; the row has them." },
    { .name = "PARTIAL_BATCH",
      .type = PS_CONFIG_BOOL,
      .offset = AT(partial_batch),
      .value_default = "on",
      .help = "Whether the mapping has ReportBatchItemFailures. It must say what the mapping says: off, undelivered "
              "records fail the whole batch." },
    { .name = "CLUSTER_ALIAS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(cluster_alias),
      .value_default = "",
      .help = "A name for a self-managed Kafka cluster, part of every row's id; needed when two clusters have a topic "
              "of one name. Never change it." },
    { .name = "REDACT",
      .type = PS_CONFIG_TEXT,
      .offset = AT(redact),
      .value_default = PS_REDACT_DEFAULT,
      .help = "Classes of secrets hidden before anything leaves, or off. On request: email, ip." },
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
      .help = "A CloudWatch envelope that inflates to more is kept as it came." },
    { .name = "DEAD_LETTER_BUCKET",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.bucket),
      .value_default = "",
      .help = "S3 bucket for rows that DynamoDB refuses for good. Without a store, such an invocation fails." },
    { .name = "DEAD_LETTER_DIR",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.directory),
      .value_default = "",
      .help = "A folder instead, for laptops: refused unless PENSTOCK_LOCAL=1." },
    { .name = "DEAD_LETTER_PREFIX",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.prefix),
      .value_default = "stream-consumer",
      .help = "What the keys of dead letters begin with; functions that share a bucket need one each." },
    { .name = "PENSTOCK_LOCAL",
      .type = PS_CONFIG_BOOL,
      .offset = AT(dead_letters.local),
      .value_default = "off",
      .help = "Says that this is not Lambda." },
    { .name = NULL },
};

void settings_check(const void *settings_memory, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    const struct settings *settings = settings_memory;
    if (ps_dynamodb_check_table(settings->ddb_table) != PS_OK)
        ps_config_mistake(mistakes, "DDB_TABLE: %s", ps_err_note()->text);
    if (ps_eventbridge_check_bus(settings->event_bus) != PS_OK)
        ps_config_mistake(mistakes, "EVENT_BUS: %s", ps_err_note()->text);
    if (settings->event_source.len == 0 || settings->event_source.len > 256)
        ps_config_mistake(mistakes, "EVENT_SOURCE has %zu characters: 1 to 256 are allowed",
                          settings->event_source.len);
    if (ps_redact_check(scratch, settings->redact, settings->redact_patterns) != PS_OK)
        ps_config_mistake(mistakes, "%s", ps_err_note()->text);
    ps_dead_letter_check(&settings->dead_letters, mistakes);
}
