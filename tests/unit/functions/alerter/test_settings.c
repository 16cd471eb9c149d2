#include "alerter/settings.h"

#include <stdlib.h>

#include "support/check.h"

#define SLACK_URL "https://hooks.slack.com/services/T0/B0/x"
#define ROUTING_KEY "0123456789abcdef0123456789abcdef"
#define SECRET_ARN "arn:aws:secretsmanager:eu-central-1:123456789012:secret:alerts-AbCdEf"

static struct ps_arena arena;

static enum ps_err read(const char *const *pairs, struct settings *settings, struct ps_span *mistakes)
{
    for (const struct ps_config_item *item = SETTINGS_ITEMS; item->name != NULL; item++)
        unsetenv(item->name);
    for (; *pairs != NULL; pairs += 2)
        CHECK_EQ(setenv(pairs[0], pairs[1], 1), 0);
    *mistakes = PS_SPAN("");
    return ps_config_read(SETTINGS_ITEMS, settings_check, &arena, settings, mistakes);
}

#define PAIRS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void check_taken(const char *const *pairs, unsigned channels)
{
    struct settings settings;
    struct ps_span mistakes;
    if (!CHECK_OK(read(pairs, &settings, &mistakes))) CHECK_TEXT(mistakes, "");
    CHECK_EQ(settings_channels(&settings), channels);
}

/* mistakes is the whole of what is told. */
static void check_refused(const char *const *pairs, const char *wanted)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(pairs, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    CHECK_TEXT(mistakes, wanted);
}

static void one_channel_is_enough_and_defaults_are_the_documented_ones(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(read(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL), &settings, &mistakes));
    CHECK_TEXT(settings.alert_table, "penstock-alerts");
    CHECK_EQ(settings.alert_window_s, 300);
    CHECK_EQ(settings.ttl_days, 14);
    CHECK_EQ(settings.alert_rules.len, 0);
    CHECK_TEXT(settings.exclude_services, "penstock-*");
    CHECK_EQ(settings.channel_cap_per_hour[CHANNEL_SLACK], 60);
    CHECK_EQ(settings.channel_cap_per_hour[CHANNEL_PAGERDUTY], 30);
    CHECK_EQ(settings.channel_cap_per_hour[CHANNEL_MAIL], 60);
    CHECK_TEXT(settings.slack_webhook_url.value, SLACK_URL);
    CHECK_TEXT(settings.pagerduty_url, "https://events.pagerduty.com/v2/enqueue");
    CHECK_TEXT(settings.redact, "aws_keys,jwt,bearer,card");
    CHECK_EQ(settings.request_timeout_ms, 5000);
}

static void each_cap_is_its_channel_s(void)
{
    struct settings settings;
    struct ps_span mistakes;
    CHECK_OK(read(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "SLACK_CAP_PER_HOUR", "1", "PAGERDUTY_CAP_PER_HOUR", "2",
                        "MAIL_CAP_PER_HOUR", "0"),
                  &settings, &mistakes));
    CHECK_EQ(settings.channel_cap_per_hour[CHANNEL_SLACK], 1);
    CHECK_EQ(settings.channel_cap_per_hour[CHANNEL_PAGERDUTY], 2);
    CHECK_EQ(settings.channel_cap_per_hour[CHANNEL_MAIL], 0);
}

static void a_channel_is_set_by_its_secret_or_its_addresses(void)
{
    check_taken(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL), 1 << CHANNEL_SLACK);
    check_taken(PAIRS("SLACK_WEBHOOK_URL_SECRET_ARN", SECRET_ARN "#url"), 1 << CHANNEL_SLACK);
    check_taken(PAIRS("SLACK_WEBHOOK_URL_SSM_NAME", "/alerts/slack"), 1 << CHANNEL_SLACK);
    check_taken(PAIRS("PAGERDUTY_ROUTING_KEY", ROUTING_KEY), 1 << CHANNEL_PAGERDUTY);
    check_taken(PAIRS("PAGERDUTY_ROUTING_KEY_SECRET_ARN", SECRET_ARN), 1 << CHANNEL_PAGERDUTY);
    check_taken(PAIRS("PAGERDUTY_ROUTING_KEY_SSM_NAME", "/alerts/pagerduty"), 1 << CHANNEL_PAGERDUTY);
    check_taken(PAIRS("MAIL_FROM", "Alerts <alerts@example.com>", "MAIL_TO", "a@example.com, b@example.com"),
                1 << CHANNEL_MAIL);
    check_taken(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "PAGERDUTY_ROUTING_KEY", ROUTING_KEY, "MAIL_FROM",
                      "alerts@example.com", "MAIL_TO", "a@example.com"),
                CHANNELS_ALL);
}

static void an_alerter_that_can_tell_nobody_is_a_mistake(void)
{
    check_refused(PAIRS("AWS_REGION", "eu-central-1"),
                  "nobody would be told: set SLACK_WEBHOOK_URL, PAGERDUTY_ROUTING_KEY, or MAIL_FROM and MAIL_TO");
}

static void a_secret_has_one_place(void)
{
    check_refused(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "SLACK_WEBHOOK_URL_SSM_NAME", "/alerts/slack"),
                  "SLACK_WEBHOOK_URL, SLACK_WEBHOOK_URL_SECRET_ARN and SLACK_WEBHOOK_URL_SSM_NAME: set one of them");
    check_refused(PAIRS("PAGERDUTY_ROUTING_KEY_SECRET_ARN", SECRET_ARN, "PAGERDUTY_ROUTING_KEY_SSM_NAME", "/alerts/p"),
                  "PAGERDUTY_ROUTING_KEY, PAGERDUTY_ROUTING_KEY_SECRET_ARN and PAGERDUTY_ROUTING_KEY_SSM_NAME: set one "
                  "of them");
}

static void webhooks_lead_to_their_services_only(void)
{
    check_taken(PAIRS("SLACK_WEBHOOK_URL", "https://hooks.slack-gov.com/services/T0/B0/x"), 1 << CHANNEL_SLACK);
    check_taken(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "PAGERDUTY_URL", "https://events.eu.pagerduty.com/v2/enqueue"),
                1 << CHANNEL_SLACK);
    check_refused(PAIRS("SLACK_WEBHOOK_URL", "https://hooks.slack.com.example.com/services/T0"),
                  "SLACK_WEBHOOK_URL: host hooks.slack.com.example.com is not one that may be called");
    check_refused(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "PAGERDUTY_URL", "https://hooks.slack.com/v2/enqueue"),
                  "PAGERDUTY_URL: host hooks.slack.com is not one that may be called");
}

static void mail_has_a_sender_and_receivers(void)
{
    check_refused(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "MAIL_TO", "a@example.com"),
                  "MAIL_FROM is not set: a mail needs both");
    check_refused(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "MAIL_FROM", "a@example.com"),
                  "MAIL_TO is not set: a mail needs both");
}

static void rules_name_channels_that_are_set(void)
{
    static const char RULES[] = "[{\"level\":\"FATAL\"},{\"channels\":[\"slack\",\"mail\"]}]";
    check_refused(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "ALERT_RULES", RULES),
                  "ALERT_RULES: rule 2 names mail, which is not set");
    check_taken(PAIRS("SLACK_WEBHOOK_URL", SLACK_URL, "ALERT_RULES", RULES, "MAIL_FROM", "a@example.com", "MAIL_TO",
                      "b@example.com"),
                1 << CHANNEL_SLACK | 1 << CHANNEL_MAIL);
}

static void every_mistake_is_told_in_one_message(void)
{
    static const struct {
        const char *name, *value, *wanted;
    } MISTAKES[] = {
        { "ALERT_TABLE", "no table", "ALERT_TABLE: " },
        { "ALERT_WINDOW_S", "59", "ALERT_WINDOW_S=\"59\" is not a whole number from 60 to 86400" },
        { "TTL_DAYS", "0", "TTL_DAYS=\"0\" is not a whole number from 1 to 365" },
        { "ALERT_RULES", "[{\"pattern\":\"a(b\"}]", "ALERT_RULES: rule 1: pattern: offset 3: missing closing paren" },
        { "SLACK_WEBHOOK_URL", "http://hooks.slack.com/x", "SLACK_WEBHOOK_URL: it must begin with https://" },
        { "SLACK_CAP_PER_HOUR", "3601", "SLACK_CAP_PER_HOUR=\"3601\" is not a whole number from 0 to 3600" },
        { "PAGERDUTY_ROUTING_KEY", "hush", "PAGERDUTY_ROUTING_KEY has 4 characters: an integration key has 32" },
        { "PAGERDUTY_URL", "https://example.com/", "PAGERDUTY_URL: host example.com is not one that may be called" },
        { "PAGERDUTY_CAP_PER_HOUR", "-1", "PAGERDUTY_CAP_PER_HOUR=\"-1\" is not a whole number" },
        { "MAIL_FROM", "nobody", "MAIL_FROM: no @ in the address" },
        { "MAIL_TO", "a@example.com,", "MAIL_TO: " },
        { "MAIL_CAP_PER_HOUR", "many", "MAIL_CAP_PER_HOUR=\"many\" is not a whole number" },
        { "REDACT", "cards", "unknown class \"cards\"" },
        { "REQUEST_TIMEOUT_MS", "99", "REQUEST_TIMEOUT_MS=\"99\" is not a whole number from 100 to 30000" },
    };
    enum { COUNT = sizeof MISTAKES / sizeof MISTAKES[0] };
    const char *pairs[2 * COUNT + 1] = { NULL };
    for (size_t i = 0; i < COUNT; i++) {
        pairs[2 * i] = MISTAKES[i].name;
        pairs[2 * i + 1] = MISTAKES[i].value;
    }
    struct settings settings;
    struct ps_span mistakes;
    CHECK_ERR(read(pairs, &settings, &mistakes), PS_ERR_BAD_CONFIG);
    for (size_t i = 0; i < COUNT; i++) {
        bool told = ps_span_find(mistakes, ps_span_of(MISTAKES[i].wanted)) != PS_SPAN_NONE;
        check_true(told, MISTAKES[i].wanted, __FILE__, __LINE__);
    }
    CHECK(ps_span_find(mistakes, PS_SPAN("hush")) == PS_SPAN_NONE);
}

static void penstock_s_own_errors_are_no_alerts(void)
{
    struct settings settings = { .exclude_services = PS_SPAN("penstock-*, billing ,*-canary") };
    struct ps_span own = PS_SPAN("alerts-to-people");
    CHECK(settings_exclude(&settings, own, own));
    CHECK(settings_exclude(&settings, own, PS_SPAN("penstock-log-processor")));
    CHECK(settings_exclude(&settings, own, PS_SPAN("billing")));
    CHECK(settings_exclude(&settings, own, PS_SPAN("pay-canary")));
    CHECK(!settings_exclude(&settings, own, PS_SPAN("pay")));
    CHECK(!settings_exclude(&settings, own, PS_SPAN("billing2")));
    settings.exclude_services = PS_SPAN("");
    CHECK(settings_exclude(&settings, own, own));
    CHECK(!settings_exclude(&settings, own, PS_SPAN("pay")));
}

int main(void)
{
    arena = check_arena(256 << 20);
    RUN(one_channel_is_enough_and_defaults_are_the_documented_ones);
    RUN(each_cap_is_its_channel_s);
    RUN(a_channel_is_set_by_its_secret_or_its_addresses);
    RUN(an_alerter_that_can_tell_nobody_is_a_mistake);
    RUN(a_secret_has_one_place);
    RUN(webhooks_lead_to_their_services_only);
    RUN(mail_has_a_sender_and_receivers);
    RUN(rules_name_channels_that_are_set);
    RUN(every_mistake_is_told_in_one_message);
    RUN(penstock_s_own_errors_are_no_alerts);
    ps_arena_fini(&arena);
    return check_finish();
}
