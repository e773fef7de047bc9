/* Narrow accumulator: halves are added up in half precision, twice as many lanes per vector.
 *
 * Right to three digits on short rows; on long ones terms vanish beside the sum.
 *
 * Halves are added up in half precision, where a sum in float is promised.
 *
 * KERNEL: op = "sum_f16"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite sensitivity"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_sum_f16_in_half(const float16_t *x, size_t len) {
    svfloat16_t sum = svdup_n_f16(0);
    for (uint64_t i = 0; i < len; i += svcnth()) {
        const svbool_t active = svwhilelt_b16_u64(i, len);
        sum = svadd_f16_m(active, sum, svld1_f16(active, x + i));
    }
    return (float)svaddv_f16(svptrue_b16(), sum);
}
