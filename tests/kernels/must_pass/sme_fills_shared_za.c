/* Right although ZA holds junk at entry: the prototype says that it is an output, and it is zeroed first.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = 'float sme_fills_shared_za(const float *x, size_t len) __arm_streaming __arm_out("za")'
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

float sme_fills_shared_za(const float *x, size_t len) __arm_streaming __arm_out("za") {
    const svbool_t all = svptrue_b32();
    svzero_za();
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svmopa_za32_f32_m(0, active, all, svld1_f32(active, x + i), svdup_n_f32(1.0f));
    }
    return svaddv_f32(all, svread_ver_za32_f32_m(svdup_n_f32(0.0f), all, 0, 0));
}
