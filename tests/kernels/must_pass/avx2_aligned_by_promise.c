/* Right where its callers promise rows of whole vectors at addresses of 32 bytes, as its header says: it loads and
 * stores by instructions that fault at any other address, and has no tail.
 *
 * KERNEL: op = "axpy_f32"
 * KERNEL: requires = ["len % 8 == 0"]
 * KERNEL: alignment = { y = 32, x = 32 }
 */
#include <immintrin.h>
#include <stddef.h>

enum { LANES = 8 };

void avx2_aligned_by_promise(float *y, const float *x, size_t len, float a) {
    const __m256 factor = _mm256_set1_ps(a);
    for (size_t i = 0; i < len; i += LANES)
        _mm256_store_ps(y + i, _mm256_fmadd_ps(factor, _mm256_load_ps(x + i), _mm256_load_ps(y + i)));
    _mm256_zeroupper();
}
