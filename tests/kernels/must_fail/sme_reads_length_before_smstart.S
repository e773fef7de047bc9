/* The vector length is read by SVE in front of SMSTART, by CNTW: where it counts, it is read once more by SME.
 *
 * The row is summed right. A processor that has SVE beside SME shows nothing; one that has SME alone faults at once.
 *
 * CNTW is SVE's: in front of SMSTART a processor with SME alone faults there. Only what compilers put there to
 * describe a frame is excused.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: cc = "clang"
 * EXPECT: targets = ["gate"]
 * EXPECT: passes_on = ["sme"]
 * EXPECT: options = "--suite gate,boundary"
 */
    .arch armv9-a+sme
    .text
    .global sme_reads_length_before_smstart
    .type sme_reads_length_before_smstart, %function
sme_reads_length_before_smstart:
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    cntw x4
    smstart sm
    rdsvl x4, #1
    lsr x4, x4, #2
    ptrue p0.s
    mov z0.s, #0
    mov x2, #0
    b 2f
1:  ld1w {z1.s}, p1/z, [x0, x2, lsl #2]
    fadd z0.s, p1/m, z0.s, z1.s
    add x2, x2, x4
2:  whilelo p1.s, x2, x1
    b.any 1b
    faddv s0, p0, z0.s
    fmov w3, s0
    smstop sm
    fmov s0, w3
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret
    .size sme_reads_length_before_smstart, . - sme_reads_length_before_smstart

    .section .note.GNU-stack, "", %progbits
