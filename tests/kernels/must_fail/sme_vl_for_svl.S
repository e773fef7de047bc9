/* The wrong length: hand-written code counts the lanes in front of SMSTART, where CNTW tells the other vector length.
 *
 * Right on machines whose two lengths are the same. Else elements are skipped, or added repeatedly. In assembly,
 * because gcc 14 takes svcntw() for one number in both modes, and drops the mode switch of what it inlines.
 *
 * The vector length outside streaming mode taken for the one inside: right wherever the two are the same.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_vl_for_svl
    .type sme_vl_for_svl, %function
sme_vl_for_svl: // float (const float *x, size_t len)
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    cntw x9
    smstart sm
    ptrue p0.s
    mov z0.s, #0
    mov x8, #0
    b 2f
1:
    ld1w {z1.s}, p1/z, [x0, x8, lsl #2]
    fadd z0.s, p1/m, z0.s, z1.s
    add x8, x8, x9
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
    .size sme_vl_for_svl, . - sme_vl_for_svl
    .section .note.GNU-stack, "", %progbits
