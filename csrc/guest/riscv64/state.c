/* RISC-V: the table of what must survive a call. Sections are those of "RISC-V ABIs Specification" 1.0, chapter
 * "Register Convention". */
#include <stddef.h>

#include "../runner/abi.h"

/* ---- layout --------------------------------------------------------------------------------------- */

#define ENTRY_IS(field, offset) _Static_assert(offsetof(struct abi_entry, field) == (offset), #field)
#define EXIT_IS(field, offset) _Static_assert(offsetof(struct abi_exit, field) == (offset), #field)

ENTRY_IS(seal_base, ENTRY_SEAL_BASE);
ENTRY_IS(seal_bytes, ENTRY_SEAL_BYTES);
ENTRY_IS(gates, ENTRY_GATES);
ENTRY_IS(stack_shift, ENTRY_STACK_SHIFT);
ENTRY_IS(integer_arguments, ENTRY_INTEGER_ARGUMENTS);
ENTRY_IS(float_arguments, ENTRY_FLOAT_ARGUMENTS);
ENTRY_IS(fill_x, ENTRY_FILL_X);
ENTRY_IS(fill_f, ENTRY_FILL_F);
ENTRY_IS(fill_v, ENTRY_FILL_V);
ENTRY_IS(fill_vl, ENTRY_FILL_VL);
ENTRY_IS(fill_vtype, ENTRY_FILL_VTYPE);
ENTRY_IS(fill_vcsr, ENTRY_FILL_VCSR);
ENTRY_IS(fill_fflags, ENTRY_FILL_FFLAGS);
ENTRY_IS(is_ready, ENTRY_IS_READY);
ENTRY_IS(carried_v, ENTRY_CARRIED_V);
ENTRY_IS(known_x, ENTRY_KNOWN_X);
ENTRY_IS(known_f, ENTRY_KNOWN_F);
ENTRY_IS(runner_x, ENTRY_RUNNER_X);
ENTRY_IS(adapter_x, ENTRY_ADAPTER_X);
ENTRY_IS(argument_x, ENTRY_ARGUMENT_X);
ENTRY_IS(runner_f, ENTRY_RUNNER_F);
ENTRY_IS(adapter_f, ENTRY_ADAPTER_F);
ENTRY_IS(runner_frm, ENTRY_RUNNER_FRM);
ENTRY_IS(argument_v, ENTRY_ARGUMENT_V);
ENTRY_IS(known_v, ENTRY_KNOWN_V);
ENTRY_IS(adapter_v, ENTRY_ADAPTER_V);
EXIT_IS(x, EXIT_X);
EXIT_IS(sp, EXIT_SP);
EXIT_IS(gp, EXIT_GP);
EXIT_IS(tp, EXIT_TP);
EXIT_IS(f, EXIT_F);
EXIT_IS(frm, EXIT_FRM);
EXIT_IS(vstart, EXIT_VSTART);
EXIT_IS(v, EXIT_V);

/* ---- what must survive ---------------------------------------------------------------------------- */

#define ROW(register_name, entry_field, exit_field, section, row_gates)                                                \
    {.name = register_name,                                                                                            \
     .rule = section,                                                                                                  \
     .before = offsetof(struct abi_entry, entry_field),                                                                \
     .after = offsetof(struct abi_exit, exit_field),                                                                   \
     .bytes = 8,                                                                                                       \
     .gates = row_gates}

#define ROW_S(n) ROW("s" #n, known_x[n], x[n], "RISC-V psABI, Integer Register Convention", 0)
#define ROW_POINTER(name, n) ROW(#name, adapter_x[n], name, "RISC-V psABI, Integer Register Convention", 0)
#define ROW_FS(n) ROW("fs" #n, known_f[n], f[n], "RISC-V psABI, Floating-point Register Convention", 0)

#define ROW_V(n, row_index)                                                                                            \
    {.name = "v" #n,                                                                                                   \
     .rule = "RISC-V psABI, Vector Register Convention",                                                               \
     .before = offsetof(struct abi_entry, known_v),                                                                    \
     .after = offsetof(struct abi_exit, v),                                                                            \
     .unit = UNIT_VECTOR,                                                                                              \
     .index = row_index,                                                                                               \
     .gates = GATE_VECTOR_CC}

/* Not preserved, and so without a row: fflags; vl, vtype, vxrm and vxsat (Vector Register Convention). */
const struct abi_row abi_rows[] = {
    ROW_S(0),
    ROW_S(1),
    ROW_S(2),
    ROW_S(3),
    ROW_S(4),
    ROW_S(5),
    ROW_S(6),
    ROW_S(7),
    ROW_S(8),
    ROW_S(9),
    ROW_S(10),
    ROW_S(11),
    ROW_POINTER(sp, 13),
    ROW_POINTER(gp, 14),
    ROW_POINTER(tp, 15),
    ROW_FS(0),
    ROW_FS(1),
    ROW_FS(2),
    ROW_FS(3),
    ROW_FS(4),
    ROW_FS(5),
    ROW_FS(6),
    ROW_FS(7),
    ROW_FS(8),
    ROW_FS(9),
    ROW_FS(10),
    ROW_FS(11),
    ROW("frm", runner_frm, frm, "C11 7.6: rounding mode left changed", 0),
    ROW("vstart", no_vstart, vstart, "RISC-V psABI, Vector Register Convention", GATE_VECTOR),
    ROW_V(1, 0),
    ROW_V(2, 1),
    ROW_V(3, 2),
    ROW_V(4, 3),
    ROW_V(5, 4),
    ROW_V(6, 5),
    ROW_V(7, 6),
    ROW_V(24, 7),
    ROW_V(25, 8),
    ROW_V(26, 9),
    ROW_V(27, 10),
    ROW_V(28, 11),
    ROW_V(29, 12),
    ROW_V(30, 13),
    ROW_V(31, 14),
};
const uint32_t abi_row_count = sizeof abi_rows / sizeof *abi_rows;
