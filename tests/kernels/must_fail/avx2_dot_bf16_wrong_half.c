/* Wrong half: of each pair of bfloat16 the even element is taken without moving it up, so that it is the odd one again.
 *
 * The odd element's low bits are the even one's: the sum looks plausible, and is right where neighbours are equal.
 *
 * The even element of a pair is not moved to the upper half.
 *
 * KERNEL: op = "dot_bf16"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite sensitivity"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline __m256 products(const uint16_t *x, const uint16_t *y) {
    const __m256i odd = _mm256_set1_epi32((int)0xFFFF0000u);
    const __m256i x0 = _mm256_loadu_si256((const __m256i *)x), y0 = _mm256_loadu_si256((const __m256i *)y);
    const __m256 high =
        _mm256_mul_ps(_mm256_castsi256_ps(_mm256_and_si256(x0, odd)), _mm256_castsi256_ps(_mm256_and_si256(y0, odd)));
    return _mm256_fmadd_ps(_mm256_castsi256_ps(x0), _mm256_castsi256_ps(y0), high);
}

float avx2_dot_bf16_wrong_half(const uint16_t *x, const uint16_t *y, size_t len) {
    __m256 sum = _mm256_setzero_ps();
    for (size_t i = 0; i < len; i += 16) {
        uint16_t from_x[16] = {0}, from_y[16] = {0};
        memcpy(from_x, x + i, (len - i < 16 ? len - i : 16) * sizeof *x);
        memcpy(from_y, y + i, (len - i < 16 ? len - i : 16) * sizeof *y);
        sum = _mm256_add_ps(sum, products(from_x, from_y));
    }
    float lanes[8], total = 0.0f;
    _mm256_storeu_ps(lanes, sum);
    _mm256_zeroupper();
    for (int lane = 0; lane < 8; lane++)
        total += lanes[lane];
    return total;
}
