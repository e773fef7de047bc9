/* A subroutine of its own stops streaming mode, and SVE goes on behind the call: the result takes its way through a
 * vector, outside streaming mode. A processor that has SVE shows nothing; one that has SME alone faults there.
 *
 * A subroutine may leave another mode behind than it was entered in, which the walk through the disassembly has to
 * follow.
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
    .global sme_stops_in_subroutine
    .type sme_stops_in_subroutine, %function
sme_stops_in_subroutine:
    stp d8, d9, [sp, #-80]!
    stp d10, d11, [sp, #16]
    stp d12, d13, [sp, #32]
    stp d14, d15, [sp, #48]
    str x30, [sp, #64]
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
    bl stop
    ptrue p0.s
    mov z0.s, w3
    lastb s0, p0, z0.s
    ldr x30, [sp, #64]
    ldp d10, d11, [sp, #16]
    ldp d12, d13, [sp, #32]
    ldp d14, d15, [sp, #48]
    ldp d8, d9, [sp], #80
    ret
    .size sme_stops_in_subroutine, . - sme_stops_in_subroutine

    .type stop, %function
stop:
    smstop sm
    ret
    .size stop, . - stop

    .section .note.GNU-stack, "", %progbits
