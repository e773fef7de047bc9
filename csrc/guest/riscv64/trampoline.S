/* RISC-V psABI, LP64D: in and out of a kernel. See ../runner/adapter.h for how it is called and abi.h for the layout.
 *
 * The adapter calls guest_trampoline with the kernel's own prototype. Nothing is copied: the arguments, those on
 * the stack too, stay where they are, and the return address waits in sealed memory. t0 to t6 are scratch at any
 * call (RISC-V psABI, Integer Register Convention).
 *
 * Only code behind a gate uses V. Nothing here is addressed through gp, which the kernel may have changed. */
#include <sys/syscall.h>

#include "../runner/abi.h"

    .option arch, +v
    .option norvc /* skip_arguments counts instructions of four bytes */
    .option norelax
    .text

#define PROT_READ 1

/* \to = the address of the sealed region, whose first member is struct abi_entry. */
.macro entry_address to
0:  auipc \to, %pcrel_hi(guest_frozen)
    ld \to, %pcrel_lo(0b)(\to)
.endm

.macro exit_address to
0:  auipc \to, %pcrel_hi(guest_frozen + 8)
    ld \to, %pcrel_lo(0b)(\to)
.endm

.macro saved_x instruction base at
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    \instruction s\n, \at + 8 * \n(\base)
    .endr
.endm

.macro saved_f instruction base at
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    \instruction fs\n, \at + 8 * \n(\base)
    .endr
.endm

/* Where to return to and with which pointers. */
.macro pointers instruction base at
    \instruction ra, \at + 96(\base)
    \instruction gp, \at + 112(\base)
    \instruction tp, \at + 120(\base)
    \instruction sp, \at + 104(\base) /* last: nothing here needs the stack, but signals do */
.endm

.macro arguments_x instruction base
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    \instruction a\n, ENTRY_ARGUMENT_X + 8 * \n(\base)
    .endr
.endm

/* Whole registers, one length apart from t3 = \base + \at on; t4 = the length. */
.macro vectors instruction base at registers:vararg
    li t3, \at
    add t3, t3, \base
    csrr t4, vlenb
    .irp v, \registers
    \instruction \v, (t3)
    add t3, t3, t4
    .endr
.endm

#define SAVED v1, v2, v3, v4, v5, v6, v7, v24, v25, v26, v27, v28, v29, v30, v31
#define ARGUMENTS v0, v8, v9, v10, v11, v12, v13, v14, v15, v16, v17, v18, v19, v20, v21, v22, v23

.macro skip_unless mask gates to
    andi t3, \gates, \mask
    beqz t3, \to
.endm

/* ---- guest_enter(values, result) ------------------------------------------------------------------ */

    .global guest_enter
    .type guest_enter, %function
    .balign 16
guest_enter:
    entry_address t0
    saved_x sd, t0, ENTRY_RUNNER_X
    saved_f fsd, t0, ENTRY_RUNNER_F
    pointers sd, t0, ENTRY_RUNNER_X
    frrm t1
    sd t1, ENTRY_RUNNER_FRM(t0)
    ld t1, ENTRY_STACK_SHIFT(t0)
    sub sp, sp, t1
    call guest_adapter
    entry_address t0
    pointers ld, t0, ENTRY_RUNNER_X
    ret
    .size guest_enter, . - guest_enter

/* The signal handler returns here, with nothing to rely on but the program counter. */
    .global guest_recover
    .type guest_recover, %function
    .balign 16
guest_recover:
    entry_address t0
    ld t1, ENTRY_GATES(t0)
    skip_unless GATE_VECTOR, t1, 1f
    csrw vstart, zero
1:  ld t1, ENTRY_RUNNER_FRM(t0)
    fsrm t1
    saved_x ld, t0, ENTRY_RUNNER_X
    saved_f fld, t0, ENTRY_RUNNER_F
    pointers ld, t0, ENTRY_RUNNER_X
    ret
    .size guest_recover, . - guest_recover

/* ---- guest_trampoline(the kernel's arguments) ----------------------------------------------------- */

/* Makes the sealed region read-only. A system call leaves nothing in vector registers (Linux,
 * Documentation/arch/riscv/vector.rst, section 3), so vector arguments are put aside. */
.macro seal
    arguments_x sd, t0
    skip_unless GATE_CARRIED_V, t6, 1f
    vectors vs1r.v, t0, ENTRY_ARGUMENT_V, ARGUMENTS
1:  ld a0, ENTRY_SEAL_BASE(t0)
    ld a1, ENTRY_SEAL_BYTES(t0)
    li a2, PROT_READ
    li a7, SYS_mprotect
    ecall
    arguments_x ld, t0
.endm

/* Continues at instruction number \from of those that follow. */
.macro skip_arguments from
    ld t3, \from(t0)
    slli t3, t3, 2
0:  auipc t4, 0
    add t4, t4, t3
    jr 12(t4)
.endm

.macro poison_stack
    ld t1, ENTRY_FILL_F(t0)
    li t2, STACK_POISON_BYTES / 64
    mv t3, sp
3:  addi t3, t3, -64
    .irp at, 0, 8, 16, 24, 32, 40, 48, 56
    sd t1, \at(t3)
    .endr
    addi t2, t2, -1
    bnez t2, 3b
.endm

/* Of the arguments put aside, those that are some. */
.macro load_carried registers:vararg
    ld t1, ENTRY_CARRIED_V(t0)
    li t3, ENTRY_ARGUMENT_V
    add t3, t3, t0
    csrr t4, vlenb
    .irp v, \registers
    andi t5, t1, 1
    beqz t5, 7f
    vl1re8.v \v, (t3)
7:  srli t1, t1, 1
    add t3, t3, t4
    .endr
.endm

/* vl, vtype, vxrm and vxsat are unspecified at entry, as are all registers of the base convention; vstart is zero
 * (RISC-V psABI, Vector Register Convention). */
.macro poison_vectors
    skip_unless GATE_VECTOR, t6, 5f
    ld t1, ENTRY_FILL_V(t0)
    vsetvli t2, zero, e8, m8, ta, ma
    .irp v, v0, v8, v16, v24
    vmv.v.x \v, t1
    .endr
    skip_unless GATE_VECTOR_CC, t6, 4f
    vectors vl1r.v, t0, ENTRY_KNOWN_V, SAVED
4:  skip_unless GATE_CARRIED_V, t6, 3f
    load_carried ARGUMENTS
3:  ld t1, ENTRY_FILL_VL(t0)
    ld t2, ENTRY_FILL_VTYPE(t0)
    vsetvl zero, t1, t2
    ld t1, ENTRY_FILL_VCSR(t0)
    csrw vcsr, t1
5:
.endm

/* fa0 to fa7 carry arguments, fs0 to fs11 are preserved (RISC-V psABI, Floating-point Register Convention). */
.macro poison_floats
    ld t1, ENTRY_FILL_FFLAGS(t0)
    csrw fflags, t1
    ld t1, ENTRY_FILL_F(t0)
    skip_arguments ENTRY_FLOAT_ARGUMENTS
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    fmv.d.x fa\n, t1
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    fmv.d.x ft\n, t1
    .endr
    saved_f fld, t0, ENTRY_KNOWN_F
.endm

/* All but t0 and t1, which lead to the kernel. */
.macro poison_general
    ld t2, ENTRY_FILL_X(t0)
    skip_arguments ENTRY_INTEGER_ARGUMENTS
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    mv a\n, t2
    .endr
    .irp n, 3, 4, 5, 6
    mv t\n, t2
    .endr
    saved_x ld, t0, ENTRY_KNOWN_X
.endm

/* Into the exit region at t1; entry at t0. Touches no register that may carry a result. */
.macro capture
    saved_x sd, t1, EXIT_X
    saved_f fsd, t1, EXIT_F
    sd sp, EXIT_SP(t1)
    sd gp, EXIT_GP(t1)
    sd tp, EXIT_TP(t1)
    frrm t2
    sd t2, EXIT_FRM(t1)
    ld t6, ENTRY_GATES(t0)
    skip_unless GATE_VECTOR, t6, 6f
    csrr t2, vstart
    sd t2, EXIT_VSTART(t1)
    csrw vstart, zero /* vector instructions start there */
    skip_unless GATE_VECTOR_CC, t6, 6f
    vectors vs1r.v, t1, EXIT_V, SAVED
    vectors vl1r.v, t0, ENTRY_ADAPTER_V, SAVED
6:
.endm

.macro restore_adapter
    ld t2, ENTRY_RUNNER_FRM(t0)
    fsrm t2
    saved_f fld, t0, ENTRY_ADAPTER_F
    saved_x ld, t0, ENTRY_ADAPTER_X
    pointers ld, t0, ENTRY_ADAPTER_X
.endm

    .global guest_trampoline
    .type guest_trampoline, %function
    .balign 16
guest_trampoline:
    entry_address t0
    ld t1, ENTRY_IS_READY(t0)
    bnez t1, 6f
    tail guest_not_ready
6:  sd zero, ENTRY_IS_READY(t0)
    ld t6, ENTRY_GATES(t0)
    saved_x sd, t0, ENTRY_ADAPTER_X
    saved_f fsd, t0, ENTRY_ADAPTER_F
    pointers sd, t0, ENTRY_ADAPTER_X
    skip_unless GATE_VECTOR_CC, t6, 7f
    vectors vs1r.v, t0, ENTRY_ADAPTER_V, SAVED
7:  seal
    poison_vectors
    poison_floats
    poison_stack
    poison_general
0:  auipc t1, %pcrel_hi(guest_kernel)
    ld t1, %pcrel_lo(0b)(t1)
    mv t0, t2
    jalr ra, 0(t1)
    entry_address t0
    exit_address t1
    capture
    restore_adapter
    ret
    .size guest_trampoline, . - guest_trampoline

    .section .note.GNU-stack, "", %progbits
