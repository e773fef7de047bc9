/* See exceptions.h. */
#include "exceptions.h"

#include <stdbool.h>

#include "channel.h"
#include "memory.h"
#include "processor.h"
#include "signals.h"

/* SDM volume 3, table 7-1. */
enum vector {
    VECTOR_DIVIDE = 0,
    VECTOR_DEBUG = 1,
    VECTOR_BREAKPOINT = 3,
    VECTOR_OVERFLOW = 4,
    VECTOR_BOUND = 5,
    VECTOR_INVALID_OPCODE = 6,
    VECTOR_SEGMENT_NOT_PRESENT = 11,
    VECTOR_STACK = 12,
    VECTOR_PROTECTION = 13,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_X87 = 16,
    VECTOR_ALIGNMENT = 17,
    VECTOR_SIMD = 19,
};

#define PAGE_FAULT_PRESENT 1 /* SDM volume 3, 5.7 */
#define PAGE_FAULT_WRITE 2
#define PAGE_FAULT_USER 4
#define PAGE_FAULT_FETCH 16

static void page_fault(const struct registers *registers) {
    uint64_t address = read_cr2();
    uint64_t error = registers->error;
    unsigned access = error & PAGE_FAULT_FETCH ? MAY_EXECUTE : error & PAGE_FAULT_WRITE ? MAY_WRITE : MAY_READ;
    enum resolution resolution = memory_resolve(address, access);
    if (resolution == PAGE_IS_THERE) {
        return;
    }
    signals_fault((struct signal_info){.number = SIGNAL_SEGMENT,
                                       .code = resolution == PAGE_IS_PROTECTED ? CODE_PROTECTED : CODE_NOT_MAPPED,
                                       .address = address},
                  VECTOR_PAGE_FAULT, error, address);
}

/* Bits of the x87 status word and of MXCSR alike (SDM volume 1, 8.1.3 and 10.2.3) to codes of SIGFPE. */
static int32_t floating_point_code(uint32_t unmasked) {
    static const int32_t codes[] = {7 /* invalid */,  5 /* denormal: underflow */, 3 /* division by zero */,
                                    4 /* overflow */, 5 /* underflow */,           6 /* inexact */};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (unmasked >> i & 1) {
            return codes[i];
        }
    }
    return 0;
}

static uint32_t raised_by_simd(void) {
    uint32_t mxcsr;
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    return mxcsr & ~(mxcsr >> 7) & 0x3f;
}

static uint32_t raised_by_x87(void) {
    uint16_t control, status;
    __asm__ volatile("fnstcw %0\n\tfnstsw %1" : "=m"(control), "=m"(status));
    return status & ~control & 0x3fu;
}

static struct signal_info info_of(const struct registers *registers) {
    switch (registers->vector) {
    case VECTOR_DIVIDE:
        return (struct signal_info){SIGNAL_FLOATING_POINT, .code = CODE_INTEGER_DIVISION, .address = registers->rip};
    case VECTOR_DEBUG:
        return (struct signal_info){SIGNAL_TRAP, .code = CODE_STEP, .address = registers->rip};
    case VECTOR_BREAKPOINT:
        return (struct signal_info){SIGNAL_TRAP, .code = CODE_SYSTEM};
    case VECTOR_INVALID_OPCODE:
        return (struct signal_info){SIGNAL_ILLEGAL, .code = CODE_ILLEGAL_OPERAND, .address = registers->rip};
    case VECTOR_SEGMENT_NOT_PRESENT:
    case VECTOR_STACK:
        return (struct signal_info){SIGNAL_BUS, .code = CODE_SYSTEM};
    case VECTOR_ALIGNMENT:
        return (struct signal_info){SIGNAL_BUS, .code = CODE_UNALIGNED};
    case VECTOR_X87:
        return (struct signal_info){SIGNAL_FLOATING_POINT, .code = floating_point_code(raised_by_x87()),
                                    .address = registers->rip};
    case VECTOR_SIMD:
        return (struct signal_info){SIGNAL_FLOATING_POINT, .code = floating_point_code(raised_by_simd()),
                                    .address = registers->rip};
    default: /* protection, and what software interrupts reach */
        return (struct signal_info){SIGNAL_SEGMENT, .code = CODE_SYSTEM};
    }
}

static bool is_programs_doing(uint64_t vector) {
    return vector <= VECTOR_INVALID_OPCODE || (vector >= VECTOR_SEGMENT_NOT_PRESENT && vector <= VECTOR_SIMD);
}

void exception(struct registers *registers) {
    if (registers->cs != SELECTOR_USER_CODE || !is_programs_doing(registers->vector)) {
        channel_fail_at("the monitor met exception", registers->vector, registers->rip, read_cr2());
    }
    if (registers->vector == VECTOR_PAGE_FAULT) {
        page_fault(registers);
    } else {
        signals_fault(info_of(registers), registers->vector, registers->error, 0);
    }
}
