/* Mode changed: the routine may be called in either mode, starts streaming mode for itself and stops it at the end,
 * without a look at which it was called in.
 *
 * Right when called outside streaming mode.
 *
 * Called in streaming mode, it returns outside.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float sme_compatible_stops_streaming(const float *x, size_t len) __arm_streaming_compatible"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_compatible_stops_streaming
    .type sme_compatible_stops_streaming, %function
sme_compatible_stops_streaming: // float (const float *x, size_t len) __arm_streaming_compatible
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    smstart sm
    ptrue p0.s
    mov z0.s, #0
    mov x8, #0
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
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret
    .size sme_compatible_stops_streaming, . - sme_compatible_stops_streaming
    .section .note.GNU-stack, "", %progbits
