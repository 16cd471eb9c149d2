#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "log-processor/settings.h"
#include "penstock_commands.h"

static const char HELP[] = "Usage: penstock settings [FUNCTION]\n\n"
                           "Prints a function's settings as the markdown table that stands in its README: "
                           "log-processor (the default),\n"
                           "stream-consumer, cloudwatch-decoder, alerter, upload-dispatcher or log-extractor.\n";

enum { TABLE_BYTES_MAX = 64 << 10 };

/* NULL for a function that nobody knows. */
static const struct ps_config_item *items_of(const char *function)
{
    if (strcmp(function, "log-processor") == 0) return SETTINGS_ITEMS;
    if (strcmp(function, "stream-consumer") == 0) return command_rows_settings();
    if (strcmp(function, "alerter") == 0) return command_alerts_settings();
    if (strcmp(function, "cloudwatch-decoder") == 0) return command_decode_settings();
    if (strcmp(function, "upload-dispatcher") == 0) return command_dispatcher_settings();
    if (strcmp(function, "log-extractor") == 0) return command_extractor_settings();
    return NULL;
}

int command_settings(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    const struct ps_config_item *items = argc <= 2 ? items_of(argc == 2 ? argv[1] : "log-processor") : NULL;
    if (items == NULL) {
        fputs(HELP, stderr);
        return COMMAND_USAGE;
    }
    static char memory[TABLE_BYTES_MAX];
    struct ps_buf table;
    ps_buf_init_fixed(&table, memory, sizeof memory);
    ps_config_document(items, &table);
    struct ps_span text;
    if (ps_buf_finish(&table, &text) != PS_OK) return command_fault("settings");
    return fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0 ? COMMAND_DONE : COMMAND_FAILED;
}
