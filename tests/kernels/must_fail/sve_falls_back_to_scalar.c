/* Dispatch on the wrong macro: __ARM_FEATURE_SVE_BITS is 0 unless a fixed length was asked for, so that the vector
 * code is never compiled, let alone run.
 *
 * Right everywhere, and therefore right where SVE is switched off.
 *
 * A dispatcher that falls back to scalar code passes every case: only switching the feature off shows that the vector
 * path was never taken.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: targets = ["gate"]
 * EXPECT: passes_on = ["sve"]
 * EXPECT: options = "--suite gate,boundary"
 */
#include <stddef.h>

#if defined(__ARM_FEATURE_SVE_BITS) && __ARM_FEATURE_SVE_BITS != 0
#include <arm_sve.h>

float sve_falls_back_to_scalar(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (size_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}

#else

__attribute__((target("+nosve"))) /* or the compiler would vectorise it after all */
float sve_falls_back_to_scalar(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return sum;
}

#endif
