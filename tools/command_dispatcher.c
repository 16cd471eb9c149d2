/* No command of its own: the upload-dispatcher's settings, for `penstock settings`. */
#include "penstock_commands.h"
#include "upload-dispatcher/settings.h"

const struct ps_config_item *command_dispatcher_settings(void)
{
    return SETTINGS_ITEMS;
}
