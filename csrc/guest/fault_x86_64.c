/* x86-64: what a fault was, and the way out of it. */
#define _GNU_SOURCE /* REG_RIP and the like */
#include <string.h>
#include <ucontext.h>

#include "abi.h"

#define FLAG_TRAP (UINT64_C(1) << 8)
#define TRAP_PAGE_FAULT 14
#define PAGE_FAULT_IS_WRITE 2

void abi_leave_call(void *context, struct fault *fault) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    fault->pc = (uint64_t)registers[REG_RIP];
    if (fault->has_address && registers[REG_TRAPNO] == TRAP_PAGE_FAULT) {
        fault->access = registers[REG_ERR] & PAGE_FAULT_IS_WRITE ? ACCESS_WRITE : ACCESS_READ;
    }
    registers[REG_RIP] = (greg_t)(uintptr_t)guest_recover;
    registers[REG_EFL] &= ~(greg_t)(FLAG_TRAP | FLAG_DIRECTION | FLAG_ALIGNMENT);
    memset(&((ucontext_t *)context)->uc_sigmask, 0, sizeof(uint64_t));
}
