/* Streaming mode left: the routine is called in streaming mode, as its prototype says, and stops it at the end, as
 * routines do that started it.
 *
 * The result is right. The caller's vectors are zero from then on, and its vector length is another.
 *
 * A function with a streaming interface returns outside streaming mode.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float sme_stops_streaming_of_caller(const float *x, size_t len) __arm_streaming"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_stops_streaming_of_caller
    .type sme_stops_streaming_of_caller, %function
sme_stops_streaming_of_caller: // float (const float *x, size_t len) __arm_streaming
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
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
    .size sme_stops_streaming_of_caller, . - sme_stops_streaming_of_caller
    .section .note.GNU-stack, "", %progbits
