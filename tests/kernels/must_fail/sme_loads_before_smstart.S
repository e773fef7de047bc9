/* SVE before SMSTART: the predicate and the first vector are made in front of the mode switch, which zeroes them where
 * it does not fault.
 *
 * The row is summed right because both are made once more behind it. A processor that has SVE shows nothing; one that
 * has SME alone faults at the first instruction.
 *
 * SVE in front of SMSTART: a processor with SME alone faults there, and no emulator has such a processor, so that only
 * the disassembly shows it.
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
    .global sme_loads_before_smstart
    .type sme_loads_before_smstart, %function
sme_loads_before_smstart:
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    ptrue p0.s
    mov z0.s, #0
    smstart sm
    ptrue p0.s
    mov z0.s, #0
    mov x2, #0
    b 2f
1:  ld1w {z1.s}, p1/z, [x0, x2, lsl #2]
    fadd z0.s, p1/m, z0.s, z1.s
    incw x2
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
    .size sme_loads_before_smstart, . - sme_loads_before_smstart

    .section .note.GNU-stack, "", %progbits
