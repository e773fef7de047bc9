/* Right although upper halves of vector registers may be dirty at return: legacy SSE instructions keep them as
 * they were at entry, and that is the caller's affair.
 *
 * KERNEL: op = "sum_f32"
 */
#include <stddef.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

float scalar_sse_intrinsics(const float *x, size_t len) {
    size_t i = 0;
    float sum = 0.0f;
#ifdef __SSE2__
    __m128 sums = _mm_setzero_ps();
    for (; len - i >= 4; i += 4)
        sums = _mm_add_ps(sums, _mm_loadu_ps(x + i));
    sums = _mm_add_ps(sums, _mm_movehl_ps(sums, sums));
    sum = _mm_cvtss_f32(sums) + _mm_cvtss_f32(_mm_shuffle_ps(sums, sums, 1));
#endif
    for (; i < len; i++)
        sum += x[i];
    return sum;
}
