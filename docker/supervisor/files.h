/* The requests that are about files. Each says its reply itself. */
#ifndef HARNESS_SUPERVISOR_FILES_H
#define HARNESS_SUPERVISOR_FILES_H

#include <stdint.h>
#include <sys/types.h>

/* Makes a file, and the directories above it, from what the channel brings next. `path` is written to. */
void files_put(char *path, mode_t mode, uint64_t bytes);

/* Makes every directory in front of the last '/' of a path that is not there yet. */
void files_make_parents(char *path);

/* Sends a file. */
void files_get(const char *path);

/* Removes everything below a directory. */
void files_wipe(const char *path);

#endif
