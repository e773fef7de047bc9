/* BZHI makes the mask, and its count is the low byte of the operand: right for what is left of a row up to 255.
 *
 * BZHI takes the low byte of its count: masks go wrong where 256 elements and more are left.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: options = "--suite boundary"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

__attribute__((target("bmi2"))) float avx512_bzhi_low_byte(const float *x, size_t len) {
    __m512 sums = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 active = (__mmask16)_bzhi_u32(0xffff, (unsigned)(len - i));
        sums = _mm512_add_ps(sums, _mm512_maskz_loadu_ps(active, x + i));
    }
    const float sum = _mm512_reduce_add_ps(sums);
    _mm256_zeroupper();
    return sum;
}
