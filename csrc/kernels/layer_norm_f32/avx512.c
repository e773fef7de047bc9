/* layer_norm_f32, AVX-512: row[i] = (row[i] - mean) / sqrt(variance + eps) * gamma[i] + beta[i], in place.
 *
 * 1. The mean.
 * 2. The mean square of the deviations from it: the difference of the mean square and the squared mean would cancel.
 * 3. One square root and one division for the whole row; scale, and apply gamma and beta.
 *
 * Sums in four accumulators of sixteen lanes, 64 elements per iteration, so that four additions are in flight. The
 * residue is loaded and stored under a mask: masked-off lanes do not fault, are not written, and add nothing; their
 * deviation is masked, too, since it would be that of a zero.
 *
 * Rounding (u = 2^-24): the sums (chains of n / 64 additions), the mean, each deviation; the variance's share is halved
 * by the square root; u each from square root, reciprocal and product, and from the fused multiply-add.
 * n is converted to float, which is exact up to 2^24.
 * Conventions: an empty row is left alone. The variance is that of the population (divided by len).
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 4 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

static inline float sum(const float *row, size_t len) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        sum0 = _mm512_add_ps(sum0, _mm512_loadu_ps(row + i));
        sum1 = _mm512_add_ps(sum1, _mm512_loadu_ps(row + i + LANES));
        sum2 = _mm512_add_ps(sum2, _mm512_loadu_ps(row + i + 2 * LANES));
        sum3 = _mm512_add_ps(sum3, _mm512_loadu_ps(row + i + 3 * LANES));
    }
    for (; i < len; i += LANES)
        sum0 = _mm512_add_ps(sum0, _mm512_maskz_loadu_ps(first_lanes(len - i), row + i));
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
}

static inline float sum_of_squares(const float *row, size_t len, __m512 mean) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 x0 = _mm512_sub_ps(_mm512_loadu_ps(row + i), mean);
        const __m512 x1 = _mm512_sub_ps(_mm512_loadu_ps(row + i + LANES), mean);
        const __m512 x2 = _mm512_sub_ps(_mm512_loadu_ps(row + i + 2 * LANES), mean);
        const __m512 x3 = _mm512_sub_ps(_mm512_loadu_ps(row + i + 3 * LANES), mean);
        sum0 = _mm512_fmadd_ps(x0, x0, sum0);
        sum1 = _mm512_fmadd_ps(x1, x1, sum1);
        sum2 = _mm512_fmadd_ps(x2, x2, sum2);
        sum3 = _mm512_fmadd_ps(x3, x3, sum3);
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        const __m512 x = _mm512_maskz_sub_ps(active, _mm512_maskz_loadu_ps(active, row + i), mean);
        sum0 = _mm512_fmadd_ps(x, x, sum0);
    }
    return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
}

void layer_norm_f32_avx512(float *row, const float *gamma, const float *beta, size_t len, float eps) {
    const __m512 mean = _mm512_set1_ps(sum(row, len) / (float)len);
    const float variance = sum_of_squares(row, len, mean) / (float)len;
    const __m512 scale = _mm512_set1_ps(1.0f / _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(variance + eps))));
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        const __m512 deviation = _mm512_sub_ps(_mm512_maskz_loadu_ps(active, row + i), mean);
        const __m512 weight = _mm512_maskz_loadu_ps(active, gamma + i), bias = _mm512_maskz_loadu_ps(active, beta + i);
        _mm512_mask_storeu_ps(row + i, active, _mm512_fmadd_ps(_mm512_mul_ps(deviation, scale), weight, bias));
    }
    _mm256_zeroupper();
}
