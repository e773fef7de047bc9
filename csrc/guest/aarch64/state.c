/* AAPCS64: the table of what must survive a call. Sections are those of "Procedure Call Standard for the Arm 64-bit
 * Architecture", 2024Q3; VFABIA64 is the vector function ABI, ACLE the
 * "Arm C Language Extensions". */
#include <stddef.h>

#include "../runner/abi.h"

/* ---- layout --------------------------------------------------------------------------------------- */

#define ENTRY_IS(field, offset) _Static_assert(offsetof(struct abi_entry, field) == (offset), #field)
#define EXIT_IS(field, offset) _Static_assert(offsetof(struct abi_exit, field) == (offset), #field)

ENTRY_IS(seal_base, ENTRY_SEAL_BASE);
ENTRY_IS(seal_bytes, ENTRY_SEAL_BYTES);
ENTRY_IS(gates, ENTRY_GATES);
ENTRY_IS(stack_shift, ENTRY_STACK_SHIFT);
ENTRY_IS(stack_arguments, ENTRY_STACK_ARGUMENTS);
ENTRY_IS(predicate_arguments, ENTRY_PREDICATE_ARGUMENTS);
ENTRY_IS(fill_x, ENTRY_FILL_X);
ENTRY_IS(fill_nzcv, ENTRY_FILL_NZCV);
ENTRY_IS(known_x, ENTRY_KNOWN_X);
ENTRY_IS(runner_x, ENTRY_RUNNER_X);
ENTRY_IS(adapter_x, ENTRY_ADAPTER_X);
ENTRY_IS(argument_x, ENTRY_ARGUMENT_X);
ENTRY_IS(runner_d, ENTRY_RUNNER_D);
ENTRY_IS(adapter_d, ENTRY_ADAPTER_D);
ENTRY_IS(runner_sp, ENTRY_RUNNER_SP);
ENTRY_IS(runner_fpcr, ENTRY_RUNNER_FPCR);
ENTRY_IS(runner_tpidr2, ENTRY_RUNNER_TPIDR2);
ENTRY_IS(adapter_sp, ENTRY_ADAPTER_SP);
ENTRY_IS(runner_tpidr, ENTRY_RUNNER_TPIDR);
ENTRY_IS(carried_x, ENTRY_CARRIED_X);
ENTRY_IS(carried_v, ENTRY_CARRIED_V);
ENTRY_IS(carried_stack, ENTRY_CARRIED_STACK);
ENTRY_IS(tpidr2, ENTRY_TPIDR2);
ENTRY_IS(za_known, ENTRY_ZA_KNOWN);
ENTRY_IS(za_after, ENTRY_ZA_AFTER);
ENTRY_IS(is_ready, ENTRY_IS_READY);
ENTRY_IS(argument_v, ENTRY_ARGUMENT_V);
ENTRY_IS(known_zt0, ENTRY_KNOWN_ZT0);
ENTRY_IS(fill_ffr, ENTRY_FILL_FFR);
ENTRY_IS(fill_p, ENTRY_FILL_P);
ENTRY_IS(fill_z, ENTRY_FILL_Z);
ENTRY_IS(argument_p, ENTRY_ARGUMENT_P);
ENTRY_IS(known_p, ENTRY_KNOWN_P);
ENTRY_IS(argument_z, ENTRY_ARGUMENT_Z);
ENTRY_IS(known_z, ENTRY_KNOWN_Z);
ENTRY_IS(adapter_z, ENTRY_ADAPTER_Z);
ENTRY_IS(adapter_p, ENTRY_ADAPTER_P);
EXIT_IS(x, EXIT_X);
EXIT_IS(sp, EXIT_SP);
EXIT_IS(d, EXIT_D);
EXIT_IS(fpcr, EXIT_FPCR);
EXIT_IS(tpidr, EXIT_TPIDR);
EXIT_IS(svcr, EXIT_SVCR);
EXIT_IS(tpidr2, EXIT_TPIDR2);
EXIT_IS(vector_bytes, EXIT_VECTOR_BYTES);
EXIT_IS(streaming_bytes, EXIT_STREAMING_BYTES);
EXIT_IS(v0, EXIT_V0);
EXIT_IS(p, EXIT_P);
EXIT_IS(z, EXIT_Z);
EXIT_IS(zt0, EXIT_ZT0);

/* ---- what must survive ---------------------------------------------------------------------------- */

#define ROW_BYTES(register_name, entry_field, exit_field, width, section, row_gates)                                   \
    {.name = register_name,                                                                                            \
     .rule = section,                                                                                                  \
     .before = offsetof(struct abi_entry, entry_field),                                                                \
     .after = offsetof(struct abi_exit, exit_field),                                                                   \
     .bytes = width,                                                                                                   \
     .gates = row_gates}

#define ROW_SAME(register_name, entry_field, exit_field, section, row_gates)                                           \
    ROW_BYTES(register_name, entry_field, exit_field, 8, section, row_gates)

#define ROW_X(n) ROW_SAME("x" #n, known_x[n - 19], x[n - 19], "AAPCS64 6.1.1", 0)
#define ROW_D(n) ROW_SAME("d" #n, known_d[n - 8], d[n - 8], "AAPCS64 6.1.2", 0)

#define ROW_UNIT(register_name, bank, row_unit, row_index, width, section, row_gates)                                  \
    {.name = register_name,                                                                                            \
     .rule = section,                                                                                                  \
     .before = offsetof(struct abi_entry, known_##bank),                                                               \
     .after = offsetof(struct abi_exit, bank),                                                                         \
     .unit = row_unit,                                                                                                 \
     .index = row_index,                                                                                               \
     .bytes = width,                                                                                                   \
     .gates = row_gates}

#define ROW_Q(n)                                                                                                       \
    ROW_UNIT("q" #n, z, UNIT_VECTOR, n - 8, 16, "VFABIA64 vector procedure call standard",                             \
             GATE_VECTOR_PCS | GATE_FULL_Z)
#define ROW_Z(n) ROW_UNIT("z" #n, z, UNIT_VECTOR, n - 8, 0, "AAPCS64 6.1.3", GATE_SVE_PCS | GATE_FULL_Z)
#define ROW_P(n) ROW_UNIT("p" #n, p, UNIT_PREDICATE, n - 4, 0, "AAPCS64 6.1.4", GATE_SVE_PCS | GATE_FULL_Z)

/* x18 is the platform's (AAPCS64 6.1.1): neither filled nor checked. FPSR is not preserved (6.1.2). */
const struct abi_row abi_rows[] = {
    ROW_X(19),
    ROW_X(20),
    ROW_X(21),
    ROW_X(22),
    ROW_X(23),
    ROW_X(24),
    ROW_X(25),
    ROW_X(26),
    ROW_X(27),
    ROW_X(28),
    ROW_SAME("x29", adapter_x[10], x[10], "AAPCS64 6.4.6", 0), /* must address a frame record: keeps the adapter's */
    ROW_SAME("sp", adapter_sp, sp, "AAPCS64 6.1.1", 0),
    ROW_SAME("vl", vector_bytes, vector_bytes, "Linux sve.rst 5: PR_SVE_SET_VL left changed", GATE_LENGTH),
    ROW_SAME("svcr", due_svcr, svcr, "AAPCS64 6.7.1, 6.7.2", GATE_SME),
    ROW_SAME("tpidr2", due_tpidr2, tpidr2, "AAPCS64 6.6.3: must go with the state of ZA", GATE_SME),
    ROW_SAME("za", due_za_word, za_word, "AAPCS64 6.6.7: ZA is not what it was", GATE_ZA_KEPT),
    ROW_SAME("za_save_buffer", due_za_word, za_word, "AAPCS64 6.6.6: ZA off, lazy save not committed", GATE_ZA_SAVED),
    ROW_BYTES("tpidr2_block", due_za_block, za_block, 16, "AAPCS64 6.6.9", GATE_SME),
    ROW_BYTES("zt0", known_zt0, zt0, 64, "ACLE: ways of sharing state", GATE_ZT0_KEPT),
    ROW_SAME("svl", streaming_bytes, streaming_bytes, "Linux sme.rst 5: PR_SME_SET_VL left changed", GATE_SME),
    ROW_SAME("tpidr_el0", runner_tpidr, tpidr, "AAPCS64 6.4.2: thread pointer", 0),
    ROW_D(8),
    ROW_D(9),
    ROW_D(10),
    ROW_D(11),
    ROW_D(12),
    ROW_D(13),
    ROW_D(14),
    ROW_D(15),
    ROW_SAME("fpcr", runner_fpcr, fpcr, "AAPCS64 6.1.2", 0),
    ROW_Q(8),
    ROW_Q(9),
    ROW_Q(10),
    ROW_Q(11),
    ROW_Q(12),
    ROW_Q(13),
    ROW_Q(14),
    ROW_Q(15),
    ROW_Q(16),
    ROW_Q(17),
    ROW_Q(18),
    ROW_Q(19),
    ROW_Q(20),
    ROW_Q(21),
    ROW_Q(22),
    ROW_Q(23),
    ROW_Z(8),
    ROW_Z(9),
    ROW_Z(10),
    ROW_Z(11),
    ROW_Z(12),
    ROW_Z(13),
    ROW_Z(14),
    ROW_Z(15),
    ROW_Z(16),
    ROW_Z(17),
    ROW_Z(18),
    ROW_Z(19),
    ROW_Z(20),
    ROW_Z(21),
    ROW_Z(22),
    ROW_Z(23),
    ROW_P(4),
    ROW_P(5),
    ROW_P(6),
    ROW_P(7),
    ROW_P(8),
    ROW_P(9),
    ROW_P(10),
    ROW_P(11),
    ROW_P(12),
    ROW_P(13),
    ROW_P(14),
    ROW_P(15),
};
const uint32_t abi_row_count = sizeof abi_rows / sizeof *abi_rows;
