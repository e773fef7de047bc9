/* Wrong at exact multiples: the mask of the last vector is made from len % 16, which is empty where the vector is
 * full.
 *
 * Every other size is right.
 *
 * The mask (1 << len % 16) - 1 is empty for a full last vector: only multiples of 16 fail.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>

float avx512_drops_exact_multiple(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 16 < len; i += 16)
        sum = _mm512_add_ps(sum, _mm512_loadu_ps(x + i));
    const __mmask16 tail = (__mmask16)((1u << (len % 16)) - 1u);
    sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(tail, x + i));
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
