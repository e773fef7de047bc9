/* RISC-V: what a fault was, and the way out of it. */
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "../runner/abi.h"

/* Major opcodes and compressed encodings: RISC-V unprivileged specification, "RV32/64G Instruction Set Listings" and
 * "RVC Instruction Set Listings". Vector loads and stores have the opcodes of the floating-point ones. */
enum {
    OPCODE_LOAD = 0x03,
    OPCODE_LOAD_FP = 0x07,
    OPCODE_STORE = 0x23,
    OPCODE_STORE_FP = 0x27,
    OPCODE_AMO = 0x2f,
};
#define AMO_LOAD_RESERVED 2
#define AMO_STORE_CONDITIONAL 3

static enum access access_of_compressed(uint32_t word) {
    uint32_t quadrant = word & 3;
    uint32_t function = word >> 13 & 7;
    if (quadrant == 1 || function == 0) {
        return ACCESS_UNKNOWN;
    }
    if (function == 4) { /* in quadrant 0 the bytes and halves of Zcb, in quadrant 2 no memory at all */
        return quadrant == 2 ? ACCESS_UNKNOWN : word >> 11 & 1 ? ACCESS_WRITE : ACCESS_READ;
    }
    return function > 4 ? ACCESS_WRITE : ACCESS_READ;
}

static enum access access_of_atomic(uint32_t word) {
    switch (word >> 27) {
    case AMO_LOAD_RESERVED:
        return ACCESS_READ;
    case AMO_STORE_CONDITIONAL:
        return ACCESS_WRITE;
    default:
        return ACCESS_UNKNOWN; /* both */
    }
}

/* Signal frames hold no word on the kind of access: the instruction has to tell. */
static enum access access_of_instruction(uint32_t word) {
    if ((word & 3) != 3) {
        return access_of_compressed(word & 0xffff);
    }
    switch (word & 0x7f) {
    case OPCODE_LOAD:
    case OPCODE_LOAD_FP:
        return ACCESS_READ;
    case OPCODE_STORE:
    case OPCODE_STORE_FP:
        return ACCESS_WRITE;
    case OPCODE_AMO:
        return access_of_atomic(word);
    default:
        return ACCESS_UNKNOWN;
    }
}

/* In halves: a compressed instruction may be the last thing on its page. */
static uint32_t instruction_at(uint64_t pc) {
    uint16_t half[2] = {0, 0};
    memcpy(&half[0], (const void *)(uintptr_t)pc, sizeof half[0]);
    if ((half[0] & 3) == 3) {
        memcpy(&half[1], (const void *)(uintptr_t)(pc + sizeof half[0]), sizeof half[1]);
    }
    return half[0] | (uint32_t)half[1] << 16;
}

void abi_leave_call(void *context, struct fault *fault) {
    ucontext_t *user = context;
    fault->pc = user->uc_mcontext.__gregs[REG_PC];
    if (fault->has_address && fault->address != fault->pc) {
        fault->access = access_of_instruction(instruction_at(fault->pc));
    }
    if (fault->has_address && fault->address == fault->pc && fault_is_of_memory(fault)) {
        bool has_returned = user->uc_mcontext.__gregs[REG_RA] == fault->pc;
        fault->kind = has_returned ? FAULT_RETURN : FAULT_JUMP;
    }
    user->uc_mcontext.__gregs[REG_PC] = (uint64_t)(uintptr_t)guest_recover;
    memset(&user->uc_sigmask, 0, sizeof(uint64_t));
}
