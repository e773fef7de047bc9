/* Right where vectors have a power of two of bits, as its header says and as most processors have: what is left
 * behind the last whole vector is found by a mask.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: requires = ["is_power_of_two(vector_bits)"]
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_masks_by_lanes(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    const uint64_t whole = len & ~(lanes - 1);
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < whole; i += lanes)
        sum = svadd_f32_x(all, sum, svld1_f32(all, x + i));
    const svbool_t tail = svwhilelt_b32_u64(whole, len);
    sum = svadd_f32_m(tail, sum, svld1_f32(tail, x + whole));
    return svaddv_f32(all, sum);
}
