#include <immintrin.h>

#ifdef __AVX512F__
__m512 soft_sign_zmm(__m512 x, __mmask16 active) {
    const __m512 one = _mm512_set1_ps(1.0f);
    return _mm512_maskz_div_ps(active, x, _mm512_add_ps(_mm512_abs_ps(x), one));
}
#else
__m256 soft_sign_ymm(__m256 x) {
    const __m256 magnitude = _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x);
    return _mm256_div_ps(x, _mm256_add_ps(magnitude, _mm256_set1_ps(1.0f)));
}

__m128 soft_sign_xmm(__m128 x) {
    const __m128 magnitude = _mm_andnot_ps(_mm_set1_ps(-0.0f), x);
    return _mm_div_ps(x, _mm_add_ps(magnitude, _mm_set1_ps(1.0f)));
}
#endif
