/* C++ has no _Generic: what sve_fill.h selects by the type of a vector, by overloading. */
#ifndef HARNESS_HOSTILE_SVE_OVERLOADS_H
#define HARNESS_HOSTILE_SVE_OVERLOADS_H

/* Without the attribute, code in streaming mode could not inline these. */
#if defined(__ARM_FEATURE_SME) || defined(__ARM_STATE_ZA)
#define HOSTILE_ANY_MODE __arm_streaming_compatible
#else
#define HOSTILE_ANY_MODE
#endif

/* A kernel may get at SVE by a function's target attribute alone. */
#if defined(__ARM_FEATURE_SVE)
#define HOSTILE_INLINE static inline __attribute__((always_inline, unused))
#else
#define HOSTILE_INLINE static inline __attribute__((always_inline, unused, target("+sve")))
#endif

#define HOSTILE_OVERLOADS(T, vector_type, containers)                                                                  \
    HOSTILE_INLINE vector_type hostile_merge(svbool_t active, vector_type vector) HOSTILE_ANY_MODE {                   \
        return svsel_##T(active, vector, HOSTILE_FILL_##T());                                                          \
    }                                                                                                                  \
    HOSTILE_INLINE svbool_t hostile_containers(svbool_t active, vector_type) HOSTILE_ANY_MODE {                        \
        return containers;                                                                                             \
    }

HOSTILE_OVERLOADS(s8, svint8_t, active)
HOSTILE_OVERLOADS(s16, svint16_t, active)
HOSTILE_OVERLOADS(s32, svint32_t, HOSTILE_CONTAINERS_32(active))
HOSTILE_OVERLOADS(s64, svint64_t, HOSTILE_CONTAINERS_64(active))
HOSTILE_OVERLOADS(u8, svuint8_t, active)
HOSTILE_OVERLOADS(u16, svuint16_t, active)
HOSTILE_OVERLOADS(u32, svuint32_t, HOSTILE_CONTAINERS_32(active))
HOSTILE_OVERLOADS(u64, svuint64_t, HOSTILE_CONTAINERS_64(active))
HOSTILE_OVERLOADS(f16, svfloat16_t, active)
HOSTILE_OVERLOADS(bf16, svbfloat16_t, active)
HOSTILE_OVERLOADS(f32, svfloat32_t, HOSTILE_CONTAINERS_32(active))
HOSTILE_OVERLOADS(f64, svfloat64_t, HOSTILE_CONTAINERS_64(active))

#endif
