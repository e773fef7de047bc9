/* Counts elements twice: the last vector is loaded with merging into the one before, not with zeroing.
 *
 * A merging load where a zeroing one was meant: the last vector adds lanes of the one before.
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

float avx512_merges_stale_lanes(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps(), next = sum;
    for (size_t i = 0; i < len; i += LANES) {
        next = _mm512_mask_loadu_ps(next, first_lanes(len - i), x + i);
        sum = _mm512_add_ps(sum, next);
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
