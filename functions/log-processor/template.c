#include "template.h"

const struct ps_span TEMPLATE_NAME = PS_SPAN_INIT("app-logs");

/* Replicas and shards are left to the domain's defaults. ignore_malformed keeps a document with a value that does not
 * fit its mapping (also when FIELD_SCHEMA changes in the middle of a day), and dynamic:false keeps a name that nobody
 * planned from becoming a field: both stay in _source, not indexed. */
#define HEAD \
    "{\"index_patterns\":[\"app-logs-*\"],\"priority\":100,\"template\":{\"aliases\":{\"app-logs\":{}}," \
    "\"settings\":{\"index\":{\"codec\":\"best_compression\",\"refresh_interval\":\"10s\"," \
    "\"mapping\":{\"ignore_malformed\":true}}}," \
    "\"mappings\":{\"dynamic\":false,\"properties\":{"
#define TAIL "}}}}"
#define OBJECT(name) "\"" name "\":{\"properties\":{"
#define END "}}"

#define TYPE(name, type) "\"" name "\":{\"type\":\"" type "\"}"
/* A Lucene term holds 32,766 bytes: without ignore_above a longer value would cost the document. */
#define KEYWORD(name) "\"" name "\":{\"type\":\"keyword\",\"ignore_above\":1024}"
#define TEXT(name) TYPE(name, "match_only_text")

/* clang-format off */
const struct ps_span TEMPLATE_JSON = PS_SPAN_INIT(
    HEAD
    TYPE("@timestamp", "date") ","
    TYPE("event_time", "date") ","
    TEXT("message") ","
    KEYWORD("level") ","
    KEYWORD("service") ","
    KEYWORD("env") ","
    KEYWORD("host") ","
    KEYWORD("region") ","
    KEYWORD("account") ","
    KEYWORD("log_group") ","
    KEYWORD("log_stream") ","
    KEYWORD("event_id") ","
    KEYWORD("request_id") ","
    KEYWORD("trace_id") ","
    KEYWORD("span_id") ","
    KEYWORD("logger") ","
    KEYWORD("format") ","
    KEYWORD("unparsed") ","
    KEYWORD("error_type") ","
    TEXT("error_message") ","
    TEXT("stack_trace") ","
    TYPE("duration_ms", "double") ","
    TYPE("status", "integer") ","
    TYPE("joined", "integer") ","
    TYPE("region_inferred", "boolean") ","
    TYPE("message_cut", "boolean") ","
    TYPE("fields", "flat_object") ","
    TYPE("tags", "flat_object")
    TAIL);

const struct ps_span TEMPLATE_ECS_JSON = PS_SPAN_INIT(
    HEAD
    TYPE("@timestamp", "date") ","
    TEXT("message") ","
    OBJECT("ecs") KEYWORD("version") END ","
    OBJECT("log") KEYWORD("level") "," KEYWORD("logger") END ","
    OBJECT("service") KEYWORD("name") "," KEYWORD("environment") END ","
    OBJECT("host") KEYWORD("name") END ","
    OBJECT("cloud") KEYWORD("provider") "," KEYWORD("region") "," OBJECT("account") KEYWORD("id") END END ","
    OBJECT("aws") OBJECT("cloudwatch")
        KEYWORD("log_group") "," KEYWORD("log_stream") "," KEYWORD("event_id")
    END END ","
    OBJECT("trace") KEYWORD("id") END ","
    OBJECT("span") KEYWORD("id") END ","
    OBJECT("error") KEYWORD("type") "," TEXT("message") "," TEXT("stack_trace") END ","
    OBJECT("event") TYPE("duration", "long") "," TYPE("created", "date") END ","
    OBJECT("http")
        OBJECT("request") KEYWORD("id") END ","
        OBJECT("response") TYPE("status_code", "integer") END
    END ","
    OBJECT("penstock")
        KEYWORD("format") "," KEYWORD("unparsed") "," TYPE("joined", "integer") ","
        TYPE("region_inferred", "boolean") "," TYPE("message_cut", "boolean") "," TYPE("fields", "flat_object")
    END ","
    TYPE("labels", "flat_object")
    TAIL);
/* clang-format on */
