/* The first vector instruction runs under the vl and vtype that the caller left: both are unspecified at entry (RISC-V
 * psABI, Vector Register Convention).
 *
 * The first instruction runs under the vtype of whoever was there before.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: cc = "clang"
 * EXPECT: builds = ["hostile"]
 * EXPECT: options = "--suite residues"
 */
    .option arch, +v
    .text
    .globl rvv_assumes_vtype
    .type rvv_assumes_vtype, %function
rvv_assumes_vtype: # float (const float *x, size_t len)
    vmv.v.i v8, 0
1:
    beqz a1, 2f
    vsetvli t1, a1, e32, m8, tu, mu
    vle32.v v16, (a0)
    vfadd.vv v8, v8, v16
    sub a1, a1, t1
    slli t1, t1, 2
    add a0, a0, t1
    j 1b
2:
    vsetvli t0, zero, e32, m8, ta, ma
    vmv.s.x v0, zero
    vfredusum.vs v0, v8, v0
    vfmv.f.s fa0, v0
    ret
    .size rvv_assumes_vtype, . - rvv_assumes_vtype
    .section .note.GNU-stack, "", %progbits
