/* The request that starts a command and follows it to its end. */
#ifndef HARNESS_SUPERVISOR_COMMAND_H
#define HARNESS_SUPERVISOR_COMMAND_H

#include <stdint.h>

/* Runs what `payload` (struct run and its strings, and a null byte behind them) describes, and says the reply. Returns
 * when nothing of the command is left. `deaths` is a descriptor that becomes readable when a child dies. */
void command_run(const char *directory, char *payload, uint64_t bytes, int deaths);

#endif
