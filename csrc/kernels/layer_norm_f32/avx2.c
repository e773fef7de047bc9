/* layer_norm_f32, AVX2 with FMA: row[i] = (row[i] - mean) / sqrt(variance + eps) * gamma[i] + beta[i], in place.
 *
 * 1. The mean.
 * 2. The mean square of the deviations from it: the difference of the mean square and the squared mean would cancel.
 * 3. Scale, and apply gamma and beta.
 *
 * Sums in two accumulators of eight lanes. The residue is loaded and stored under a mask: masked-off lanes do not
 * fault, are not written, and add nothing; their deviation is masked, too, since it would be that of a zero.
 *
 * An empty row is left alone. The variance is that of the population (divided by len).
 * Needs: AVX2 and FMA. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, BLOCK = 2 * LANES };

/* All ones in the first min(count, 8) lanes. */
static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < LANES ? (int)count : LANES), lane);
}

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

static inline float sum(const float *row, size_t len) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = _mm256_add_ps(sum0, _mm256_loadu_ps(row + i));
        sum1 = _mm256_add_ps(sum1, _mm256_loadu_ps(row + i + LANES));
    }
    for (; i < len; i += LANES)
        sum0 = _mm256_add_ps(sum0, _mm256_maskload_ps(row + i, first_lanes(len - i)));
    return reduce_add(_mm256_add_ps(sum0, sum1));
}

static inline float sum_of_squares(const float *row, size_t len, __m256 mean) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m256 x0 = _mm256_sub_ps(_mm256_loadu_ps(row + i), mean);
        const __m256 x1 = _mm256_sub_ps(_mm256_loadu_ps(row + i + LANES), mean);
        sum0 = _mm256_fmadd_ps(x0, x0, sum0);
        sum1 = _mm256_fmadd_ps(x1, x1, sum1);
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 deviation = _mm256_sub_ps(_mm256_maskload_ps(row + i, active), mean);
        const __m256 x = _mm256_and_ps(deviation, _mm256_castsi256_ps(active));
        sum0 = _mm256_fmadd_ps(x, x, sum0);
    }
    return reduce_add(_mm256_add_ps(sum0, sum1));
}

void layer_norm_f32_avx2(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    const __m256 mean = _mm256_set1_ps(sum(row, len) / (float)len);
    const float variance = sum_of_squares(row, len, mean) / (float)len;
    const __m256 scale = _mm256_set1_ps(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance + eps))));
    for (size_t i = 0; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        const __m256 normal = _mm256_mul_ps(_mm256_sub_ps(_mm256_maskload_ps(row + i, active), mean), scale);
        const __m256 weight = _mm256_maskload_ps(gamma + i, active), bias = _mm256_maskload_ps(beta + i, active);
        _mm256_maskstore_ps(row + i, active, _mm256_fmadd_ps(normal, weight, bias));
    }
    _mm256_zeroupper();
}
