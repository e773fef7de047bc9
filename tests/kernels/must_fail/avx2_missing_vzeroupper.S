/* Missing vzeroupper: an assembly routine returns with dirty upper halves; compilers insert the instruction into C
 * on their own.
 *
 * The result is right. SSE code that runs later pays a penalty for every instruction, on some cores until the next
 * context switch.
 *
 * Dirty upper halves at return: right results, and slow SSE code ever after. In assembly, because compilers insert
 * vzeroupper.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: builds = ["hostile"]
 */
    .text
    .globl avx2_missing_vzeroupper
    .type avx2_missing_vzeroupper, @function
avx2_missing_vzeroupper: # float (const float *x, size_t len)
    vxorps %ymm0, %ymm0, %ymm0
1:
    cmp $8, %rsi
    jb 2f
    vaddps (%rdi), %ymm0, %ymm0
    add $32, %rdi
    sub $8, %rsi
    jmp 1b
2:
    vextractf128 $1, %ymm0, %xmm1
    vaddps %xmm1, %xmm0, %xmm2
    vhaddps %xmm2, %xmm2, %xmm2
    vhaddps %xmm2, %xmm2, %xmm2
3:
    test %rsi, %rsi
    jz 4f
    vaddss (%rdi), %xmm2, %xmm2
    add $4, %rdi
    dec %rsi
    jmp 3b
4:
    vmovaps %ymm2, %ymm0
    vpcmpeqd %ymm15, %ymm15, %ymm15 # a mask that the masked tail no longer uses
    ret
    .size avx2_missing_vzeroupper, . - avx2_missing_vzeroupper
    .section .note.GNU-stack, "", @progbits
