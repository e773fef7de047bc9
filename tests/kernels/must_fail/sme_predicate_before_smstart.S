/* Predicate lost over a mode switch: the all-true predicate of the final reduction is set before SMSTART, which
 * zeroes predicates as it does vectors.
 *
 * The sum of nothing is what comes back.
 *
 * A predicate made before SMSTART is gone behind it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_predicate_before_smstart
    .type sme_predicate_before_smstart, %function
sme_predicate_before_smstart: // float (const float *x, size_t len)
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    ptrue p0.s
    smstart sm
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
    .size sme_predicate_before_smstart, . - sme_predicate_before_smstart
    .section .note.GNU-stack, "", %progbits
