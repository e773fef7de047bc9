/* Right in both modes: nothing that only one of them has, and lanes are counted anew at every call.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "float sme_streaming_compatible(const float *x, size_t len) __arm_streaming_compatible"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

float sme_streaming_compatible(const float *x, size_t len) __arm_streaming_compatible {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}
