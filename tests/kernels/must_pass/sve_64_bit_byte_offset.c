/* Walks the row in bytes, as must_fail/sve_31_bit_byte_offset.c does, with offsets of 64 bits.
 *
 * KERNEL: op = "axpy_f32"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_64_bit_byte_offset(float *y, const float *x, size_t len, float a) {
    const uint64_t bytes = len * sizeof(float);
    uint64_t at = 0;
    svbool_t active = svwhilelt_b8_u64(at, bytes);
    while (svptest_first(svptrue_b8(), active)) {
        float *out = (float *)((char *)y + at);
        const svfloat32_t in = svld1_f32(active, (const float *)((const char *)x + at));
        svst1_f32(active, out, svmla_n_f32_m(active, svld1_f32(active, out), in, a));
        at += svcntb();
        active = svwhilelt_b8_u64(at, bytes);
    }
}
