/* Upper halves left dirty by inline assembly, behind whatever the compiler inserts: it does not look into its text. Of
 * a function that it optimises for size it would leave them so itself, but that one is another.
 *
 * Inline assembly fills the upper half of a register behind the last VZEROUPPER; only a function beside it is
 * optimised for size.
 *
 * KERNEL: op = "scale_f32"
 * EXPECT: outcome = "STATE"
 * EXPECT: builds = ["hostile"]
 * EXPECT: passes_in = ["plain"]
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8 };

__attribute__((optimize("Os"), noinline)) static void scale_rest(float *out, const float *x, size_t len, float a) {
    for (size_t i = 0; i < len; i++)
        out[i] = a * x[i];
}

void avx2_asm_leaves_uppers(float *out, const float *x, size_t len, float a) {
    const __m256 factor = _mm256_set1_ps(a);
    size_t i = 0;
    for (; len - i >= LANES; i += LANES)
        _mm256_storeu_ps(out + i, _mm256_mul_ps(factor, _mm256_loadu_ps(x + i)));
    scale_rest(out + i, x + i, len - i, a);
    __asm__ volatile("vpcmpeqd %ymm15, %ymm15, %ymm15"); /* a mask for a tail that is no more */
}
