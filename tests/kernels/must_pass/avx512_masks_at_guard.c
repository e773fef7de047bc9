/* Looks like an over-read: whole vectors are addressed beyond the end of the row, up to four of them with an empty
 * mask.
 *
 * Right: lanes that are masked off do not fault (SDM volume 2, 2.7.4).
 *
 * KERNEL: op = "sum_f32"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16, BLOCK = 4 * LANES };

/* Ones for the first of `left` lanes, none where nothing is left. */
static inline __mmask16 lanes_of(ptrdiff_t left) {
    return (__mmask16)(left >= LANES ? 0xffffu : left > 0 ? (1u << left) - 1u : 0u);
}

float avx512_masks_at_guard(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += BLOCK) {
        for (size_t k = 0; k < BLOCK; k += LANES) {
            const __mmask16 active = lanes_of((ptrdiff_t)len - (ptrdiff_t)(i + k));
            sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(active, x + i + k));
        }
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
