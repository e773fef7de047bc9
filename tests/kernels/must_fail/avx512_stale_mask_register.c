/* Relies on k1 holding ones, as it happens to where nobody used it: the mask is set for the last vector only.
 *
 * A mask register that nobody set: right where it happens to hold ones.
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

float avx512_stale_mask_register(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    size_t i = 0;
    for (; len - i >= LANES; i += LANES) {
        __m512 next;
        __asm__ volatile("vmovups %1, %0%{%%k1%}%{z%}" : "=v"(next) : "m"(*(const __m512 *)(x + i)));
        sum = _mm512_add_ps(sum, next);
    }
    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(first_lanes(len - i), x + i));
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
