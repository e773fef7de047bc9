/* Needs more than it claims: FADDP on SVE vectors is an SVE2 instruction.
 *
 * Right on cores with SVE2; an illegal instruction on a64fx and neoverse-v1, the two with wide vectors.
 *
 * One SVE2 instruction in a kernel that claims SVE: the cores with wide vectors are the ones that lack it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: targets = ["a64fx", "neoverse-v1"]
 * EXPECT: passes_on = ["sve"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_uses_sve2(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + i));
        sum1 = svadd_f32_x(all, sum1, svld1_f32(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, svld1_f32(active, x + i));
    }
    svfloat32_t pairs = svadd_f32_x(all, sum0, sum1);
    __asm__(".arch_extension sve2\n\t"
            "faddp %[pairs].s, %[all]/m, %[pairs].s, %[zero].s"
            : [pairs] "+w"(pairs)
            : [all] "Upl"(all), [zero] "w"(svdup_n_f32(0.0f)));
    return svaddv_f32(all, pairs);
}
