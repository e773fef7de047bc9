/* ZA is zero where SMSTART enables it, and is not where a dormant one was enabled already: after the lazy save has been
 * committed, the caller's contents are still in it.
 *
 * SMSTART zeroes ZA only where it was off: behind a committed lazy save the contents of a caller are still there.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 * EXPECT: options = "--suite residues"
 */
    .arch armv9-a+sme
    .text
    .globl sme_assumes_za_is_zero
    .type sme_assumes_za_is_zero, %function
sme_assumes_za_is_zero: // float (const float *x, size_t len)
    stp d8, d9, [sp, -64]!
    stp d10, d11, [sp, 16]
    stp d12, d13, [sp, 32]
    stp d14, d15, [sp, 48]
    mrs x8, TPIDR2_EL0
    cbz x8, 3f
    ldr x9, [x8] // za_save_buffer and num_za_save_slices of AAPCS64 6.4.3
    ldrh w10, [x8, #8]
    rdsvl x11, #1
    mov w15, #0
1:
    cmp w15, w10
    b.hs 2f
    str za[w15, 0], [x9]
    add x9, x9, x11
    add w15, w15, #1
    b 1b
2:
    msr TPIDR2_EL0, xzr
3:
    smstart // zero {za} is due behind it
    ptrue p0.s
    fmov z3.s, #1.0
    mov x8, #0
    b 5f
4:
    ld1w {z1.s}, p1/z, [x0, x8, lsl #2]
    fmopa za0.s, p1/m, p0/m, z1.s, z3.s
    incw x8
5:
    whilelo p1.s, x8, x1
    b.first 4b
    mov w12, #0
    mov z0.s, p0/m, za0v.s[w12, 0]
    faddv s0, p0, z0.s
    fmov w9, s0
    smstop
    fmov s0, w9
    ldp d10, d11, [sp, 16]
    ldp d12, d13, [sp, 32]
    ldp d14, d15, [sp, 48]
    ldp d8, d9, [sp], 64
    ret
    .size sme_assumes_za_is_zero, . - sme_assumes_za_is_zero
    .section .note.GNU-stack, "", %progbits
