#include "scan/patterns.h"

/* The text of its arguments, so that the JSON below stands as a user would write it. */
#define JSON(...) #__VA_ARGS__

/* Each with the reason for it in docs/wire/patterns.md. Every one has required literals: lines without one cost
 * nothing but the search. */
/* clang-format off */
static const char PATTERNS[] = JSON([
    {
        "name": "error",
        "regex": "\\b(?:ERROR|SEVERE)\\b(?![=:] ?0\\b)|level(?:=|=\"|\":\"|\": \")error\\b|\"level\":50\\b|\\[error\\]",
        "severity": "error"
    },
    {
        "name": "fatal",
        "regex": "\\b(?:FATAL|CRITICAL)\\b(?![=:] ?0\\b)|level(?:=|=\"|\":\"|\": \")(?:fatal|critical)\\b|\"level\":60\\b|\\[(?:crit|alert|emerg)\\]",
        "severity": "fatal"
    },
    {
        "name": "exception",
        "regex": "\\b(?<exception>(?:[A-Za-z_][\\w$]*\\.)+[A-Z][\\w$]*(?:Exception|Error))(?::|\\s*$)",
        "severity": "error"
    },
    {
        "name": "java-uncaught",
        "regex": "Exception in thread \"(?<thread>[^\"]+)\"|^Caused by: (?<cause>[\\w.$]+)",
        "severity": "error"
    },
    {
        "name": "python-traceback",
        "regex": "Traceback \\(most recent call last\\):",
        "severity": "error"
    },
    {
        "name": "javascript-error",
        "regex": "UnhandledPromiseRejection|Uncaught Exception|\\b(?<exception>(?:Type|Range|Reference|Syntax|URI)Error): ",
        "severity": "error"
    },
    {
        "name": "dotnet-unhandled",
        "regex": "Unhandled [Ee]xception[.:] *(?<exception>[\\w.]*)",
        "severity": "fatal"
    },
    {
        "name": "ruby-exception",
        "regex": "(?<file>[\\w./-]+):(?<line>\\d+):in [`'].*\\((?<exception>[A-Z][\\w:]*)\\)\\s*$",
        "severity": "error"
    },
    {
        "name": "panic",
        "regex": "(?:\\bpanic|\\b[Ff]atal error): +(?<reason>.*\\S)",
        "severity": "fatal"
    },
    {
        "name": "rust-panic",
        "regex": "\\bpanicked at (?<place>\\S*)",
        "severity": "fatal"
    },
    {
        "name": "crash",
        "regex": "\\bsegfault at\\b|Segmentation fault|\\bSIG(?:SEGV|ABRT|BUS|ILL)\\b|double free or corruption|stack smashing detected|terminate called after throwing",
        "severity": "fatal"
    },
    {
        "name": "out-of-memory",
        "regex": "\\bOutOfMemoryError\\b|Out of memory: Kill(?:ed)? process (?<pid>\\d+)|JavaScript heap out of memory|Cannot allocate memory|std::bad_alloc|\\bOOMKilled\\b|\\bMemoryError\\b",
        "severity": "fatal"
    },
    {
        "name": "timeout",
        "regex": "(?i)\\btimed[ -]?out\\b(?: after (?<after>[\\d.]+ ?\\w*))?|\\btimeout (?:after|while|exceeded|expired|reached)\\b|\\b(?:connect|connection|read|request|gateway) timeout\\b|timeout(?:error|exception)\\b|\\betimedout\\b",
        "severity": "error"
    },
    {
        "name": "http-5xx",
        "regex": "(?:HTTP/(?:1\\.[01]|2(?:\\.0)?|3(?:\\.0)?)\" |\\bstatus(?:_code|Code)?(?:=|\":|\": ))(?<status>5\\d\\d)\\b",
        "severity": "error"
    },
    {
        "name": "connection-refused",
        "regex": "[Cc]onnection refused|\\bECONNREFUSED\\b(?: (?<address>[\\w.:-]+))?",
        "severity": "error"
    },
    {
        "name": "disk-full",
        "regex": "[Nn]o space left on device|\\bENOSPC\\b|[Dd]isk quota exceeded",
        "severity": "fatal"
    },
    {
        "name": "failed-login",
        "regex": "Failed (?:password|publickey) for (?:invalid user )?(?<user>\\S+) from (?<address>\\S+)|authentication fail(?:ure|ed)|(?i:\\blogin failed\\b|\\bfailed login\\b)",
        "severity": "warn"
    }
]);
/* clang-format on */

struct ps_span ps_patterns_default(void)
{
    return ps_span_make(PATTERNS, sizeof PATTERNS - 1);
}
