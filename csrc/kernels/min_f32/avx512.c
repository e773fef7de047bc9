/* min_f32, AVX-512: the smallest element of x. Method: extreme_f32_avx512.h.
 *
 * Conventions: the minimum of nothing is +infinity. A NaN anywhere gives a NaN (quiet; sign and payload unspecified).
 * Zeros of either sign are equal, and which of them is returned is unspecified.
 * Exact: nothing is rounded.
 * Needs: AVX-512F alone. No alignment beyond that of float.
 */
#include <immintrin.h>
#include <math.h>
#include <stddef.h>

#define EXTREME_OF_NOTHING INFINITY
#define EXTREME(a, b) _mm512_min_ps(a, b)
#define EXTREME_ACROSS(v) _mm512_reduce_min_ps(v)
#include "../common/extreme_f32_avx512.h"

float min_f32_avx512(const float *x, size_t len) {
    return extreme_f32(x, len);
}
