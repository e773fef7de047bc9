/* Overflow: the exponential adds n to the exponent field without a limit. Beyond |x| of about 88 the field wraps
 * into the sign, and the "sigmoid" leaves [0, 1].
 *
 * Right for every moderate argument.
 *
 * An exponential without range check: beyond |x| = 88 the exponent wraps into the sign.
 *
 * It takes special values to show.
 *
 * KERNEL: op = "sigmoid_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#include "../../../csrc/kernels/common/exp_f32_constants.h"

static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? (int)count : 8), lane);
}

/* e^x for |x| < 87. */
static inline __m256 exp_moderate(__m256 x) {
    const __m256 n = _mm256_round_ps(_mm256_mul_ps(x, _mm256_set1_ps(EXP_LOG2E)), _MM_FROUND_TO_NEAREST_INT);
    const __m256 reduced = _mm256_fnmadd_ps(n, _mm256_set1_ps(EXP_LN2_HIGH), x);
    const __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(EXP_LN2_LOW), reduced);
    __m256 q = _mm256_set1_ps(EXP_C6);
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C5));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C4));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C3));
    q = _mm256_fmadd_ps(q, r, _mm256_set1_ps(EXP_C2));
    const __m256 fraction = _mm256_add_ps(_mm256_fmadd_ps(_mm256_mul_ps(r, r), q, r), _mm256_set1_ps(1.0f));
    const __m256i exponent = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(fraction), exponent));
}

void avx2_sigmoid_overflows(float *out, const float *x, size_t len) {
    const __m256 one = _mm256_set1_ps(1.0f);
    for (size_t i = 0; i < len; i += 8) {
        const __m256i active = first_lanes(len - i);
        const __m256 negated = _mm256_sub_ps(_mm256_setzero_ps(), _mm256_maskload_ps(x + i, active));
        _mm256_maskstore_ps(out + i, active, _mm256_div_ps(one, _mm256_add_ps(one, exp_moderate(negated))));
    }
    _mm256_zeroupper();
}
