/* Faults on processors that have AVX-512F and not DQ, as the first ones: vandps with 512-bit registers is DQ.
 *
 * Compilers refuse the intrinsic without -mavx512dq; assembly and target attributes let it through.
 *
 * An AVX512DQ instruction in a kernel for processors with AVX-512F alone.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: targets = ["avx512f"]
 * EXPECT: emulators = ["sde", "bochs"]
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* Ones for the first min(count, 16) lanes. */
static inline __mmask16 first_lanes(size_t count) {
    return (__mmask16)(count < LANES ? (1u << count) - 1u : 0xffffu);
}

float avx512f_uses_dq(const float *x, size_t len) {
    const __m512 all = _mm512_castsi512_ps(_mm512_set1_epi32(-1));
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += LANES) {
        __m512 next = _mm512_maskz_loadu_ps(first_lanes(len - i), x + i);
        __asm__("vandps %1, %0, %0" : "+v"(next) : "v"(all));
        sum = _mm512_add_ps(sum, next);
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
