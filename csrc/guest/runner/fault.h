/* Signals: what the kernel raises, by accident or on purpose, ends its call and not the process. The watchdog is one
 * of them. After every call, what the kernel may have changed about signals is found, reported and put right. */
#ifndef HARNESS_GUEST_FAULT_H
#define HARNESS_GUEST_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

#define FAULT_SIGNAL_LIMIT 65 /* signals are numbered from 1 to 64 */

#define FAULT_REGISTERS 16

enum access {
    ACCESS_READ = 0, /* as in trial_header.fault_is_write */
    ACCESS_WRITE = 1,
    ACCESS_UNKNOWN = 2,
};

/* How a call ended that did not return. */
struct fault {
    uint32_t status; /* TRIAL_SIGNAL or TRIAL_TIMEOUT */
    uint32_t signal;
    bool has_address;
    uint64_t address;
    uint64_t pc;
    uint32_t access;   /* enum access */
    bool is_streaming; /* SME: in streaming mode */
    uint32_t kind;     /* enum fault_kind */
    uint32_t register_count;
    uint64_t registers[FAULT_REGISTERS];
};

/* The kernel's struct sigaction, which libc's differs from. Compared and written back whole. */
struct kernel_sigaction {
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer; /* RISC-V has none: there this is the mask, and the last word unused, except in QEMU 7.2 */
    uint64_t mask;
};

struct fault_setup {
    struct kernel_sigaction action; /* the same for every signal */
    uint64_t caught;                /* bit n-1: signal n leads to that action */
    uint8_t *stack;
};

typedef void fault_report(void *context, const char *name, const char *rule, uint64_t before, uint64_t after);

/* Whether it was memory that was not there, and no instruction that is none. */
bool fault_is_of_memory(const struct fault *fault);

/* Reads a word that may not be there; returns whether it is. */
bool fault_peek(uint64_t address, uint64_t *word);

void fault_prepare(void);
void fault_arm_watchdog(uint32_t cpu_timeout_ms);

/* Puts right, and reports, what the call changed about signals: what matters most after every call ... */
void fault_check_call(fault_report *report, void *context);
/* ... and every last signal, at the cost of a system call each, now and then. */
void fault_check_all(fault_report *report, void *context);

/* A timer that one case leaves running must not end another. */
void fault_cancel_timers(void);

#endif
