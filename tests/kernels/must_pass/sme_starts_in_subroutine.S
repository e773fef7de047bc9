/* Streaming mode is started and stopped by subroutines of its own, which the procedure call standard says nothing about:
 * behind the first call SVE instructions are right.
 *
 * KERNEL: op = "sum_f32"
 */
    .arch armv9-a+sme
    .text
    .global sme_starts_in_subroutine
    .type sme_starts_in_subroutine, %function
sme_starts_in_subroutine:
    stp d8, d9, [sp, #-80]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    str x30, [sp, #64]
    bl start
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
    bl stop
    fmov s0, w3
    ldr x30, [sp, #64]
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #80
    ret
    .size sme_starts_in_subroutine, . - sme_starts_in_subroutine

    .type start, %function
start:
    smstart sm
    ret
    .size start, . - start

    .type stop, %function
stop:
    smstop sm
    ret
    .size stop, . - stop

    .section .note.GNU-stack, "", %progbits
