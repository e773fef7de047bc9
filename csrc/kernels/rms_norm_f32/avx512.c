/* rms_norm_f32, AVX-512: row[i] = row[i] / sqrt(mean(row^2) + eps), in place.
 *
 * 1. Sum of squares in four accumulators of sixteen lanes, 64 elements per iteration, so that four fused
 *    multiply-adds are in flight; then single vectors, the last of them loaded under a zeroing mask.
 * 2. One square root and one division for the whole row.
 * 3. Scale the row by the reciprocal, stores under the same mask.
 *
 * Masked-off lanes are read as zero, add nothing to the sum, do not fault and are not written.
 *
 * Rounding (u = 2^-24): the sum (chains of n / 64 fused additions), halved by the square root; 1/2 u each from
 * the division by n and the addition of eps, halved likewise; u each from square root, reciprocal and product.
 * n is converted to float, which is exact up to 2^24.
 * Needs: AVX-512F alone. No alignment beyond that of float. An empty row is left alone. vzeroupper is explicit:
 * compilers insert it on their own only when they optimise.
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 4 * LANES };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

void rms_norm_f32_avx512(float *row, size_t len, float eps) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= BLOCK; i += BLOCK) {
        const __m512 x0 = _mm512_loadu_ps(row + i);
        const __m512 x1 = _mm512_loadu_ps(row + i + LANES);
        const __m512 x2 = _mm512_loadu_ps(row + i + 2 * LANES);
        const __m512 x3 = _mm512_loadu_ps(row + i + 3 * LANES);
        sum0 = _mm512_fmadd_ps(x0, x0, sum0);
        sum1 = _mm512_fmadd_ps(x1, x1, sum1);
        sum2 = _mm512_fmadd_ps(x2, x2, sum2);
        sum3 = _mm512_fmadd_ps(x3, x3, sum3);
    }
    for (; i < len; i += LANES) {
        const __m512 x = _mm512_maskz_loadu_ps(first_lanes(len - i), row + i);
        sum0 = _mm512_fmadd_ps(x, x, sum0);
    }

    const float sum = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
    const float root = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(sum / (float)len + eps)));
    const __m512 scale = _mm512_set1_ps(1.0f / root);

    for (i = 0; len - i >= BLOCK; i += BLOCK) {
        _mm512_storeu_ps(row + i, _mm512_mul_ps(_mm512_loadu_ps(row + i), scale));
        _mm512_storeu_ps(row + i + LANES, _mm512_mul_ps(_mm512_loadu_ps(row + i + LANES), scale));
        _mm512_storeu_ps(row + i + 2 * LANES, _mm512_mul_ps(_mm512_loadu_ps(row + i + 2 * LANES), scale));
        _mm512_storeu_ps(row + i + 3 * LANES, _mm512_mul_ps(_mm512_loadu_ps(row + i + 3 * LANES), scale));
    }
    for (; i < len; i += LANES) {
        const __mmask16 active = first_lanes(len - i);
        _mm512_mask_storeu_ps(row + i, active, _mm512_mul_ps(_mm512_maskz_loadu_ps(active, row + i), scale));
    }
    _mm256_zeroupper();
}
