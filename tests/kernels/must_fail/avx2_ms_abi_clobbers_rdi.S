/* Callee-saved registers overwritten: a System V routine with a Windows x64 entry that moves the arguments into rdi
 * and rsi, where the routine expects them. There they belong to the caller.
 *
 * The result is right.
 *
 * rdi and rsi are callee-saved on Windows and carry arguments elsewhere.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "__attribute__((ms_abi)) float avx2_ms_abi_clobbers_rdi(const float *x, size_t len)"
 * EXPECT: outcome = "STATE"
 */
    .text
    .globl avx2_ms_abi_clobbers_rdi
    .type avx2_ms_abi_clobbers_rdi, @function
avx2_ms_abi_clobbers_rdi: # float (const float *x, size_t len)
    mov %rcx, %rdi
    mov %rdx, %rsi
    vpxor %ymm0, %ymm0, %ymm0
1:
    cmp $8, %rsi
    jb 2f
    vaddps (%rdi), %ymm0, %ymm0
    add $32, %rdi
    sub $8, %rsi
    jmp 1b
2:
    vextractf128 $1, %ymm0, %xmm1
    vaddps %xmm1, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
3:
    test %rsi, %rsi
    jz 4f
    vaddss (%rdi), %xmm0, %xmm0
    add $4, %rdi
    dec %rsi
    jmp 3b
4:
    vzeroupper
    ret
    .size avx2_ms_abi_clobbers_rdi, . - avx2_ms_abi_clobbers_rdi
    .section .note.GNU-stack, "", @progbits
