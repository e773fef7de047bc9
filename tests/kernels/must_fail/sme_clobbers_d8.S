/* Callee-saved registers lost over a mode switch: SMSTART and SMSTOP zero all vector registers, and hand-written code
 * saves none of d8 to d15 around them.
 *
 * The result is right. What breaks is a caller that keeps a double in one of them.
 *
 * SMSTART and SMSTOP zero every vector register, d8 to d15 too: hand-written code has to save them.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_clobbers_d8
    .type sme_clobbers_d8, %function
sme_clobbers_d8: // float (const float *x, size_t len)
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
    ret
    .size sme_clobbers_d8, . - sme_clobbers_d8
    .section .note.GNU-stack, "", %progbits
