/* What a static program asks of Linux. A call that is not offered raises SIGSYS: it must not look as if it had been
 * made. */
#ifndef HARNESS_BOCHS_SYSTEM_CALLS_H
#define HARNESS_BOCHS_SYSTEM_CALLS_H

#include "hardware.h"

void system_call(struct registers *registers);

#endif
