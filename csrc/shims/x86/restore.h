/* Takes undefined_values.h back, so that the compiler's own headers can define and use these names. */

#undef _mm_undefined_ps
#undef _mm_undefined_pd
#undef _mm_undefined_ph
#undef _mm_undefined_si128
#undef _mm256_undefined_ps
#undef _mm256_undefined_pd
#undef _mm256_undefined_ph
#undef _mm256_undefined_si256
#undef _mm512_undefined
#undef _mm512_undefined_ps
#undef _mm512_undefined_pd
#undef _mm512_undefined_ph
#undef _mm512_undefined_epi32
#undef _mm512_undefined_si512
#undef _mm256_castps128_ps256
#undef _mm256_castpd128_pd256
#undef _mm256_castsi128_si256
#undef _mm256_castph128_ph256
#undef _mm512_castps128_ps512
#undef _mm512_castpd128_pd512
#undef _mm512_castsi128_si512
#undef _mm512_castph128_ph512
#undef _mm512_castps256_ps512
#undef _mm512_castpd256_pd512
#undef _mm512_castsi256_si512
#undef _mm512_castph256_ph512
