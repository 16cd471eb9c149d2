#include "settings.h"

#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include "aws/letters.h"
#include "aws/opensearch.h"
#include "base/buf.h"
#include "stages.h"

static const char *const AUTH_WORDS[] = { "sigv4", "basic", "none", NULL };
static const char *const SERVICE_WORDS[] = { "auto", "es", "aoss", NULL };
static const char *const LEVEL_WORDS[] = { "none", "trace", "debug", "info", "warn", "error", "fatal", NULL };

#define AT(member) offsetof(struct settings, member)

const struct ps_config_item SETTINGS_ITEMS[] = {
    { .name = "OPENSEARCH_ENDPOINT",
      .type = PS_CONFIG_TEXT,
      .offset = AT(opensearch_endpoint),
      .value_default = "",
      .help = "Where documents go: https://host[:port]. Plain http only on loopback or without credentials." },
    { .name = "OPENSEARCH_AUTH",
      .type = PS_CONFIG_WORD,
      .offset = AT(opensearch_auth),
      .value_default = "sigv4",
      .words = AUTH_WORDS,
      .help = "How requests are authorized: the role's credentials, a user and password, or not at all." },
    { .name = "OPENSEARCH_SERVICE",
      .type = PS_CONFIG_WORD,
      .offset = AT(opensearch_service),
      .value_default = "auto",
      .words = SERVICE_WORDS,
      .help = "Signing name: es for domains, aoss for Serverless collections; auto tells them by host." },
    { .name = "OPENSEARCH_USERNAME",
      .type = PS_CONFIG_TEXT,
      .offset = AT(opensearch_username),
      .value_default = "",
      .help = "User for basic." },
    { .name = "OPENSEARCH_PASSWORD",
      .type = PS_CONFIG_SECRET,
      .offset = AT(opensearch_password.value),
      .value_default = "",
      .help = "Password for basic." },
    { .name = "OPENSEARCH_PASSWORD_SECRET_ARN",
      .type = PS_CONFIG_TEXT,
      .offset = AT(opensearch_password.secret_arn),
      .value_default = "",
      .help = "ARN or name of the Secrets Manager secret that holds it instead; #key behind it takes that member of a "
              "JSON object." },
    { .name = "OPENSEARCH_PASSWORD_SSM_NAME",
      .type = PS_CONFIG_TEXT,
      .offset = AT(opensearch_password.ssm_name),
      .value_default = "",
      .help = "The same, for a parameter of Systems Manager." },
    { .name = "OPENSEARCH_INDEX",
      .type = PS_CONFIG_TEXT,
      .offset = AT(opensearch_index),
      .value_default = PS_INDEX_NAME_DEFAULT,
      .help = "Index, alias or data stream name; %Y %m %d %H are taken from the event's own timestamp, in UTC." },
    { .name = "OPENSEARCH_IDS",
      .type = PS_CONFIG_BOOL,
      .offset = AT(opensearch_ids),
      .value_default = "on",
      .help = "Deterministic _id, so that a replay stores nothing twice. Off only for aoss time series, which refuse "
              "ids: duplicates are then possible." },
    { .name = "OPENSEARCH_GZIP",
      .type = PS_CONFIG_BOOL,
      .offset = AT(opensearch_gzip),
      .value_default = "on",
      .help =
          "Compress request bodies. Off for domains that do not allow compressed requests (signed ones answer 403)." },
    { .name = "OPENSEARCH_GZIP_LEVEL",
      .type = PS_CONFIG_U32,
      .offset = AT(opensearch_gzip_level),
      .value_default = "1",
      .min = 1,
      .max = 9,
      .help = "1 is fastest." },
    { .name = "OPENSEARCH_CA_FILE",
      .type = PS_CONFIG_TEXT,
      .offset = AT(opensearch_ca_file),
      .value_default = "",
      .help = "PEM file of the roots to trust for a host that is not AWS's. Default: the system's bundle; AWS hosts "
              "have AWS's own roots." },
    { .name = "BULK_BYTES",
      .type = PS_CONFIG_U32,
      .offset = AT(bulk_bytes),
      .value_default = "1048576",
      .min = 1024,
      .max = 5 << 20,
      .help = "A request body is sent when it holds this many bytes, counted before compression." },
    { .name = "BULK_ITEMS",
      .type = PS_CONFIG_U32,
      .offset = AT(bulk_items),
      .value_default = "5000",
      .min = 1,
      .max = 5000,
      .help = "...or this many documents." },
    { .name = "BULK_IN_FLIGHT",
      .type = PS_CONFIG_U32,
      .offset = AT(bulk_in_flight),
      .value_default = "3",
      .min = 1,
      .max = 8,
      .help = "Requests on the way at the same time; each has a buffer of its own." },
    { .name = "BULK_ATTEMPTS",
      .type = PS_CONFIG_U32,
      .offset = AT(bulk_attempts),
      .value_default = "8",
      .min = 1,
      .max = 50,
      .help = "How often one document is tried before it counts as undelivered." },
    { .name = "REQUEST_TIMEOUT_MS",
      .type = PS_CONFIG_U32,
      .offset = AT(request_timeout_ms),
      .value_default = "20000",
      .min = 100,
      .max = 300000,
      .help = "Of one request; also bounded by the invocation's deadline." },
    { .name = "SERVICE",
      .fallbacks = { "OTEL_SERVICE_NAME", "POWERTOOLS_SERVICE_NAME" },
      .type = PS_CONFIG_TEXT,
      .offset = AT(service),
      .value_default = "",
      .help = "Service of records that do not name one. Default: from the log group or stream." },
    { .name = "ENVIRONMENT",
      .type = PS_CONFIG_TEXT,
      .offset = AT(environment),
      .value_default = "",
      .help = "Environment of records that do not name one." },
    { .name = "TAGS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(tags),
      .value_default = "",
      .help = "Added to every document: key=value,key=value." },
    { .name = "INCLUDE_AT_MATCH",
      .type = PS_CONFIG_TEXT,
      .offset = AT(include_at_match),
      .value_default = "",
      .help = "Only messages that this regular expression (PCRE2) matches are kept." },
    { .name = "EXCLUDE_AT_MATCH",
      .type = PS_CONFIG_TEXT,
      .offset = AT(exclude_at_match),
      .value_default = "",
      .help = "Messages that this one matches are dropped; it wins over INCLUDE_AT_MATCH." },
    { .name = "MIN_LEVEL",
      .type = PS_CONFIG_WORD,
      .offset = AT(min_level),
      .value_default = "none",
      .words = LEVEL_WORDS,
      .help = "Records below it are dropped; records without a level pass." },
    { .name = "SAMPLE_RATE",
      .type = PS_CONFIG_MILLI,
      .offset = AT(sample_rate_millionths),
      .value_default = "1",
      .help =
          "Share of records kept, 0 to 1, by a hash of the event id: retries decide alike. Errors are always kept." },
    { .name = "FIELD_SCHEMA",
      .type = PS_CONFIG_WORD,
      .offset = AT(field_schema),
      .value_default = "flat",
      .words = PS_SCHEMA_WORDS,
      .help = "Names of the document's members." },
    { .name = "REDACT",
      .type = PS_CONFIG_TEXT,
      .offset = AT(redact),
      .value_default = "aws_keys,jwt,bearer,card",
      .help = "Classes of secrets hidden before anything leaves, or off. On request: email, ip." },
    { .name = "REDACT_PATTERNS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(redact_patterns),
      .value_default = "",
      .help = "Own patterns, one a line: name=regular expression (PCRE2)." },
    { .name = "MULTILINE",
      .type = PS_CONFIG_BOOL,
      .offset = AT(multiline),
      .value_default = "on",
      .help = "Join stack traces that came as several events of one stream." },
    { .name = "PARTIAL_BATCH",
      .type = PS_CONFIG_BOOL,
      .offset = AT(partial_batch),
      .value_default = "on",
      .help =
          "Whether the Kinesis or Kafka mapping has ReportBatchItemFailures. It must say what the mapping says: off, "
          "undelivered records fail the whole batch." },
    { .name = "VPC_FLOW_FIELDS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(vpc_flow_fields),
      .value_default = "",
      .help = "Field order of a custom VPC flow log format, as in its definition." },
    { .name = "EXCLUDE_LOG_GROUPS",
      .type = PS_CONFIG_TEXT,
      .offset = AT(exclude_log_groups),
      .value_default = "",
      .help = "Log groups that are refused, comma-separated, a trailing * for a prefix; our own group always is." },
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
      .help = "S3 bucket for what could not be stored. Without a store, such an invocation fails." },
    { .name = "DEAD_LETTER_DIR",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.directory),
      .value_default = "",
      .help = "A folder instead, for laptops: refused unless PENSTOCK_LOCAL=1." },
    { .name = "DEAD_LETTER_PREFIX",
      .type = PS_CONFIG_TEXT,
      .offset = AT(dead_letters.prefix),
      .value_default = "log-processor",
      .help = "What the keys of dead letters begin with; functions that share a bucket need one each." },
    { .name = "PENSTOCK_LOCAL",
      .type = PS_CONFIG_BOOL,
      .offset = AT(dead_letters.local),
      .value_default = "off",
      .help = "Says that this is not Lambda." },
    { .name = NULL },
};

static void check_url(const struct settings *settings, struct ps_buf *mistakes)
{
    if (settings->opensearch_endpoint.len == 0) {
        ps_config_mistake(mistakes, "OPENSEARCH_ENDPOINT is not set: the https URL of the domain or collection");
        return;
    }
    enum ps_opensearch_auth auth = (enum ps_opensearch_auth)settings->opensearch_auth;
    if (ps_opensearch_check_endpoint(settings->opensearch_endpoint, auth) != PS_OK)
        ps_config_mistake(mistakes, "%s", ps_err_note()->text);
}

static void check_ca_file(const struct settings *settings, struct ps_buf *mistakes)
{
    char path[PATH_MAX];
    struct ps_span file = settings->opensearch_ca_file;
    if (file.len == 0) return;
    bool fits = file.len < sizeof path;
    if (fits) {
        memcpy(path, file.data, file.len);
        path[file.len] = '\0';
    }
    if (!fits || access(path, R_OK) != 0) ps_config_mistake(mistakes, "OPENSEARCH_CA_FILE cannot be read");
}

static void check_endpoint(const struct settings *settings, struct ps_buf *mistakes)
{
    check_url(settings, mistakes);
    check_ca_file(settings, mistakes);
    bool basic = settings->opensearch_auth == PS_OPENSEARCH_BASIC;
    if (basic && (settings->opensearch_username.len == 0 || !ps_secret_is_set(&settings->opensearch_password))) {
        ps_config_mistake(mistakes, "OPENSEARCH_AUTH=basic needs OPENSEARCH_USERNAME and OPENSEARCH_PASSWORD, or "
                                    "OPENSEARCH_PASSWORD_SECRET_ARN or OPENSEARCH_PASSWORD_SSM_NAME in its place");
    }
    ps_secret_check("OPENSEARCH_PASSWORD", &settings->opensearch_password, mistakes);
}

static void check_ring(const struct settings *settings, struct ps_buf *mistakes)
{
    uint64_t bytes = (uint64_t)settings->bulk_in_flight * settings->bulk_bytes;
    if (bytes > PS_LETTERS_IN_FLIGHT_BYTES_MAX)
        ps_config_mistake(mistakes, "BULK_IN_FLIGHT times BULK_BYTES is over %d: it must fit the dead letters",
                          PS_LETTERS_IN_FLIGHT_BYTES_MAX);
}

void settings_check(const void *settings_memory, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    const struct settings *settings = settings_memory;
    check_endpoint(settings, mistakes);
    check_ring(settings, mistakes);
    ps_dead_letter_check(&settings->dead_letters, mistakes);
    stages_check(settings, scratch, mistakes);
}
