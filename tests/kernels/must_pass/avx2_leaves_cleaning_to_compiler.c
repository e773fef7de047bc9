/* Right without a word of vzeroupper: compilers insert it, gcc at the levels that optimise only.
 *
 * KERNEL: op = "axpy_f32"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8 };

void avx2_leaves_cleaning_to_compiler(float *y, const float *x, size_t len, float a) {
    size_t i = 0;
    for (; len - i >= LANES; i += LANES) {
        const __m256 scaled = _mm256_mul_ps(_mm256_set1_ps(a), _mm256_loadu_ps(x + i));
        _mm256_storeu_ps(y + i, _mm256_add_ps(scaled, _mm256_loadu_ps(y + i)));
    }
    for (; i < len; i++)
        y[i] += a * x[i];
}
