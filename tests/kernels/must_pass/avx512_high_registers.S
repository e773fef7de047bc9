/* Looks like a missing vzeroupper. Right: only zmm16 to zmm31 are written, which SSE code cannot name and vzeroupper
 * leaves alone (SDM volume 1, 14.1.2 and 15.5).
 *
 * KERNEL: op = "sum_f32"
 */
    .text
    .globl avx512_high_registers
    .type avx512_high_registers, @function
avx512_high_registers: /* float (const float *x, size_t len) */
    vpxorq %zmm16, %zmm16, %zmm16
    xorl %eax, %eax
1:  movq %rsi, %rcx
    subq %rax, %rcx
    jbe 3f
    movl $0xffff, %edx
    cmpq $16, %rcx
    jae 2f
    movl $1, %edx
    shll %cl, %edx
    decl %edx
2:  kmovw %edx, %k1
    vmovups (%rdi, %rax, 4), %zmm17{%k1}{z}
    vaddps %zmm17, %zmm16, %zmm16
    addq $16, %rax
    jmp 1b
3:  vextractf64x4 $1, %zmm16, %ymm17
    vaddps %ymm17, %ymm16, %ymm16
    vextractf32x4 $1, %ymm16, %xmm17
    vaddps %xmm17, %xmm16, %xmm16
    vpermilps $0x4e, %xmm16, %xmm17
    vaddps %xmm17, %xmm16, %xmm16
    vmovshdup %xmm16, %xmm17
    vaddss %xmm17, %xmm16, %xmm0
    ret
    .size avx512_high_registers, . - avx512_high_registers
    .section .note.GNU-stack, "", @progbits
