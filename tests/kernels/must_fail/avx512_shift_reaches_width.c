/* Wrong from 32 elements on: the mask is made by shifting by everything that is left, and x86 shifts by the count
 * modulo 32.
 *
 * Rows of up to 31 elements are right, and so is the last vector of every row.
 *
 * A mask made by 1u << left, where left reaches 32: x86 takes the count modulo 32.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 */
#include <immintrin.h>
#include <stddef.h>

float avx512_shift_reaches_width(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += 16) {
        const unsigned left = (unsigned)(len - i);
        unsigned bits = 1;
        __asm__("shll %%cl, %0" : "+r"(bits) : "c"(left)); /* what compilers make of 1u << left */
        sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps((__mmask16)(bits - 1u), x + i));
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
