/* Looks like a missing vzeroupper: legacy SSE instructions run at the end, on registers that were 512 bits wide.
 *
 * Right: vzeroupper stands before them, and they leave the upper halves as they find them.
 *
 * KERNEL: op = "sum_f32"
 */
#include <immintrin.h>
#include <stddef.h>

float avx512_finishes_in_sse(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    size_t i = 0;
    for (; len - i >= 16; i += 16)
        sum = _mm512_add_ps(sum, _mm512_loadu_ps(x + i));
    float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    for (; i < len; i++)
        __asm__("addss %1, %0" : "+x"(total) : "m"(x[i]));
    return total;
}
