/* AArch64: what a fault was, and the way out of it. */
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "../runner/abi.h"

#define LINK_REGISTER 30
#define PSTATE_BTYPE (UINT64_C(3) << 10) /* the next instruction need not be a landing pad */
#define ESR_MAGIC 0x45535201u
#define SVE_MAGIC 0x53564501u
#define SVE_IS_STREAMING (UINT64_C(1) << 16) /* SVE_SIG_FLAG_SM, behind the 16 bits of the length */
#define EXTRA_MAGIC 0x45585401u
#define ESR_CLASS_SHIFT 26
#define ESR_CLASS_DATA_ABORT 0x24u /* from EL0 */
#define ESR_IS_WRITE (UINT64_C(1) << 6)

/* Finds a record of a signal frame (Linux, <asm/sigcontext.h> of arm64) and gives its first eight bytes behind the
 * head. What is too large for the frame lies where the record EXTRA says. */
static bool find_record(const uint8_t *at, const uint8_t *end, uint32_t magic, uint64_t *contents) {
    while (at + 16 <= end) {
        uint32_t head[2];
        uint64_t word;
        memcpy(head, at, sizeof head);
        memcpy(&word, at + sizeof head, sizeof word);
        if (head[0] == 0 || head[1] < 16) {
            break;
        }
        if (head[0] == magic) {
            *contents = word;
            return true;
        }
        if (head[0] == EXTRA_MAGIC) {
            uint32_t bytes;
            const uint8_t *extra = (const uint8_t *)(uintptr_t)word;
            memcpy(&bytes, at + sizeof head + sizeof word, sizeof bytes);
            if (find_record(extra, extra + bytes, magic, contents)) {
                return true;
            }
        }
        at += head[1];
    }
    return false;
}

static bool find_in_frame(const mcontext_t *machine, uint32_t magic, uint64_t *contents) {
    const uint8_t *records = (const uint8_t *)machine->__reserved;
    return find_record(records, records + sizeof machine->__reserved, magic, contents);
}

/* The syndrome, where the system passes it on. */
static enum access access_of_syndrome(const mcontext_t *machine) {
    uint64_t esr;
    if (find_in_frame(machine, ESR_MAGIC, &esr) && esr >> ESR_CLASS_SHIFT == ESR_CLASS_DATA_ABORT) {
        return esr & ESR_IS_WRITE ? ACCESS_WRITE : ACCESS_READ;
    }
    return ACCESS_UNKNOWN;
}

static bool was_streaming(const mcontext_t *machine) {
    uint64_t length_and_flags;
    return find_in_frame(machine, SVE_MAGIC, &length_and_flags) && (length_and_flags & SVE_IS_STREAMING);
}

/* The faulting instruction tells, where the system does not (Arm ARM, C4.1: top-level encodings). */
static enum access access_of_instruction(uint32_t word) {
    uint32_t group = word >> 25 & 0xf;
    if (group == 2 && word >> 31) { /* SVE memory: 1x0 and 101 load, 111 stores */
        return word >> 29 == 7 ? ACCESS_WRITE : ACCESS_READ;
    }
    if (word >> 25 == 0x70) { /* SME memory */
        return word >> 21 & 1 ? ACCESS_WRITE : ACCESS_READ;
    }
    if ((group & 5) != 4) { /* neither of the base set's loads and stores */
        return ACCESS_UNKNOWN;
    }
    bool is_vector = word >> 26 & 1;
    switch (word >> 27 & 7) {
    case 3: /* literal */
        return word >> 24 & 1 ? ACCESS_UNKNOWN : ACCESS_READ;
    case 7: /* one register */
        if (!(word >> 24 & 1) && (word >> 21 & 1) && !(word >> 10 & 3)) {
            return ACCESS_UNKNOWN; /* atomic: both */
        }
        return (is_vector ? word >> 22 & 1 : word >> 22 & 3) ? ACCESS_READ : ACCESS_WRITE;
    case 1: /* exclusive and ordered, vector structures */
    case 5: /* pairs */
        return word >> 22 & 1 ? ACCESS_READ : ACCESS_WRITE;
    default:
        return ACCESS_UNKNOWN;
    }
}

static enum access access_of_fault(const mcontext_t *machine, const struct fault *fault) {
    enum access known = access_of_syndrome(machine);
    if (known == ACCESS_UNKNOWN && fault->has_address && fault->address != fault->pc) {
        uint32_t word;
        memcpy(&word, (const void *)(uintptr_t)fault->pc, sizeof word);
        known = access_of_instruction(word);
    }
    return known;
}

void abi_leave_call(void *context, struct fault *fault) {
    ucontext_t *user = context;
    fault->pc = user->uc_mcontext.pc;
    if (fault->has_address && fault->address == fault->pc && fault_is_of_memory(fault)) {
        bool has_returned = user->uc_mcontext.regs[LINK_REGISTER] == fault->pc;
        fault->kind = has_returned ? FAULT_RETURN : FAULT_JUMP;
    }
    fault->access = access_of_fault(&user->uc_mcontext, fault);
    fault->is_streaming = was_streaming(&user->uc_mcontext);
    user->uc_mcontext.pc = (uint64_t)(uintptr_t)guest_recover;
    user->uc_mcontext.pstate &= ~PSTATE_BTYPE;
    memset(&user->uc_sigmask, 0, sizeof(uint64_t));
}
