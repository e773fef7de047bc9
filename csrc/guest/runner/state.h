/* Compares what must survive a call with what did, row by row of the standard's table. */
#ifndef HARNESS_GUEST_STATE_H
#define HARNESS_GUEST_STATE_H

#include "abi.h"

void state_check(const struct abi_entry *entry, const struct abi_exit *exit, fault_report *report, void *context);

#endif
