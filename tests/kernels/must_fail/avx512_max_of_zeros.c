/* Wrong where all elements are negative and the row is no multiple of 16: masked-off lanes are zeroes.
 *
 * The zeroes of masked-off lanes take part in a maximum: wrong where all elements are negative.
 *
 * KERNEL: op = "max_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float avx512_max_of_zeros(const float *x, size_t len) {
    __m512 max = _mm512_set1_ps(-INFINITY);
    unsigned unordered = 0;
    for (size_t i = 0; i < len; i += LANES) {
        const __m512 next = _mm512_maskz_loadu_ps(first_lanes(len - i), x + i);
        unordered |= _mm512_cmp_ps_mask(next, next, _CMP_UNORD_Q);
        max = _mm512_max_ps(next, max);
    }
    const float largest = _mm512_reduce_max_ps(max);
    _mm256_zeroupper();
    return unordered ? NAN : largest;
}
