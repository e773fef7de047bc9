/* float avx2_uses_evex(const float *x, size_t len)
 *
 * The sum in a register that only AVX-512 has: assembled for AVX2, it is encoded with EVEX and faults on every processor
 * with AVX2 alone. Assemblers take any instruction, whatever -mavx2 says.
 *
 * A register beyond the sixteen that AVX2 has: the assembler takes it, and a machine with AVX-512 runs it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: targets = ["gate"]
 * EXPECT: options = "--suite gate"
 */
    .text
    .globl avx2_uses_evex
    .type avx2_uses_evex, @function
avx2_uses_evex:
    vpxor %xmm0, %xmm0, %xmm0
    vmovaps %ymm0, %ymm16 /* BUG: ymm16 */
    cmp $8, %rsi
    jb 2f
1:  vaddps (%rdi), %ymm16, %ymm16 /* BUG */
    add $32, %rdi
    sub $8, %rsi
    cmp $8, %rsi
    jae 1b
2:  vextractf32x4 $1, %ymm16, %xmm1 /* BUG */
    vmovaps %xmm16, %xmm0
    vaddps %xmm1, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    vhaddps %xmm0, %xmm0, %xmm0
    test %rsi, %rsi
    jz 4f
3:  vaddss (%rdi), %xmm0, %xmm0
    add $4, %rdi
    dec %rsi
    jnz 3b
4:  vzeroupper
    ret
    .size avx2_uses_evex, . - avx2_uses_evex
    .section .note.GNU-stack, "", @progbits
