#include "alerter/decide.h"

#include "support/check.h"

enum { NOW_MS = 1000000, WINDOW_MS = 300000 };

static const struct ruling AT_ONCE = { .channels = CHANNELS_ALL, .rate_count = 1 };
static const struct ruling THIRD_IN_A_MINUTE = { .channels = CHANNELS_ALL, .rate_count = 3, .rate_seconds = 60 };

static struct alert log_line(void)
{
    return (struct alert){ .source = ALERT_LOG, .level = PS_LEVEL_ERROR };
}

static struct incident incident(enum incident_phase phase, enum alert_source source, uint64_t repeats)
{
    return (struct incident){ .phase = phase,
                              .repeats = repeats,
                              .from_ms = NOW_MS - 1000,
                              .to_ms = NOW_MS - 1000 + WINDOW_MS,
                              .alert.source = source };
}

static enum step decide_now(enum handled handled, struct incident before, const struct ruling *ruling)
{
    const struct alert alert = log_line();
    return decide(&alert, handled, &before, ruling, NOW_MS);
}

/* -- one alert ----------------------------------------------------------------------------------------------------- */

static void the_first_of_its_kind_is_told(void)
{
    CHECK_EQ(decide_now(HANDLED_NOT, incident(INCIDENT_NONE, ALERT_LOG, 0), &AT_ONCE), STEP_OPEN);
}

static void a_repeat_is_counted(void)
{
    CHECK_EQ(decide_now(HANDLED_NOT, incident(INCIDENT_OPEN, ALERT_LOG, 0), &AT_ONCE), STEP_COUNT);
    CHECK_EQ(decide_now(HANDLED_NOT, incident(INCIDENT_OPEN, ALERT_LOG, 1000000), &AT_ONCE), STEP_COUNT);
}

static void an_id_that_was_told_goes_on_to_the_channels_that_lack_it(void)
{
    CHECK_EQ(decide_now(HANDLED_TOLD, incident(INCIDENT_NONE, ALERT_LOG, 0), &AT_ONCE), STEP_TELL_REST);
    CHECK_EQ(decide_now(HANDLED_TOLD, incident(INCIDENT_OPEN, ALERT_LOG, 7), &AT_ONCE), STEP_TELL_REST);
}

static void an_id_that_was_counted_is_not_counted_again(void)
{
    CHECK_EQ(decide_now(HANDLED_COUNTED, incident(INCIDENT_OPEN, ALERT_LOG, 7), &AT_ONCE), STEP_NOTHING);
    CHECK_EQ(decide_now(HANDLED_COUNTED, incident(INCIDENT_NONE, ALERT_LOG, 0), &AT_ONCE), STEP_NOTHING);
}

static void a_rate_is_told_by_the_alert_that_reaches_it(void)
{
    CHECK_EQ(decide_now(HANDLED_NOT, incident(INCIDENT_NONE, ALERT_LOG, 0), &THIRD_IN_A_MINUTE), STEP_BEGIN_COUNT);
    CHECK_EQ(decide_now(HANDLED_NOT, incident(INCIDENT_COUNTING, ALERT_LOG, 0), &THIRD_IN_A_MINUTE), STEP_COUNT);
    CHECK_EQ(decide_now(HANDLED_NOT, incident(INCIDENT_COUNTING, ALERT_LOG, 1), &THIRD_IN_A_MINUTE), STEP_REACH_RATE);
}

static void a_rate_that_was_not_reached_in_its_time_begins_anew(void)
{
    struct incident before = incident(INCIDENT_COUNTING, ALERT_LOG, 1);
    before.to_ms = NOW_MS;
    CHECK_EQ(decide_now(HANDLED_NOT, before, &THIRD_IN_A_MINUTE), STEP_CLOSE);
    CHECK_EQ(decide_closing(&before, NOW_MS), CLOSING_FORGET);
}

static void an_open_window_is_the_schedules_to_close(void)
{
    struct incident before = incident(INCIDENT_OPEN, ALERT_LOG, 1);
    before.to_ms = NOW_MS - DECIDE_OVERDUE_MS;
    CHECK_EQ(decide_now(HANDLED_NOT, before, &AT_ONCE), STEP_COUNT);
}

static void without_a_schedule_the_next_alert_closes_the_window(void)
{
    struct incident before = incident(INCIDENT_OPEN, ALERT_LOG, 1);
    before.to_ms = NOW_MS - DECIDE_OVERDUE_MS - 1;
    CHECK_EQ(decide_now(HANDLED_NOT, before, &AT_ONCE), STEP_CLOSE);
}

static void well_ends_only_what_was_told(void)
{
    const struct alert well = { .source = ALERT_ALARM, .over = true };
    struct incident open = incident(INCIDENT_OPEN, ALERT_ALARM, 0);
    struct incident counting = incident(INCIDENT_COUNTING, ALERT_ALARM, 0);
    struct incident none = incident(INCIDENT_NONE, ALERT_ALARM, 0);
    CHECK_EQ(decide(&well, HANDLED_NOT, &open, &AT_ONCE, NOW_MS), STEP_MARK_WELL);
    CHECK_EQ(decide(&well, HANDLED_NOT, &counting, &AT_ONCE, NOW_MS), STEP_NOTHING);
    CHECK_EQ(decide(&well, HANDLED_NOT, &none, &AT_ONCE, NOW_MS), STEP_NOTHING);
}

static void well_ends_nothing_that_began_after_it(void)
{
    struct alert well = { .source = ALERT_ALARM, .over = true, .time_ms = NOW_MS };
    struct incident open = incident(INCIDENT_OPEN, ALERT_ALARM, 0);
    open.said_ms = NOW_MS;
    CHECK_EQ(decide(&well, HANDLED_NOT, &open, &AT_ONCE, NOW_MS), STEP_MARK_WELL);
    open.said_ms = NOW_MS + 1;
    CHECK_EQ(decide(&well, HANDLED_NOT, &open, &AT_ONCE, NOW_MS), STEP_NOTHING);
}

/* -- the end of a window ------------------------------------------------------------------------------------------- */

static enum closing close_at_end(struct incident before)
{
    CHECK_EQ(decide_closing(&before, before.to_ms - 1), CLOSING_NOT_DUE);
    return decide_closing(&before, before.to_ms);
}

static void a_window_with_repeats_gets_one_summary_and_a_next_one(void)
{
    CHECK_EQ(close_at_end(incident(INCIDENT_OPEN, ALERT_LOG, 1)), CLOSING_SUMMARISE);
    CHECK_EQ(close_at_end(incident(INCIDENT_OPEN, ALERT_ALARM, 5)), CLOSING_SUMMARISE);
}

static void a_quiet_window_ends_what_only_falls_silent(void)
{
    CHECK_EQ(close_at_end(incident(INCIDENT_OPEN, ALERT_LOG, 0)), CLOSING_RESOLVE);
    CHECK_EQ(close_at_end(incident(INCIDENT_OPEN, ALERT_OPENSEARCH, 0)), CLOSING_RESOLVE);
    CHECK_EQ(close_at_end(incident(INCIDENT_OPEN, ALERT_TEXT, 0)), CLOSING_RESOLVE);
}

static void an_alarm_is_on_until_it_says_otherwise(void)
{
    struct incident alarm = incident(INCIDENT_OPEN, ALERT_ALARM, 0);
    CHECK_EQ(close_at_end(alarm), CLOSING_GO_ON);
    alarm.well = true;
    CHECK_EQ(close_at_end(alarm), CLOSING_RESOLVE);
}

static void an_alarm_that_flapped_and_is_well_is_one_notice(void)
{
    struct incident alarm = incident(INCIDENT_OPEN, ALERT_ALARM, 3);
    alarm.well = true;
    CHECK_EQ(close_at_end(alarm), CLOSING_RESOLVE);
}

static void nothing_open_has_nothing_to_close(void)
{
    CHECK_EQ(decide_closing(&(struct incident){ .phase = INCIDENT_NONE }, NOW_MS), CLOSING_NOT_DUE);
}

int main(void)
{
    RUN(the_first_of_its_kind_is_told);
    RUN(a_repeat_is_counted);
    RUN(an_id_that_was_told_goes_on_to_the_channels_that_lack_it);
    RUN(an_id_that_was_counted_is_not_counted_again);
    RUN(a_rate_is_told_by_the_alert_that_reaches_it);
    RUN(a_rate_that_was_not_reached_in_its_time_begins_anew);
    RUN(an_open_window_is_the_schedules_to_close);
    RUN(without_a_schedule_the_next_alert_closes_the_window);
    RUN(well_ends_only_what_was_told);
    RUN(well_ends_nothing_that_began_after_it);
    RUN(a_window_with_repeats_gets_one_summary_and_a_next_one);
    RUN(a_quiet_window_ends_what_only_falls_silent);
    RUN(an_alarm_is_on_until_it_says_otherwise);
    RUN(an_alarm_that_flapped_and_is_well_is_one_notice);
    RUN(nothing_open_has_nothing_to_close);
    return check_finish();
}
