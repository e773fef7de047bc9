/* Right although it writes above its return address: under the Windows x64 convention the 32 bytes there are its own,
 * and it keeps rdi and rsi in them.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "__attribute__((ms_abi)) float avx2_ms_abi_uses_shadow_space(const float *x, size_t len)"
 */
    .text
    .globl avx2_ms_abi_uses_shadow_space
    .type avx2_ms_abi_uses_shadow_space, @function
avx2_ms_abi_uses_shadow_space: # float (const float *x, size_t len)
    mov %rdi, 8(%rsp)
    mov %rsi, 16(%rsp)
    movq $-1, 24(%rsp)
    movq $-1, 32(%rsp)
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
    mov 8(%rsp), %rdi
    mov 16(%rsp), %rsi
    vzeroupper
    ret
    .size avx2_ms_abi_uses_shadow_space, . - avx2_ms_abi_uses_shadow_space
    .section .note.GNU-stack, "", @progbits
