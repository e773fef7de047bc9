/* RISC-V 64, LP64D: what trampoline.S and abi.c share. The offsets are checked in the C file. */
#ifndef HARNESS_GUEST_ABI_RISCV64_H
#define HARNESS_GUEST_ABI_RISCV64_H

/* entry.gates, as masks. */
#define GATE_VECTOR 0x01    /* the processor has V */
#define GATE_VECTOR_CC 0x02 /* the standard vector calling convention variant; only with GATE_VECTOR */
#define GATE_CARRIED_V 0x04 /* vector registers carry arguments; only with GATE_VECTOR */

#define ENTRY_SEAL_BASE 0
#define ENTRY_SEAL_BYTES 8
#define ENTRY_GATES 16
#define ENTRY_STACK_SHIFT 24
#define ENTRY_INTEGER_ARGUMENTS 32
#define ENTRY_FLOAT_ARGUMENTS 40
#define ENTRY_FILL_X 48
#define ENTRY_FILL_F 56
#define ENTRY_FILL_V 64
#define ENTRY_FILL_VL 72
#define ENTRY_FILL_VTYPE 80
#define ENTRY_FILL_VCSR 88
#define ENTRY_FILL_FFLAGS 96
#define ENTRY_IS_READY 104
#define ENTRY_CARRIED_V 112  /* bit n: register number n of argument_v */
#define ENTRY_KNOWN_X 120    /* s0 to s11 */
#define ENTRY_KNOWN_F 216    /* fs0 to fs11 */
#define ENTRY_RUNNER_X 312   /* s0 to s11, ra, sp, gp, tp */
#define ENTRY_ADAPTER_X 440  /* s0 to s11, ra, sp, gp, tp */
#define ENTRY_ARGUMENT_X 568 /* a0 to a7 */
#define ENTRY_RUNNER_F 632   /* fs0 to fs11 */
#define ENTRY_ADAPTER_F 728  /* fs0 to fs11 */
#define ENTRY_RUNNER_FRM 824
#define ENTRY_ARGUMENT_V 832 /* v0, v8 to v23 */
#define ENTRY_KNOWN_V 5184   /* v1 to v7, v24 to v31 */
#define ENTRY_ADAPTER_V 9024 /* v1 to v7, v24 to v31 */

#define EXIT_X 0 /* s0 to s11 */
#define EXIT_SP 96
#define EXIT_GP 104
#define EXIT_TP 112
#define EXIT_F 120 /* fs0 to fs11 */
#define EXIT_FRM 216
#define EXIT_VSTART 224
#define EXIT_V 248 /* v1 to v7, v24 to v31 */

#define SAVED_X 12
#define SAVED_F 12
#define SAVED_V 15
#define ARGUMENT_V 17
#define V_BYTES_LIMIT 256 /* of registers that are stored: those of the variant, and arguments */

#ifndef __ASSEMBLER__

#include <stdint.h>

/* Sealed while the kernel runs. */
struct abi_entry {
    uint64_t seal_base;
    uint64_t seal_bytes;
    uint64_t gates;
    uint64_t stack_shift; /* multiple of 16, as sp has to be (RISC-V psABI, Integer Calling Convention) */
    uint64_t integer_arguments;
    uint64_t float_arguments;
    uint64_t fill_x;
    uint64_t fill_f;
    uint64_t fill_v; /* of each byte */
    uint64_t fill_vl;
    uint64_t fill_vtype;
    uint64_t fill_vcsr;
    uint64_t fill_fflags;
    uint64_t is_ready; /* for one call, see guest_ready */
    uint64_t carried_v;
    uint64_t known_x[SAVED_X]; /* what the kernel has to give back */
    uint64_t known_f[SAVED_F];
    uint64_t runner_x[SAVED_X + 4];  /* what guest_enter and guest_recover return with */
    uint64_t adapter_x[SAVED_X + 4]; /* what guest_trampoline returns with */
    uint64_t argument_x[8];
    uint64_t runner_f[SAVED_F];
    uint64_t adapter_f[SAVED_F];
    uint64_t runner_frm;
    uint8_t argument_v[ARGUMENT_V * V_BYTES_LIMIT];
    uint8_t known_v[SAVED_V * V_BYTES_LIMIT];
    uint8_t adapter_v[SAVED_V * V_BYTES_LIMIT];
    /* Not for the trampoline: */
    uint64_t no_vstart;
    uint64_t vector_bytes;
    uint32_t laid_fill; /* what the values above were made for; FILL_COUNT: for nothing yet */
};

/* Written after the kernel has returned. */
struct abi_exit {
    uint64_t x[SAVED_X];
    uint64_t sp;
    uint64_t gp;
    uint64_t tp;
    uint64_t f[SAVED_F];
    uint64_t frm;
    uint64_t vstart;
    uint64_t result[2]; /* written by the adapter */
    uint8_t v[SAVED_V * V_BYTES_LIMIT];
};

#endif
#endif
