/* rms_norm_f32, AVX2 with FMA: row[i] = row[i] / sqrt(mean(row^2) + eps), in place.
 *
 * 1. Sum of squares in four accumulators of eight lanes, 32 elements per iteration, so that four fused
 *    multiply-adds are in flight; then single vectors, the last of them loaded under a mask.
 * 2. One square root and one division for the whole row (vrsqrtps has 12 bits and differs between vendors).
 * 3. Scale the row by the reciprocal, stores under the same mask.
 *
 * Masked-off lanes are read as zero, add nothing to the sum, do not fault and are not written.
 *
 * Rounding (u = 2^-24): the sum (chains of n / 32 fused additions), halved by the square root; 1/2 u each from
 * the division by n and the addition of eps, halved likewise; u each from square root, reciprocal and product.
 * n is converted to float, which is exact up to 2^24.
 * Needs: AVX2 and FMA. No alignment beyond that of float. An empty row is left alone. vzeroupper is explicit:
 * compilers insert it on their own only when they optimise.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, BLOCK = 4 * LANES };

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

void rms_norm_f32_avx2(float *row, size_t len, float eps) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m256 x0 = _mm256_loadu_ps(row + i);
        const __m256 x1 = _mm256_loadu_ps(row + i + LANES);
        const __m256 x2 = _mm256_loadu_ps(row + i + 2 * LANES);
        const __m256 x3 = _mm256_loadu_ps(row + i + 3 * LANES);
        sum0 = _mm256_fmadd_ps(x0, x0, sum0);
        sum1 = _mm256_fmadd_ps(x1, x1, sum1);
        sum2 = _mm256_fmadd_ps(x2, x2, sum2);
        sum3 = _mm256_fmadd_ps(x3, x3, sum3);
    }
    for (; i < len; i += LANES) {
        const __m256 x = _mm256_maskload_ps(row + i, first_lanes(len - i));
        sum0 = _mm256_fmadd_ps(x, x, sum0);
    }

    const float sum = reduce_add(_mm256_add_ps(_mm256_add_ps(sum0, sum1), _mm256_add_ps(sum2, sum3)));
    const float root = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(sum / (float)len + eps)));
    const __m256 scale = _mm256_set1_ps(1.0f / root);

    for (i = 0; len - i >= BLOCK; i += BLOCK) {
        _mm256_storeu_ps(row + i, _mm256_mul_ps(_mm256_loadu_ps(row + i), scale));
        _mm256_storeu_ps(row + i + LANES, _mm256_mul_ps(_mm256_loadu_ps(row + i + LANES), scale));
        _mm256_storeu_ps(row + i + 2 * LANES, _mm256_mul_ps(_mm256_loadu_ps(row + i + 2 * LANES), scale));
        _mm256_storeu_ps(row + i + 3 * LANES, _mm256_mul_ps(_mm256_loadu_ps(row + i + 3 * LANES), scale));
    }
    for (; i < len; i += LANES) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(row + i, active, _mm256_mul_ps(_mm256_maskload_ps(row + i, active), scale));
    }
    _mm256_zeroupper();
}
