/* Refuses a length by abort(): behind the call stands another function, of AVX-512, which nothing here calls.
 *
 * KERNEL: op = "sum_f32"
 */
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __clang__
#define IN_ONE_PIECE
#else /* gcc puts the call of abort() into a section for what is unlikely */
#define IN_ONE_PIECE __attribute__((optimize("no-reorder-blocks-and-partition")))
#endif

IN_ONE_PIECE float avx2_refuses_by_abort(const float *x, size_t len) {
    if (len == SIZE_MAX) {
        abort();
    }
    __m256 sum = _mm256_setzero_ps();
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        sum = _mm256_add_ps(sum, _mm256_loadu_ps(x + i));
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

__attribute__((target("avx512f,avx512vbmi"))) void permutes_bytes(uint8_t *out, const uint8_t *x);

__attribute__((target("avx512f,avx512vbmi"))) void permutes_bytes(uint8_t *out, const uint8_t *x) {
    __m512i bytes = _mm512_loadu_si512(x);
    _mm512_storeu_si512(out, _mm512_permutexvar_epi8(bytes, bytes));
}
