/* x86-64: the table of what must survive a call. "psABI" is the System V ABI, AMD64 Architecture Processor Supplement
 * 1.0; "MS x64" is Microsoft's "x64 calling convention"; SDM is Intel's Software Developer's Manual. */
#include <stddef.h>

#include "../runner/abi.h"

#define MXCSR_CONTROL UINT64_C(0xffc0) /* denormals, masks, rounding, flush to zero; the rest is sticky status */

/* ---- layout --------------------------------------------------------------------------------------- */

#define ENTRY_IS(field, offset) _Static_assert(offsetof(struct abi_entry, field) == (offset), #field)
#define EXIT_IS(field, offset) _Static_assert(offsetof(struct abi_exit, field) == (offset), #field)

ENTRY_IS(seal_base, ENTRY_SEAL_BASE);
ENTRY_IS(seal_bytes, ENTRY_SEAL_BYTES);
ENTRY_IS(gates, ENTRY_GATES);
ENTRY_IS(stack_shift, ENTRY_STACK_SHIFT);
ENTRY_IS(stack_arguments, ENTRY_STACK_ARGUMENTS);
ENTRY_IS(fill_r, ENTRY_FILL_R);
ENTRY_IS(fill_k, ENTRY_FILL_K);
ENTRY_IS(fill_carry, ENTRY_FILL_CARRY);
ENTRY_IS(runner_r, ENTRY_RUNNER_R);
ENTRY_IS(runner_mxcsr, ENTRY_RUNNER_MXCSR);
ENTRY_IS(runner_x87_control, ENTRY_RUNNER_X87_CONTROL);
ENTRY_IS(adapter_r, ENTRY_ADAPTER_R);
ENTRY_IS(adapter_return, ENTRY_ADAPTER_RETURN);
ENTRY_IS(argument_r, ENTRY_ARGUMENT_R);
ENTRY_IS(known_r, ENTRY_KNOWN_R);
ENTRY_IS(known_xmm, ENTRY_KNOWN_XMM);
ENTRY_IS(adapter_xmm, ENTRY_ADAPTER_XMM);
ENTRY_IS(runner_fs_base, ENTRY_RUNNER_FS_BASE);
ENTRY_IS(carried_r, ENTRY_CARRIED_R);
ENTRY_IS(carried_stack, ENTRY_CARRIED_STACK);
ENTRY_IS(fill_zmm, ENTRY_FILL_ZMM);
ENTRY_IS(carried_xmm, ENTRY_CARRIED_XMM);
ENTRY_IS(poisoned_q, ENTRY_POISONED_Q);
ENTRY_IS(is_ready, ENTRY_IS_READY);
EXIT_IS(r, EXIT_R);
EXIT_IS(flags, EXIT_FLAGS);
EXIT_IS(mxcsr, EXIT_MXCSR);
EXIT_IS(xinuse, EXIT_XINUSE);
EXIT_IS(x87, EXIT_X87);
EXIT_IS(xmm, EXIT_XMM);
EXIT_IS(fs_base, EXIT_FS_BASE);
EXIT_IS(vectors, EXIT_VECTORS);

/* ---- what must survive ---------------------------------------------------------------------------- */

#define ROW(register_name, section, entry_field, exit_field, width, row_mask, row_gates)                               \
    {.name = register_name,                                                                                            \
     .rule = section,                                                                                                  \
     .before = offsetof(struct abi_entry, entry_field),                                                                \
     .after = offsetof(struct abi_exit, exit_field),                                                                   \
     .bytes = width,                                                                                                   \
     .mask = row_mask,                                                                                                 \
     .gates = row_gates}

#define ROW_R(register_name, n) ROW(register_name, "psABI 3.2.1", known_r[n], r[n], 8, 0, GATE_SYSV)
#define ROW_MS(register_name, n, at)                                                                                   \
    ROW(register_name, "MS x64: nonvolatile registers", known_r[n], r[at], 8, 0, GATE_MS_ABI)
#define ROW_XMM(n) ROW("xmm" #n, "MS x64: nonvolatile registers", known_xmm[n - 6], xmm[n - 6], 16, 0, GATE_MS_ABI)

#define ROW_UPPER(n)                                                                                                   \
    {.name = "ymm" #n,                                                                                                 \
     .rule = "SDM volume 1, 14.1.2: upper half left dirty",                                                            \
     .before = offsetof(struct abi_entry, known_upper),                                                                \
     .after = offsetof(struct abi_exit, vectors[n]) + 16,                                                              \
     .bytes = VECTOR_STRIDE - 16, /* zero where the processor's registers are shorter */                               \
     .gates = GATE_CLEAN}

const struct abi_row abi_rows[] = {
    ROW_R("rbx", 0),
    ROW_R("rbp", 1),
    ROW_R("r12", 2),
    ROW_R("r13", 3),
    ROW_R("r14", 4),
    ROW_R("r15", 5),
    ROW_MS("rbx", 0, 0),
    ROW_MS("rbp", 1, 1),
    ROW_MS("r12", 2, 2),
    ROW_MS("r13", 3, 3),
    ROW_MS("r14", 4, 4),
    ROW_MS("r15", 5, 5),
    ROW_MS("rdi", 6, 7),
    ROW_MS("rsi", 7, 8),
    ROW_XMM(6),
    ROW_XMM(7),
    ROW_XMM(8),
    ROW_XMM(9),
    ROW_XMM(10),
    ROW_XMM(11),
    ROW_XMM(12),
    ROW_XMM(13),
    ROW_XMM(14),
    ROW_XMM(15),
    ROW("rsp", "psABI 3.2.1", adapter_r[6], r[6], 8, 0, 0),
    ROW("df", "psABI 3.2.1: clear on return", known_flags, flags, 8, FLAG_DIRECTION, 0),
    ROW("ac", "SDM volume 1, 3.4.3.3: alignment checks left on", known_flags, flags, 8, FLAG_ALIGNMENT, 0),
    ROW("fs_base", "psABI 3.2.1: thread pointer", runner_fs_base, fs_base, 8, 0, GATE_FSGSBASE),
    ROW("mxcsr", "psABI 3.2.1: control bits", runner_mxcsr, mxcsr, 4, MXCSR_CONTROL, 0),
    ROW("x87_control", "psABI 3.2.1", runner_x87_control, x87.control, 2, 0, 0),
    ROW("x87_tags", "psABI 3.2.1: x87 mode, stack empty on return", known_x87_tags, x87.tags, 2, 0, 0),
    ROW_UPPER(0),
    ROW_UPPER(1),
    ROW_UPPER(2),
    ROW_UPPER(3),
    ROW_UPPER(4),
    ROW_UPPER(5),
    ROW_UPPER(6),
    ROW_UPPER(7),
    ROW_UPPER(8),
    ROW_UPPER(9),
    ROW_UPPER(10),
    ROW_UPPER(11),
    ROW_UPPER(12),
    ROW_UPPER(13),
    ROW_UPPER(14),
    ROW_UPPER(15),
    ROW("xinuse", "SDM volume 1, 14.1.2: upper halves left dirty", known_upper[0], xinuse, 4, XINUSE_UPPERS,
        GATE_CLEAN | GATE_XINUSE),
};
const uint32_t abi_row_count = sizeof abi_rows / sizeof *abi_rows;

uint64_t abi_unit_bytes(const struct abi_entry *entry, enum abi_unit unit) {
    (void)entry; /* no register here has a size that only the processor knows */
    (void)unit;
    return 0;
}
