/* The x86 intrinsics whose results are undefined in part or whole (Intel Intrinsics Guide), with those parts taken
 * from the guest's poison. No include guard: it is read again after every intrinsics header.
 *
 * Function-like macros: they cost nothing until used, may name intrinsics that this target lacks, work under any
 * target attribute, and leave the bare name to the compiler. They take any number of arguments, because commas within
 * braces and template arguments divide those of macros, and hold nothing that only functions may have in them. Integer
 * vectors have no element type of their own and are filled with 32-bit poison.
 */

#include "../poison.h"

#define HOSTILE_S32() HOSTILE_POISON(int, hostile_at_s32)
#define HOSTILE_F32() HOSTILE_POISON(float, hostile_at_f32)
#define HOSTILE_F64() HOSTILE_POISON(double, hostile_at_f64)
#define HOSTILE_F16() HOSTILE_POISON(short, hostile_at_f16) /* bits */

/* Intrinsics may be macros that begin with a parenthesis, which cannot follow the `::` of a qualified name. */
#undef HOSTILE_AS
#ifdef __cplusplus
#define HOSTILE_AS(type, value) type(value)
#else
#define HOSTILE_AS(type, value) ((type)(value))
#endif

/* ---- "This intrinsic returns a vector with undefined elements." ------------------------------------------------ */

#define _mm_undefined_ps() _mm_set1_ps(HOSTILE_F32())
#define _mm_undefined_pd() _mm_set1_pd(HOSTILE_F64())
#define _mm_undefined_ph() _mm_castsi128_ph(_mm_set1_epi16(HOSTILE_F16()))
#define _mm_undefined_si128() _mm_set1_epi32(HOSTILE_S32())

#define _mm256_undefined_ps() _mm256_set1_ps(HOSTILE_F32())
#define _mm256_undefined_pd() _mm256_set1_pd(HOSTILE_F64())
#define _mm256_undefined_ph() _mm256_castsi256_ph(_mm256_set1_epi16(HOSTILE_F16()))
#define _mm256_undefined_si256() _mm256_set1_epi32(HOSTILE_S32())

#define _mm512_undefined() _mm512_set1_ps(HOSTILE_F32())
#define _mm512_undefined_ps() _mm512_set1_ps(HOSTILE_F32())
#define _mm512_undefined_pd() _mm512_set1_pd(HOSTILE_F64())
#define _mm512_undefined_ph() _mm512_castsi512_ph(_mm512_set1_epi16(HOSTILE_F16()))
#define _mm512_undefined_epi32() _mm512_set1_epi32(HOSTILE_S32())
#define _mm512_undefined_si512() _mm512_set1_epi32(HOSTILE_S32())

/* ---- "The upper bits of the result are undefined." (_mm256_zextps128_ps256 and its kin zero them.) ------------- */

#define _mm256_castps128_ps256(...) HOSTILE_AS(__m256, _mm256_insertf128_ps(_mm256_undefined_ps(), (__VA_ARGS__), 0))
#define _mm256_castpd128_pd256(...) HOSTILE_AS(__m256d, _mm256_insertf128_pd(_mm256_undefined_pd(), (__VA_ARGS__), 0))
#define _mm256_castsi128_si256(...)                                                                                    \
    HOSTILE_AS(__m256i, _mm256_insertf128_si256(_mm256_undefined_si256(), (__VA_ARGS__), 0))
#define _mm256_castph128_ph256(...)                                                                                    \
    HOSTILE_AS(__m256h, _mm256_castps_ph(_mm256_insertf128_ps(_mm256_castph_ps(_mm256_undefined_ph()),                 \
                                                              _mm_castph_ps(__VA_ARGS__), 0)))

#define _mm512_castps128_ps512(...) HOSTILE_AS(__m512, _mm512_insertf32x4(_mm512_undefined_ps(), (__VA_ARGS__), 0))
#define _mm512_castpd128_pd512(...)                                                                                    \
    HOSTILE_AS(__m512d, _mm512_castps_pd(_mm512_insertf32x4(_mm512_castpd_ps(_mm512_undefined_pd()),                   \
                                                            _mm_castpd_ps(__VA_ARGS__), 0)))
#define _mm512_castsi128_si512(...) HOSTILE_AS(__m512i, _mm512_inserti32x4(_mm512_undefined_epi32(), (__VA_ARGS__), 0))
#define _mm512_castph128_ph512(...)                                                                                    \
    HOSTILE_AS(__m512h, _mm512_castps_ph(_mm512_insertf32x4(_mm512_castph_ps(_mm512_undefined_ph()),                   \
                                                            _mm_castph_ps(__VA_ARGS__), 0)))

#define _mm512_castps256_ps512(...)                                                                                    \
    HOSTILE_AS(__m512, _mm512_castpd_ps(_mm512_insertf64x4(_mm512_castps_pd(_mm512_undefined_ps()),                    \
                                                           _mm256_castps_pd(__VA_ARGS__), 0)))
#define _mm512_castpd256_pd512(...) HOSTILE_AS(__m512d, _mm512_insertf64x4(_mm512_undefined_pd(), (__VA_ARGS__), 0))
#define _mm512_castsi256_si512(...) HOSTILE_AS(__m512i, _mm512_inserti64x4(_mm512_undefined_epi32(), (__VA_ARGS__), 0))
#define _mm512_castph256_ph512(...)                                                                                    \
    HOSTILE_AS(__m512h, _mm512_castpd_ph(_mm512_insertf64x4(_mm512_castph_pd(_mm512_undefined_ph()),                   \
                                                            _mm256_castph_pd(__VA_ARGS__), 0)))

/* ---- "If no bits are set in a then dst is undefined." ---------------------------------------------------------- */

#undef _bit_scan_forward /* macros in the compilers' headers, too */
#undef _bit_scan_reverse
#define _bit_scan_forward(...) hostile_bit_scan_forward(__VA_ARGS__)
#define _bit_scan_reverse(...) hostile_bit_scan_reverse(__VA_ARGS__)

#ifndef HARNESS_HOSTILE_BIT_SCANS
#define HARNESS_HOSTILE_BIT_SCANS
/* With the linkage of the compilers' own intrinsics, which any function may use; where they are constant, so are these.
 */
#if defined(__cplusplus) && __cplusplus >= 201402L
#define HOSTILE_BIT_SCAN static constexpr __attribute__((always_inline, unused)) int
#elif defined(__cplusplus)
#define HOSTILE_BIT_SCAN static inline __attribute__((always_inline, unused)) int
#else
#define HOSTILE_BIT_SCAN extern __inline __attribute__((gnu_inline, always_inline)) int
#endif
HOSTILE_BIT_SCAN hostile_bit_scan_forward(int bits) {
    return bits ? __builtin_ctz((unsigned)bits) : HOSTILE_S32();
}
HOSTILE_BIT_SCAN hostile_bit_scan_reverse(int bits) {
    return bits ? 31 - __builtin_clz((unsigned)bits) : HOSTILE_S32();
}
#endif
