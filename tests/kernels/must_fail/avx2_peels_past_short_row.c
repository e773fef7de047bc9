/* Goes to an aligned address element by element, and does not stop where the row ends before.
 *
 * Elements up to an aligned address come first, more of them than a short row has: only a short row between two
 * aligned addresses shows it.
 *
 * KERNEL: op = "axpy_f32"
 * EXPECT: outcome = "OUT_OF_BOUNDS"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

enum { LANES = 8, BYTES = LANES * sizeof(float) };

void avx2_peels_past_short_row(float *y, const float *x, size_t len, float a) {
    size_t i = 0;
    if (len == 0)
        return;
    for (; ((uintptr_t)(y + i) % BYTES) != 0; i++) /* BUG: and i < len */
        y[i] += a * x[i];
    for (; i + LANES <= len; i += LANES) {
        const __m256 sum = _mm256_fmadd_ps(_mm256_set1_ps(a), _mm256_loadu_ps(x + i), _mm256_load_ps(y + i));
        _mm256_store_ps(y + i, sum);
    }
    for (; i < len; i++)
        y[i] += a * x[i];
    _mm256_zeroupper();
}
