/* Register used before it is set: the hand-written addition is governed by p3, which a line that got lost had set
 * to all true.
 *
 * Right whenever the caller left p3 all true.
 *
 * Assembly that relies on a caller-saved predicate being all true at entry.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_relies_on_predicate(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t v = svld1_f32(active, x + i);
        __asm__("fadd %[sum].s, p3/m, %[sum].s, %[v].s" : [sum] "+w"(sum) : [v] "w"(v));
    }
    return svaddv_f32(svptrue_b32(), sum);
}
