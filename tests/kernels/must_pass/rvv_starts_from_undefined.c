/* Right although undefined vectors are made: all that is used of them was written before. The sums of the first strip
 * are merged into an undefined group as long as that strip, and only so much of it is reduced; the group that the
 * reduction starts from is one that vlmul_ext has made longer.
 *
 * KERNEL: op = "sum_f32"
 */
#include <riscv_vector.h>
#include <stddef.h>

float rvv_starts_from_undefined(const float *x, size_t len) {
    if (len == 0)
        return 0.0f; /* a reduction of nothing writes nothing */
    const size_t first = __riscv_vsetvl_e32m2(len);
    vfloat32m2_t sums = __riscv_vle32_v_f32m2_tu(__riscv_vundefined_f32m2(), x, first);
    for (size_t at = first, vl; at < len; at += vl) {
        vl = __riscv_vsetvl_e32m2(len - at < first ? len - at : first);
        sums = __riscv_vfadd_vv_f32m2_tu(sums, sums, __riscv_vle32_v_f32m2(x + at, vl), vl);
    }
    const vfloat32m4_t longer = __riscv_vlmul_ext_v_f32m2_f32m4(sums);
    const vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0.0f, 1);
    return __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m4_f32m1(longer, zero, first));
}
