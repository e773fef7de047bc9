/* AArch64, AAPCS64: what trampoline.S and abi.c share. The offsets are checked in the C file. */
#ifndef HARNESS_GUEST_ABI_AARCH64_H
#define HARNESS_GUEST_ABI_AARCH64_H

/* Bits of entry.gates. The trampoline tests them by number. */
#define GATE_SVE_BIT 0
#define GATE_SME_BIT 1
#define GATE_VECTOR_PCS_BIT 2
#define GATE_SVE_PCS_BIT 3
#define GATE_KEEP_X8_BIT 4   /* x8 carries the address of the result: AAPCS64 6.9 */
#define GATE_LENGTH_BIT 5    /* after the call: the vector length could be read */
#define GATE_FULL_Z_BIT 6    /* and is what it was, so that whole vector registers can be compared */
#define GATE_STREAMING_BIT 7 /* this call is in streaming mode */
#define GATE_ZA_BIT 8        /* at this call ZA is enabled */
#define GATE_SME2_BIT 9      /* and with it ZT0 */
#define GATE_ZA_KEPT_BIT 10  /* after the call: what ZA holds must be what it was, */
#define GATE_ZA_SAVED_BIT 11 /* or what the lazy save left in memory, */
#define GATE_ZT0_KEPT_BIT 12 /* and what ZT0 holds */

#define ENTRY_SEAL_BASE 0
#define ENTRY_SEAL_BYTES 8
#define ENTRY_GATES 16
#define ENTRY_STACK_SHIFT 24
#define ENTRY_STACK_ARGUMENTS 32
#define ENTRY_PREDICATE_ARGUMENTS 40
#define ENTRY_FILL_X 48
#define ENTRY_FILL_NZCV 56
#define ENTRY_KNOWN_X 64     /* x19 to x28 */
#define ENTRY_RUNNER_X 144   /* x19 to x30 */
#define ENTRY_ADAPTER_X 240  /* x19 to x30 */
#define ENTRY_ARGUMENT_X 336 /* x0 to x8 */
#define ENTRY_RUNNER_D 408   /* d8 to d15 */
#define ENTRY_ADAPTER_D 472  /* d8 to d15 */
#define ENTRY_RUNNER_SP 536
#define ENTRY_RUNNER_FPCR 544
#define ENTRY_RUNNER_TPIDR2 552
#define ENTRY_ADAPTER_SP 560
#define ENTRY_RUNNER_TPIDR 568
#define ENTRY_CARRIED_X 576     /* x0 to x7: masks */
#define ENTRY_CARRIED_V 640     /* v0 to v7: bytes */
#define ENTRY_CARRIED_STACK 704 /* masks */
#define ENTRY_TPIDR2 1216       /* at this call */
#define ENTRY_ZA_KNOWN 1224     /* address of what ZA holds at this call */
#define ENTRY_ZA_AFTER 1232     /* address for what it holds after it */
#define ENTRY_IS_READY 1240
#define ENTRY_ARGUMENT_V 1248 /* q0 to q7 */
#define ENTRY_KNOWN_ZT0 1376
#define ENTRY_FILL_FFR 1440
#define ENTRY_FILL_P 1472
#define ENTRY_FILL_Z 1504
#define ENTRY_ARGUMENT_P 1760 /* p0 to p3 */
#define ENTRY_KNOWN_P 1888    /* p4 to p15 */
#define ENTRY_ARGUMENT_Z 2272 /* z0 to z7 */
#define ENTRY_KNOWN_Z 4320    /* z8 to z23 */
#define ENTRY_ADAPTER_Z 8416  /* z8 to z23, or q8 to q23 */
#define ENTRY_ADAPTER_P 12512 /* p4 to p15 */

#define EXIT_X 0 /* x19 to x29 */
#define EXIT_SP 88
#define EXIT_D 96 /* d8 to d15 */
#define EXIT_FPCR 160
#define EXIT_SVCR 168
#define EXIT_TPIDR2 176
#define EXIT_VECTOR_BYTES 184
#define EXIT_STREAMING_BYTES 192
#define EXIT_TPIDR 216
#define EXIT_V0 224
#define EXIT_P 256 /* p4 to p15 */
#define EXIT_Z 768 /* z8 to z23 */
#define EXIT_ZT0 4864

#define Z_BYTES_LIMIT 256
#define P_BYTES_LIMIT 32

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "../runner/adapter.h"

#define BIT(number) (UINT64_C(1) << (number))
#define GATE_SVE BIT(GATE_SVE_BIT)
#define GATE_SME BIT(GATE_SME_BIT)
#define GATE_VECTOR_PCS BIT(GATE_VECTOR_PCS_BIT)
#define GATE_SVE_PCS BIT(GATE_SVE_PCS_BIT)
#define GATE_KEEP_X8 BIT(GATE_KEEP_X8_BIT)
#define GATE_LENGTH BIT(GATE_LENGTH_BIT)
#define GATE_FULL_Z BIT(GATE_FULL_Z_BIT)
#define GATE_STREAMING BIT(GATE_STREAMING_BIT)
#define GATE_ZA BIT(GATE_ZA_BIT)
#define GATE_SME2 BIT(GATE_SME2_BIT)
#define GATE_ZA_KEPT BIT(GATE_ZA_KEPT_BIT)
#define GATE_ZA_SAVED BIT(GATE_ZA_SAVED_BIT)
#define GATE_ZT0_KEPT BIT(GATE_ZT0_KEPT_BIT)

/* Sealed while the kernel runs. */
struct abi_entry {
    uint64_t seal_base;
    uint64_t seal_bytes;
    uint64_t gates;
    uint64_t stack_shift; /* multiple of 16: the stack may arrive at any such address (AAPCS64 6.4.5.1) */
    uint64_t stack_arguments;
    uint64_t predicate_arguments;
    uint64_t fill_x;
    uint64_t fill_nzcv;
    uint64_t known_x[10];   /* what the kernel has to give back */
    uint64_t runner_x[12];  /* what guest_enter and guest_recover return with */
    uint64_t adapter_x[12]; /* what guest_trampoline returns with */
    uint64_t argument_x[9];
    uint64_t runner_d[8];
    uint64_t adapter_d[8];
    uint64_t runner_sp;
    uint64_t runner_fpcr;
    uint64_t runner_tpidr2;
    uint64_t adapter_sp;
    uint64_t runner_tpidr;
    uint64_t carried_x[8]; /* what carries an argument; the rest is undefined: the bits of a register, */
    uint64_t carried_v[8]; /* how many of its bytes, from the lowest, */
    uint64_t carried_stack[ARGUMENT_LIMIT]; /* and the bits of a stack slot */
    uint64_t tpidr2;
    uint64_t za_known;
    uint64_t za_after;
    uint64_t is_ready; /* for one call, see guest_ready */
    uint8_t argument_v[8][16] __attribute__((aligned(16)));
    uint8_t known_zt0[64];
    uint8_t fill_ffr[P_BYTES_LIMIT] __attribute__((aligned(32)));
    uint8_t fill_p[P_BYTES_LIMIT];
    uint8_t fill_z[Z_BYTES_LIMIT];
    uint8_t argument_p[4 * P_BYTES_LIMIT];
    uint8_t known_p[12 * P_BYTES_LIMIT];
    uint8_t argument_z[8 * Z_BYTES_LIMIT];
    uint8_t known_z[16 * Z_BYTES_LIMIT];
    uint8_t adapter_z[16 * Z_BYTES_LIMIT];
    uint8_t adapter_p[12 * P_BYTES_LIMIT];
    /* Not for the trampoline: */
    uint64_t known_d[8]; /* the low halves of z8 to z15 in known_z */
    uint64_t vector_bytes;
    uint64_t streaming_bytes;
    uint64_t unit_bytes;          /* of a vector in the mode of this call */
    uint64_t due_svcr;            /* on return; which of the states that the interface allows depends on what it is */
    uint64_t due_tpidr2;          /* likewise */
    uint64_t due_za_word;         /* the first that differs */
    uint64_t due_za_block[2];     /* what TPIDR2_EL0 points at */
    uint32_t arguments_are_whole; /* this call has nothing undefined above its arguments */
    uint32_t laid_fill;           /* what the values above were made for; FILL_COUNT: for nothing yet */
    uint32_t laid_bytes;          /* likewise: unit_bytes */
};

/* Written after the kernel has returned. */
struct abi_exit {
    uint64_t x[11];
    uint64_t sp;
    uint64_t d[8];
    uint64_t fpcr;
    uint64_t svcr;
    uint64_t tpidr2;
    uint64_t vector_bytes;
    uint64_t streaming_bytes;
    uint64_t result[2]; /* written by the adapter */
    uint64_t tpidr;
    uint8_t v0[16] __attribute__((aligned(16)));
    uint8_t p[12 * P_BYTES_LIMIT] __attribute__((aligned(256)));
    uint8_t z[16 * Z_BYTES_LIMIT] __attribute__((aligned(256)));
    uint8_t zt0[64];
    /* Not for the trampoline: */
    uint64_t za_word;
    uint64_t za_block[2];
};

#endif
#endif
