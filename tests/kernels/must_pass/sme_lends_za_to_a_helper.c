/* Right although ZA is overwritten in the middle of its sum: the helper has a ZA of its own, commits the lazy save that
 * its caller left pending, and the caller takes its own back (AAPCS64, __arm_tpidr2_save and __arm_tpidr2_restore).
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_new("za") __arm_locally_streaming static __attribute__((noinline)) float largest_of_two(float a, float b) {
    const svbool_t all = svptrue_b32();
    svzero_za();
    svmopa_za32_f32_m(0, all, all, svdup_n_f32(a), svdup_n_f32(1.0f));
    svmopa_za32_f32_m(1, all, all, svdup_n_f32(b), svdup_n_f32(1.0f));
    const svfloat32_t first = svread_ver_za32_f32_m(svdup_n_f32(0.0f), all, 0, 0);
    const svfloat32_t second = svread_ver_za32_f32_m(svdup_n_f32(0.0f), all, 1, 0);
    return svmaxv_f32(all, svmax_f32_x(all, first, second));
}

__arm_new("za") __arm_locally_streaming float sme_lends_za_to_a_helper(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const svfloat32_t one = svdup_n_f32(1.0f);
    svzero_za();
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svmopa_za32_f32_m(0, active, all, svld1_f32(active, x + i), one);
        if (i == 0 && largest_of_two(0.5f, 1.0f) < 1.0f) {
            return -1.0f;
        }
    }
    return svaddv_f32(all, svread_ver_za32_f32_m(svdup_n_f32(0.0f), all, 0, 0));
}
