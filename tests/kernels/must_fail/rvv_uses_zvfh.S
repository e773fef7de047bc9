/* float rvv_uses_zvfh(const float *x, size_t len)
 *
 * A sum whose accumulator is set to zero by an addition of half-precision zeros, which V does not have: that is Zvfh.
 * Of the same mnemonic at 32 bits V has it: the assembler cannot tell.
 *
 * Half-precision arithmetic in a kernel for V: the mnemonic is that of 32 bits, and the emulator has all of it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: targets = ["gate"]
 * EXPECT: cc = "clang"
 * EXPECT: options = "--suite gate"
 */
    .text
    .globl rvv_uses_zvfh
    .type rvv_uses_zvfh, @function
rvv_uses_zvfh:
    vsetivli zero, 1, e16, m1, ta, ma
    vmv.v.i v8, 0
    vfadd.vv v8, v8, v8 /* BUG: Zvfh */
    vsetivli zero, 1, e32, m1, ta, ma
    vmv.v.i v8, 0
    beqz a1, 2f
1:  vsetvli t0, a1, e32, m4, ta, ma
    vle32.v v16, (a0)
    vfredusum.vs v8, v16, v8
    sub a1, a1, t0
    slli t0, t0, 2
    add a0, a0, t0
    bnez a1, 1b
2:  vfmv.f.s fa0, v8
    ret
    .size rvv_uses_zvfh, . - rvv_uses_zvfh
    .section .note.GNU-stack, "", @progbits
