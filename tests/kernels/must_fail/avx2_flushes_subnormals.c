/* Computes with FTZ and DAZ and puts MXCSR back: the caller keeps its mode, and loses its subnormals all the same.
 *
 * Flush-to-zero during the call only: MXCSR is as it was, subnormal numbers are not.
 *
 * It takes special values to show.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, FTZ_DAZ = 0x8040 };

static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

void avx2_flushes_subnormals(float *y, const float *x, size_t len, float a) {
    const unsigned mxcsr = _mm_getcsr();
    _mm_setcsr(mxcsr | FTZ_DAZ); /* BUG */
    for (size_t i = 0; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 scaled = _mm256_mul_ps(_mm256_set1_ps(a), _mm256_maskload_ps(x + i, active));
        _mm256_maskstore_ps(y + i, active, _mm256_add_ps(scaled, _mm256_maskload_ps(y + i, active)));
    }
    _mm_setcsr(mxcsr);
    _mm256_zeroupper();
}
