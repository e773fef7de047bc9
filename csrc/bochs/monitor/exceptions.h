/* Exceptions of the program become signals, as Linux makes them (arch/x86/kernel/traps.c). */
#ifndef HARNESS_BOCHS_EXCEPTIONS_H
#define HARNESS_BOCHS_EXCEPTIONS_H

#include "hardware.h"

void exception(struct registers *registers);

#endif
