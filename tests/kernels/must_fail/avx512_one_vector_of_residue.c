/* Wrong for residues of 17 to 63 modulo 64: behind the blocks of four vectors, one masked vector is added and no more.
 *
 * Blocks of 64, then one masked vector: residues of 17 to 63 lose elements.
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

float avx512_one_vector_of_residue(const float *x, size_t len) {
    __m512 sum0 = _mm512_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    size_t i = 0;
    for (; len - i >= 4 * LANES; i += 4 * LANES) {
        sum0 = _mm512_add_ps(sum0, _mm512_loadu_ps(x + i));
        sum1 = _mm512_add_ps(sum1, _mm512_loadu_ps(x + i + LANES));
        sum2 = _mm512_add_ps(sum2, _mm512_loadu_ps(x + i + 2 * LANES));
        sum3 = _mm512_add_ps(sum3, _mm512_loadu_ps(x + i + 3 * LANES));
    }
    sum0 = _mm512_add_ps(sum0, _mm512_maskz_loadu_ps(first_lanes(len - i), x + i));
    const float total = _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(sum0, sum1), _mm512_add_ps(sum2, sum3)));
    _mm256_zeroupper();
    return total;
}
