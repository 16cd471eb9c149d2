#include <stdio.h>

#include "base/buf.h"
#include "log-processor/settings.h"
#include "penstock_commands.h"

static const char HELP[] = "Usage: penstock settings\n\n"
                           "Prints the log processor's settings as the markdown table that stands in its README.\n";

enum { TABLE_BYTES_MAX = 64 << 10 };

int command_settings(int argc, char **argv)
{
    if (command_help(argc, argv, HELP)) return COMMAND_DONE;
    if (argc > 1) {
        fputs(HELP, stderr);
        return COMMAND_USAGE;
    }
    static char memory[TABLE_BYTES_MAX];
    struct ps_buf table;
    ps_buf_init_fixed(&table, memory, sizeof memory);
    ps_config_document(SETTINGS_ITEMS, &table);
    struct ps_span text;
    if (ps_buf_finish(&table, &text) != PS_OK) return command_fault("settings");
    return fwrite(text.data, 1, text.len, stdout) == text.len && fflush(stdout) == 0 ? COMMAND_DONE : COMMAND_FAILED;
}
