/* The whole handler: what goes in, what the table, the bus and the dead-letter store have then, and what is answered.
 */
#include "lane.h"

static struct ps_arena arena;

#define LINE(member, message) "{\"service\":\"pay\",\"ts\":1795255200," member "\"message\":\"" message "\"}"
#define INFO(message) PS_SPAN(LINE("\"level\":\"info\",", message))
#define ERROR(message) PS_SPAN(LINE("\"level\":\"error\",", message))
#define SETTINGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static struct ps_span kinesis(const struct ps_span *records, size_t count)
{
    return payload_kinesis(&arena, records, 0, count);
}

#define KINESIS(...) \
    kinesis((const struct ps_span[]){ __VA_ARGS__ }, sizeof((struct ps_span[]){ __VA_ARGS__ }) / sizeof(struct ps_span))

static const char NOTHING_GOES_BACK[] = "{\"batchItemFailures\":[]}";

static void rows_are_stored_errors_are_told_and_nothing_goes_back(void)
{
    lane_open(NULL, true);
    CHECK_OK(lane_invoke(KINESIS(INFO("one"), ERROR("two"), PS_SPAN("no JSON"))));
    CHECK_TEXT(lane.answer, NOTHING_GOES_BACK);
    lane_check_books(3, 0, 0, 0);
    CHECK_EQ(lane_count("RecordsUnparsed"), 1);
    CHECK_EQ(lane_count("EventsPublished"), 1);
    CHECK_EQ(lane.rows.count, 3);
    CHECK_EQ(lane.events.count, 1);
    CHECK(lane.batches == 1 && lane.puts == 1);
    CHECK(strstr(lane.rows.kept[1].key, lane.events.kept[0].key) != NULL);
    lane_close();
}

static void what_is_not_stored_goes_back_with_all_behind_it_and_is_not_told(void)
{
    lane_open(NULL, true);
    lane.time_ms = 300;
    CHECK_OK(lane_invoke(KINESIS(ERROR("before"), ERROR("fate:left"), ERROR("behind"), INFO("last"))));
    CHECK_TEXT(lane.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"101\"}]}");
    lane_check_books(1, 0, 0, 3);
    CHECK_EQ(lane.rows.count, 3);
    CHECK_EQ(lane.events.count, 1);
    CHECK(lane_holds(ps_span_of(lane.events.kept[0].value), "before"));
    lane_close();
}

static void partitions_go_back_each_for_itself(void)
{
    const struct payload_kafka records[] = {
        { 1, 7, INFO("a") },        { 1, 8, INFO("fate:left") },  { 1, 9, { NULL, 0 } },
        { 1, 10, ERROR("behind") }, { 2, 7, ERROR("elsewhere") }, { 2, 8, { NULL, 0 } },
    };
    lane_open(NULL, true);
    lane.time_ms = 300;
    CHECK_OK(lane_invoke(payload_kafka(&arena, "aws:kafka", records, 6)));
    CHECK_TEXT(lane.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":{\"partition\":\"logs-1\",\"offset\":8}},"
                            "{\"itemIdentifier\":{\"partition\":\"logs-1\",\"offset\":9}},"
                            "{\"itemIdentifier\":{\"partition\":\"logs-1\",\"offset\":10}}]}");
    lane_check_books(2, 1, 0, 3);
    CHECK_EQ(lane.events.count, 1);
    CHECK(lane_holds(ps_span_of(lane.events.kept[0].value), "elsewhere"));
    lane_close();
}

static void an_aggregate_goes_back_as_one_record(void)
{
    const struct ps_span parts[] = { ERROR("whose record comes again"), INFO("fate:left") };
    lane_open(NULL, true);
    lane.time_ms = 300;
    CHECK_OK(lane_invoke(KINESIS(INFO("first"), payload_kpl(&arena, parts, "00", 2))));
    CHECK_TEXT(lane.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"101\"}]}");
    lane_check_books(1, 0, 0, 2);
    CHECK_EQ(lane.events.count, 0);
    lane_close();
}

/* A record that never works kept a shard of amazon-kinesis-client's from going on until somebody came (#185). */
static void a_refused_row_is_a_dead_letter_and_holds_up_nobody(void)
{
    char command[128];
    lane_open(NULL, true);
    CHECK_OK(lane_invoke(KINESIS(INFO("one"), INFO("fate:poison"), ERROR("three"), INFO("four"))));
    CHECK_TEXT(lane.answer, NOTHING_GOES_BACK);
    lane_check_books(3, 0, 1, 0);
    CHECK_EQ(lane.rows.count, 3);
    CHECK_EQ(lane.events.count, 1);
    (void)snprintf(command, sizeof command, "grep -rq fate:poison %s", lane.folder);
    CHECK_EQ(system(command), 0);
    CHECK(!lane_logged("SECRET") && !lane_logged("fate:poison"));
    lane_close();
}

static void without_a_store_a_refused_row_fails_the_invocation(void)
{
    lane_open(NULL, false);
    CHECK_ERR(lane_invoke(KINESIS(INFO("one"), INFO("fate:poison"))), PS_ERR_BAD_CONFIG);
    CHECK(strstr(ps_err_note()->text, "DEAD_LETTER_BUCKET") != NULL);
    lane_check_books(0, 0, 0, 2);
    lane_close();
}

/* More than one object of letters holds: they are put as they come. */
static void a_flood_of_refused_rows_is_put_in_several_objects(void)
{
    enum { RECORDS = 4, LINES = 24, ROW_BYTES = 300 << 10 };
    static char line[ROW_BYTES];
    memset(line, 'x', sizeof line);
    memcpy(line, "fate:poison ", 12);
    struct ps_span lines[LINES];
    for (size_t i = 0; i < LINES; i++)
        lines[i] = i % 2 == 0 ? PS_SPAN("taken") : ps_span_make(line, sizeof line);
    struct ps_span envelope = payload_gzip(&arena, payload_envelope(&arena, lines, LINES));
    lane_open(NULL, true);
    CHECK_OK(lane_invoke(KINESIS(envelope, envelope, envelope, envelope)));
    CHECK_TEXT(lane.answer, NOTHING_GOES_BACK);
    lane_check_books(RECORDS * LINES / 2, 0, RECORDS * LINES / 2, 0);
    lane_close();
}

/* Powertools raise when no record of a batch could be handled, and the answer is gone (powertools-lambda-python #4691,
 * #3716, #7596; -typescript #2122): here it names where to resume. */
static void a_missing_table_is_nobodys_dead_letter(void)
{
    lane_open(NULL, true);
    lane.refusal = "ResourceNotFoundException";
    CHECK_OK(lane_invoke(KINESIS(INFO("one"), ERROR("two"))));
    CHECK_TEXT(lane.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"100\"}]}");
    lane_check_books(0, 0, 0, 2);
    CHECK_EQ(lane.puts, 0);
    CHECK(lane_logged("table missing"));
    lane_close();
}

/* A batch that runs into its time-out gives no answer, and with powertools leaves its locks behind (-python #738). */
static void without_time_all_of_it_goes_back_unsent(void)
{
    lane_open(NULL, true);
    lane.time_ms = -1000;
    CHECK_OK(lane_invoke(KINESIS(INFO("one"), ERROR("two"))));
    CHECK_TEXT(lane.answer, "{\"batchItemFailures\":[{\"itemIdentifier\":\"100\"}]}");
    lane_check_books(0, 0, 0, 2);
    CHECK(lane.batches == 0 && lane.puts == 0);
    lane_close();
}

static void a_failed_publish_pulls_the_prefix_back_only_when_events_are_required(void)
{
    static const char *const REQUIRED[] = { "false", "true" };
    for (int required = 0; required < 2; required++) {
        lane_open(SETTINGS("EVENTBRIDGE_REQUIRED", REQUIRED[required]), true);
        lane.time_ms = 2000;
        CHECK_OK(lane_invoke(KINESIS(ERROR("told"), ERROR("fate:unpublished"), INFO("behind"))));
        CHECK_TEXT(lane.answer,
                   required ? "{\"batchItemFailures\":[{\"itemIdentifier\":\"101\"}]}" : NOTHING_GOES_BACK);
        lane_check_books(required ? 1 : 3, 0, 0, required ? 2 : 0);
        CHECK_EQ(lane_count("EventsPublished"), 1);
        CHECK_EQ(lane_count("EventsUndelivered"), 1);
        CHECK_EQ(lane.rows.count, 3);
        lane_close();
    }
}

static void an_event_that_the_bus_never_takes_holds_up_nobody(void)
{
    lane_open(SETTINGS("EVENTBRIDGE_REQUIRED", "true"), true);
    CHECK_OK(lane_invoke(KINESIS(ERROR("fate:malformed"), ERROR("told"))));
    CHECK_TEXT(lane.answer, NOTHING_GOES_BACK);
    lane_check_books(2, 0, 0, 0);
    CHECK_EQ(lane_count("EventsRejected"), 1);
    CHECK_EQ(lane_count("EventsPublished"), 1);
    lane_close();
}

static void without_partial_answers_what_goes_back_fails_the_invocation(void)
{
    lane_open(SETTINGS("PARTIAL_BATCH", "off"), true);
    lane.time_ms = 300;
    CHECK_OK(lane_invoke(KINESIS(INFO("one"), PS_SPAN("no JSON"))));
    CHECK_TEXT(lane.answer, NOTHING_GOES_BACK);
    CHECK_ERR(lane_invoke(KINESIS(INFO("one"), INFO("fate:left"))), PS_ERR_UNAVAILABLE);
    CHECK(strstr(ps_err_note()->text, "PARTIAL_BATCH") != NULL);
    lane_check_books(0, 0, 0, 2);
    lane_close();
}

static void payloads_of_other_sources_and_broken_ones_fail_and_are_no_records(void)
{
    lane_open(NULL, true);
    CHECK_ERR(lane_invoke(PS_SPAN("{\"awslogs\":{\"data\":\"AAAA\"}}")), PS_ERR_BAD_INPUT);
    lane_check_books(0, 0, 0, 0);
    CHECK_ERR(lane_invoke(PS_SPAN("{\"Records\":[")), PS_ERR_BAD_INPUT);
    lane_check_books(0, 0, 0, 0);
    CHECK_EQ(lane.batches, 0);
    lane_close();
}

static void it_works_again_after_a_snapshot(void)
{
    lane_open(NULL, true);
    CHECK_OK(lane_invoke(KINESIS(INFO("one"))));
    CHECK_OK(ps_handler.before_snapshot(lane.state));
    CHECK_OK(ps_handler.after_restore(lane.state));
    CHECK_OK(lane_invoke(KINESIS(INFO("one"), ERROR("two"))));
    CHECK_EQ(lane.rows.count, 2);
    lane_close();
}

/* -- replays ------------------------------------------------------------------------------------------------------- */

enum { SAMPLE_RECORDS = 6 };

static void make_sample(struct ps_span *records)
{
    const struct ps_span parts[] = { ERROR("in an aggregate"), INFO("in it too"), PS_SPAN("no JSON in it") };
    records[0] = ERROR("one");
    records[1] = payload_kpl(&arena, parts, "000", 3);
    records[2] = PS_SPAN("no JSON");
    records[3] = payload_gzip(&arena, payload_envelope(&arena, parts, 3));
    records[4] = PS_SPAN("{\"level\":\"fatal\",\"message\":\"without a time\"}");
    records[5] = INFO("last");
}

/* Rows by key and bytes, and ids of events, whatever order they came in. */
static void check_same(const struct lane_set *got, const struct lane_set *wanted)
{
    CHECK_EQ(got->count, wanted->count);
    for (size_t i = 0; i < wanted->count; i++) {
        size_t at = 0;
        while (at < got->count && strcmp(got->kept[at].key, wanted->kept[i].key) != 0)
            at++;
        if (CHECK(at < got->count)) CHECK_TEXT(ps_span_of(got->kept[at].value), wanted->kept[i].value);
    }
}

static struct lane_set wanted_rows, wanted_events;

/* What the sample makes when all goes well. */
static void learn_sample(const struct ps_span *records)
{
    lane_open(NULL, true);
    CHECK_OK(lane_invoke(kinesis(records, SAMPLE_RECORDS)));
    lane_check_books(10, 0, 0, 0);
    wanted_rows = lane.rows;
    wanted_events = lane.events;
    CHECK(wanted_rows.count == 10 && wanted_events.count == 4);
    lane.rows.count = lane.events.count = 0;
    lane_close();
}

static void forget_sample(void)
{
    lane_forget(&wanted_rows);
    lane_forget(&wanted_events);
}

/* Workers of amazon-kinesis-client that lose a lease process records again that they could not check in (#108, #563).
 */
static void replays_whole_and_cut_at_every_point_make_the_same_rows_and_ids(void)
{
    struct ps_span records[SAMPLE_RECORDS];
    make_sample(records);
    learn_sample(records);
    lane_open(NULL, true);
    CHECK_OK(lane_invoke(kinesis(records, SAMPLE_RECORDS)));
    CHECK_OK(lane_invoke(kinesis(records, SAMPLE_RECORDS)));
    for (size_t cut = 1; cut < SAMPLE_RECORDS; cut++) {
        CHECK_OK(lane_invoke(payload_kinesis(&arena, records, cut, SAMPLE_RECORDS)));
        CHECK_OK(lane_invoke(payload_kinesis(&arena, records, 0, cut)));
    }
    check_same(&lane.rows, &wanted_rows);
    check_same(&lane.events, &wanted_events);
    lane_close();
    forget_sample();
}

/* Where Lambda resumes: the place of the sequence number in the answer. */
static size_t resume_at(struct ps_span answer)
{
    struct ps_span sequence;
    uint64_t number = 0;
    if (!lane_cut(&answer, "\"itemIdentifier\":\"", "\"", &sequence)) return SAMPLE_RECORDS;
    CHECK(ps_span_to_u64(sequence, &number));
    return (size_t)number - PAYLOAD_FIRST_SEQUENCE;
}

/* As Lambda does it: again, from where the answer says, until nothing goes back. The books are asserted by the handler
 * at each end, and the sums are checked here. */
static void whatever_fails_on_the_way_the_same_rows_and_ids_are_there_in_the_end(void)
{
    enum { SEEDS = 8, INVOCATIONS_MAX = 60 };
    struct ps_span records[SAMPLE_RECORDS];
    make_sample(records);
    learn_sample(records);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        lane_open(SETTINGS("EVENTBRIDGE_REQUIRED", "true", "DDB_ATTEMPTS", "1"), true);
        lane.random.state = seed;
        lane.time_ms = 1000;
        size_t from = 0;
        for (size_t i = 0; from < SAMPLE_RECORDS && CHECK(i < INVOCATIONS_MAX); i++) {
            CHECK_OK(lane_invoke(payload_kinesis(&arena, records, from, SAMPLE_RECORDS)));
            CHECK_EQ(lane_count("RecordsIn"), lane_count("RecordsStored") + lane_count("RecordsReturned"));
            from = resume_at(lane.answer);
        }
        check_same(&lane.rows, &wanted_rows);
        check_same(&lane.events, &wanted_events);
        lane_close();
    }
    forget_sample();
}

int main(void)
{
    arena = check_arena((size_t)8 << 30);
    RUN(rows_are_stored_errors_are_told_and_nothing_goes_back);
    RUN(what_is_not_stored_goes_back_with_all_behind_it_and_is_not_told);
    RUN(partitions_go_back_each_for_itself);
    RUN(an_aggregate_goes_back_as_one_record);
    RUN(a_refused_row_is_a_dead_letter_and_holds_up_nobody);
    RUN(without_a_store_a_refused_row_fails_the_invocation);
    RUN(a_flood_of_refused_rows_is_put_in_several_objects);
    RUN(a_missing_table_is_nobodys_dead_letter);
    RUN(without_time_all_of_it_goes_back_unsent);
    RUN(a_failed_publish_pulls_the_prefix_back_only_when_events_are_required);
    RUN(an_event_that_the_bus_never_takes_holds_up_nobody);
    RUN(without_partial_answers_what_goes_back_fails_the_invocation);
    RUN(payloads_of_other_sources_and_broken_ones_fail_and_are_no_records);
    RUN(it_works_again_after_a_snapshot);
    RUN(replays_whole_and_cut_at_every_point_make_the_same_rows_and_ids);
    RUN(whatever_fails_on_the_way_the_same_rows_and_ids_are_there_in_the_end);
    ps_arena_fini(&arena);
    return check_finish();
}
