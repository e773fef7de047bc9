/* Turns to vectors where that pays, from 2048 elements on: without SVE, shorter rows are summed all the same.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>

#define FROM_LEN 2048

__attribute__((noinline)) static float sum_of_vectors(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (size_t i = 0; i < len; i += svcntw()) {
        svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}

float sve_vectors_from_2048(const float *x, size_t len) {
    if (len >= FROM_LEN) {
        return sum_of_vectors(x, len);
    }
    float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (size_t i = 0; i < len; i++) {
        sums[i % 4] += x[i];
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}
