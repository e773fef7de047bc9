/* min_f32, AVX2: the smallest element of x. Method: extreme_f32_avx2.h.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * Exact: nothing is rounded.
 * Needs: AVX2, for the integer comparison that makes the mask; the rest is AVX. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

#define EXTREME_OF_NOTHING INFINITY
#define EXTREME(a, b) _mm256_min_ps(a, b)
#define EXTREME_128(a, b) _mm_min_ps(a, b)
#include "../common/extreme_f32_avx2.h"

float min_f32_avx2(const float *x, size_t len) {
    return extreme_f32(x, len);
}
