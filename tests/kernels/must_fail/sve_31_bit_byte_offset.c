/* Narrow offset: the row is walked in bytes, and whilelt compares offsets of signed 32 bits.
 *
 * A row of 2^31 bytes has a negative size, and nothing of it is stored. Every shorter row is right. The correct
 * one is must_pass/sve_64_bit_byte_offset.c.
 *
 * whilelt on 32-bit signed byte offsets: wrong from 2^31 bytes on.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--case huge/len536870915-sparse --svl 2048"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

void sve_31_bit_byte_offset(float *y, const float *x, size_t len, float a) {
    const int32_t bytes = (int32_t)(len * sizeof(float));
    const int32_t step = (int32_t)svcntb();
    int32_t at = 0;
    svbool_t active = svwhilelt_b8_s32(at, bytes);
    while (svptest_first(svptrue_b8(), active)) {
        float *out = (float *)((char *)y + at);
        const svfloat32_t in = svld1_f32(active, (const float *)((const char *)x + at));
        svst1_f32(active, out, svmla_n_f32_m(active, svld1_f32(active, out), in, a));
        at += step;
        active = svwhilelt_b8_s32(at, bytes);
    }
}
