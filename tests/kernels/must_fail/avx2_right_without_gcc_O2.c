/* Right in seven builds of eight: what one compiler makes of undefined behaviour at one level, written out.
 *
 * Short rows of odd length lose their last element there. Whole rows of cases fail nowhere, so that only a comparison
 * of each case between builds tells where they differ.
 *
 * One compiler at one level makes something else of it.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: rule = "fail exactly where len % 2 is 1 and len < 2 vectors (8 lanes)"
 */
#include <immintrin.h>
#include <stddef.h>

float avx2_right_without_gcc_O2(const float *x, size_t len) {
#if defined(__OPTIMIZE__) && !defined(__clang__)
    const size_t end = len < 16 ? len & ~(size_t)1 : len;
#else
    const size_t end = len;
#endif
    __m256 sums = _mm256_setzero_ps();
    size_t i = 0;
    for (; end - i >= 8; i += 8)
        sums = _mm256_add_ps(sums, _mm256_loadu_ps(x + i));
    float lanes[8], sum = 0.0f;
    _mm256_storeu_ps(lanes, sums);
    for (size_t lane = 0; lane < 8; lane++)
        sum += lanes[lane];
    for (; i < end; i++)
        sum += x[i];
    return sum;
}
