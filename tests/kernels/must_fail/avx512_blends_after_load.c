/* Reads past the end, with a right result: the last vector is loaded whole, and then all but the row is blended away.
 *
 * The mask comes behind the load: a right result, until the row ends at a page.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float avx512_blends_after_load(const float *x, size_t len) {
    const __m512 zeroes = _mm512_setzero_ps();
    __m512 sum = zeroes;
    for (size_t i = 0; i < len; i += LANES) {
        __m512 next;
        __asm__("vmovups %1, %0" : "=v"(next) : "m"(*(const __m512 *)(x + i))); /* compilers would fold the mask in */
        sum = _mm512_add_ps(sum, _mm512_mask_blend_ps(first_lanes(len - i), zeroes, next));
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
