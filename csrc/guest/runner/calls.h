/* The calls of the kernel within one trial. A kernel that works on whole rows is called once; a user's adapter, and the
 * adapter of a kernel that works on vectors, make as many calls as they need. Every one of them starts from the same
 * poison and is checked as if it were the only one. */
#ifndef HARNESS_GUEST_CALLS_H
#define HARNESS_GUEST_CALLS_H

#include "memory.h"

/* Before guest_enter. */
void calls_begin(struct sealed *sealed, const struct pack_trial *trial);

/* After guest_enter, whichever way it ended, with the memory unsealed. */
void calls_end(struct sealed *sealed);

/* Reports what the calls failed to preserve, each register or mode once. */
void calls_report(const struct sealed *sealed, fault_report *report, void *context);

#endif
