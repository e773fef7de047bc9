/* Direction flag left set: the standard wants it clear at return.
 *
 * The result is right. The caller's next rep movs runs backwards through memory.
 *
 * DF is set at return: the next string instruction of the caller runs backwards.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "STATE"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? (int)count : 8), lane);
}

void avx2_leaves_direction_flag(float *y, const float *x, size_t len, float a) {
    const __m256 factor = _mm256_set1_ps(a);
    size_t i = 0;
    for (; len - i >= 16; i += 16) {
        const __m256 y0 = _mm256_loadu_ps(y + i), y1 = _mm256_loadu_ps(y + i + 8);
        const __m256 x0 = _mm256_loadu_ps(x + i), x1 = _mm256_loadu_ps(x + i + 8);
        _mm256_storeu_ps(y + i, _mm256_fmadd_ps(factor, x0, y0));
        _mm256_storeu_ps(y + i + 8, _mm256_fmadd_ps(factor, x1, y1));
    }
    for (; i < len; i += 8) {
        const __m256i active = first_lanes(len - i);
        const __m256 y0 = _mm256_maskload_ps(y + i, active), x0 = _mm256_maskload_ps(x + i, active);
        _mm256_maskstore_ps(y + i, active, _mm256_fmadd_ps(factor, x0, y0));
    }
    _mm256_zeroupper();
    __asm__ volatile("std" : : : "cc"); /* the backward copy that followed is gone; its cld went with it */
}
