#include "alert_redact.h"

#include "read.h"

enum ps_err alert_redact(struct alert *alert, const struct ps_redact *redact, struct ps_arena *arena,
                         struct ps_redact_counts *counts)
{
    PS_TRY(ps_redact_text(redact, arena, alert->title, &alert->title, counts));
    PS_TRY(ps_redact_text(redact, arena, alert->message, &alert->message, counts));
    for (size_t i = 0; i < alert->field_count; i++)
        PS_TRY(ps_redact_text(redact, arena, alert->fields[i].value, &alert->fields[i].value, counts));
    PS_TRY(read_clean(arena, alert->title, ALERT_TITLE_BYTES_MAX, &alert->title));
    return read_clean(arena, alert->message, ALERT_MESSAGE_BYTES_MAX, &alert->message);
}
