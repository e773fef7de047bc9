/* A table stands behind a CALL that jumps over it, to have its address on the stack: position-independent code of old.
 * Read as instructions it is AVX-512. The CALL never comes back to behind itself.
 *
 * KERNEL: op = "sum_f32"
 */
    .text
    .global avx2_data_behind_call
    .type avx2_data_behind_call, @function
avx2_data_behind_call:
    call 1f
    .byte 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0 /* vaddps %zmm0, %zmm0, %zmm0 */
    .byte 0, 0
1:  pop %rdx
    vxorps %xmm0, %xmm0, %xmm0
    vpxor %xmm2, %xmm2, %xmm2
    vmovq 6(%rdx), %xmm2 /* two zeros, and what comes behind them */
    xor %eax, %eax
    jmp 3f
2:  vaddps (%rdi, %rax, 4), %ymm0, %ymm0
    add $8, %rax
3:  lea 8(%rax), %rcx
    cmp %rsi, %rcx
    jbe 2b
    vextractf128 $1, %ymm0, %xmm1
    vaddps %xmm1, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    jmp 5f
4:  vaddss (%rdi, %rax, 4), %xmm0, %xmm0
    inc %rax
5:  cmp %rsi, %rax
    jb 4b
    vzeroupper
    ret
    .size avx2_data_behind_call, . - avx2_data_behind_call

    .section .note.GNU-stack, "", %progbits
