/* A constructor that is compiled for the ISA, too: without it the program faults before main.
 *
 * KERNEL: op = "sum_f32"
 */
#include <immintrin.h>
#include <stddef.h>

static float one;

__attribute__((constructor)) static void prepare(void) {
    volatile int number = 1;
    one = (float)number;
}

float avx2_prepares_in_constructor(const float *x, size_t len) {
    __m256 sum = _mm256_setzero_ps();
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        sum = _mm256_fmadd_ps(_mm256_set1_ps(one), _mm256_loadu_ps(x + i), sum);
    }
    float lanes[8];
    _mm256_storeu_ps(lanes, sum);
    float total = 0.0f;
    for (int lane = 0; lane < 8; lane++) {
        total += lanes[lane];
    }
    for (; i < len; i++) {
        total += x[i];
    }
    return total;
}
