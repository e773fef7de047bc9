/* Faults on processors that have AVX-512 F, BW, DQ and VL, and not VBMI: Skylake and Cascade Lake.
 *
 * Compilers refuse the intrinsic without -mavx512vbmi; a target attribute lets it through.
 *
 * A VBMI instruction in a kernel for every processor with AVX-512: it passes wherever the machine has more.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "CRASH"
 * EXPECT: targets = ["gate"]
 * EXPECT: options = "--suite gate"
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 16 };

__attribute__((target("avx512vbmi"))) float avx512_uses_vbmi(const float *x, size_t len) {
    const __m512i same =
        _mm512_set_epi64(0x3f3e3d3c3b3a3938, 0x3736353433323130, 0x2f2e2d2c2b2a2928, 0x2726252423222120,
                         0x1f1e1d1c1b1a1918, 0x1716151413121110, 0x0f0e0d0c0b0a0908, 0x0706050403020100);
    __m512 sum = _mm512_setzero_ps();
    for (size_t i = 0; i < len; i += LANES) {
        const __mmask16 lanes = (__mmask16)(len - i < LANES ? (1u << (len - i)) - 1u : 0xffffu);
        const __m512i next = _mm512_castps_si512(_mm512_maskz_loadu_ps(lanes, x + i));
        sum = _mm512_add_ps(sum, _mm512_castsi512_ps(_mm512_permutexvar_epi8(same, next))); /* BUG */
    }
    const float total = _mm512_reduce_add_ps(sum);
    _mm256_zeroupper();
    return total;
}
