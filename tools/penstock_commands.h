/* The commands of the penstock tool, one file each, and what they share. argv[0] is the command's name. */
#ifndef PENSTOCK_COMMANDS_H
#define PENSTOCK_COMMANDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"
#include "host/config.h"
#include "record/account.h"

enum { COMMAND_DONE = 0, COMMAND_FAILED = 1, COMMAND_USAGE = 2 };

int command_alerts(int argc, char **argv);
int command_decode(int argc, char **argv);
int command_errors(int argc, char **argv);
int command_process(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_apply(int argc, char **argv);
int command_query(int argc, char **argv);
int command_settings(int argc, char **argv);
int command_rows(int argc, char **argv);
int command_scan(int argc, char **argv);

/* Of the functions whose own names stay inside their command (see the Makefile). */
const struct ps_config_item *command_alerts_settings(void);
const struct ps_config_item *command_decode_settings(void);
const struct ps_config_item *command_dispatcher_settings(void);
const struct ps_config_item *command_extractor_settings(void);
const struct ps_config_item *command_rows_settings(void);

/* Prints help and returns true when --help or -h is among the arguments. */
bool command_help(int argc, char **argv, const char *help);

/* Says the fault note on stderr, after the name of the input or the work, and returns COMMAND_FAILED. */
int command_fault(const char *what);

/* What became of the records, on stderr. */
void command_counts(const struct ps_account *account);

typedef enum ps_err command_input(void *context, const char *name, struct ps_span bytes);

/* Calls visit with each file named in argv (or standard input for "-" or no name), whole, on an arena of its own. A
 * file that cannot be read or that visit refuses is named on stderr; the others go on. With many files and a terminal
 * on stderr it shows how far it is. COMMAND_DONE, or COMMAND_FAILED when one failed. */
int command_each_input(int argc, char **argv, command_input *visit, void *context);

#endif
