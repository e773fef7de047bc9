/* Drops lanes 8 to 15 of the last vector: the mask was ported from doubles and has eight bits.
 *
 * A __mmask8, from code for doubles, drops the upper eight of sixteen lanes.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float avx512_mask_of_8(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        sum = _mm512_add_ps(sum, _mm512_loadu_ps(x + i));
    const __mmask8 tail = (__mmask8)first_lanes(len - i);
    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(tail, x + i));
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
