/* Leaves MXCSR rounding towards zero: the saved value is never put back.
 *
 * MXCSR is changed and not put back: later code of the caller rounds otherwise.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "STATE"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float avx512_leaves_rounding_mode(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += LANES)
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(first_lanes(len - i), x + i));
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    _mm_setcsr(_mm_getcsr() | _MM_ROUND_TOWARD_ZERO);
    return total;
}
