/* Dropped tail: the second pass ends with the last full vector, so up to seven elements stay unscaled.
 *
 * Shows at every size that is no multiple of 8, unless the row's mean square happens to be 1.
 *
 * The residue is summed but never scaled; in place, a row with mean square 1 hides it.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? (int)count : 8), lane);
}

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

void avx2_dropped_tail(float *row, size_t len, float eps) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= 16; i += 16) {
        const __m256 x0 = _mm256_loadu_ps(row + i);
        const __m256 x1 = _mm256_loadu_ps(row + i + 8);
        sum0 = _mm256_fmadd_ps(x0, x0, sum0);
        sum1 = _mm256_fmadd_ps(x1, x1, sum1);
    }
    for (; i < len; i += 8) {
        const __m256 x = _mm256_maskload_ps(row + i, first_lanes(len - i));
        sum0 = _mm256_fmadd_ps(x, x, sum0);
    }

    const float sum = reduce_add(_mm256_add_ps(sum0, sum1));
    const float root = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(sum / (float)len + eps)));
    const __m256 scale = _mm256_set1_ps(1.0f / root);

    for (i = 0; len - i >= 8; i += 8) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(row + i, active, _mm256_mul_ps(_mm256_maskload_ps(row + i, active), scale));
    }
    _mm256_zeroupper();
}
