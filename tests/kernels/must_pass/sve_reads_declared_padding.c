/* Right although the last load is unpredicated: the contract declares that 63 elements behind the row may be read,
 * and none of them takes part in the sum.
 *
 * KERNEL: op = "padded_sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_reads_declared_padding(const float *x, size_t len) {
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svfloat32_t v = svld1_f32(svptrue_b32(), x + i);
        sum = svadd_f32_m(svwhilelt_b32_u64(i, len), sum, v);
    }
    return svaddv_f32(svptrue_b32(), sum);
}
