/* Its flags take AVX2 back (-mno-avx2), so that it may run where there is AVX alone; a function attribute has it all
 * the same, for the mask of the tail. Here, where there is AVX2, the result is right.
 *
 * What flags take back is promised no more, although the ISA's own flags have it.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: flags = ["-mno-avx2"]
 * EXPECT: outcome = "CRASH"
 * EXPECT: targets = ["gate"]
 * EXPECT: passes_on = ["avx2"]
 * EXPECT: options = "--suite gate,boundary"
 */
#include <immintrin.h>
#include <stddef.h>

__attribute__((target("avx2"))) float avx2_takes_avx2_back(const float *x, size_t len) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    __m256 sum = _mm256_setzero_ps();
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + i));
    }
    __m256i active = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(len - i)), lane);
    sum = _mm256_add_ps(sum, _mm256_maskload_ps(x + i, active));
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    half = _mm_add_ss(half, _mm_movehdup_ps(half));
    return _mm_cvtss_f32(half);
}
