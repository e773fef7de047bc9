/* Right although the loop predicate is one of 16-bit elements: unpacked into halves, it governs two vectors of
 * 32-bit elements.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_predicate_from_halves(const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += 2 * lanes) {
        const svbool_t halves = svwhilelt_b16_u64(i, len);
        const svbool_t low = svunpklo_b(halves), high = svunpkhi_b(halves);
        sum = svadd_f32_m(low, sum, svld1_f32(low, x + i));
        if (svptest_any(svptrue_b32(), high))
            sum = svadd_f32_m(high, sum, svld1_f32(high, x + i + lanes));
    }
    return svaddv_f32(svptrue_b32(), sum);
}
