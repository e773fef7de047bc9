/* Advanced SIMD in streaming mode: hand-written code adds the residue with a two-lane fadd.
 *
 * Streaming mode does not have it (Arm ARM, "Restrictions on execution in streaming SVE mode"). Right where FA64 is
 * implemented, as in QEMU unless it is told otherwise, and for rows without a residue; faults on real cores.
 *
 * Advanced SIMD in streaming mode: an emulator that implements FA64 runs it, real cores fault.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: cc = "clang"
 */
    .text
    .globl sme_neon_in_streaming
    .type sme_neon_in_streaming, %function
sme_neon_in_streaming: // float (const float *x, size_t len)
    stp d8, d9, [sp, #-64]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    smstart sm
    ptrue p0.s
    mov z0.s, #0
    cntw x9
1:
    cmp x1, x9
    b.lo 2f
    ld1w {z1.s}, p0/z, [x0]
    fadd z0.s, z0.s, z1.s
    add x0, x0, x9, lsl #2
    sub x1, x1, x9
    b 1b
2:
    faddv s0, p0, z0.s
3:
    cbz x1, 4f
    ldr s1, [x0], #4
    fadd v0.2s, v0.2s, v1.2s
    sub x1, x1, #1
    b 3b
4:
    fmov w9, s0
    smstop sm
    fmov s0, w9
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #64
    ret
    .size sme_neon_in_streaming, . - sme_neon_in_streaming
    .section .note.GNU-stack, "", %progbits
