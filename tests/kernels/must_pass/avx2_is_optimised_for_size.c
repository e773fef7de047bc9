/* Right without a word of vzeroupper, although gcc inserts none: it leaves it out where it optimises for size, as here
 * by a pragma and at other levels by -Os.
 *
 * KERNEL: op = "scale_f32"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8 };

#pragma GCC push_options
#pragma GCC optimize("Os")
void avx2_is_optimised_for_size(float *out, const float *x, size_t len, float a) {
    const __m256 factor = _mm256_set1_ps(a);
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, _mm256_mul_ps(factor, _mm256_loadu_ps(x + i)));
    for (; i < len; i++)
        out[i] = a * x[i];
}
#pragma GCC pop_options
