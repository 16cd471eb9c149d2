#include "template.h"

const struct ps_span TEMPLATE_NAME = PS_SPAN_INIT("app-logs");

const struct ps_span TEMPLATE_JSON = PS_SPAN_INIT(
    "{\"index_patterns\":[\"app-logs-*\"],\"priority\":100,\"template\":{\"aliases\":{\"app-logs\":{}},"
    "\"settings\":{\"index\":{\"codec\":\"best_compression\",\"refresh_interval\":\"10s\"}},"
    "\"mappings\":{\"dynamic\":false,\"properties\":{"
    "\"@timestamp\":{\"type\":\"date\"},\"event_time\":{\"type\":\"date\"},\"message\":{\"type\":\"match_only_text\"},"
    "\"level\":{\"type\":\"keyword\"},\"service\":{\"type\":\"keyword\"},\"env\":{\"type\":\"keyword\"},"
    "\"host\":{\"type\":\"keyword\"},\"region\":{\"type\":\"keyword\"},\"account\":{\"type\":\"keyword\"},"
    "\"log_group\":{\"type\":\"keyword\"},\"log_stream\":{\"type\":\"keyword\"},\"event_id\":{\"type\":\"keyword\"},"
    "\"request_id\":{\"type\":\"keyword\"},\"trace_id\":{\"type\":\"keyword\"},\"span_id\":{\"type\":\"keyword\"},"
    "\"logger\":{\"type\":\"keyword\",\"ignore_above\":1024},\"format\":{\"type\":\"keyword\"},"
    "\"unparsed\":{\"type\":\"keyword\"},\"error_type\":{\"type\":\"keyword\",\"ignore_above\":1024},"
    "\"error_message\":{\"type\":\"match_only_text\"},\"stack_trace\":{\"type\":\"match_only_text\"},"
    "\"duration_ms\":{\"type\":\"double\",\"ignore_malformed\":true},\"status\":{\"type\":\"integer\"},"
    "\"joined\":{\"type\":\"integer\"},\"region_inferred\":{\"type\":\"boolean\"},\"message_cut\":{\"type\":"
    "\"boolean\"},"
    "\"fields\":{\"type\":\"flat_object\"},\"tags\":{\"type\":\"flat_object\"}}}}}");
