/* Right although the tail re-reads elements: counting one twice does not change a maximum. Rows shorter than a
 * vector take another path.
 *
 * KERNEL: op = "max_f32"
 */
#include <arm_sve.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

float sve_overlaps_in_max(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t largest = svdup_n_f32(-INFINITY);
    uint64_t i = 0;
    for (; len - i >= lanes; i += lanes)
        largest = svmax_f32_x(all, largest, svld1_f32(all, x + i));
    if (i < len && len >= lanes) {
        largest = svmax_f32_x(all, largest, svld1_f32(all, x + len - lanes));
    } else if (i < len) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        largest = svmax_f32_m(active, largest, svld1_f32(active, x + i));
    }
    return svmaxv_f32(all, largest);
}
