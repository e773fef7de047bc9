/* Streaming mode left on: hand-written code returns early for short rows, past its SMSTOP.
 *
 * The caller has another vector length from then on, and Advanced SIMD code faults.
 *
 * An early return past SMSTOP, for rows of up to one vector.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_leaves_streaming_on
    .type sme_leaves_streaming_on, %function
sme_leaves_streaming_on: // float (const float *x, size_t len)
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    smstart sm
    ptrue p0.s
    mov z0.s, #0
    cntw x9
    mov x8, #0
    cmp x1, x9
    b.ls 3f
    b 2f
1:
    ld1w {z1.s}, p1/z, [x0, x8, lsl #2]
    fadd z0.s, p1/m, z0.s, z1.s
    incw x8
2:
    whilelo p1.s, x8, x1
    b.first 1b
    faddv s0, p0, z0.s
    fmov w9, s0
    smstop sm
    fmov s0, w9
    b 4f
3:
    whilelo p1.s, x8, x1
    ld1w {z1.s}, p1/z, [x0]
    faddv s0, p1, z1.s
4:
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret
    .size sme_leaves_streaming_on, . - sme_leaves_streaming_on
    .section .note.GNU-stack, "", %progbits
