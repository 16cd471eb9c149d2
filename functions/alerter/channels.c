#include "channels.h"

#include "base/assert.h"
#include "email.h"
#include "pagerduty.h"
#include "slack.h"
#include "webhook.h"

/* -- open ---------------------------------------------------------------------------------------------------------- */

static enum ps_err open_secret(struct ps_arena *process, struct ps_call_client *client, const struct ps_log *log,
                               const char *name, const struct ps_secret_source *source, struct ps_secret **out)
{
    PS_TRY(ps_secret_open(process, client, name, source, out));
    return ps_secret_warm(*out, log);
}

static enum ps_err open_mail(struct ps_arena *process, struct channels *channels)
{
    const struct settings *settings = channels->settings;
    PS_TRY(ps_ses_read_addresses(process, settings->mail_to, &channels->mail_to, &channels->mail_to_count));
    return ps_ses_open(process, channels->client, settings->request_timeout_ms, &channels->ses);
}

enum ps_err channels_open(struct ps_arena *process, const struct settings *settings, struct ps_call_client *client,
                          const struct ps_log *log, struct channels *channels)
{
    *channels = (struct channels){ .client = client, .settings = settings };
    if (ps_secret_is_set(&settings->slack_webhook_url)) {
        channels->set |= 1u << CHANNEL_SLACK;
        PS_TRY(open_secret(process, client, log, "SLACK_WEBHOOK_URL", &settings->slack_webhook_url,
                           &channels->slack_webhook_url));
    }
    if (ps_secret_is_set(&settings->pagerduty_routing_key)) {
        channels->set |= 1u << CHANNEL_PAGERDUTY;
        PS_TRY(open_secret(process, client, log, "PAGERDUTY_ROUTING_KEY", &settings->pagerduty_routing_key,
                           &channels->pagerduty_routing_key));
    }
    if (settings->mail_to.len == 0) return PS_OK;
    channels->set |= 1u << CHANNEL_MAIL;
    return open_mail(process, channels);
}

void channels_before_snapshot(const struct channels *channels)
{
    if (channels->slack_webhook_url != NULL) ps_secret_forget(channels->slack_webhook_url);
    if (channels->pagerduty_routing_key != NULL) ps_secret_forget(channels->pagerduty_routing_key);
}

enum ps_err channels_after_restore(const struct channels *channels, const struct ps_log *log)
{
    if (channels->slack_webhook_url != NULL) PS_TRY(ps_secret_warm(channels->slack_webhook_url, log));
    if (channels->pagerduty_routing_key != NULL) PS_TRY(ps_secret_warm(channels->pagerduty_routing_key, log));
    return PS_OK;
}

/* -- send ---------------------------------------------------------------------------------------------------------- */

/* One notice to one channel. */
struct sending {
    const struct channels *channels;
    struct ps_arena *arena;
    const struct ps_deadline *deadline;
    const struct notice *notice;
};

typedef enum ps_err send_with_secret(const struct sending *sending, struct ps_span secret);

static enum ps_err send_slack(const struct sending *sending, struct ps_span url)
{
    struct webhook_request request = { .name = "SLACK_WEBHOOK_URL",
                                       .url = url,
                                       .timeout_ms = sending->channels->settings->request_timeout_ms };
    PS_TRY(webhook_check_url(request.name, url, SETTINGS_SLACK_HOSTS));
    PS_TRY(slack_render(sending->arena, sending->notice, &request.body));
    return webhook_post(sending->channels->client, sending->arena, sending->deadline, &request);
}

static enum ps_err send_pagerduty(const struct sending *sending, struct ps_span routing_key)
{
    const struct settings *settings = sending->channels->settings;
    struct webhook_request request = { .name = "PAGERDUTY_URL",
                                       .url = settings->pagerduty_url,
                                       .timeout_ms = settings->request_timeout_ms,
                                       .repeatable = true };
    PS_TRY(pagerduty_render(sending->arena, sending->notice, routing_key, &request.body));
    return webhook_post(sending->channels->client, sending->arena, sending->deadline, &request);
}

static enum ps_err send_mail(const struct sending *sending)
{
    const struct channels *channels = sending->channels;
    struct ps_ses_message message = {
        .from = channels->settings->mail_from,
        .to = channels->mail_to,
        .to_count = channels->mail_to_count,
        .configuration_set = channels->settings->mail_configuration_set,
    };
    PS_TRY(email_render(sending->arena, sending->notice, &message));
    return ps_ses_send(channels->ses, sending->arena, sending->deadline, &message);
}

/* A refusal may mean that the secret was rotated; it is worth one more try only if it was. */
static enum ps_err send_again_with_new_secret(const struct sending *sending, struct ps_secret *secret,
                                              send_with_secret *send)
{
    struct ps_span value;
    bool changed = false;
    PS_TRY(ps_secret_get(secret, sending->deadline, &value));
    enum ps_err err = send(sending, value);
    if (err != PS_ERR_DENIED && err != PS_ERR_REFUSED && err != PS_ERR_BAD_CONFIG) return err;
    const struct ps_err_note refusal = *ps_err_note();
    if (ps_secret_refresh(secret, sending->deadline, &changed) != PS_OK || !changed)
        PS_FAIL(refusal.err, "%s", refusal.text);
    PS_TRY(ps_secret_get(secret, sending->deadline, &value));
    return send(sending, value);
}

bool channels_concern(enum channel channel, enum notice_kind kind)
{
    return channel != CHANNEL_PAGERDUTY || pagerduty_concerns(kind);
}

enum ps_err channels_send(const struct channels *channels, struct ps_arena *arena, const struct ps_deadline *deadline,
                          enum channel channel, const struct notice *notice)
{
    const struct sending sending = { channels, arena, deadline, notice };
    switch (channel) {
    case CHANNEL_SLACK:
        return send_again_with_new_secret(&sending, channels->slack_webhook_url, send_slack);
    case CHANNEL_PAGERDUTY:
        return send_again_with_new_secret(&sending, channels->pagerduty_routing_key, send_pagerduty);
    case CHANNEL_MAIL:
        return send_mail(&sending);
    case CHANNEL_COUNT:
        break;
    }
    PS_FAIL(PS_ERR_BAD_CONFIG, "channel %d does not exist", (int)channel);
}
