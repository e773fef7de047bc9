/* x86-64, System V and Windows x64: what trampoline.S and abi.c share. The offsets are checked in
 * the C file. */
#ifndef HARNESS_GUEST_ABI_X86_64_H
#define HARNESS_GUEST_ABI_X86_64_H

/* entry.gates, as masks: the trampoline tests the low 32 bits. */
#define GATE_AVX 0x01
#define GATE_AVX512 0x02
#define GATE_AVX512BW 0x04
#define GATE_MS_ABI 0x08
#define GATE_WIDE 0x10     /* arguments or results fill whole ymm or zmm registers */
#define GATE_CLEAN 0x20    /* this call enters with clean upper halves */
#define GATE_XINUSE 0x40   /* XINUSE tells dirty upper halves from clean ones */
#define GATE_FSGSBASE 0x80 /* the thread pointer can be read and written */

#define ENTRY_SEAL_BASE 0
#define ENTRY_SEAL_BYTES 8
#define ENTRY_GATES 16
#define ENTRY_STACK_SHIFT 24
#define ENTRY_STACK_ARGUMENTS 32
#define ENTRY_FILL_R 40
#define ENTRY_FILL_K 48
#define ENTRY_FILL_CARRY 56
#define ENTRY_RUNNER_R 64 /* rbx rbp r12 r13 r14 r15 rsp */
#define ENTRY_RUNNER_MXCSR 120
#define ENTRY_RUNNER_X87_CONTROL 128
#define ENTRY_ADAPTER_R 136 /* rbx rbp r12 r13 r14 r15 rsp rdi rsi */
#define ENTRY_ADAPTER_RETURN 208
#define ENTRY_ARGUMENT_R 216  /* rdi rsi rdx rcx r8 r9 */
#define ENTRY_KNOWN_R 264     /* rbx rbp r12 r13 r14 r15 rdi rsi */
#define ENTRY_KNOWN_XMM 328   /* xmm6 to xmm15 */
#define ENTRY_ADAPTER_XMM 488 /* xmm6 to xmm15 */
#define ENTRY_RUNNER_FS_BASE 648
#define ENTRY_CARRIED_R 656     /* rdi rsi rdx rcx r8 r9, or rcx rdx r8 r9: masks */
#define ENTRY_CARRIED_STACK 704 /* masks */
#define ENTRY_FILL_ZMM 1216
#define ENTRY_CARRIED_XMM 1280 /* xmm0 to xmm7: masks */
#define ENTRY_POISONED_Q 1408  /* of zmm0 to zmm7, a byte each: which quadwords carry nothing */
#define ENTRY_IS_READY 1416

#define EXIT_R 0 /* rbx rbp r12 r13 r14 r15 rsp rdi rsi */
#define EXIT_FLAGS 72
#define EXIT_MXCSR 80
#define EXIT_XINUSE 88
#define EXIT_X87 96 /* what fnstenv writes, 28 bytes: SDM volume 1, 8.1.10 */
#define EXIT_RESULT 128
#define EXIT_XMM 144 /* xmm6 to xmm15 */
#define EXIT_FS_BASE 304
#define EXIT_VECTORS 320 /* xmm, ymm or zmm, 0 to 15, one every 64 bytes */

#define VECTOR_STRIDE 64

#ifndef __ASSEMBLER__

#include <stdint.h>

#include "../runner/adapter.h"

/* Gates that only the table knows: the trampoline has no use for them. */
#define GATE_SYSV UINT64_C(0x100)

#define FLAG_DIRECTION (UINT64_C(1) << 10)
#define FLAG_ALIGNMENT (UINT64_C(1) << 18)

/* Components of XINUSE that upper halves belong to. */
#define XINUSE_YMM (1u << 2)
#define XINUSE_ZMM (1u << 6)
#define XINUSE_UPPERS (XINUSE_YMM | XINUSE_ZMM)

/* Sealed while the kernel runs. */
struct abi_entry {
    uint64_t seal_base;
    uint64_t seal_bytes;
    uint64_t gates;
    uint64_t stack_shift; /* multiple of 16: the stack may arrive at any such address (psABI 3.2.2) */
    uint64_t stack_arguments;
    uint64_t fill_r;
    uint64_t fill_k;
    uint64_t fill_carry;
    uint64_t runner_r[7]; /* what guest_enter and guest_recover return with */
    uint64_t runner_mxcsr;
    uint64_t runner_x87_control;
    uint64_t adapter_r[9]; /* what guest_trampoline returns with */
    uint64_t adapter_return;
    uint64_t argument_r[6];
    uint64_t known_r[8]; /* what the kernel has to give back */
    uint8_t known_xmm[10][16];
    uint8_t adapter_xmm[10][16];
    uint64_t runner_fs_base;
    uint64_t carried_r[6]; /* what carries an argument; the rest is undefined */
    uint64_t carried_stack[ARGUMENT_LIMIT];
    uint8_t fill_zmm[64] __attribute__((aligned(64)));
    uint8_t carried_xmm[8][16];
    uint8_t poisoned_q[8];
    uint64_t is_ready; /* for one call, see guest_ready */
    /* Not for the trampoline: */
    uint64_t known_flags;         /* the direction flag is clear */
    uint64_t known_x87_tags;      /* all registers are empty */
    uint64_t known_upper[6];      /* what lies above an xmm register is zero */
    uint32_t arguments_are_whole; /* this call has nothing undefined above its arguments */
    uint32_t laid_fill;           /* what the values above were made for; FILL_COUNT: for nothing yet */
};

struct x87_environment {
    uint32_t control;
    uint32_t status;
    uint32_t tags;
    uint32_t others[4];
};

/* Written after the kernel has returned. */
struct abi_exit {
    uint64_t r[9];
    uint64_t flags;
    uint64_t mxcsr;
    uint64_t xinuse;
    struct x87_environment x87;
    uint64_t result[2] __attribute__((aligned(16))); /* written by the adapter */
    uint8_t xmm[10][16];
    uint64_t fs_base;
    uint8_t vectors[16][VECTOR_STRIDE] __attribute__((aligned(64)));
};

#endif
#endif
