/* Faults at rows that are not aligned to 64 bytes, which the contract does not promise: vmovaps.
 *
 * vmovaps on rows that nobody aligned, in tests from malloc or the stack an even chance.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: rule = "fails exactly where x is not aligned to 64 bytes"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float avx512_aligned_load(const float *x, size_t len) {
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += LANES) {
        __m512 next;
        __asm__("vmovaps %1, %0%{%2%}%{z%}" : "=v"(next) : "m"(*(const __m512 *)(x + i)), "Yk"(first_lanes(len - i)));
        sum = _mm512_add_ps(sum, next);
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
