/* Width assumed to be a power of two: the end of the whole vectors is found with a bit mask.
 *
 * Right at 128, 256, 512, 1024 and 2048 bits. At 384 bits and the like the mask keeps the wrong bits, and the loop
 * reads on past its end.
 *
 * len & ~(lanes - 1) with a vector length that is no power of two, which SVE permitted until 2022.
 *
 * KERNEL: op = "dot_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 * EXPECT: vector_bits = [384]
 * EXPECT: passes_at = [128, 256, 512, 1024, 2048]
 * EXPECT: options = "--svl 384"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_needs_power_of_two(const float *x, const float *y, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    uint64_t i = 0;
    const uint64_t whole = len & ~(lanes - 1);
    for (; i < whole; i += lanes)
        sum = svmla_f32_x(all, sum, svld1_f32(all, x + i), svld1_f32(all, y + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svmla_f32_m(active, sum, svld1_f32(active, x + i), svld1_f32(active, y + i));
    }
    return svaddv_f32(all, sum);
}
