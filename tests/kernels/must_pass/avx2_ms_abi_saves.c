/* Right: under the Windows x64 convention the compiler saves what it uses of rdi, rsi and xmm6 to xmm15, of which only
 * the low 128 bits are the caller's.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: prototype = "__attribute__((ms_abi)) float avx2_ms_abi_saves(const float *x, size_t len)"
 */
#include <immintrin.h>
#include <stddef.h>

__attribute__((ms_abi)) float avx2_ms_abi_saves(const float *x, size_t len) {
    __m256 sums = _mm256_setzero_ps();
    size_t i = 0;
    for (; len - i >= 8; i += 8)
        __asm__("mov %[at], %%rdi\n\t"
                "xor %%esi, %%esi\n\t"
                "vmovups (%%rdi, %%rsi), %%ymm6\n\t"
                "vpermq $0xe4, %%ymm6, %%ymm15\n\t" /* in order: a move that AVX alone does not have */
                "vaddps %%ymm15, %[sums], %[sums]"
                : [sums] "+x"(sums)
                : [at] "r"(x + i)
                : "memory", "cc", "rdi", "rsi", "xmm6", "xmm15");
    __m128 sum = _mm_add_ps(_mm256_castps256_ps128(sums), _mm256_extractf128_ps(sums, 1));
    sum = _mm_hadd_ps(sum, sum);
    sum = _mm_hadd_ps(sum, sum);
    for (; i < len; i++)
        sum = _mm_add_ss(sum, _mm_load_ss(x + i));
    _mm256_zeroupper();
    return _mm_cvtss_f32(sum);
}
