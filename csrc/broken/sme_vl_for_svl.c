/* The wrong length: the lanes are counted outside streaming mode, where svcntw() tells the other vector length.
 *
 * Right on machines whose two lengths are the same. Else elements are skipped, or added repeatedly.
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_locally_streaming static float add_up(const float *x, uint64_t len, uint64_t lanes) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    return svaddv_f32(svptrue_b32(), sum);
}

float sme_vl_for_svl(const float *x, size_t len) {
    return add_up(x, len, svcntw());
}
