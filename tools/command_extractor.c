/* No command of its own: the log-extractor's settings, for `penstock settings`. */
#include "log-extractor/settings.h"
#include "penstock_commands.h"

const struct ps_config_item *command_extractor_settings(void)
{
    return SETTINGS_ITEMS;
}
