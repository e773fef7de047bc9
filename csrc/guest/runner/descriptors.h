/* File descriptors belong to the caller: a kernel that closes or writes to one that it did not open damages the
 * program it is part of. The standard streams are watched, and a bait, an empty file of the lowest free number, where
 * code that closes or scribbles "on everything" hits it. The runner itself keeps none open during a call. */
#ifndef HARNESS_GUEST_DESCRIPTORS_H
#define HARNESS_GUEST_DESCRIPTORS_H

#include <stdint.h>

#include "fault.h"

#define STANDARD_STREAMS 3

struct descriptors {
    uint64_t stream[STANDARD_STREAMS]; /* what each refers to, 0 where it is closed */
    int64_t bait;                      /* its number, or negative where the system has no anonymous files */
};

void descriptors_prepare(struct descriptors *descriptors);

/* Reports what a case did to them, and makes the next case start afresh. */
void descriptors_check(struct descriptors *descriptors, fault_report *report, void *context);

#endif
