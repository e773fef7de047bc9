/* Right although it neither enables nor zeroes ZA, and leaves something in it: the prototype says that it adds to what
 * its caller has there, which is nothing.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = 'float sme_adds_to_shared_za(const float *x, size_t len) __arm_streaming __arm_inout("za")'
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

float sme_adds_to_shared_za(const float *x, size_t len) __arm_streaming __arm_inout("za") {
    const svbool_t all = svptrue_b32();
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svmopa_za32_f32_m(0, active, all, svld1_f32(active, x + i), svdup_n_f32(1.0f));
    }
    return svaddv_f32(all, svread_ver_za32_f32_m(svdup_n_f32(0.0f), all, 0, 0));
}
