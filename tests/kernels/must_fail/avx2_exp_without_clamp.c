/* Exponent out of range: 2^n is put together by a shift, whatever n is. Beyond 127 it reaches the sign.
 *
 * Right from -87.3 to 88.0, which is where softmax needs an exponential.
 *
 * A power of two put together by a shift, out of the exponent's range.
 *
 * KERNEL: op = "exp_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite special"
 */
#include <immintrin.h>
#include <stddef.h>

#include "../../../csrc/kernels/common/exp_f32_avx2.h"

void avx2_exp_without_clamp(float *out, const float *x, size_t len) {
    size_t i = 0;
    for (; i < len; i += 8) {
        const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        const __m256i active = _mm256_cmpgt_epi32(_mm256_set1_epi32(len - i < 8 ? (int)(len - i) : 8), lane);
        __m256i exponent;
        const __m256 fraction = exp_fraction(_mm256_maskload_ps(x + i, active), &exponent);
        _mm256_maskstore_ps(out + i, active, _mm256_mul_ps(fraction, power_of_two(exponent)));
    }
    _mm256_zeroupper();
}
