/* ADDVL counts in vectors of the mode that it runs in: a frame that is made outside streaming mode and given back inside
 * has two sizes.
 *
 * ADDVL on either side of SMSTART: the frame is made by one vector length and given back by another.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: cc = "clang"
 * EXPECT: options = "--suite residues"
 */
    .arch armv9-a+sme
    .text
    .globl sme_frame_of_other_length
    .type sme_frame_of_other_length, %function
sme_frame_of_other_length: // float (const float *x, size_t len)
    stp d8, d9, [sp, -64]!
    stp d10, d11, [sp, 16]
    stp d12, d13, [sp, 32]
    stp d14, d15, [sp, 48]
    mov x10, sp
    addvl sp, sp, #-1
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
    addvl sp, sp, #1
    smstop sm
    fmov s0, w9
    ldp d10, d11, [x10, 16]
    ldp d12, d13, [x10, 32]
    ldp d14, d15, [x10, 48]
    ldp d8, d9, [x10]
    add sp, sp, #64
    ret
    .size sme_frame_of_other_length, . - sme_frame_of_other_length
    .section .note.GNU-stack, "", %progbits
