/* vmovaps to a spill slot at a multiple of 64 from an entry that is one of 16 only (psABI 3.2.2): right wherever the
 * caller's frame happens to fit.
 *
 * The stack is a multiple of 16 at entry, and vmovaps to it wants 64: right once in four frames.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: options = "--suite residues"
 */
    .text
    .globl avx512_assumes_aligned_stack
    .type avx512_assumes_aligned_stack, @function
avx512_assumes_aligned_stack: /* float (const float *x, size_t len) */
    subq $72, %rsp
    vpxorq %xmm0, %xmm0, %xmm0
    vmovaps %zmm0, (%rsp)
    xorl %eax, %eax
1:  cmpq %rsi, %rax
    jae 2f
    vaddss (%rdi,%rax,4), %xmm0, %xmm0
    incq %rax
    jmp 1b
2:  addq $72, %rsp
    vzeroupper
    ret
    .size avx512_assumes_aligned_stack, . - avx512_assumes_aligned_stack
    .section .note.GNU-stack, "", @progbits
