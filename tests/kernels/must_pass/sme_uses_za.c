/* Right although it overwrites ZA: the attribute gives it one of its own, saves a caller's where a lazy save is
 * pending, and turns ZA off before it returns. Column 0 of the tile accumulates outer products with a vector of ones.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

__arm_new("za") __arm_locally_streaming float sme_uses_za(const float *x, size_t len) {
    const svbool_t all = svptrue_b32();
    const svfloat32_t one = svdup_n_f32(1.0f);
    svzero_za();
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svmopa_za32_f32_m(0, active, all, svld1_f32(active, x + i), one);
    }
    return svaddv_f32(all, svread_ver_za32_f32_m(svdup_n_f32(0.0f), all, 0, 0));
}
