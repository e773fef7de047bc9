/* Half the elements dropped: svcvt_f64_f32 widens the even-numbered lanes only. The odd ones need svcvtlt (SVE2)
 * or an unpack.
 *
 * Shows on every row of two elements and more.
 *
 * Widening conversions take every other lane; the odd half is forgotten.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_converts_even_lanes(const float *x, size_t len) {
    const svbool_t all = svptrue_b64();
    const uint64_t lanes = svcntw();
    svfloat64_t sum = svdup_n_f64(0.0);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f64_x(all, sum, svcvt_f64_f32_x(all, svld1_f32(active, x + i)));
    }
    return (float)svaddv_f64(all, sum);
}
