/* Reads below the stack: a value is fetched from where a helper function used to leave it.
 *
 * That memory belongs to nobody; it is zero in a fresh process.
 *
 * A value taken from below the stack pointer: zero in a fresh process, anything later.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? (int)count : 8), lane);
}

static inline float reduce_add(__m256 v) {
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    return _mm_cvtss_f32(sums);
}

float avx2_reads_below_stack(const float *x, size_t len) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0;
    size_t i = 0;
    for (; len - i >= 16; i += 16) {
        sum0 = _mm256_add_ps(sum0, _mm256_loadu_ps(x + i));
        sum1 = _mm256_add_ps(sum1, _mm256_loadu_ps(x + i + 8));
    }
    for (; i < len; i += 8)
        sum0 = _mm256_add_ps(sum0, _mm256_maskload_ps(x + i, first_lanes(len - i)));
    float carry;
    __asm__ volatile("vmovss -4096(%%rsp), %0" : "=x"(carry)); /* the spill slot of a helper that is no longer called */
    const float sum = reduce_add(_mm256_add_ps(sum0, sum1)) + carry;
    _mm256_zeroupper();
    return sum;
}
