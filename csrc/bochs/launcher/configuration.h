/* Bochs's configuration, and what it says. */
#ifndef HARNESS_BOCHS_CONFIGURATION_H
#define HARNESS_BOCHS_CONFIGURATION_H

#include <stddef.h>

#include "images.h"

#define CONFIGURATION_NAME "bochsrc"
#define LOG_NAME "bochs.log"
#define SAID_NAME "said"

/* `cpu` is MODEL[,-FEATURE ...]. */
void configuration_write(const char *directory, const char *rom, const char *cpu, const struct geometry *geometry);

void configuration_version(const char *directory, char *version, size_t limit);

/* Why Bochs ended, by its own account. */
void configuration_last_words(const char *directory, char *words, size_t limit);

void configuration_remove(const char *directory);

#endif
