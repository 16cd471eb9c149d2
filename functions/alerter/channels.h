/* The ways to people: Slack, PagerDuty and mail, those of them that are set. One call sends one notice on one channel;
 * a secret that is refused is read anew once. */
#ifndef ALERTER_CHANNELS_H
#define ALERTER_CHANNELS_H

#include "aws/call.h"
#include "aws/secrets.h"
#include "aws/ses.h"
#include "notice.h"
#include "rules.h"
#include "settings.h"

struct channels {
    unsigned set; /* 1 << enum channel */
    struct ps_call_client *client;
    const struct settings *settings;
    struct ps_secret *slack_webhook_url;
    struct ps_secret *pagerduty_routing_key;
    struct ps_ses *ses;
    const struct ps_span *mail_to;
    size_t mail_to_count;
};

/* Secrets are read now, so that the first alert need not wait for them. One that does not exist or may not be read
 * fails init; one that cannot be read just now is left to the first alert, with a WARN line. */
PS_MUST_USE enum ps_err channels_open(struct ps_arena *process, const struct settings *settings,
                                      struct ps_call_client *client, const struct ps_log *log,
                                      struct channels *channels);

/* Around a snapshot of the process (SnapStart): no snapshot holds a secret, each copy reads its own. */
void channels_before_snapshot(const struct channels *channels);
PS_MUST_USE enum ps_err channels_after_restore(const struct channels *channels, const struct ps_log *log);

/* Whether the channel takes notices of this kind at all. */
bool channels_concern(enum channel channel, enum notice_kind kind);

/* PS_OK: the service has taken it. */
PS_MUST_USE enum ps_err channels_send(const struct channels *channels, struct ps_arena *arena,
                                      const struct ps_deadline *deadline, enum channel channel,
                                      const struct notice *notice);

#endif
