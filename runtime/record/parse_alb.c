#include "record/parse_alb.h"

#include "base/num.h"
#include "base/time.h"
#include "record/columns.h"
#include "record/core.h"

enum column {
    TYPE,
    TIME,
    ELB,
    CLIENT,
    TARGET,
    REQUEST_PROCESSING_TIME,
    TARGET_PROCESSING_TIME,
    RESPONSE_PROCESSING_TIME,
    ELB_STATUS_CODE,
    TARGET_STATUS_CODE,
    RECEIVED_BYTES,
    SENT_BYTES,
    REQUEST,
    USER_AGENT,
    SSL_CIPHER,
    SSL_PROTOCOL,
    TARGET_GROUP_ARN,
    TRACE_ID,
    DOMAIN_NAME,
    CHOSEN_CERT_ARN,
    MATCHED_RULE_PRIORITY,
    REQUEST_CREATION_TIME,
    ACTIONS_EXECUTED,
    REDIRECT_URL,
    ERROR_REASON,
    TARGET_PORT_LIST,
    TARGET_STATUS_CODE_LIST,
    CLASSIFICATION,
    CLASSIFICATION_REASON,
    CONN_TRACE_ID,
    TRANSFORMED_HOST,
    TRANSFORMED_URI,
    REQUEST_TRANSFORM_STATUS,
    COLUMN_COUNT,
};

enum { COLUMNS_MIN = TARGET_GROUP_ARN }; /* the oldest lines end with the user agent or the TLS columns */

/* Columns that are fields as they are; the others are split or become core members. */
static const struct ps_span FIELD_NAMES[COLUMN_COUNT] = {
    [TYPE] = PS_SPAN_INIT("type"),
    [ELB] = PS_SPAN_INIT("elb"),
    [REQUEST_PROCESSING_TIME] = PS_SPAN_INIT("request_processing_time"),
    [TARGET_PROCESSING_TIME] = PS_SPAN_INIT("target_processing_time"),
    [RESPONSE_PROCESSING_TIME] = PS_SPAN_INIT("response_processing_time"),
    [TARGET_STATUS_CODE] = PS_SPAN_INIT("target_status_code"),
    [RECEIVED_BYTES] = PS_SPAN_INIT("received_bytes"),
    [SENT_BYTES] = PS_SPAN_INIT("sent_bytes"),
    [USER_AGENT] = PS_SPAN_INIT("user_agent"),
    [SSL_CIPHER] = PS_SPAN_INIT("ssl_cipher"),
    [SSL_PROTOCOL] = PS_SPAN_INIT("ssl_protocol"),
    [TARGET_GROUP_ARN] = PS_SPAN_INIT("target_group_arn"),
    [DOMAIN_NAME] = PS_SPAN_INIT("domain_name"),
    [CHOSEN_CERT_ARN] = PS_SPAN_INIT("chosen_cert_arn"),
    [MATCHED_RULE_PRIORITY] = PS_SPAN_INIT("matched_rule_priority"),
    [REQUEST_CREATION_TIME] = PS_SPAN_INIT("request_creation_time"),
    [ACTIONS_EXECUTED] = PS_SPAN_INIT("actions_executed"),
    [REDIRECT_URL] = PS_SPAN_INIT("redirect_url"),
    [ERROR_REASON] = PS_SPAN_INIT("error_reason"),
    [TARGET_PORT_LIST] = PS_SPAN_INIT("target_port_list"),
    [TARGET_STATUS_CODE_LIST] = PS_SPAN_INIT("target_status_code_list"),
    [CLASSIFICATION] = PS_SPAN_INIT("classification"),
    [CLASSIFICATION_REASON] = PS_SPAN_INIT("classification_reason"),
    [CONN_TRACE_ID] = PS_SPAN_INIT("conn_trace_id"),
    [TRANSFORMED_HOST] = PS_SPAN_INIT("transformed_host"),
    [TRANSFORMED_URI] = PS_SPAN_INIT("transformed_uri"),
    [REQUEST_TRANSFORM_STATUS] = PS_SPAN_INIT("request_transform_status"),
};

static bool read_columns(struct ps_span line, struct ps_span columns[COLUMN_COUNT])
{
    struct ps_span rest = line;
    bool quoted = false;
    size_t count = 0;
    while (count < COLUMN_COUNT && ps_columns_next(&rest, &columns[count], &quoted)) {
        if (count == REQUEST && !quoted) return false;
        count++;
    }
    return count >= COLUMNS_MIN;
}

static bool is_type(struct ps_span text)
{
    static const struct ps_span TYPES[] = { PS_SPAN_INIT("http"),  PS_SPAN_INIT("https"), PS_SPAN_INIT("h2"),
                                            PS_SPAN_INIT("grpcs"), PS_SPAN_INIT("ws"),    PS_SPAN_INIT("wss") };
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        if (ps_span_eq(text, TYPES[i])) return true;
    }
    return false;
}

/* -1 stands for a part that never happened. */
static enum ps_err add_duration(struct ps_record *record, struct ps_arena *arena, const struct ps_span *columns)
{
    int64_t sum_us = 0;
    for (size_t i = REQUEST_PROCESSING_TIME; i <= RESPONSE_PROCESSING_TIME; i++) {
        int64_t part_us = 0;
        if (!ps_num_scaled(columns[i], 6, &part_us)) return PS_OK;
        if (part_us > 0 && __builtin_add_overflow(sum_us, part_us, &sum_us)) return PS_OK;
        if (part_us < 0) return PS_OK;
    }
    struct ps_buf buf;
    ps_buf_init(&buf, arena, PS_NUM_TEXT_BYTES_MAX);
    ps_num_put_scaled(&buf, sum_us, 3);
    return ps_buf_finish(&buf, &record->duration_ms);
}

static enum ps_err add_end(struct ps_record *record, struct ps_arena *arena, struct ps_span text, struct ps_span ip,
                           struct ps_span port)
{
    struct ps_span host;
    struct ps_span number;
    if (text.len == 0 || ps_span_eq(text, PS_SPAN("-"))) return PS_OK;
    ps_columns_host_port(text, &host, &number);
    PS_TRY(ps_record_add_text(record, arena, ip, host));
    return ps_record_add_column(record, arena, port, number);
}

static enum ps_err add_request(struct ps_record *record, struct ps_arena *arena, struct ps_span text)
{
    struct ps_columns_request request;
    /* "- http://host:80- " is what ALB writes when it could not read one. */
    if (!ps_columns_request(text, &request)) return ps_record_add_column(record, arena, PS_SPAN("request"), text);
    PS_TRY(ps_record_add_text(record, arena, PS_SPAN("method"), request.method));
    PS_TRY(ps_record_add_text(record, arena, PS_SPAN("url"), request.target));
    return ps_record_add_column(record, arena, PS_SPAN("protocol"), request.protocol);
}

/* "Root=1-58337262-36d228ad5d99923122bbe354" with more parts around, parted by semicolons. */
static void set_trace(struct ps_record *record, struct ps_span text)
{
    ptrdiff_t root = ps_span_find(text, PS_SPAN("Root="));
    if (root == PS_SPAN_NONE) return;
    struct ps_span rest = ps_span_from(text, (size_t)root + 5);
    bool more = false;
    struct ps_span id = ps_span_split(&rest, ';', &more);
    if (id.len > 0 && id.len <= PS_CORE_TEXT_BYTES_MAX) record->trace_id = id;
}

static enum ps_err add_columns(struct ps_record *record, struct ps_arena *arena, const struct ps_span *columns)
{
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        bool time = i >= REQUEST_PROCESSING_TIME && i <= RESPONSE_PROCESSING_TIME;
        if (FIELD_NAMES[i].len == 0 || (time && ps_span_eq(columns[i], PS_SPAN("-1")))) continue;
        PS_TRY(ps_record_add_column(record, arena, FIELD_NAMES[i], columns[i]));
    }
    PS_TRY(add_end(record, arena, columns[CLIENT], PS_SPAN("client_ip"), PS_SPAN("client_port")));
    PS_TRY(add_end(record, arena, columns[TARGET], PS_SPAN("target_ip"), PS_SPAN("target_port")));
    PS_TRY(add_request(record, arena, columns[REQUEST]));
    set_trace(record, columns[TRACE_ID]);
    return add_duration(record, arena, columns);
}

enum ps_err ps_parse_alb(struct ps_arena *arena, struct ps_record *record, bool *matched)
{
    *matched = false;
    struct ps_span columns[COLUMN_COUNT] = { 0 };
    int64_t time_ms = 0;
    uint64_t status = 0;
    if (!read_columns(record->message, columns) || !is_type(columns[TYPE])) return PS_OK;
    if (!ps_time_parse_iso(columns[TIME], &time_ms)) return PS_OK;
    bool has_status = ps_span_to_u64(columns[ELB_STATUS_CODE], &status) && status >= 100 && status <= 599;
    if (!has_status && !ps_span_eq(columns[ELB_STATUS_CODE], PS_SPAN("-"))) return PS_OK;
    struct ps_record work = *record;
    PS_TRY(ps_record_own_fields(&work, arena));
    enum ps_err err = add_columns(&work, arena, columns);
    if (err == PS_ERR_NO_MEMORY) return err;
    if (err != PS_OK) return PS_OK;
    if (has_status) work.status = (uint32_t)status;
    (void)ps_record_accept_time(&work, time_ms);
    work.format = PS_FORMAT_ALB;
    *record = work;
    *matched = true;
    return PS_OK;
}
