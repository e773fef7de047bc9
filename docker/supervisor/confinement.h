/* What the supervisor adds to what the engine confines its container by. */
#ifndef HARNESS_SUPERVISOR_CONFINEMENT_H
#define HARNESS_SUPERVISOR_CONFINEMENT_H

#include <stdbool.h>
#include <stdint.h>

/* Confines the calling process and all that it will start; returns false with errno set where that fails. */
bool confinement_enter(uint64_t file_bytes);

#endif
