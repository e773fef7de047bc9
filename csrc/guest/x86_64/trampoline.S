/* System V and Windows x64: in and out of a kernel. See ../runner/adapter.h for how it is called and abi.h for the layout.
 *
 * The adapter calls guest_trampoline with the kernel's own prototype. Nothing is copied: the return address is
 * taken off the stack and the call of the kernel puts its own in the same place, so that stack arguments lie where
 * the kernel expects them. rax, r10 and r11 carry no arguments of C functions with a prototype.
 *
 * Only code behind a gate uses AVX or AVX-512: this file must run on processors that have neither. */
#include <sys/syscall.h>

#include "../runner/abi.h"

#define PROT_READ 1

    .text

/* \to = the address of the sealed region, whose first member is struct abi_entry. */
.macro entry_address to
    movq guest_frozen(%rip), \to
.endm

.macro exit_address to
    movq guest_frozen + 8(%rip), \to
.endm

.macro store_preserved base at
    movq %rbx, \at(\base)
    movq %rbp, \at + 8(\base)
    movq %r12, \at + 16(\base)
    movq %r13, \at + 24(\base)
    movq %r14, \at + 32(\base)
    movq %r15, \at + 40(\base)
.endm

.macro load_preserved base at
    movq \at(\base), %rbx
    movq \at + 8(\base), %rbp
    movq \at + 16(\base), %r12
    movq \at + 24(\base), %r13
    movq \at + 32(\base), %r14
    movq \at + 40(\base), %r15
.endm

.macro store_xmm6_xmm15 base at
    .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups %xmm\n, \at + 16 * (\n - 6)(\base)
    .endr
.endm

.macro load_xmm6_xmm15 base at
    .irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movups \at + 16 * (\n - 6)(\base), %xmm\n
    .endr
.endm

/* ---- guest_enter(values, result) ------------------------------------------------------------------ */

    .globl guest_enter
    .type guest_enter, @function
    .balign 16
guest_enter:
    entry_address %r11
    store_preserved %r11, ENTRY_RUNNER_R
    movq %rsp, ENTRY_RUNNER_R + 48(%r11)
    stmxcsr ENTRY_RUNNER_MXCSR(%r11)
    fnstcw ENTRY_RUNNER_X87_CONTROL(%r11)
    subq $8, %rsp /* at a call, rsp is a multiple of 16 (psABI 3.2.2) */
    subq ENTRY_STACK_SHIFT(%r11), %rsp
    call guest_adapter
    entry_address %r11
    movq ENTRY_RUNNER_R + 48(%r11), %rsp
    ret
    .size guest_enter, . - guest_enter

/* The signal handler returns here, with nothing to rely on but the program counter. */
    .globl guest_recover
    .type guest_recover, @function
    .balign 16
guest_recover:
    entry_address %r11
    movq ENTRY_RUNNER_R + 48(%r11), %rsp
    load_preserved %r11, ENTRY_RUNNER_R
    pushq $0
    popfq
    testl $GATE_FSGSBASE, ENTRY_GATES(%r11)
    jz 1f
    movq ENTRY_RUNNER_FS_BASE(%r11), %rcx
    wrfsbase %rcx
1:  fninit
    fldcw ENTRY_RUNNER_X87_CONTROL(%r11)
    ldmxcsr ENTRY_RUNNER_MXCSR(%r11)
    ret
    .size guest_recover, . - guest_recover

/* ---- guest_trampoline(the kernel's arguments) ----------------------------------------------------- */

/* Makes the sealed region read-only. The system call itself uses rcx and r11. */
.macro seal
    movq %rdi, ENTRY_ARGUMENT_R(%r11)
    movq %rsi, ENTRY_ARGUMENT_R + 8(%r11)
    movq %rdx, ENTRY_ARGUMENT_R + 16(%r11)
    movq %rcx, ENTRY_ARGUMENT_R + 24(%r11)
    movq ENTRY_SEAL_BASE(%r11), %rdi
    movq ENTRY_SEAL_BYTES(%r11), %rsi
    movl $PROT_READ, %edx
    movl $SYS_mprotect, %eax
    syscall
    entry_address %r11
    movq ENTRY_ARGUMENT_R(%r11), %rdi
    movq ENTRY_ARGUMENT_R + 8(%r11), %rsi
    movq ENTRY_ARGUMENT_R + 16(%r11), %rdx
    movq ENTRY_ARGUMENT_R + 24(%r11), %rcx
.endm

/* The low 16 bytes of the registers that may carry arguments, and those that never do (psABI 3.2.1). */
.macro poison_xmm
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    movaps ENTRY_CARRIED_XMM + 16 * \n(%r11), %xmm15
    andps %xmm15, %xmm\n
    andnps ENTRY_FILL_ZMM(%r11), %xmm15
    orps %xmm15, %xmm\n
    .endr
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    movaps ENTRY_FILL_ZMM(%r11), %xmm\n
    .endr
.endm

#define UPPER_YMM_Q 0x0c

/* What lies above an argument is undefined. */
.macro poison_upper_ymm n
    testb $UPPER_YMM_Q, ENTRY_POISONED_Q + \n(%r11)
    jz 1f
    vinsertf128 $1, ENTRY_FILL_ZMM(%r11), %ymm\n, %ymm\n
1:
.endm

.macro poison_ymm
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    vmovups ENTRY_FILL_ZMM(%r11), %ymm\n
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    poison_upper_ymm \n
    .endr
.endm

.macro poison_zmm
    .irp n, 8, 9, 10, 11, 12, 13, 14, 15
    vmovups ENTRY_FILL_ZMM(%r11), %zmm\n
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    movzbl ENTRY_POISONED_Q + \n(%r11), %eax
    kmovw %eax, %k1
    vmovdqu64 ENTRY_FILL_ZMM(%r11), %zmm\n{%k1}
    .endr
.endm

.macro poison_only_avx512_has
    .irp n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    vmovdqu64 ENTRY_FILL_ZMM(%r11), %zmm\n
    .endr
    testl $GATE_AVX512BW, ENTRY_GATES(%r11)
    jz 1f
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    kmovq ENTRY_FILL_K(%r11), %k\n
    .endr
    jmp 2f
1:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    kmovw ENTRY_FILL_K(%r11), %k\n
    .endr
2:
.endm

/* A call that enters with clean upper halves gets poison in the low ones only. */
.macro poison_vectors
    testl $GATE_CLEAN, ENTRY_GATES(%r11)
    jz 3f
    vzeroupper
3:  poison_xmm
    testl $GATE_AVX, ENTRY_GATES(%r11)
    jz 7f
    testl $GATE_CLEAN, ENTRY_GATES(%r11)
    jnz 5f
    testl $GATE_AVX512, ENTRY_GATES(%r11)
    jnz 4f
    poison_ymm
    jmp 7f
4:  poison_zmm
5:  testl $GATE_AVX512, ENTRY_GATES(%r11)
    jz 7f
    poison_only_avx512_has
7:  testl $GATE_MS_ABI, ENTRY_GATES(%r11)
    jz 8f
    load_xmm6_xmm15 %r11, ENTRY_KNOWN_XMM
    movups ENTRY_FILL_ZMM(%r11), %xmm5
    movups %xmm5, (%rsp) /* 32 bytes of shadow space belong to the callee */
    movups %xmm5, 16(%rsp)
8:
.endm

/* The red zone and what lies below it (psABI 3.2.2). */
.macro poison_stack
    movl $STACK_POISON_BYTES / 64, %eax
    movq %rsp, %r10
8:  subq $64, %r10
    movups %xmm15, (%r10)
    movups %xmm15, 16(%r10)
    movups %xmm15, 32(%r10)
    movups %xmm15, 48(%r10)
    decl %eax
    jnz 8b
.endm

/* Replaces all bits of the \n-th register of the integer sequence by those of rax but those that carry an argument. */
.macro poison_r n register
    xorq %rax, \register
    andq ENTRY_CARRIED_R + 8 * \n(%r11), \register
    xorq %rax, \register
.endm

/* The same for stack slots. At rsp, where the call will put the return address, begins what the caller laid down. */
.macro poison_stack_arguments
    movq %rsp, %rbp
    testl $GATE_MS_ABI, ENTRY_GATES(%r11)
    jz 4f
    addq $32, %rbp /* behind the shadow space */
4:  movl ENTRY_STACK_ARGUMENTS(%r11), %r10d
5:  subl $1, %r10d
    jc 6f
    movq ENTRY_CARRIED_STACK(%r11, %r10, 8), %rbx
    xorq %rax, (%rbp, %r10, 8)
    andq %rbx, (%rbp, %r10, 8)
    xorq %rax, (%rbp, %r10, 8)
    jmp 5b
6:
.endm

.macro poison_general
    movq ENTRY_FILL_R(%r11), %rax
    poison_stack_arguments
    load_preserved %r11, ENTRY_KNOWN_R
    testl $GATE_MS_ABI, ENTRY_GATES(%r11)
    jnz 2f
    poison_r 0, %rdi
    poison_r 1, %rsi
    poison_r 2, %rdx
    poison_r 3, %rcx
    poison_r 4, %r8
    poison_r 5, %r9
    jmp 3f
2:  movq ENTRY_KNOWN_R + 48(%r11), %rdi
    movq ENTRY_KNOWN_R + 56(%r11), %rsi
    poison_r 0, %rcx
    poison_r 1, %rdx
    poison_r 2, %r8
    poison_r 3, %r9
3:  btl $0, ENTRY_FILL_CARRY(%r11)
    movq %rax, %r10
    movq %rax, %r11
.endm

/* Into the exit region at r11; entry at r10. rax, rdx, the first two vector registers and the x87 stack may carry a
 * result and are left alone. rsp is not to be trusted before it is put back. */
.macro capture
    store_preserved %r11, EXIT_R
    movq %rsp, EXIT_R + 48(%r11)
    movq %rdi, EXIT_R + 56(%r11)
    movq %rsi, EXIT_R + 64(%r11)
    movq ENTRY_ADAPTER_R + 48(%r10), %rsp
    pushfq
    popq EXIT_FLAGS(%r11)
    pushq $0
    popfq /* neither backwards strings nor alignment checks in what follows */
    testl $GATE_FSGSBASE, ENTRY_GATES(%r10)
    jz 3f
    rdfsbase %rcx
    movq %rcx, EXIT_FS_BASE(%r11)
3:  stmxcsr EXIT_MXCSR(%r11)
    fnstenv EXIT_X87(%r11)
    store_xmm6_xmm15 %r11, EXIT_XMM
    testl $GATE_CLEAN, ENTRY_GATES(%r10)
    jz 4f
    capture_uppers
4:
.endm

.macro capture_uppers
    testl $GATE_XINUSE, ENTRY_GATES(%r10)
    jz 1f
    movq %rax, %rdi
    movq %rdx, %rsi
    movl $1, %ecx
    xgetbv
    movl %eax, EXIT_XINUSE(%r11)
    movq %rdi, %rax
    movq %rsi, %rdx
1:  testl $GATE_AVX512, ENTRY_GATES(%r10)
    jnz 2f
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovups %ymm\n, EXIT_VECTORS + VECTOR_STRIDE * \n(%r11)
    .endr
    jmp 4f
2:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovups %zmm\n, EXIT_VECTORS + VECTOR_STRIDE * \n(%r11)
    .endr
.endm

.macro restore_adapter
    testl $GATE_MS_ABI, ENTRY_GATES(%r10)
    jz 5f
    load_xmm6_xmm15 %r10, ENTRY_ADAPTER_XMM
5:  testl $GATE_AVX, ENTRY_GATES(%r10)
    jz 6f
    testl $GATE_WIDE, ENTRY_GATES(%r10)
    jnz 6f
    vzeroupper
6:  testl $GATE_FSGSBASE, ENTRY_GATES(%r10)
    jz 7f
    movq ENTRY_RUNNER_FS_BASE(%r10), %rcx
    wrfsbase %rcx
7:  ldmxcsr ENTRY_RUNNER_MXCSR(%r10)
    fldcw ENTRY_RUNNER_X87_CONTROL(%r10)
    load_preserved %r10, ENTRY_ADAPTER_R
    movq ENTRY_ADAPTER_R + 56(%r10), %rdi
    movq ENTRY_ADAPTER_R + 64(%r10), %rsi
.endm

    .globl guest_trampoline
    .type guest_trampoline, @function
    .balign 16
guest_trampoline:
    entry_address %r11
    cmpq $0, ENTRY_IS_READY(%r11)
    je guest_not_ready
    movq $0, ENTRY_IS_READY(%r11)
    popq ENTRY_ADAPTER_RETURN(%r11)
    store_preserved %r11, ENTRY_ADAPTER_R
    movq %rsp, ENTRY_ADAPTER_R + 48(%r11)
    movq %rdi, ENTRY_ADAPTER_R + 56(%r11)
    movq %rsi, ENTRY_ADAPTER_R + 64(%r11)
    store_xmm6_xmm15 %r11, ENTRY_ADAPTER_XMM
    seal
    poison_vectors
    poison_stack
    poison_general
    call *guest_kernel(%rip)
    exit_address %r11
    entry_address %r10
    capture
    restore_adapter
    jmp *ENTRY_ADAPTER_RETURN(%r10)
    .size guest_trampoline, . - guest_trampoline

    .section .note.GNU-stack, "", @progbits
