#include "settings.h"

#include <stddef.h>

#include "aws/sqs.h"

#define AT(member) offsetof(struct settings, member)

const struct ps_config_item SETTINGS_ITEMS[] = {
    { .name = "QUEUE_URL",
      .type = PS_CONFIG_TEXT,
      .offset = AT(queue_url),
      .value_default = "",
      .help = "The FIFO queue that objects are named to." },
    { .name = "GROUP_DEPTH",
      .type = PS_CONFIG_U32,
      .offset = AT(group_depth),
      .value_default = "0",
      .min = 0,
      .max = 16,
      .help =
          "Leading folders of a key that make a message group, whose objects are scanned one after another; 0: each "
          "key is a group of its own." },
    { .name = "KEY_PREFIX",
      .type = PS_CONFIG_TEXT,
      .offset = AT(key_prefix),
      .value_default = "",
      .help = "Only keys that begin with one of these, separated by commas." },
    { .name = "KEY_SUFFIX",
      .type = PS_CONFIG_TEXT,
      .offset = AT(key_suffix),
      .value_default = "",
      .help = "Only keys that end with one of these, separated by commas." },
    { .name = "SIZE_MIN",
      .type = PS_CONFIG_U32,
      .offset = AT(size_min),
      .value_default = "1",
      .min = 0,
      .max = UINT32_MAX,
      .help = "Bytes; smaller objects are left out." },
    { .name = "SIZE_MAX_MB",
      .type = PS_CONFIG_U32,
      .offset = AT(size_max_mb),
      .value_default = "0",
      .min = 0,
      .max = 50000000,
      .help = "Megabytes; larger objects are left out. 0: none is." },
    { .name = "REQUEST_TIMEOUT_MS",
      .type = PS_CONFIG_U32,
      .offset = AT(request_timeout_ms),
      .value_default = "5000",
      .min = 100,
      .max = 60000,
      .help = "Of one request." },
    { .name = NULL },
};

void settings_check(const void *settings_memory, struct ps_arena *scratch, struct ps_buf *mistakes)
{
    (void)scratch;
    const struct settings *settings = settings_memory;
    if (ps_sqs_check_queue(settings->queue_url) != PS_OK)
        ps_config_mistake(mistakes, "QUEUE_URL: %s", ps_err_note()->text);
}
