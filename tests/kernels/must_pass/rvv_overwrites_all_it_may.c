/* Right although it overwrites every register that a call may: all vectors, vl, vtype, the temporaries.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>

float rvv_overwrites_all_it_may(const float *x, size_t len) {
    float sum;
    __asm__("vsetvli t0, zero, e32, m8, ta, ma\n\t"
            "vmv.v.i v0, 0\n\t"
            "vmv.v.i v8, -1\n\t"
            "vmv.v.i v24, -1\n\t"
            "1: beqz %[len], 2f\n\t"
            "vsetvli t1, %[len], e32, m8, tu, mu\n\t"
            "vle32.v v16, (%[x])\n\t"
            "vfadd.vv v0, v0, v16\n\t"
            "sub %[len], %[len], t1\n\t"
            "slli t1, t1, 2\n\t"
            "add %[x], %[x], t1\n\t"
            "j 1b\n\t"
            "2: vsetvli t0, zero, e32, m8, ta, ma\n\t"
            "vmv.s.x v8, zero\n\t"
            "vfredusum.vs v8, v0, v8\n\t"
            "vfmv.f.s %[sum], v8\n\t"
            "li t2, -1\n\t"
            "mv t3, t2\n\t"
            "mv t4, t2\n\t"
            "mv t5, t2\n\t"
            "mv t6, t2\n\t"
            "vsetvli zero, t2, e8, m8, ta, ma\n\t"
            "vmv.v.i v0, -1\n\t"
            "vmv.v.i v8, -1\n\t"
            "vmv.v.i v16, -1\n\t"
            "vmv.v.i v24, -1\n\t"
            "vsetvli zero, zero, e64, m8, tu, mu"
            : [x] "+r"(x), [len] "+r"(len), [sum] "=&f"(sum)
            :
            : "t0", "t1", "t2", "t3", "t4", "t5", "t6", "memory");
    return sum;
}
