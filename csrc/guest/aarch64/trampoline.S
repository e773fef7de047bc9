/* AAPCS64: in and out of a kernel. See ../runner/adapter.h for how it is called and abi.h for the layout.
 *
 * The adapter calls guest_trampoline with the kernel's own prototype. Nothing is copied: the arguments, those on
 * the stack too, stay where they are, and the return address waits in sealed memory. IP0 and IP1 (x16, x17) are
 * free at any call (AAPCS64 6.5.1), x9 to x15 are scratch.
 *
 * Only code behind a gate uses SVE or SME: this file must run on cores that have neither. */
#include <sys/syscall.h>

#include "../runner/abi.h"
#include "registers.inc"

#define PROT_READ 1

    .arch armv8.2-a+sve
    .text

/* ---- guest_enter(values, result) ------------------------------------------------------------------ */

    .global guest_enter
    .type guest_enter, %function
    .balign 16
guest_enter:
    entry_address x16
    pairs_x19_x28 stp, x16, ENTRY_RUNNER_X
    stp x29, x30, [x16, #ENTRY_RUNNER_X + 80]
    mov x9, sp
    str x9, [x16, #ENTRY_RUNNER_SP]
    pairs_d8_d15 stp, x16, ENTRY_RUNNER_D
    mrs x9, fpcr
    str x9, [x16, #ENTRY_RUNNER_FPCR]
    mrs x9, tpidr_el0
    str x9, [x16, #ENTRY_RUNNER_TPIDR]
    ldr x9, [x16, #ENTRY_STACK_SHIFT]
    sub sp, sp, x9
    bl guest_adapter
    entry_address x16
    ldr x9, [x16, #ENTRY_RUNNER_SP]
    mov sp, x9
    ldp x29, x30, [x16, #ENTRY_RUNNER_X + 80]
    ret
    .size guest_enter, . - guest_enter

/* The signal handler returns here, with nothing to rely on but the program counter. */
    .global guest_recover
    .type guest_recover, %function
    .balign 16
guest_recover:
    entry_address x16
    ldr x17, [x16, #ENTRY_GATES]
    tbz x17, #GATE_SME_BIT, 1f
    SMSTOP
    ldr x9, [x16, #ENTRY_RUNNER_TPIDR2]
    msr TPIDR2_EL0, x9
1:  ldr x9, [x16, #ENTRY_RUNNER_FPCR]
    msr fpcr, x9
    ldr x9, [x16, #ENTRY_RUNNER_TPIDR]
    msr tpidr_el0, x9
    pairs_d8_d15 ldp, x16, ENTRY_RUNNER_D
    pairs_x19_x28 ldp, x16, ENTRY_RUNNER_X
    ldp x29, x30, [x16, #ENTRY_RUNNER_X + 80]
    ldr x9, [x16, #ENTRY_RUNNER_SP]
    mov sp, x9
    ret
    .size guest_recover, . - guest_recover

/* ---- guest_trampoline(the kernel's arguments) ----------------------------------------------------- */

/* Registers that only the variants of the standard preserve, for the adapter: it may rely on them too. */
.macro move_variant_registers instruction flags
    tbz \flags, #GATE_VECTOR_PCS_BIT, 1f
    entry_part x9, ENTRY_ADAPTER_Z
    quads_q8_q23 \instruction, x9
1:  tbz \flags, #GATE_SVE_PCS_BIT, 2f
    entry_part x9, ENTRY_ADAPTER_Z
    vectors \instruction, x9, 8, 23
    entry_part x9, ENTRY_ADAPTER_P
    predicates \instruction, x9, 4, 15
2:
.endm

/* Makes the sealed region read-only. A system call keeps the low 128 bits of vector registers only (Linux,
 * Documentation/arch/arm64/sve.rst, section 4), so SVE arguments are put aside. */
.macro seal
    stp x0, x1, [x16, #ENTRY_ARGUMENT_X]
    stp x2, x3, [x16, #ENTRY_ARGUMENT_X + 16]
    stp x4, x5, [x16, #ENTRY_ARGUMENT_X + 32]
    stp x6, x7, [x16, #ENTRY_ARGUMENT_X + 48]
    str x8, [x16, #ENTRY_ARGUMENT_X + 64]
    entry_part x9, ENTRY_ARGUMENT_V
    quads_q0_q7 stp, x9, 0
    tbz x17, #GATE_SVE_PCS_BIT, 1f
    entry_part x9, ENTRY_ARGUMENT_P
    predicates str, x9, 0, 3
    entry_part x9, ENTRY_ARGUMENT_Z
    vectors str, x9, 0, 7
1:  ldp x0, x1, [x16, #ENTRY_SEAL_BASE]
    mov x2, #PROT_READ
    mov x8, #SYS_mprotect
    svc #0
    tbz x17, #GATE_SVE_PCS_BIT, 2f
    entry_part x9, ENTRY_ARGUMENT_P
    predicates ldr, x9, 0, 3
    entry_part x9, ENTRY_ARGUMENT_Z
    vectors ldr, x9, 0, 7
2:  ldp x0, x1, [x16, #ENTRY_ARGUMENT_X]
    ldp x2, x3, [x16, #ENTRY_ARGUMENT_X + 16]
    ldp x4, x5, [x16, #ENTRY_ARGUMENT_X + 32]
    ldp x6, x7, [x16, #ENTRY_ARGUMENT_X + 48]
    ldr x8, [x16, #ENTRY_ARGUMENT_X + 64]
.endm

/* ZA first, then TPIDR2_EL0 (AAPCS64 6.6.3); SMSTART SM zeroes all vector and predicate registers, and with them the
 * arguments. In streaming mode most of Advanced SIMD is illegal, but neither LDP nor LDR of its registers. */
.macro enter_sme_state
    tbz x17, #GATE_ZA_BIT, 4f
    SMSTART_ZA
    RDSVL_X9
    ldr x14, [x16, #ENTRY_ZA_KNOWN]
    slices LDR_ZA
    tbz x17, #GATE_SME2_BIT, 2f
    entry_part x14, ENTRY_KNOWN_ZT0
    LDR_ZT0
2:  ldr x9, [x16, #ENTRY_TPIDR2]
    msr TPIDR2_EL0, x9
4:  tbz x17, #GATE_STREAMING_BIT, 5f
    SMSTART_SM
    entry_part x9, ENTRY_ARGUMENT_V
    quads_q0_q7 ldp, x9, 0
5:
.endm

/* Continues at instruction number \from of those that follow, each of them four bytes long. */
.macro skip_arguments from
    ldr x14, [x16, #\from]
    adr x15, 9f
    add x15, x15, x14, lsl #2
    br x15
9:
.endm

.macro poison_stack
    mov x14, #STACK_POISON_BYTES / 128
    mov x15, sp
8:  stp q31, q31, [x15, #-32]!
    stp q31, q31, [x15, #-32]!
    stp q31, q31, [x15, #-32]!
    stp q31, q31, [x15, #-32]!
    subs x14, x14, #1
    b.ne 8b
.endm

.macro poison_v n
    ldr x9, [x16, #ENTRY_CARRIED_V + 8 * \n]
    dup v29.16b, w9
    cmhi v29.16b, v29.16b, v30.16b
    bif v\n\().16b, v31.16b, v29.16b
.endm

/* v0 to v7 carry arguments, v8 to v15 are preserved in their low 64 bits, the rest is undefined (AAPCS64 6.1.2). */
.macro poison_advanced_simd
    ldr q31, [x16, #ENTRY_FILL_Z]
    adr x15, 9f
    ldr q30, [x15]
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    poison_v \n
    .endr
    entry_part x15, ENTRY_KNOWN_Z
    quads_q8_q23 ldr, x15
    .irp v, v24.16b, v25.16b, v26.16b, v27.16b, v28.16b, v29.16b, v30.16b
    mov \v, v31.16b
    .endr
    b 8f
    .balign 16
9:  .byte 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
8:
.endm

.macro poison_z n
    ldr x9, [x16, #ENTRY_CARRIED_V + 8 * \n]
    whilelo p15.b, xzr, x9
    sel z\n\().b, p15, z\n\().b, z31.b
.endm

/* The same for whole vectors. */
.macro poison_sve
    entry_part x15, ENTRY_FILL_Z
    ldr z31, [x15]
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    poison_z \n
    .endr
    entry_part x15, ENTRY_KNOWN_Z
    vectors ldr, x15, 8, 23
    .irp z, z24.d, z25.d, z26.d, z27.d, z28.d, z29.d, z30.d
    mov \z, z31.d
    .endr
    tbnz x17, #GATE_STREAMING_BIT, 3f /* there is no FFR in streaming mode */
    entry_part x15, ENTRY_FILL_FFR
    ldr p15, [x15]
    wrffr p15.b
3:  entry_part x15, ENTRY_KNOWN_P
    predicates ldr, x15, 4, 15
    entry_part x13, ENTRY_FILL_P
    skip_arguments ENTRY_PREDICATE_ARGUMENTS
    .irp n, 0, 1, 2, 3
    ldr p\n, [x13]
    .endr
.endm

/* Replaces all bits of \value by those of x9 but those that \mask has. */
.macro poison_but value mask
    eor \value, \value, x9
    and \value, \value, \mask
    eor \value, \value, x9
.endm

.macro poison_stack_arguments
    ldr x10, [x16, #ENTRY_STACK_ARGUMENTS]
    entry_part x11, ENTRY_CARRIED_STACK
    mov x12, sp
5:  cbz x10, 6f
    ldr x13, [x11], #8
    ldr x14, [x12]
    poison_but x14, x13
    str x14, [x12], #8
    sub x10, x10, #1
    b 5b
6:
.endm

.macro poison_general
    ldr x9, [x16, #ENTRY_FILL_NZCV]
    msr nzcv, x9
    ldr x9, [x16, #ENTRY_FILL_X]
    poison_stack_arguments
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    ldr x10, [x16, #ENTRY_CARRIED_X + 8 * \n]
    poison_but x\n, x10
    .endr
    tbnz x17, #GATE_KEEP_X8_BIT, 4f
    mov x8, x9
4:
    .irp n, 10, 11, 12, 13, 14, 15, 17
    mov x\n, x9
    .endr
    pairs_x19_x28 ldp, x16, ENTRY_KNOWN_X
.endm

/* Vectors and predicates, whole if they have the length of the mode that the call was in; SVCR in x9. */
.macro capture_vectors
    ubfx x11, x10, #GATE_STREAMING_BIT, #1
    eor x11, x11, x9
    tbnz x11, #0, 6f
    tbnz x9, #0, 5f
    tbz x10, #GATE_SVE_BIT, 6f
5:  add x11, x17, #EXIT_P
    predicates str, x11, 4, 15
    add x11, x17, #EXIT_Z
    vectors str, x11, 8, 23
    b 7f
6:  add x11, x17, #EXIT_Z
    quads_q8_q23 str, x11
7:
.endm

.macro capture_za
    tbz x9, #1, 4f
    ldr x14, [x16, #ENTRY_ZA_AFTER]
    RDSVL_X9
    slices STR_ZA
    tbz x10, #GATE_SME2_BIT, 4f
    part_of x17, x14, EXIT_ZT0
    STR_ZT0
4:
.endm

/* Into the exit region at x17; entry at x16. Keeps what may be a result: x0, x1 and, over SMSTOP, v0. */
.macro capture
    pairs_x19_x28 stp, x17, EXIT_X
    mov x9, sp
    stp x29, x9, [x17, #EXIT_X + 80]
    pairs_d8_d15 stp, x17, EXIT_D
    mrs x9, fpcr
    str x9, [x17, #EXIT_FPCR]
    mrs x9, tpidr_el0
    str x9, [x17, #EXIT_TPIDR]
    ldr x10, [x16, #ENTRY_GATES]
    mov x9, #0
    tbz x10, #GATE_SME_BIT, 8f
    mrs x9, TPIDR2_EL0
    str x9, [x17, #EXIT_TPIDR2]
    RDSVL_X9
    str x9, [x17, #EXIT_STREAMING_BYTES]
    mrs x9, SVCR
8:  str x9, [x17, #EXIT_SVCR]
    capture_vectors
    cbz x9, 1f
    capture_za
    str q0, [x17, #EXIT_V0]
    SMSTOP
    ldr q0, [x17, #EXIT_V0]
1:  tbz x10, #GATE_SVE_BIT, 2f
    rdvl x11, #1
    str x11, [x17, #EXIT_VECTOR_BYTES]
2:
.endm

.macro restore_adapter
    ldr x9, [x16, #ENTRY_RUNNER_FPCR]
    msr fpcr, x9
    ldr x9, [x16, #ENTRY_RUNNER_TPIDR]
    msr tpidr_el0, x9
    tbz x10, #GATE_SME_BIT, 2f
    ldr x9, [x16, #ENTRY_RUNNER_TPIDR2]
    msr TPIDR2_EL0, x9
2:  entry_part x9, ENTRY_ADAPTER_D
    pairs_d8_d15 ldp, x9, 0
    move_variant_registers ldr, x10
    pairs_x19_x28 ldp, x16, ENTRY_ADAPTER_X
    ldp x29, x30, [x16, #ENTRY_ADAPTER_X + 80]
    ldr x9, [x16, #ENTRY_ADAPTER_SP]
    mov sp, x9
.endm

    .global guest_trampoline
    .type guest_trampoline, %function
    .balign 16
guest_trampoline:
    entry_address x16
    ldr x9, [x16, #ENTRY_IS_READY]
    cbnz x9, 1f
    b guest_not_ready
1:  str xzr, [x16, #ENTRY_IS_READY]
    ldr x17, [x16, #ENTRY_GATES]
    pairs_x19_x28 stp, x16, ENTRY_ADAPTER_X
    stp x29, x30, [x16, #ENTRY_ADAPTER_X + 80]
    mov x9, sp
    str x9, [x16, #ENTRY_ADAPTER_SP]
    entry_part x9, ENTRY_ADAPTER_D
    pairs_d8_d15 stp, x9, 0
    move_variant_registers str, x17
    seal
    enter_sme_state
    tbnz x17, #GATE_STREAMING_BIT, 6f
    tbnz x17, #GATE_SVE_BIT, 6f
    poison_advanced_simd
    b 7f
6:  poison_sve
7:  poison_stack
    poison_general
    adrp x16, guest_kernel
    ldr x16, [x16, #:lo12:guest_kernel]
    blr x16
    entry_address x16
    exit_address x17
    capture
    restore_adapter
    ret
    .size guest_trampoline, . - guest_trampoline

    .section .note.GNU-stack, "", %progbits
