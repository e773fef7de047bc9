/* Endless loop: blocks of 128 elements are counted in 8 bits, which wraps at 256 blocks.
 *
 * From 32641 elements on the second pass never ends; every shorter row is right.
 *
 * A loop counter that is too narrow wraps: only rows of 256 blocks and more hang.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "TIMEOUT"
 * EXPECT: options = "--timeout 0.3"
 */
#include <arm_sve.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK = 128 };

void sve_endless_loop(float *row, size_t len, float eps) {
    const svbool_t all = svptrue_b32();
    const uint64_t lanes = svcntw();
    svfloat32_t sum = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < len; i += lanes) {
        const svbool_t active = svwhilelt_b32_u64(i, len);
        const svfloat32_t x = svld1_f32(active, row + i);
        sum = svmla_f32_m(active, sum, x, x);
    }

    const float mean = svaddv_f32(all, sum) / (float)len;
    const svfloat32_t scale = svdivr_n_f32_x(all, svsqrt_f32_x(all, svdup_n_f32(mean + eps)), 1.0f);

    const uint64_t block_count = (len + BLOCK - 1) / BLOCK;
    for (uint8_t block = 0; block < block_count; block++) {
        const uint64_t start = (uint64_t)block * BLOCK;
        const uint64_t end = len - start < BLOCK ? len : start + BLOCK;
        for (uint64_t i = start; i < end; i += lanes) {
            const svbool_t active = svwhilelt_b32_u64(i, end);
            svst1_f32(active, row + i, svmul_f32_x(active, svld1_f32(active, row + i), scale));
        }
        __asm__ volatile("" ::: "memory"); /* where a real kernel prefetches the next block */
    }
}
