/* x86-64: what a fault was, and the way out of it. */
#define _GNU_SOURCE /* REG_RIP and the like */
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "../runner/abi.h"

#define FLAG_TRAP (UINT64_C(1) << 8)
#define TRAP_PROTECTION 13
#define TRAP_PAGE_FAULT 14
#define PAGE_FAULT_IS_WRITE 2

/* As instructions number them (SDM volume 2A, table 2-1). */
static const int general_registers[FAULT_REGISTERS] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

/* A return takes its address from right below where the stack pointer is then. */
static bool has_returned_there(const greg_t *registers) {
    uint64_t below = (uint64_t)registers[REG_RSP] - sizeof(uint64_t);
    uint64_t found = 0;
    return fault_peek(below, &found) && found == (uint64_t)registers[REG_RIP];
}

static void describe(const greg_t *registers, struct fault *fault) {
    if (registers[REG_TRAPNO] == TRAP_PROTECTION) {
        fault->kind = FAULT_PROTECTION;
        fault->register_count = FAULT_REGISTERS;
        for (size_t i = 0; i < FAULT_REGISTERS; i++) {
            fault->registers[i] = (uint64_t)registers[general_registers[i]];
        }
    } else if (registers[REG_TRAPNO] == TRAP_PAGE_FAULT) {
        fault->access = registers[REG_ERR] & PAGE_FAULT_IS_WRITE ? ACCESS_WRITE : ACCESS_READ;
        if (fault->address == fault->pc) {
            fault->kind = has_returned_there(registers) ? FAULT_RETURN : FAULT_JUMP;
        }
    }
}

void abi_leave_call(void *context, struct fault *fault) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    fault->pc = (uint64_t)registers[REG_RIP];
    if (fault->has_address) {
        describe(registers, fault);
    }
    registers[REG_RIP] = (greg_t)(uintptr_t)guest_recover;
    registers[REG_EFL] &= ~(greg_t)(FLAG_TRAP | FLAG_DIRECTION | FLAG_ALIGNMENT);
    memset(&((ucontext_t *)context)->uc_sigmask, 0, sizeof(uint64_t));
}
