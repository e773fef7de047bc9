/* Last lane ignored: the final reduction covers all lanes but one.
 *
 * Shows only where the maximum stands in the last lane of a vector: one position in as many as there are lanes.
 *
 * The reduction leaves out the last lane: a maximum at random positions misses it, most often at 2048 bits.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

float sve_max_drops_last_lane(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t largest = svdup_n_f32(-INFINITY);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        largest = svmax_f32_x(all, largest, svld1_f32(all, x + i));
    if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        largest = svmax_f32_m(active, largest, svld1_f32(active, x + i));
    }
    return svmaxv_f32(svwhilelt_b32_u64(0, lanes - 1), largest);
}
