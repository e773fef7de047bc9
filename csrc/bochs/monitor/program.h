/* The program: a static ELF executable with the stack that Linux gives one. */
#ifndef HARNESS_BOCHS_PROGRAM_H
#define HARNESS_BOCHS_PROGRAM_H

#include <stdint.h>

#include "../exchange.h"
#include "hardware.h"

/* Maps an image that lies at a physical address, and sets the registers for its start. Fails the machine if it cannot
 * be run. */
void program_load(uint64_t image, const struct exchange_request *request, struct registers *registers);

/* brk(): the new end of the heap, or the old one where it cannot be moved. */
uint64_t program_break(uint64_t wanted);

#endif
