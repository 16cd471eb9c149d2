#include <stdio.h>

#include "alerter/alert_redact.h"
#include "alerter/channels.h"
#include "alerter/email.h"
#include "alerter/pagerduty.h"
#include "alerter/slack.h"
#include "base/json_write.h"
#include "penstock_commands.h"

static const char HELP[] =
    "Usage: penstock alerts [FILE...|-]\n\n"
    "Reads events as the alerter gets them (EventBridge, CloudWatch alarms, SNS), one a file, and prints what it makes "
    "of\n"
    "them, a JSON line each: every alert with its fingerprint and what its rule says, and behind it what each channel "
    "would\n"
    "be told of the first of its kind, or of its end. Nothing is remembered: no alert is a repeat. Settings are the\n"
    "function's environment variables; nothing is sent anywhere, and the routing key is left out.\n\n"
    "Exit codes: 0 all read; 1 an input could not be read (named on stderr); 2 wrong usage.\n";

enum { ARENA_BYTES = 64 << 20, LINE_BYTES_MAX = 1 << 20 };

struct alerts {
    struct ps_arena process; /* settings and patterns */
    struct ps_arena arena;   /* of one input */
    struct settings settings;
    struct ps_redact *redact;
    struct rules *rules;
    unsigned long in, told, dropped, replayed, ignored, over;
};

const struct ps_config_item *command_alerts_settings(void)
{
    return SETTINGS_ITEMS;
}

/* -- a line -------------------------------------------------------------------------------------------------------- */

static enum ps_err print_line(struct ps_json_writer *json)
{
    struct ps_span line;
    ps_json_write_object_end(json);
    ps_buf_byte(json->buf, '\n');
    PS_TRY(ps_json_write_finish(json, &line));
    if (fwrite(line.data, 1, line.len, stdout) == line.len) return PS_OK;
    PS_FAIL(PS_ERR_SYSTEM, "standard output could not be written");
}

static void begin_line(struct ps_json_writer *json, struct ps_buf *buf, struct ps_arena *arena)
{
    ps_buf_init(buf, arena, LINE_BYTES_MAX);
    ps_json_write_init(json, buf);
    ps_json_write_object_begin(json);
}

static void write_ruling(struct ps_json_writer *json, const struct ruling *ruling)
{
    ps_json_write_key(json, PS_SPAN("drop"));
    ps_json_write_bool(json, ruling->drop);
    ps_json_write_key(json, PS_SPAN("rate"));
    ps_json_write_u64(json, ruling->rate_count);
}

static void write_flag(struct ps_json_writer *json, const char *name, bool flag)
{
    if (!flag) return;
    ps_json_write_key(json, ps_span_of(name));
    ps_json_write_bool(json, true);
}

static enum ps_err print_alert(struct alerts *alerts, const struct alert *alert, const struct ruling *ruling)
{
    struct ps_json_writer json;
    struct ps_buf buf;
    begin_line(&json, &buf, &alerts->arena);
    ps_json_write_member(&json, PS_SPAN("alert"), alert_source_name(alert->source));
    ps_json_write_member(&json, PS_SPAN("id"), alert->id);
    ps_json_write_member(&json, PS_SPAN("fingerprint"), ps_span_make(alert->fingerprint, ALERT_FINGERPRINT_BYTES));
    write_flag(&json, "over", alert->over);
    write_flag(&json, "ignored", alert->ignored);
    write_flag(&json, "replayed", alert->replayed);
    write_ruling(&json, ruling);
    return print_line(&json);
}

/* -- what is told -------------------------------------------------------------------------------------------------- */

static enum ps_err print_body(struct alerts *alerts, const char *channel, struct ps_span body)
{
    struct ps_json_writer json;
    struct ps_buf buf;
    begin_line(&json, &buf, &alerts->arena);
    ps_json_write_key(&json, ps_span_of(channel));
    ps_json_write_raw(&json, body);
    return print_line(&json);
}

static enum ps_err print_mail(struct alerts *alerts, const struct notice *notice)
{
    struct ps_ses_message message = { 0 };
    struct ps_json_writer json;
    struct ps_buf buf;
    PS_TRY(email_render(&alerts->arena, notice, &message));
    begin_line(&json, &buf, &alerts->arena);
    ps_json_write_key(&json, PS_SPAN("mail"));
    ps_json_write_object_begin(&json);
    ps_json_write_member(&json, PS_SPAN("subject"), message.subject);
    ps_json_write_member(&json, PS_SPAN("text"), message.text);
    ps_json_write_member(&json, PS_SPAN("html"), message.html);
    ps_json_write_object_end(&json);
    return print_line(&json);
}

static enum ps_err print_channels(struct alerts *alerts, const struct notice *notice, unsigned channels)
{
    struct ps_span body;
    if ((channels & 1u << CHANNEL_PAGERDUTY) != 0) {
        PS_TRY(pagerduty_render(&alerts->arena, notice, PS_SPAN("left out"), &body));
        PS_TRY(print_body(alerts, "pagerduty", body));
    }
    if ((channels & 1u << CHANNEL_SLACK) != 0) {
        PS_TRY(slack_render(&alerts->arena, notice, &body));
        PS_TRY(print_body(alerts, "slack", body));
    }
    return (channels & 1u << CHANNEL_MAIL) != 0 ? print_mail(alerts, notice) : PS_OK;
}

/* Without the first alert of an incident its end tells what the end says. */
static enum ps_err print_one(struct alerts *alerts, struct alert *alert)
{
    struct ps_redact_counts redacted = { 0 };
    PS_TRY(alert_redact(alert, alerts->redact, &alerts->arena, &redacted));
    struct ruling ruling = rules_judge(alerts->rules, alert);
    const struct notice notice = {
        .kind = alert->over ? NOTICE_RESOLVED : NOTICE_FIRED,
        .alert = *alert,
        .count = alert->over ? 0 : ruling.rate_count,
        .from_ms = alert->time_ms,
        .to_ms = alert->time_ms,
    };
    alerts->in++;
    alerts->dropped += ruling.drop;
    alerts->replayed += alert->replayed;
    alerts->ignored += alert->ignored;
    alerts->over += alert->over;
    PS_TRY(print_alert(alerts, alert, &ruling));
    if (ruling.drop || alert->replayed || alert->ignored) return PS_OK;
    alerts->told++;
    return print_channels(alerts, &notice, ruling.channels);
}

static enum ps_err print_input(void *context, const char *name, struct ps_span bytes)
{
    (void)name;
    struct alerts *alerts = context;
    struct payload payload;
    PS_TRY(payload_open(bytes, &payload));
    for (bool more = payload.kind != PAYLOAD_SCHEDULE; more;) {
        struct ps_arena_mark mark = ps_arena_mark(&alerts->arena);
        struct alert alert;
        PS_TRY(payload_next(&payload, &alerts->arena, &alert, &more));
        if (more) PS_TRY(print_one(alerts, &alert));
        ps_arena_rewind(&alerts->arena, mark);
    }
    return PS_OK;
}

/* -- the command --------------------------------------------------------------------------------------------------- */

/* Whom to tell is of no interest here, so the settings are not checked against each other. */
static enum ps_err open_alerts(struct alerts *alerts)
{
    PS_TRY(ps_arena_init(&alerts->process, ARENA_BYTES));
    PS_TRY(ps_arena_init(&alerts->arena, ARENA_BYTES));
    PS_TRY(ps_config_read(SETTINGS_ITEMS, NULL, &alerts->process, &alerts->settings, NULL));
    PS_TRY(rules_open(&alerts->process, alerts->settings.alert_rules, &alerts->rules));
    return ps_redact_open(&alerts->process, alerts->settings.redact, alerts->settings.redact_patterns, &alerts->redact);
}

int command_alerts(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    struct alerts alerts = { 0 };
    if (open_alerts(&alerts) != PS_OK) return command_fault("alerts");
    int result = command_each_input(argc, argv, print_input, &alerts);
    fprintf(stderr, "in %lu: told %lu (of these ends %lu) dropped %lu replayed %lu ignored %lu\n", alerts.in,
            alerts.told, alerts.over, alerts.dropped, alerts.replayed, alerts.ignored);
    if (fflush(stdout) != 0) result = COMMAND_FAILED;
    ps_redact_close(alerts.redact);
    rules_close(alerts.rules);
    ps_arena_fini(&alerts.arena);
    ps_arena_fini(&alerts.process);
    return result;
}
