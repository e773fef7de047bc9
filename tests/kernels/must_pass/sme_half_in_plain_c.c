/* Right although the first half of the row is left to the compiler, which may use SVE for it outside streaming mode, at
 * the other vector length, and count on that being a power of two.
 *
 * KERNEL: op = "axpy_f32"
 * KERNEL: waived = { streaming-only = "its documentation demands SVE beside SME" }
 */
#include <arm_sme.h>
#include <stddef.h>
#include <stdint.h>

/* Not inlined: gcc drops the mode switch of what it inlines if the code can do without. */
__arm_locally_streaming __attribute__((noinline)) static void add_scaled(float *y, const float *x, uint64_t len,
                                                                         float a) {
    for (uint64_t i = 0; i < len; i += svcntw()) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        svst1_f32(active, y + i, svmla_n_f32_x(active, svld1_f32(active, y + i), svld1_f32(active, x + i), a));
    }
}

void sme_half_in_plain_c(float *y, const float *x, size_t len, float a) {
    const size_t half = len / 2;
    for (size_t i = 0; i < half; i++)
        y[i] += a * x[i];
    add_scaled(y + half, x + half, len - half, a);
}
