/* A kernel computes; one that starts processes leaves its caller with children to wait for. */
#ifndef HARNESS_GUEST_CHILDREN_H
#define HARNESS_GUEST_CHILDREN_H

#include "fault.h"

/* Reports children that a call has left, and reaps those that have ended; the host ends the others with the process. */
void children_check(fault_report *report, void *context);

#endif
