/* Right although it reads beside the row: vectors at aligned addresses never reach another page, and what is not of the
 * row is masked off.
 *
 * KERNEL: op = "sum_f32"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 8, BYTES = LANES * sizeof(float) };

float avx2_reads_whole_aligned_vectors(const float *x, size_t len) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const ptrdiff_t first = (ptrdiff_t)((uintptr_t)x % BYTES / sizeof(float));
    __m256 sum = _mm256_setzero_ps();
    for (ptrdiff_t i = -first; i < (ptrdiff_t)len; i += LANES) {
        const ptrdiff_t left = (ptrdiff_t)len - i < LANES ? (ptrdiff_t)len - i : LANES;
        const __m256i begun = _mm256_cmpgt_epi32(lane, _mm256_set1_epi32(i < 0 ? (int)-i - 1 : -1));
        const __m256i active = _mm256_and_si256(begun, _mm256_cmpgt_epi32(_mm256_set1_epi32((int)left), lane));
        sum = _mm256_add_ps(sum, _mm256_and_ps(_mm256_load_ps(x + i), _mm256_castsi256_ps(active)));
    }
    __m128 sums = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sums = _mm_add_ss(sums, _mm_movehdup_ps(sums));
    _mm256_zeroupper();
    return _mm_cvtss_f32(sums);
}
