/* Right although an all-true predicate of bytes governs operations on 32-bit elements: an element is active if the
 * lowest of its predicate bits is set.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

float sve_all_true_by_bytes(const float *x, size_t len) {
    const svbool_t all = svptrue_b8();
    const uint64_t lanes = svcntw();
    svfloat32_t sum0 = svdup_n_f32(0.0f), sum1 = sum0;
    uint64_t i = 0;
    for (; len - i >= 2 * lanes; i += 2 * lanes) {
        sum0 = svadd_f32_x(all, sum0, svld1_f32(all, x + i));
        sum1 = svadd_f32_x(all, sum1, svld1_f32(all, x + i + lanes));
    }
    for (; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        sum0 = svadd_f32_m(active, sum0, svld1_f32(active, x + i));
    }
    return svaddv_f32(all, svadd_f32_x(all, sum0, sum1));
}
