/* NaN swallowed: maxps returns its second operand, the zero, where the first is a NaN.
 *
 * Every row of numbers is right; a diverged model looks alive.
 *
 * maxps with the zero second: NaN becomes 0.
 *
 * KERNEL: op = "relu_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite special"
 */
#include <immintrin.h>
#include <stddef.h>

void avx2_relu_swallows_nan(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; len - i >= 8; i += 8)
        _mm256_storeu_ps(out + i, _mm256_max_ps(_mm256_loadu_ps(x + i), _mm256_setzero_ps()));
    _mm256_zeroupper();
    for (; i < len; i++)
        out[i] = x[i] > 0.0f ? x[i] : 0.0f;
}
