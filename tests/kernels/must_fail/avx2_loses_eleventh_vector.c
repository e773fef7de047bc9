/* Sixteen vectors per iteration, and a table of jumps for what is left: one of its entries is its neighbour's.
 *
 * A jump table for what an iteration of 16 vectors leaves: one entry is wrong, and round sizes and short rows never
 * take it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8, VECTORS = 16, BLOCK = LANES * VECTORS };

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

float avx2_loses_eleventh_vector(const float *x, size_t len) {
    static const unsigned char entry[VECTORS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 12, 13, 14, 15}; /* BUG */
    __m256 sum = _mm256_setzero_ps();
    for (; len >= BLOCK; len -= BLOCK)
        for (size_t j = 0; j < VECTORS; j++, x += LANES)
            sum = _mm256_add_ps(sum, _mm256_loadu_ps(x));
    const size_t left = len / LANES;
    for (size_t j = left - entry[left]; j < left; j++)
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + j * LANES));
    float tail = 0.0f;
    for (size_t i = left * LANES; i < len; i++)
        tail += x[i];
    const float total = reduce_add(sum) + tail;
    _mm256_zeroupper();
    return total;
}
