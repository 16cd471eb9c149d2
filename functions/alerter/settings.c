#include "settings.h"

#include <stddef.h>

#include "aws/dynamodb.h"
#include "aws/ses.h"
#include "record/redact.h"
#include "webhook.h"

enum { ROUTING_KEY_CHARS = 32 };

#define AT(member) offsetof(struct settings, member)

const struct ps_config_item SETTINGS_ITEMS[] = {
    { .name = "ALERT_TABLE",
      .type = PS_CONFIG_TEXT,
      .offset = AT(alert_table),
      .value_default = "penstock-alerts",
      .help = "The table: partition key pk, sort key sk, both strings; ttl is its time-to-live attribute." },
    { .name = "ALERT_WINDOW_S",
      .type = PS_CONFIG_U32,
      .offset = AT(alert_window_s),
      .value_default = "300",
      .min = 60,
      .max = 86400,
      .help = "Seconds in which alerts that tell the same are counted, not told; quiet for as long, a log error is "
              "over." },
    { .name = "TTL_DAYS",
      .type = PS_CONFIG_U32,
      .offset = AT(ttl_days),
      .value_default = "14",
      .min = 1,
      .max = 365,
      .help = "Days for which an alert that was handled is known when it is delivered again." },
    { .name = "ALERT_RULES",
      .type = PS_CONFIG_TEXT,
      .offset = AT(alert_rules),
      .value_default = "",
      .help = "Who is told about what: a JSON array of rules, of which the first that fits decides. Without one, every "
              "alert goes to every channel." },
    { .name = "EXCLUDE_SERVICES",
      .type = PS_CONFIG_TEXT,
      .offset = AT(exclude_services),
      .value_default = "penstock-*",
      .help = "Services whose log errors are no alerts, separated by commas, * for any text: Penstock's own functions, "
              "so that alerts cannot loop. This function's own name is always one of them." },
    { .name = "SLACK_WEBHOOK_URL",
      .type = PS_CONFIG_SECRET,
      .offset = AT(slack_webhook_url.value),
      .value_default = "",
      .help = "The incoming webhook that notices are posted to." },
    { .name = "SLACK_WEBHOOK_URL_SECRET_ARN",
      .type = PS_CONFIG_TEXT,
      .offset = AT(slack_webhook_url.secret_arn),
      .value_default = "",
      .help = "The same from AWS Secrets Manager; #key behind the ARN takes that member of a JSON secret." },
    { .name = "SLACK_WEBHOOK_URL_SSM_NAME",
      .type = PS_CONFIG_TEXT,
      .offset = AT(slack_webhook_url.ssm_name),
      .value_default = "",
      .help = "The same from a parameter of AWS Systems Manager." },
    { .name = "SLACK_CAP_PER_HOUR",
      .type = PS_CONFIG_U32,
      .offset = AT(channel_cap_per_hour[CHANNEL_SLACK]),
      .value_default = "60",
      .min = 0,
      .max = 3600,
      .help = "Notices to Slack within an hour; what is over it is counted and told as one. 0: no cap." },
    { .name = "PAGERDUTY_ROUTING_KEY",
      .type = PS_CONFIG_SECRET,
      .offset = AT(pagerduty_routing_key.value),
      .value_default = "",
      .help = "The integration key of a service (Events API v2)." },
    { .name = "PAGERDUTY_ROUTING_KEY_SECRET_ARN",
      .type = PS_CONFIG_TEXT,
      .offset = AT(pagerduty_routing_key.secret_arn),
      .value_default = "",
      .help = "The same from AWS Secrets Manager." },
    { .name = "PAGERDUTY_ROUTING_KEY_SSM_NAME",
      .type = PS_CONFIG_TEXT,
      .offset = AT(pagerduty_routing_key.ssm_name),
      .value_default = "",
      .help = "The same from a parameter of AWS Systems Manager." },
    { .name = "PAGERDUTY_URL",
      .type = PS_CONFIG_TEXT,
      .offset = AT(pagerduty_url),
      .value_default = "https://events.pagerduty.com/v2/enqueue",
      .help = "Where events go; accounts in the EU have events.eu.pagerduty.com." },
    { .name = "PAGERDUTY_CAP_PER_HOUR",
      .type = PS_CONFIG_U32,
      .offset = AT(channel_cap_per_hour[CHANNEL_PAGERDUTY]),
      .value_default = "30",
      .min = 0,
      .max = 3600,
      .help = "Events to PagerDuty within an hour. 0: no cap." },
    { .name = "MAIL_FROM",
      .type = PS_CONFIG_TEXT,
      .offset = AT(mail_from),
      .value_default = "",
      .help = "The sender, verified in Amazon SES: an address, or Name <address>." },
    { .name = "MAIL_TO",
      .type = PS_CONFIG_TEXT,
      .offset = AT(mail_to),
      .value_default = "",
      .help = "Up to 50 addresses, separated by commas." },
    { .name = "MAIL_CONFIGURATION_SET",
      .type = PS_CONFIG_TEXT,
      .offset = AT(mail_configuration_set),
      .value_default = "",
      .help = "Of Amazon SES, if mails shall have one." },
    { .name = "MAIL_CAP_PER_HOUR",
      .type = PS_CONFIG_U32,
      .offset = AT(channel_cap_per_hour[CHANNEL_MAIL]),
      .value_default = "60",
      .min = 0,
      .max = 3600,
      .help = "Mails within an hour. 0: no cap." },
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
    { .name = "REQUEST_TIMEOUT_MS",
      .type = PS_CONFIG_U32,
      .offset = AT(request_timeout_ms),
      .value_default = "5000",
      .min = 100,
      .max = 30000,
      .help = "Of one request." },
    { .name = NULL },
};

const struct ps_span SETTINGS_SLACK_HOSTS[] = {
    PS_SPAN_INIT("hooks.slack.com"),
    PS_SPAN_INIT("hooks.slack-gov.com"),
    PS_SPAN_INIT(""),
};

static const struct ps_span PAGERDUTY_HOSTS[] = {
    PS_SPAN_INIT("events.pagerduty.com"),
    PS_SPAN_INIT("events.eu.pagerduty.com"),
    PS_SPAN_INIT(""),
};

static bool has_mail(const struct settings *settings)
{
    return settings->mail_from.len > 0 && settings->mail_to.len > 0;
}

unsigned settings_channels(const struct settings *settings)
{
    unsigned set = 0;
    if (ps_secret_is_set(&settings->pagerduty_routing_key)) set |= 1U << CHANNEL_PAGERDUTY;
    if (ps_secret_is_set(&settings->slack_webhook_url)) set |= 1U << CHANNEL_SLACK;
    if (has_mail(settings)) set |= 1U << CHANNEL_MAIL;
    return set;
}

static void check_slack(const struct settings *settings, struct ps_buf *mistakes)
{
    ps_secret_check("SLACK_WEBHOOK_URL", &settings->slack_webhook_url, mistakes);
    struct ps_span url = settings->slack_webhook_url.value;
    if (url.len > 0 && webhook_check_url("SLACK_WEBHOOK_URL", url, SETTINGS_SLACK_HOSTS) != PS_OK)
        ps_config_mistake(mistakes, "%s", ps_err_note()->text);
}

static void check_pagerduty(const struct settings *settings, struct ps_buf *mistakes)
{
    ps_secret_check("PAGERDUTY_ROUTING_KEY", &settings->pagerduty_routing_key, mistakes);
    size_t len = settings->pagerduty_routing_key.value.len;
    if (len > 0 && len != ROUTING_KEY_CHARS)
        ps_config_mistake(mistakes, "PAGERDUTY_ROUTING_KEY has %zu characters: an integration key has %d", len,
                          ROUTING_KEY_CHARS);
    if (webhook_check_url("PAGERDUTY_URL", settings->pagerduty_url, PAGERDUTY_HOSTS) != PS_OK)
        ps_config_mistake(mistakes, "%s", ps_err_note()->text);
}

static void check_mail(const struct settings *settings, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    bool from = settings->mail_from.len > 0, to = settings->mail_to.len > 0;
    if (from != to) ps_config_mistake(mistakes, "%s is not set: a mail needs both", from ? "MAIL_TO" : "MAIL_FROM");
    if (from && ps_ses_check_address(settings->mail_from) != PS_OK)
        ps_config_mistake(mistakes, "MAIL_FROM: %s", ps_err_note()->text);
    const struct ps_span *addresses;
    size_t count;
    struct ps_arena_mark mark = ps_arena_mark(scratch);
    if (to && ps_ses_read_addresses(scratch, settings->mail_to, &addresses, &count) != PS_OK)
        ps_config_mistake(mistakes, "MAIL_TO: %s", ps_err_note()->text);
    ps_arena_rewind(scratch, mark);
}

static void check_rules(const struct settings *settings, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    struct rules *rules;
    struct ps_arena_mark mark = ps_arena_mark(scratch);
    if (rules_open(scratch, settings->alert_rules, &rules) == PS_OK) {
        rules_check_channels(rules, settings_channels(settings), mistakes);
        rules_close(rules);
    } else {
        ps_config_mistake(mistakes, "ALERT_RULES: %s", ps_err_note()->text);
    }
    ps_arena_rewind(scratch, mark);
}

void settings_check(const void *settings_memory, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    const struct settings *settings = settings_memory;
    if (ps_dynamodb_check_table(settings->alert_table) != PS_OK)
        ps_config_mistake(mistakes, "ALERT_TABLE: %s", ps_err_note()->text);
    check_slack(settings, mistakes);
    check_pagerduty(settings, mistakes);
    check_mail(settings, scratch, mistakes);
    if (settings_channels(settings) == 0)
        ps_config_mistake(mistakes, "nobody would be told: set SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY, or MAIL_FROM "
                                    "and MAIL_TO");
    check_rules(settings, scratch, mistakes);
    if (ps_redact_check(scratch, settings->redact, settings->redact_patterns) != PS_OK)
        ps_config_mistake(mistakes, "%s", ps_err_note()->text);
}

bool settings_exclude(const struct settings *settings, struct ps_span function_name, struct ps_span service)
{
    if (ps_span_eq(service, function_name)) return true;
    struct ps_span rest = settings->exclude_services;
    bool more = rest.len > 0;
    while (more) {
        if (rules_glob_fits(ps_span_trim(ps_span_split(&rest, ',', &more)), service)) return true;
    }
    return false;
}
