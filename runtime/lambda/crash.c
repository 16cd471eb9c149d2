#include "lambda/crash.h"
enum ps_err ps_crash_install(void)
{
    return PS_OK;
}
void ps_crash_note_objects(void)
{
}
enum ps_err ps_crash_enter(struct ps_crash *crash, struct ps_arena *process, const void *stack_high)
{
    (void)process;
    crash->stack_high = stack_high;
    return PS_OK;
}
void ps_crash_leave(void)
{
}
