/* Accumulator never zeroed: SMSTART zeroes all vectors, but it is the caller that started streaming mode, and what it
 * did since is its own affair.
 *
 * Right where the caller starts streaming mode just before the call.
 *
 * Vectors are zero behind SMSTART, but need not be at the entry of a function with a streaming interface.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float sme_relies_on_zeroing(const float *x, size_t len) __arm_streaming"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 */
    .text
    .globl sme_relies_on_zeroing
    .type sme_relies_on_zeroing, %function
sme_relies_on_zeroing: // float (const float *x, size_t len) __arm_streaming
    ptrue p0.s
    mov x8, #0
    b 2f
1:
    ld1w {z1.s}, p1/z, [x0, x8, lsl #2]
    fadd z16.s, p1/m, z16.s, z1.s
    incw x8
2:
    whilelo p1.s, x8, x1
    b.first 1b
    faddv s0, p0, z16.s
    ret
    .size sme_relies_on_zeroing, . - sme_relies_on_zeroing
    .section .note.GNU-stack, "", %progbits
