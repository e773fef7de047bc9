/* Right although it overwrites a caller's ZA: it commits the lazy save by hand first (AAPCS64 6.6.6), stores the slices
 * that TPIDR2_EL0 points at, and nulls it before it turns ZA off.
 *
 * KERNEL: op = "sum_f32"
 */
    .text
    .globl sme_commits_lazy_save
    .type sme_commits_lazy_save, %function
sme_commits_lazy_save: // float (const float *x, size_t len)
    mrs x14, TPIDR2_EL0
    cbz x14, 2f
    ldr x16, [x14]      // za_save_buffer
    ldrh w17, [x14, #8] // num_za_save_slices
    cbz x16, 2f
    mov w15, #0
1:
    cmp w15, w17
    b.hs 2f
    str za[w15, 0], [x16]
    addsvl x16, x16, #1
    add w15, w15, #1
    b 1b
2:
    msr TPIDR2_EL0, xzr
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    smstart
    zero {za}
    ptrue p0.s
    fmov z2.s, #1.0
    mov z0.s, #0
    mov x8, #0
    b 4f
3:
    ld1w {z1.s}, p1/z, [x0, x8, lsl #2]
    fmopa za0.s, p1/m, p0/m, z1.s, z2.s
    incw x8
4:
    whilelo p1.s, x8, x1
    b.first 3b
    mov w12, #0
    mova z0.s, p0/m, za0v.s[w12, 0]
    faddv s0, p0, z0.s
    fmov w9, s0
    smstop
    fmov s0, w9
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret
    .size sme_commits_lazy_save, . - sme_commits_lazy_save
    .section .note.GNU-stack, "", %progbits
