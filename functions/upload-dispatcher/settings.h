/* The upload dispatcher's settings. */
#ifndef UPLOAD_DISPATCHER_SETTINGS_H
#define UPLOAD_DISPATCHER_SETTINGS_H

#include "base/span.h"
#include "host/config.h"

struct settings {
    struct ps_span queue_url;
    uint32_t group_depth;                  /* leading folders of a key that make a group; 0: each key is one */
    struct ps_span key_prefix, key_suffix; /* lists, parted by commas; empty: any */
    uint32_t size_min, size_max_mb;        /* size_max_mb 0: any */
    uint32_t request_timeout_ms;
};

extern const struct ps_config_item SETTINGS_ITEMS[];

/* A ps_config_check for the function. */
void settings_check(const void *settings, struct ps_arena *scratch, struct ps_buf *mistakes);

#endif
