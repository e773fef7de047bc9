/* A float argument taken for a vector of it and zeros: what lies above its 32 bits is undefined. An instruction that
 * zeroes the rest costs one uop, which the empty asm saves.
 *
 * Right as long as the caller loaded the argument from memory, since that zeroes the rest.
 *
 * Bits 32 to 127 of a register that carries a float are undefined; compilers mostly leave zeros there.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <immintrin.h>
#include <stddef.h>

static inline __m256i first_lanes(size_t count) {
    const __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? (int)count : 8), lane);
}

void avx2_scalar_assumed_zero_above(float *row, size_t len, float eps) {
    __m128 eps_and_zeros;
    __asm__("" : "=x"(eps_and_zeros) : "0"(eps));
    __m256 sum = _mm256_setzero_ps();
    for (size_t i = 0; i < len; i += 8) {
        const __m256 x = _mm256_maskload_ps(row + i, first_lanes(len - i));
        sum = _mm256_fmadd_ps(x, x, sum);
    }
    __m128 mean = _mm_add_ps(_mm256_castps256_ps128(sum), _mm256_extractf128_ps(sum, 1));
    mean = _mm_add_ps(_mm_div_ps(mean, _mm_set1_ps((float)len)), eps_and_zeros);
    mean = _mm_hadd_ps(mean, mean);
    mean = _mm_hadd_ps(mean, mean);
    const __m128 root = _mm_sqrt_ps(mean);
    const __m256 scale = _mm256_div_ps(_mm256_set1_ps(1.0f), _mm256_set_m128(root, root));
    for (size_t i = 0; i < len; i += 8) {
        const __m256i active = first_lanes(len - i);
        _mm256_maskstore_ps(row + i, active, _mm256_mul_ps(_mm256_maskload_ps(row + i, active), scale));
    }
    _mm256_zeroupper();
}
