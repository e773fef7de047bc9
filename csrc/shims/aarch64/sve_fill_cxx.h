/* What the intrinsics become in C++, which has overloading instead of _Generic; see sve_fill.h. Good for C++98. */
#ifndef HARNESS_HOSTILE_SVE_FILL_CXX_H
#define HARNESS_HOSTILE_SVE_FILL_CXX_H

/* What the features of the code that these are inlined into allow: with SVE and SME, either mode; with SME alone,
 * streaming mode; with neither, functions that get at SVE by their target attribute. */
#if defined(__ARM_FEATURE_SVE) && (defined(__ARM_FEATURE_SME) || defined(__ARM_STATE_ZA))
#define HOSTILE_MODE __arm_streaming_compatible
#elif !defined(__ARM_FEATURE_SVE) && defined(__ARM_FEATURE_SME)
#define HOSTILE_MODE __arm_streaming
#else
#define HOSTILE_MODE
#endif
#if defined(__ARM_FEATURE_SVE) || defined(__ARM_FEATURE_SME)
#define HOSTILE_MEMBER inline __attribute__((always_inline, unused))
#else
#define HOSTILE_MEMBER inline __attribute__((always_inline, unused, target("+sve")))
#endif
#define HOSTILE_INLINE static HOSTILE_MEMBER
#if __cplusplus >= 201103L
#define HOSTILE_NOEXCEPT noexcept /* as the intrinsics are */
#else
#define HOSTILE_NOEXCEPT throw()
#endif

extern "C++" { /* whatever the kernel's include is wrapped in */

HOSTILE_INLINE svbool_t hostile_containers(svbool_t active, unsigned long bits) HOSTILE_NOEXCEPT HOSTILE_MODE {
    switch (bits) {
    case 32:
        return HOSTILE_CONTAINERS_32(active);
    case 64:
        return HOSTILE_CONTAINERS_64(active);
    case 128:
        return HOSTILE_CONTAINERS_128(active);
    default:
        return active;
    }
}

/* hostile_operand_bits: declared only, for sizeof. */
#define HOSTILE_OVERLOADS(T, vector_type, element_bits)                                                                \
    HOSTILE_INLINE vector_type hostile_fill_like(vector_type)                                                          \
    HOSTILE_NOEXCEPT HOSTILE_MODE {                                                                                    \
        return HOSTILE_FILL_##T();                                                                                     \
    }                                                                                                                  \
    char (&hostile_operand_bits(svbool_t, vector_type) HOSTILE_MODE)[element_bits];

HOSTILE_OVERLOADS(s8, svint8_t, 8)
HOSTILE_OVERLOADS(s16, svint16_t, 16)
HOSTILE_OVERLOADS(s32, svint32_t, 32)
HOSTILE_OVERLOADS(s64, svint64_t, 64)
HOSTILE_OVERLOADS(u8, svuint8_t, 8)
HOSTILE_OVERLOADS(u16, svuint16_t, 16)
HOSTILE_OVERLOADS(u32, svuint32_t, 32)
HOSTILE_OVERLOADS(u64, svuint64_t, 64)
HOSTILE_OVERLOADS(f16, svfloat16_t, 16)
HOSTILE_OVERLOADS(bf16, svbfloat16_t, 16)
HOSTILE_OVERLOADS(f32, svfloat32_t, 32)
HOSTILE_OVERLOADS(f64, svfloat64_t, 64)

/* One call of a wrapped intrinsic, and the predicate that it is given. An expression has no other place to keep that
 * in: with a variable it could not stand in decltype, in default arguments or in those of templates. Calls nest, and so
 * the innermost is known to all: its object exists before its arguments are evaluated, and steps back behind them. */
struct hostile_call;
static __thread hostile_call *hostile_innermost __attribute__((unused, tls_model("local-exec")));

struct hostile_call {
    hostile_call *const outer;
    const svbool_t *active; /* lives until the end of the whole expression */

    HOSTILE_MEMBER hostile_call() HOSTILE_NOEXCEPT HOSTILE_MODE : outer(hostile_innermost), active(0) {
        hostile_innermost = this;
    }
    HOSTILE_MEMBER ~hostile_call() HOSTILE_NOEXCEPT HOSTILE_MODE {
        if (hostile_innermost == this) { /* an argument has thrown */
            hostile_innermost = outer;
        }
    }
    template <class vector_type>
    HOSTILE_MEMBER vector_type merge(unsigned long bits, vector_type vector) HOSTILE_NOEXCEPT HOSTILE_MODE {
        hostile_innermost = outer;
        return svsel(hostile_containers(*active, bits), vector, hostile_fill_like(vector));
    }
#if defined(__ARM_FEATURE_SVE) || !defined(__ARM_FEATURE_SME) /* else there is no FFR */
    template <class vector_type> HOSTILE_MEMBER vector_type first_fault(vector_type vector) HOSTILE_NOEXCEPT {
        hostile_innermost = outer;
        return svsel(HOSTILE_NOT_LOADED(*active), hostile_fill_like(vector), vector);
    }
#endif
};

/* Stands in front of the arguments, of which the predicate is the first. */
struct hostile_predicate {
    HOSTILE_MEMBER svbool_t operator=(const svbool_t &active) const HOSTILE_NOEXCEPT HOSTILE_MODE {
        hostile_innermost->active = &active;
        return active;
    }
};

} /* extern "C++" */

#define HOSTILE_X(bits, name, ...) hostile_call().merge(bits, name(hostile_predicate() = __VA_ARGS__))
#define HOSTILE_X_BY_OPERAND(name, ...) HOSTILE_X(sizeof(hostile_operand_bits(__VA_ARGS__)), name, __VA_ARGS__)
#define HOSTILE_FIRST_FAULT(name, ...) hostile_call().first_fault(name(hostile_predicate() = __VA_ARGS__))

#endif
