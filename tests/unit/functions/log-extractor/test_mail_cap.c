#include "log-extractor/mail_cap.h"

#include "table.h"

/* 2026-11-21T10:00:00Z in hours since 1970. */
#define HOUR "498682"
#define HOUR_BEFORE "498681"

#define ITEM(hour, sent, held) \
    REPLY("{\"Item\":{\"pk\":{\"S\":\"cap\"},\"sk\":{\"S\":\"mail\"},\"capHour\":{\"N\":\"" hour \
          "\"},\"sent\":{\"N\":\"" sent "\"},\"held\":{\"N\":\"" held "\"}}}")
#define PUT(hour, sent, held) \
    "\"Item\":{\"pk\":{\"S\":\"cap\"},\"sk\":{\"S\":\"mail\"},\"capHour\":{\"N\":\"" hour \
    "\"},\"sent\":{\"N\":\"" sent "\"},\"held\":{\"N\":\"" held "\"}},\"ConditionExpression\":"
#define AS_READ(hour, sent, held) \
    "\"capHour = :hour AND sent = :sent AND held = :held\",\"ExpressionAttributeValues\":{\":hour\":{\"N\":\"" hour \
    "\"},\":sent\":{\"N\":\"" sent "\"},\":held\":{\"N\":\"" held "\"}}}"

static struct mail_cap cap_of(uint32_t per_hour)
{
    return (struct mail_cap){ .table = table.summaries.table,
                              .arena = &table.arena,
                              .deadline = &NO_DEADLINE,
                              .now_ms = SUMMARIES_T0,
                              .per_hour = per_hour };
}

static struct mail_cap_place take(uint32_t per_hour)
{
    struct mail_cap cap = cap_of(per_hour);
    struct mail_cap_place place = { .held_before = 99 };
    CHECK_OK(mail_cap_take(&cap, &place));
    return place;
}

static void the_first_mail_of_all_has_a_place(void)
{
    START(REPLY("{}"), REPLY("{}"));
    struct mail_cap_place place = take(2);
    CHECK(!place.held);
    CHECK_EQ(place.held_before, 0);
    table_check(1, ".PutItem", PUT(HOUR, "1", "0") "\"attribute_not_exists(pk)\"}");
    table_stop();
}

static void over_the_cap_mails_are_held_and_counted(void)
{
    START(ITEM(HOUR, "1", "0"), REPLY("{}"), ITEM(HOUR, "2", "6"), REPLY("{}"));
    CHECK(!take(2).held);
    CHECK(take(2).held);
    table_check(1, ".PutItem", PUT(HOUR, "2", "0") AS_READ(HOUR, "1", "0"));
    table_check(3, ".PutItem", PUT(HOUR, "2", "7") AS_READ(HOUR, "2", "6"));
    table_stop();
}

static void the_first_mail_of_a_later_hour_tells_of_those(void)
{
    START(ITEM(HOUR_BEFORE, "2", "7"), REPLY("{}"));
    struct mail_cap_place place = take(2);
    CHECK(!place.held);
    CHECK_EQ(place.held_before, 7);
    CHECK_EQ(place.held_hour_ms, INT64_C(1795251600000));
    table_check(1, ".PutItem", PUT(HOUR, "1", "0") AS_READ(HOUR_BEFORE, "2", "7"));
    table_stop();
}

static void a_clock_that_is_behind_counts_in_the_later_hour(void)
{
    START(ITEM("498683", "2", "0"), REPLY("{}"));
    CHECK(take(2).held);
    table_check(1, ".PutItem", PUT("498683", "2", "1") AS_READ("498683", "2", "0"));
    table_stop();
}

static void with_no_places_all_are_held(void)
{
    START(REPLY("{}"), REPLY("{}"), ITEM(HOUR_BEFORE, "0", "4"), REPLY("{}"));
    CHECK(take(0).held);
    struct mail_cap_place place = take(0);
    CHECK(place.held);
    CHECK_EQ(place.held_before, 0);
    table_stop();
}

static void who_comes_second_counts_again(void)
{
    START(ITEM(HOUR, "1", "0"), CONDITION_FAILS, ITEM(HOUR, "2", "0"), REPLY("{}"));
    CHECK(take(2).held);
    table_stop();
}

static void a_crowd_ends_the_trying(void)
{
    static const struct fake_http_step STEPS[] = { CONDITION_FAILS };
    struct fake_http_step steps[20];
    for (size_t i = 0; i < 20; i += 2) {
        steps[i] = (struct fake_http_step)ITEM(HOUR, "1", "0");
        steps[i + 1] = STEPS[0];
    }
    table_start(steps, 20, false);
    struct mail_cap cap = cap_of(2);
    struct mail_cap_place place = { .held = true };
    CHECK_ERR(mail_cap_take(&cap, &place), PS_ERR_THROTTLED);
    CHECK(place.held);
    table_stop();
}

static void memory_may_end_anywhere(void)
{
    static const struct fake_http_step STEPS[] = { ITEM(HOUR, "1", "0") };
    table_start(STEPS, 1, true);
    struct mail_cap cap = cap_of(2);
    struct mail_cap_place place;
    PS_EACH_FAILURE(&table.arena, mail_cap_take(&cap, &place));
    table_stop();
}

int main(void)
{
    RUN(the_first_mail_of_all_has_a_place);
    RUN(over_the_cap_mails_are_held_and_counted);
    RUN(the_first_mail_of_a_later_hour_tells_of_those);
    RUN(a_clock_that_is_behind_counts_in_the_later_hour);
    RUN(with_no_places_all_are_held);
    RUN(who_comes_second_counts_again);
    RUN(a_crowd_ends_the_trying);
    RUN(memory_may_end_anywhere);
    return check_finish();
}
