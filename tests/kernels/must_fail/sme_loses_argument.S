/* Argument lost over a mode switch: the factor arrives in s0, which SMSTART zeroes before hand-written code
 * broadcasts it.
 *
 * y stays what it was.
 *
 * A floating-point argument is gone behind SMSTART.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_loses_argument
    .type sme_loses_argument, %function
sme_loses_argument: // void (float *y, const float *x, size_t len, float a)
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    smstart sm
    mov z0.s, s0
    mov x8, #0
    b 2f
1:
    ld1w {z1.s}, p0/z, [x1, x8, lsl #2]
    ld1w {z2.s}, p0/z, [x0, x8, lsl #2]
    fmla z2.s, p0/m, z1.s, z0.s
    st1w {z2.s}, p0, [x0, x8, lsl #2]
    incw x8
2:
    whilelo p0.s, x8, x2
    b.first 1b
    smstop sm
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret
    .size sme_loses_argument, . - sme_loses_argument
    .section .note.GNU-stack, "", %progbits
