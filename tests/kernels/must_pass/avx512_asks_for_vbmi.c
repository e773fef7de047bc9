/* Uses AVX512_VBMI where the processor says that it has it.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: waived = { beyond-isa = "asks for AVX512_VBMI first" }
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

/* The same vector, by way of a permutation of its bytes. */
__attribute__((target("avx512vbmi"))) static __m512 in_order(__m512 vector) {
    const __m512i order =
        _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                         0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    return _mm512_castsi512_ps(_mm512_permutexvar_epi8(order, _mm512_castps_si512(vector)));
}

float avx512_asks_for_vbmi(const float *x, size_t len) {
    const int has_vbmi = __builtin_cpu_supports("avx512vbmi");
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 lanes = (__mmask16)(len - i < LANES ? (1u << (len - i)) - 1u : 0xffffu);
        const __m512 next = _mm512_maskz_loadu_ps(lanes, x + i);
        sum = _mm512_add_ps(sum, has_vbmi ? in_order(next) : next);
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
