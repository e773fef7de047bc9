/* What a procedure call standard contributes: the layout that its trampoline works on, a table of what must survive
 * a call, and a handful of functions. One folder per standard, with abi.h, abi.c and trampoline.S. */
#ifndef HARNESS_GUEST_ABI_H
#define HARNESS_GUEST_ABI_H

/* The kernel's first frame lies above this much poison, the red zone included. */
#define STACK_POISON_BYTES 8192

/* Between the adapter's frame and those of the runner: a kernel that writes past a local array smashes none of theirs.
 */
#define STACK_GAP_BYTES 16384

#if defined(__aarch64__)
#include "../aarch64/abi.h"
#elif defined(__riscv) && __riscv_xlen == 64
#include "../riscv64/abi.h"
#elif defined(__x86_64__)
#include "../x86_64/abi.h"
#else
#error "no procedure call standard for this ISA yet"
#endif

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "fault.h"
#include "wire.h"

#define ABI_FACT_LIMIT 32u
#define VIOLATION_LIMIT 160u /* per trial: every row of a table and every signal */

/* The bits of a register or stack slot that an argument of so many bytes fills. */
static inline uint64_t abi_carried_bits(uint64_t bytes) {
    return bytes < sizeof(uint64_t) ? (UINT64_C(1) << 8 * bytes) - 1 : UINT64_MAX;
}

/* Lengths that only the processor knows. */
enum abi_unit {
    UNIT_NONE,
    UNIT_VECTOR,    /* one scalable vector register */
    UNIT_PREDICATE, /* one scalable predicate register */
};

/* One register or mode that must survive a call: entry.before and exit.after are compared under the mask.
 * Registers of scalable size lie one unit after the other; the row's is number `index`. */
struct abi_row {
    char name[VIOLATION_NAME_BYTES];
    char rule[VIOLATION_RULE_BYTES];
    uint16_t before; /* offset in struct abi_entry */
    uint16_t after;  /* offset in struct abi_exit */
    uint8_t unit;    /* enum abi_unit */
    uint8_t index;   /* in units */
    uint16_t bytes;  /* that must survive; 0 for a whole unit */
    uint64_t mask;   /* of each 64-bit word; 0 for all bits */
    uint64_t gates;  /* GATE_*: all must be open for the row to hold */
};

extern const struct abi_row abi_rows[];
extern const uint32_t abi_row_count;
uint64_t abi_unit_bytes(const struct abi_entry *entry, enum abi_unit unit);

/* Calls guest_adapter with everything in place to come back from whatever the kernel does. */
void guest_enter(const uint64_t *values, uint64_t *result);

/* Where the signal handler sends the thread: returns from guest_enter. */
void guest_recover(void);

/* Asks for the vector length, if it can be asked for: before constructors run, which may keep what they read. */
void abi_before_constructors(uint32_t vector_bits);

/* Finds out what the processor has. */
void abi_prepare(struct abi_entry *entry);

/* What the caller of the kernel has changed and must not, in words; NULL if nothing. */
const char *abi_caller_complaint(const struct abi_entry *entry);

/* What the processor says about itself. Returns the number of facts. */
uint32_t abi_facts(struct fact *facts);

/* The registers' contents for the next call. */
void abi_set_trial(struct abi_entry *entry, const struct pack_trial *trial);

/* After a call, before any other code that could mind: puts back modes that the trampoline could not, and works out
 * what rows of the table cannot say. */
void abi_settle(struct abi_entry *entry, struct abi_exit *exit);

/* The gates of the call that just returned. */
uint64_t abi_open_gates(const struct abi_entry *entry, const struct abi_exit *exit);

/* In the signal handler: describes the fault and makes the handler return to guest_recover. */
void abi_leave_call(void *context, struct fault *fault);

#endif
#endif
