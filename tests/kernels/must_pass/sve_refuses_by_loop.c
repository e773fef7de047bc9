/* Refuses a length by a function of its own that never returns: the compiler puts nothing behind the call, and what
 * stands there in memory is another function, of SVE2, which nothing here calls.
 *
 * KERNEL: op = "sum_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

__attribute__((noinline, noreturn)) static void refuse(void) {
    for (;;) {
        __asm__ volatile("wfe");
    }
}

float sve_refuses_by_loop(const float *x, size_t len) {
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (size_t i = 0; i < len; i += svcntw()) {
        svbool_t active = svwhilelt_b32_u64(i, len);
        sum = svadd_f32_m(active, sum, svld1_f32(active, x + i));
    }
    if (__builtin_expect(len != SIZE_MAX, 1)) {
        return svaddv_f32(svptrue_b32(), sum);
    }
    refuse();
}

__attribute__((target("arch=armv8-a+sve2"))) void selects_bits(uint8_t *out, const uint8_t *x);

__attribute__((target("arch=armv8-a+sve2"))) void selects_bits(uint8_t *out, const uint8_t *x) {
    svbool_t all = svptrue_b8();
    svst1_u8(all, out, svbsl_u8(svld1_u8(all, x), svld1_u8(all, x + 1), svdup_n_u8(1)));
}
