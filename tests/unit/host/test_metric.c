#include "host/metric.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/json_read.h"
#include "support/captured.h"
#include "support/check.h"

static const struct ps_metric TWO[] = {
    { "EventsIn", PS_METRIC_COUNT, 12 },
    { "SentBytes", PS_METRIC_BYTES, 18446744073709551615u },
};

static void the_line_is_the_documented_object(void)
{
    int fd = captured_open();
    struct ps_log log = { .fd = fd, .threshold = PS_LOG_WARN, .request_id = PS_SPAN("req-1") };
    ps_metric_write(&log, "invocation", PS_SPAN("fn"), 1700000000123, TWO, 2,
                    PS_LOG_FIELDS(PS_LOG_STR("index", PS_SPAN("app-logs")), PS_LOG_BOOL("cold", true)));
    size_t len = 0;
    char *text = captured_text(fd, &len);
    CHECK_TEXT(ps_span_make(text, len),
               "{\"level\":\"WARN\",\"_aws\":{\"Timestamp\":1700000000123,\"CloudWatchMetrics\":[{\"Namespace\":"
               "\"Penstock\",\"Dimensions\":[[\"FunctionName\"]],\"Metrics\":[{\"Name\":\"EventsIn\",\"Unit\":"
               "\"Count\"},{\"Name\":\"SentBytes\",\"Unit\":\"Bytes\"}]}]},\"EventsIn\":12,\"SentBytes\":"
               "18446744073709551615,\"message\":\"invocation\",\"FunctionName\":\"fn\",\"requestId\":\"req-1\","
               "\"index\":\"app-logs\",\"cold\":true}\n");
    free(text);
    close(fd);
}

static void outside_lambda_there_is_no_dimension(void)
{
    int fd = captured_open();
    struct ps_log log = { .fd = fd, .text = true };
    struct ps_metric one = { "Ms", PS_METRIC_MILLISECONDS, 5 };
    ps_metric_write(&log, "m", PS_SPAN(""), 1, &one, 1, NULL);
    size_t len = 0;
    char *text = captured_text(fd, &len);
    CHECK_TEXT(ps_span_make(text, len),
               "{\"level\":\"TRACE\",\"_aws\":{\"Timestamp\":1,\"CloudWatchMetrics\":[{\"Namespace\":\"Penstock\","
               "\"Dimensions\":[[]],\"Metrics\":[{\"Name\":\"Ms\",\"Unit\":\"Milliseconds\"}]}]},\"Ms\":5,"
               "\"message\":\"m\"}\n");
    free(text);
    close(fd);
}

static void a_hundred_metrics_and_huge_properties_still_make_a_whole_line(void)
{
    enum { COUNT = 100, NAME_BYTES = 64, HUGE_BYTES = 100000 };
    static char names[COUNT][NAME_BYTES + 1];
    struct ps_metric metrics[COUNT];
    for (int i = 0; i < COUNT; i++) {
        memset(names[i], 'a' + i % 26, NAME_BYTES);
        names[i][0] = (char)('A' + i / 26);
        metrics[i] = (struct ps_metric){ names[i], PS_METRIC_MILLISECONDS, UINT64_MAX };
    }
    char *huge = malloc(HUGE_BYTES);
    memset(huge, '\x02', HUGE_BYTES);
    int fd = captured_open();
    struct ps_log log = { .fd = fd, .request_id = PS_SPAN("req-1") };
    ps_metric_write(&log, "m", PS_SPAN("fn"), 1, metrics, COUNT,
                    PS_LOG_FIELDS(PS_LOG_STR("huge", ps_span_make(huge, HUGE_BYTES)), PS_LOG_U64("never", 1u)));
    size_t len = 0;
    char *text = captured_text(fd, &len);
    CHECK_OK(ps_json_read_check(ps_span_trim(ps_span_make(text, len))));
    CHECK(strstr(text, "\"never\"") == NULL && strstr(text, names[99]) != NULL);
    free(text);
    free(huge);
    close(fd);
}

int main(void)
{
    RUN(the_line_is_the_documented_object);
    RUN(outside_lambda_there_is_no_dimension);
    RUN(a_hundred_metrics_and_huge_properties_still_make_a_whole_line);
    return check_finish();
}
