#include "host/log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/time.h"
#include "base/utf8.h"
#include "host/clock.h"
#include "support/captured.h"
#include "support/check.h"

enum { LINE_BYTES_MAX = 16 << 10 };

static struct ps_log log_to(int fd)
{
    return (struct ps_log){ .fd = fd, .threshold = PS_LOG_TRACE, .request_id = PS_SPAN("req-1") };
}

/* The line without its LF; the JSON in it must be valid. */
static struct ps_span json_line(char *text, size_t len)
{
    CHECK(len > 0 && len <= LINE_BYTES_MAX && text[len - 1] == '\n');
    struct ps_span line = ps_span_make(text, len == 0 ? 0 : len - 1);
    CHECK_EQ(ps_span_find_byte(line, '\n'), PS_SPAN_NONE);
    CHECK_OK(ps_json_read_check(line));
    CHECK_EQ(ps_utf8_valid_prefix(line), line.len);
    return line;
}

static void check_member(struct ps_span json, const char *name, const char *wanted)
{
    struct ps_json_token value;
    struct ps_span raw;
    bool found = false;
    CHECK_OK(ps_json_read_member(json, ps_span_of(name), &value, &raw, &found));
    if (CHECK(found)) CHECK_TEXT(value.text, wanted);
}

static void a_line_is_one_json_object_with_its_fields_in_order(void)
{
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    ps_log_warn(&log, "bulk_item_refused", PS_LOG_STR("type", PS_SPAN("mapper \"x\"\n")), PS_LOG_U64("status", 400u),
                PS_LOG_I64("delta", -5), PS_LOG_BOOL("last", true), PS_LOG_U64("max", UINT64_MAX));
    size_t len = 0;
    char *text = captured_text(fd, &len);
    struct ps_span line = json_line(text, len);
    struct ps_span stamp = ps_span_first(ps_span_from(line, strlen("{\"timestamp\":\"")), PS_TIME_ISO_BYTES);
    int64_t ms = 0;
    CHECK(ps_time_parse_iso(stamp, &ms) && ps_clock_now_ms() - ms < 60000);
    CHECK_TEXT(ps_span_from(line, strlen("{\"timestamp\":\"") + PS_TIME_ISO_BYTES),
               "\",\"level\":\"WARN\",\"message\":\"bulk_item_refused\",\"requestId\":\"req-1\",\"type\":\"mapper "
               "\\\"x\\\"\\n\",\"status\":400,\"delta\":-5,\"last\":true,\"max\":18446744073709551615}");
    free(text);
    close(fd);
}

static void a_line_needs_no_fields_and_no_request_id(void)
{
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    log.request_id = PS_SPAN("");
    ps_log_info(&log, "started");
    size_t len = 0;
    char *text = captured_text(fd, &len);
    struct ps_span line = json_line(text, len);
    CHECK(ps_span_ends(line, PS_SPAN("\"level\":\"INFO\",\"message\":\"started\"}")));
    free(text);
    close(fd);
}

static void levels_below_the_threshold_are_silent(void)
{
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    log.threshold = PS_LOG_WARN;
    size_t len = 0;
    ps_log_debug(&log, "no");
    ps_log_info(&log, "no");
    char *text = captured_text(fd, &len);
    CHECK_EQ(len, 0);
    free(text);
    ps_log_warn(&log, "yes");
    ps_log_error(&log, "yes");
    text = captured_text(fd, &len);
    CHECK(len > 0);
    free(text);
    close(fd);
}

static void every_line_is_one_write(void)
{
    int fds[2];
    CHECK_OR_RETURN(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) == 0);
    struct ps_log log = log_to(fds[0]);
    ps_log_info(&log, "one", PS_LOG_STR("a", PS_SPAN("b")));
    ps_log_info(&log, "two");
    char packet[1024];
    ssize_t first = recv(fds[1], packet, sizeof packet, MSG_DONTWAIT);
    CHECK(first > 0 && packet[first - 1] == '\n');
    ssize_t second = recv(fds[1], packet, sizeof packet, MSG_DONTWAIT);
    CHECK(second > 0 && packet[second - 1] == '\n');
    CHECK(recv(fds[1], packet, sizeof packet, MSG_DONTWAIT) < 0);
    close(fds[0]);
    close(fds[1]);
}

static void bytes_that_are_no_utf8_are_replaced(void)
{
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    ps_log_info(&log, "bad",
                PS_LOG_STR("v", PS_SPAN("a\xff\xfe"
                                        "b\xc3")));
    size_t len = 0;
    char *text = captured_text(fd, &len);
    check_member(json_line(text, len), "v",
                 "a\xef\xbf\xbd\xef\xbf\xbd"
                 "b\xef\xbf\xbd");
    free(text);
    close(fd);
}

static void a_line_that_would_be_too_long_is_cut_and_says_so(void)
{
    static const char *const FILLERS[] = { "x", "\"", "\x01", "\xff", "\xc3\xa9", "\xf0\x9f\x98\x80" };
    enum { HUGE_BYTES = 40000 };
    char *huge = malloc(HUGE_BYTES);
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    for (size_t f = 0; f < sizeof FILLERS / sizeof FILLERS[0]; f++) {
        size_t unit = strlen(FILLERS[f]);
        for (size_t i = 0; i + unit <= HUGE_BYTES; i += unit)
            memcpy(huge + i, FILLERS[f], unit);
        captured_clear(fd);
        ps_log_info(&log, "long", PS_LOG_U64("before", 1u),
                    PS_LOG_STR("v", ps_span_make(huge, HUGE_BYTES / unit * unit)), PS_LOG_STR("after", PS_SPAN("x")));
        size_t len = 0;
        char *text = captured_text(fd, &len);
        struct ps_span line = json_line(text, len);
        check_member(line, "before", "1");
        check_member(line, "cut", "true");
        CHECK_EQ(ps_span_find(line, PS_SPAN("\"after\"")), PS_SPAN_NONE);
        CHECK(len > LINE_BYTES_MAX - 2000);
        free(text);
    }
    free(huge);
    close(fd);
}

/* Around the ceiling every length must end in a whole line: one byte decides. */
static void no_length_breaks_a_line(void)
{
    char value[LINE_BYTES_MAX + 64];
    memset(value, 'v', sizeof value);
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    for (size_t n = LINE_BYTES_MAX - 400; n < sizeof value; n++) {
        captured_clear(fd);
        ps_log_info(&log, "edge", PS_LOG_STR("v", ps_span_make(value, n)), PS_LOG_STR("a_longer_name", PS_SPAN("x")));
        size_t len = 0;
        char *text = captured_text(fd, &len);
        (void)json_line(text, len);
        free(text);
    }
    log.text = true;
    for (size_t n = LINE_BYTES_MAX - 400; n < sizeof value; n++) {
        captured_clear(fd);
        ps_log_info(&log, "edge", PS_LOG_STR("v", ps_span_make(value, n)), PS_LOG_U64("a_longer_name", 12345u));
        size_t len = 0;
        char *text = captured_text(fd, &len);
        CHECK(len <= LINE_BYTES_MAX && text[len - 1] == '\n');
        free(text);
    }
    close(fd);
}

static void text_lines_keep_several_lines_in_one_event(void)
{
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    log.text = true;
    ps_log_error(&log, "failed", PS_LOG_STR("why", PS_SPAN("first\nsecond")), PS_LOG_I64("n", -1),
                 PS_LOG_BOOL("ok", false));
    size_t len = 0;
    char *text = captured_text(fd, &len);
    CHECK(len > PS_TIME_ISO_BYTES);
    CHECK_TEXT(ps_span_from(ps_span_make(text, len), PS_TIME_ISO_BYTES),
               " ERROR failed requestId=req-1 why=first\rsecond n=-1 ok=false\n");
    free(text);
    close(fd);
}

static void a_tenant_is_named_in_every_line(void)
{
    for (int text_mode = 0; text_mode < 2; text_mode++) {
        int fd = captured_open();
        struct ps_log log = log_to(fd);
        log.text = text_mode == 1;
        log.tenant_id = PS_SPAN("blue");
        ps_log_info(&log, "done", PS_LOG_U64("n", 1));
        size_t len = 0;
        char *text = captured_text(fd, &len);
        const char *wanted = log.text ? " INFO done requestId=req-1 tenantId=blue n=1\n"
                                      : "\"message\":\"done\",\"requestId\":\"req-1\",\"tenantId\":\"blue\",\"n\":1}\n";
        CHECK(ps_span_ends(ps_span_make(text, len), ps_span_of(wanted)));
        free(text);
        close(fd);
    }
}

static void the_fault_note_is_logged_with_its_place(void)
{
    int fd = captured_open();
    struct ps_log log = log_to(fd);
    CHECK_ERR(ps_err_raise(PS_ERR_BAD_INPUT, "runtime/x.c", 12, "byte %d", 7), PS_ERR_BAD_INPUT);
    ps_log_fault(&log, PS_LOG_ERROR, "decode_failed");
    size_t len = 0;
    char *text = captured_text(fd, &len);
    struct ps_span line = json_line(text, len);
    check_member(line, "level", "ERROR");
    check_member(line, "message", "decode_failed");
    check_member(line, "errorType", "BAD_INPUT");
    check_member(line, "errorMessage", "byte 7");
    check_member(line, "at", "runtime/x.c:12");
    free(text);
    close(fd);
}

static struct ps_log open_with(const char *format, const char *level)
{
    CHECK(setenv("AWS_LAMBDA_LOG_FORMAT", format, 1) == 0 && setenv("AWS_LAMBDA_LOG_LEVEL", level, 1) == 0);
    return ps_log_open(7);
}

static void the_environment_sets_format_and_threshold(void)
{
    struct ps_log log = open_with("", "");
    CHECK(!log.text && log.threshold == PS_LOG_INFO && log.fd == 7 && log.request_id.len == 0);
    log = open_with("Text", "DEBUG");
    CHECK(log.text && log.threshold == PS_LOG_DEBUG);
    log = open_with("JSON", "fatal");
    CHECK(!log.text && log.threshold == PS_LOG_FATAL);
    log = open_with("xml", "loud");
    CHECK(!log.text && log.threshold == PS_LOG_INFO);
}

/* Without it an alert about a function's own errors could not be told from others. */
static void a_line_names_its_function(void)
{
    CHECK(setenv("AWS_LAMBDA_FUNCTION_NAME", "alerter", 1) == 0);
    struct ps_log log = open_with("JSON", "");
    CHECK(unsetenv("AWS_LAMBDA_FUNCTION_NAME") == 0);
    log.fd = captured_open();
    ps_log_error(&log, "failed");
    size_t len = 0;
    char *text = captured_text(log.fd, &len);
    check_member(json_line(text, len), "service", "alerter");
    free(text);
    close(log.fd);
}

static void levels_have_the_names_that_lambda_knows(void)
{
    static const char *const NAMES[] = { "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL" };
    for (unsigned i = 0; i < 6; i++)
        CHECK_TEXT(ps_log_level_name((enum ps_log_level)i), NAMES[i]);
}

static void a_log_that_cannot_be_written_is_no_failure(void)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct ps_log log = log_to(fd);
    ps_log_info(&log, "lost");
    close(fd);
    ps_log_info(&log, "lost");
    CHECK(true);
}

int main(void)
{
    RUN(a_line_is_one_json_object_with_its_fields_in_order);
    RUN(a_line_needs_no_fields_and_no_request_id);
    RUN(levels_below_the_threshold_are_silent);
    RUN(every_line_is_one_write);
    RUN(bytes_that_are_no_utf8_are_replaced);
    RUN(a_line_that_would_be_too_long_is_cut_and_says_so);
    RUN(no_length_breaks_a_line);
    RUN(text_lines_keep_several_lines_in_one_event);
    RUN(a_tenant_is_named_in_every_line);
    RUN(the_fault_note_is_logged_with_its_place);
    RUN(the_environment_sets_format_and_threshold);
    RUN(a_line_names_its_function);
    RUN(levels_have_the_names_that_lambda_knows);
    RUN(a_log_that_cannot_be_written_is_no_failure);
    return check_finish();
}
