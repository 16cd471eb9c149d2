#include "alerter/settings.h"
#include "penstock_commands.h"

const struct ps_config_item *alerter_settings(void)
{
    return SETTINGS_ITEMS;
}
