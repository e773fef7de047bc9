/* Signals as Linux delivers them: sigaction, masks, the alternate stack, frames with siginfo and ucontext. */
#ifndef HARNESS_BOCHS_SIGNALS_H
#define HARNESS_BOCHS_SIGNALS_H

#include <stdint.h>

#include "hardware.h"

/* Numbers of <asm/signal.h>. */
enum signal {
    SIGNAL_ILLEGAL = 4,
    SIGNAL_TRAP = 5,
    SIGNAL_ABORT = 6,
    SIGNAL_BUS = 7,
    SIGNAL_FLOATING_POINT = 8,
    SIGNAL_KILL = 9,
    SIGNAL_SEGMENT = 11,
    SIGNAL_ALARM = 14,
    SIGNAL_CHILD = 17,
    SIGNAL_CONTINUE = 18,
    SIGNAL_STOP = 19,
    SIGNAL_URGENT = 23,
    SIGNAL_VIRTUAL_ALARM = 26,
    SIGNAL_PROFILING = 27,
    SIGNAL_WINDOW = 28,
    SIGNAL_SYSTEM = 31,
    SIGNAL_COUNT = 65,
};

/* Codes of <asm-generic/siginfo.h>. */
enum signal_code {
    CODE_USER = 0,
    CODE_THREAD = -6,
    CODE_SYSTEM = 0x80,
    CODE_INTEGER_DIVISION = 1,
    CODE_ILLEGAL_OPERAND = 2,
    CODE_NOT_MAPPED = 1,
    CODE_PROTECTED = 2,
    CODE_UNALIGNED = 1,
    CODE_BREAKPOINT = 1,
    CODE_STEP = 2,
    CODE_NO_SUCH_CALL = 1,
};

/* The part of siginfo_t that is in use, in its layout; the whole is 128 bytes. */
struct signal_info {
    int32_t number;
    int32_t error;
    int32_t code;
    int32_t padding;
    union {
        uint64_t address; /* of a fault, or of a system call that is not there */
        struct {
            int32_t process;
            uint32_t user;
        } sender;
    };
    uint32_t system_call;
    uint32_t architecture;
    uint64_t rest[12];
};
_Static_assert(sizeof(struct signal_info) == 128, "as <asm-generic/siginfo.h> has it");

/* A fault of the program: delivered at once, or the program's end where it is blocked or ignored. */
void signals_fault(struct signal_info info, uint64_t trap, uint64_t error, uint64_t cr2);

/* Any other signal, delivered when it is not blocked. */
void signals_send(struct signal_info info);

/* On the way back to the program: makes it run the handlers of what is pending. */
void signals_deliver(struct registers *registers);

/* System calls; they return 0 or a negative error number. rt_sigreturn() sets all registers. */
long signals_action(int number, uint64_t wanted, uint64_t found, uint64_t set_bytes);
long signals_mask(int how, uint64_t wanted, uint64_t found, uint64_t set_bytes);
long signals_stack(uint64_t wanted, uint64_t found, const struct registers *registers);
void signals_return(struct registers *registers);

#endif
