/* ZA, ZT0 and the lazy saving scheme (AAPCS64 6.6): what a kernel is entered with, and what must be left of it.
 *
 * A private-ZA kernel is entered with ZA off, or dormant: ZA enabled, with contents, and TPIDR2_EL0 pointing at a block
 * that says where to save them. It returns with all of that as it was, or with ZA off and the contents saved. A
 * shared-ZA kernel is entered and returns with ZA active: enabled, and TPIDR2_EL0 null (6.7.2). */
#ifndef HARNESS_GUEST_ZA_AARCH64_H
#define HARNESS_GUEST_ZA_AARCH64_H

#include "../runner/abi.h"

/* Once, where the processor has SME, and entry->streaming_bytes is known. */
void za_prepare(struct abi_entry *entry);

/* The state of the next call. */
void za_set_trial(struct abi_entry *entry, const struct pack_trial *trial);

/* After a call: what is due depends on which of the states that the interface allows the kernel chose. */
void za_settle(struct abi_entry *entry, struct abi_exit *exit);

#endif
