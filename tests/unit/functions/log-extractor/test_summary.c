#include "log-extractor/summary.h"

#include "table.h"

#define KEY "\"pk\":{\"S\":\"logs/app/2026 \\\"x\\\".gz\"},\"sk\":{\"S\":\"v1\"}"

static struct summary get(void)
{
    struct summary summary = { .state = SUMMARY_DEAD };
    CHECK_OK(summary_get(&table.summaries, &SUMMARIES_OBJECT, &summary));
    return summary;
}

static bool put(enum summary_state before_state, enum summary_state state)
{
    struct summary before = { .state = before_state, .offset = 1000 };
    struct summary summary = summaries_sample(&table.arena, state);
    bool done = false;
    CHECK_OK(summary_put(&table.summaries, &SUMMARIES_OBJECT, &before, &summary, &done));
    return done;
}

/* -- the summary --------------------------------------------------------------------------------------------------- */

static void what_nobody_has_seen_begins_at_zero(void)
{
    START(REPLY("{}"));
    struct summary summary = get();
    CHECK_EQ(summary.state, SUMMARY_NONE);
    CHECK_EQ(summary.totals.lines, 0);
    CHECK_EQ(summary.totals.counts[SUMMARIES_SLOW].lines, 0);
    table_check(0, ".GetItem", "{\"TableName\":\"sums\",\"Key\":{" KEY "},\"ConsistentRead\":true}");
    table_stop();
}

static void what_was_scanned_goes_on(void)
{
    START(
        REPLY("{\"Item\":{\"state\":{\"S\":\"partial\"},\"offset\":{\"N\":\"7\"},\"hop\":{\"N\":\"1\"},"
              "\"objectBytes\":{\"N\":\"9\"},\"modifiedMs\":{\"N\":\"1\"},\"scanMs\":{\"N\":\"3\"},"
              "\"restart\":{\"S\":\"r\"},\"bytes\":{\"N\":\"7\"},\"lines\":{\"N\":\"2\"},\"splitLines\":{\"N\":\"0\"},"
              "\"givenUp\":{\"N\":\"0\"},\"nulBytes\":{\"N\":\"0\"},\"counts\":{\"M\":{}}}}"));
    struct summary summary = get();
    CHECK_EQ(summary.state, SUMMARY_PARTIAL);
    CHECK_EQ(summary.offset, 7);
    CHECK_EQ(summary.totals.lines, 2);
    CHECK_TEXT(summary.restart, "r");
    table_stop();
}

static void an_item_that_is_none_of_ours_is_told(void)
{
    START(REPLY("{\"Item\":{\"pk\":{\"S\":\"x\"}}}"));
    struct summary summary;
    CHECK_ERR(summary_get(&table.summaries, &SUMMARIES_OBJECT, &summary), PS_ERR_BAD_INPUT);
    table_stop();
}

static void the_first_write_wants_no_item(void)
{
    START(REPLY("{}"), CONDITION_FAILS);
    table.summaries.ttl_days = 2;
    CHECK(put(SUMMARY_NONE, SUMMARY_PARTIAL));
    CHECK(!put(SUMMARY_NONE, SUMMARY_DONE));
    struct fake_http_request request = fake_http_request(table.server, 0);
    CHECK(ps_span_starts(request.body,
                         PS_SPAN("{\"TableName\":\"sums\",\"Item\":{" KEY ",\"state\":{\"S\":\"partial\"}")));
    CHECK(ps_span_find(request.body, PS_SPAN("\"ttl\":{\"N\":\"1795428000\"}")) > 0);
    table_check(0, ".PutItem", "}}},\"ConditionExpression\":\"attribute_not_exists(pk)\"}");
    table_stop();
}

static void a_later_write_wants_the_offset_that_was_read(void)
{
    START(REPLY("{}"), CONDITION_FAILS);
    CHECK(put(SUMMARY_PARTIAL, SUMMARY_DONE));
    CHECK(!put(SUMMARY_PARTIAL, SUMMARY_DEAD));
    table_check(0, ".PutItem",
                "}}},\"ConditionExpression\":\"#state = :before AND #offset = :read\",\"ExpressionAttributeNames\":"
                "{\"#state\":\"state\",\"#offset\":\"offset\"},\"ExpressionAttributeValues\":{\":before\":{\"S\":"
                "\"partial\"},\":read\":{\"N\":\"1000\"}}}");
    CHECK_EQ(ps_span_find(fake_http_request(table.server, 0).body, PS_SPAN("\"ttl\"")), PS_SPAN_NONE);
    table_stop();
}

static void each_version_has_a_row(void)
{
    static const struct {
        const char *version_id, *etag, *sk;
    } CASES[] = { { "v1", "e1", "v1" }, { "", "e1", "e1" }, { "null", "e1", "e1" }, { "", "", "-" } };
    START(REPLY("{}"), REPLY("{}"), REPLY("{}"), REPLY("{}"));
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        const struct ps_s3_object object = { .bucket = PS_SPAN("b"),
                                             .key = PS_SPAN("k"),
                                             .version_id = ps_span_of(CASES[i].version_id),
                                             .etag = ps_span_of(CASES[i].etag) };
        struct summary summary;
        char end[128];
        CHECK_OK(summary_get(&table.summaries, &object, &summary));
        (void)snprintf(end, sizeof end,
                       "\"Key\":{\"pk\":{\"S\":\"b/k\"},\"sk\":{\"S\":\"%s\"}},\"ConsistentRead\":true}", CASES[i].sk);
        table_check(i, ".GetItem", end);
    }
    table_stop();
}

/* -- its mail ------------------------------------------------------------------------------------------------------ */

#define UPDATE "{\"TableName\":\"sums\",\"Key\":{" KEY "},\"UpdateExpression\":"

static void one_invocation_has_the_mail(void)
{
    START(REPLY("{}"), CONDITION_FAILS);
    bool mine = false;
    CHECK_OK(summary_claim_mail(&table.summaries, &SUMMARIES_OBJECT, &mine));
    CHECK(mine);
    CHECK_OK(summary_claim_mail(&table.summaries, &SUMMARIES_OBJECT, &mine));
    CHECK(!mine);
    table_check(0, ".UpdateItem",
                UPDATE
                "\"SET mail = :claimed, mailMs = :now, mailBy = :me\",\"ConditionExpression\":"
                "\"(#state = :done OR #state = :dead) AND (attribute_not_exists(mail) OR "
                "(mail = :claimed AND (mailMs <= :old OR mailBy = :me)))\","
                "\"ExpressionAttributeNames\":{\"#state\":\"state\"},\"ExpressionAttributeValues\":{"
                "\":claimed\":{\"S\":\"claimed\"},\":done\":{\"S\":\"done\"},\":dead\":{\"S\":\"dead\"},"
                "\":me\":{\"S\":\"r-1\"},\":now\":{\"N\":\"1795255200123\"},\":old\":{\"N\":\"1795255140123\"}}}");
    table_stop();
}

#define MINE "\"ConditionExpression\":\"mail = :claimed AND mailBy = :me\",\"ExpressionAttributeValues\":{"
#define MINE_VALUES "\":claimed\":{\"S\":\"claimed\"},\":me\":{\"S\":\"r-1\"}"

static void a_mail_that_failed_is_given_back(void)
{
    START(REPLY("{}"), CONDITION_FAILS);
    CHECK_OK(summary_release_mail(&table.summaries, &SUMMARIES_OBJECT));
    CHECK_OK(summary_release_mail(&table.summaries, &SUMMARIES_OBJECT)); /* another's by now: it stays */
    table_check(0, ".UpdateItem", UPDATE "\"REMOVE mail, mailMs, mailBy\"," MINE MINE_VALUES "}}");
    table_stop();
}

static void a_mail_is_settled_for_good(void)
{
    START(REPLY("{}"), REPLY("{}"));
    CHECK_OK(summary_settle_mail(&table.summaries, &SUMMARIES_OBJECT, false));
    CHECK_OK(summary_settle_mail(&table.summaries, &SUMMARIES_OBJECT, true));
    table_check(0, ".UpdateItem",
                UPDATE "\"SET mail = :becomes REMOVE mailMs, mailBy\"," MINE MINE_VALUES
                       ",\":becomes\":{\"S\":\"sent\"}}}");
    table_check(1, ".UpdateItem", MINE_VALUES ",\":becomes\":{\"S\":\"held\"}}}");
    table_stop();
}

/* -- trouble ------------------------------------------------------------------------------------------------------- */

static void a_refusal_leaves_the_answer_alone(void)
{
    START(REFUSE("ResourceNotFoundException"), REFUSE("ResourceNotFoundException"));
    struct summary before = { .state = SUMMARY_NONE };
    struct summary summary = summaries_sample(&table.arena, SUMMARY_DONE);
    bool done = true;
    CHECK_ERR(summary_put(&table.summaries, &SUMMARIES_OBJECT, &before, &summary, &done), PS_ERR_BAD_CONFIG);
    CHECK(done);
    CHECK_ERR(summary_claim_mail(&table.summaries, &SUMMARIES_OBJECT, &done), PS_ERR_BAD_CONFIG);
    CHECK(done);
    table_stop();
}

static enum ps_err put_one(void)
{
    struct summary before = { .state = SUMMARY_PARTIAL }, summary = { .state = SUMMARY_DONE };
    bool done = false;
    PS_TRY(ps_scan_totals_make(&table.arena, &SUMMARIES_SET, &summary.totals));
    return summary_put(&table.summaries, &SUMMARIES_OBJECT, &before, &summary, &done);
}

static enum ps_err claim_one(void)
{
    bool mine = false;
    return summary_claim_mail(&table.summaries, &SUMMARIES_OBJECT, &mine);
}

static void memory_may_end_anywhere(void)
{
    static const struct fake_http_step STEPS[] = { REPLY("{}") };
    struct summary summary;
    table_start(STEPS, 1, true);
    PS_EACH_FAILURE(&table.arena, summary_get(&table.summaries, &SUMMARIES_OBJECT, &summary));
    PS_EACH_FAILURE(&table.arena, put_one());
    PS_EACH_FAILURE(&table.arena, claim_one());
    PS_EACH_FAILURE(&table.arena, summary_settle_mail(&table.summaries, &SUMMARIES_OBJECT, true));
    table_stop();
}

int main(void)
{
    RUN(what_nobody_has_seen_begins_at_zero);
    RUN(what_was_scanned_goes_on);
    RUN(an_item_that_is_none_of_ours_is_told);
    RUN(the_first_write_wants_no_item);
    RUN(a_later_write_wants_the_offset_that_was_read);
    RUN(each_version_has_a_row);
    RUN(one_invocation_has_the_mail);
    RUN(a_mail_that_failed_is_given_back);
    RUN(a_mail_is_settled_for_good);
    RUN(a_refusal_leaves_the_answer_alone);
    RUN(memory_may_end_anywhere);
    return check_finish();
}
