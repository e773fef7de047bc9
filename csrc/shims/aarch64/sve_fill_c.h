/* What the intrinsics become in C; see sve_fill.h. */
#ifndef HARNESS_HOSTILE_SVE_FILL_C_H
#define HARNESS_HOSTILE_SVE_FILL_C_H

#define HOSTILE_FILL_LIKE(vector)                                                                                      \
    _Generic(vector,                                                                                                   \
        svint8_t: HOSTILE_FILL_s8(),                                                                                   \
        svint16_t: HOSTILE_FILL_s16(),                                                                                 \
        svint32_t: HOSTILE_FILL_s32(),                                                                                 \
        svint64_t: HOSTILE_FILL_s64(),                                                                                 \
        svuint8_t: HOSTILE_FILL_u8(),                                                                                  \
        svuint16_t: HOSTILE_FILL_u16(),                                                                                \
        svuint32_t: HOSTILE_FILL_u32(),                                                                                \
        svuint64_t: HOSTILE_FILL_u64(),                                                                                \
        svfloat16_t: HOSTILE_FILL_f16(),                                                                               \
        svbfloat16_t: HOSTILE_FILL_bf16(),                                                                             \
        svfloat32_t: HOSTILE_FILL_f32(),                                                                               \
        svfloat64_t: HOSTILE_FILL_f64())

#define HOSTILE_X(bits, name, ...)                                                                                     \
    __extension__({                                                                                                    \
        svbool_t hostile_pg;                                                                                           \
        const __auto_type hostile_result = name(hostile_pg = __VA_ARGS__);                                             \
        svsel(HOSTILE_CONTAINERS_##bits(hostile_pg), hostile_result, HOSTILE_FILL_LIKE(hostile_result));               \
    })

/* 16-bit operands never have containers wider than their result's elements. An operand of a fixed-length type
 * (arm_sve_vector_bits) matches none of these: nothing is poisoned then. */
#define HOSTILE_CONTAINERS_LIKE(operand, active)                                                                       \
    _Generic(operand,                                                                                                  \
        svint16_t: (active),                                                                                           \
        svuint16_t: (active),                                                                                          \
        svfloat16_t: (active),                                                                                         \
        svint32_t: HOSTILE_CONTAINERS_32(active),                                                                      \
        svuint32_t: HOSTILE_CONTAINERS_32(active),                                                                     \
        svfloat32_t: HOSTILE_CONTAINERS_32(active),                                                                    \
        svint64_t: HOSTILE_CONTAINERS_64(active),                                                                      \
        svuint64_t: HOSTILE_CONTAINERS_64(active),                                                                     \
        svfloat64_t: HOSTILE_CONTAINERS_64(active),                                                                    \
        default: svptrue_b8())

#define HOSTILE_X_BY_OPERAND(name, pg, op)                                                                             \
    __extension__({                                                                                                    \
        const svbool_t hostile_pg = (pg);                                                                              \
        const __auto_type hostile_operand = (op);                                                                      \
        const __auto_type hostile_result = name(hostile_pg, hostile_operand);                                          \
        svsel(HOSTILE_CONTAINERS_LIKE(hostile_operand, hostile_pg), hostile_result,                                    \
              HOSTILE_FILL_LIKE(hostile_result));                                                                      \
    })

#define HOSTILE_FIRST_FAULT(name, ...)                                                                                 \
    __extension__({                                                                                                    \
        svbool_t hostile_pg;                                                                                           \
        const __auto_type hostile_result = name(hostile_pg = __VA_ARGS__);                                             \
        svsel(HOSTILE_NOT_LOADED(hostile_pg), HOSTILE_FILL_LIKE(hostile_result), hostile_result);                      \
    })

#endif
