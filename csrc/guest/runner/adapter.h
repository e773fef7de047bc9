/* What is generated from a kernel's prototype, one small C file per kernel, and linked with the runner.
 *
 * The adapter declares the kernel's prototype for the trampoline, so that the compiler puts the arguments where
 * the procedure call standard wants them; the trampoline finds them there, fills every other caller-saved
 * register and what is undefined of these, calls guest_kernel and checks what must survive. Example:
 *
 *     void rms_norm_f32_sve(float *row, size_t len, float eps);
 *     void guest_trampoline(float *row, size_t len, float eps);
 *     void (*const guest_kernel)(void) = (void (*)(void))rms_norm_f32_sve;
 *     const struct guest_signature guest_signature = {.argument_count = 3, ...
 *         .arguments = {{SEQUENCE_INTEGER, 8}, {SEQUENCE_INTEGER, 8}, {SEQUENCE_VECTOR, 4}}};
 *     void guest_adapter(const uint64_t *value, uint64_t *result) {
 *         guest_ready(guest_kernel);
 *         guest_trampoline((float *)value[0], (size_t)value[1], guest_f32(value[2]));
 *     }
 */
#ifndef HARNESS_GUEST_ADAPTER_H
#define HARNESS_GUEST_ADAPTER_H

#include <stdint.h>

/* Which register state the kernel's interface extends or shares beyond the base standard. */
#define SIGNATURE_VECTOR_PCS 1u   /* aarch64_vector_pcs: q8-q23 are callee-saved too */
#define SIGNATURE_SVE_PCS 2u      /* takes or returns SVE types: z8-z23 and p4-p15 are callee-saved */
#define SIGNATURE_MS_ABI 4u       /* Windows x64 convention */
#define SIGNATURE_WIDE_VECTORS 8u /* takes or returns __m256 or __m512: upper halves may stay dirty */
#define SIGNATURE_STREAMING 16u   /* AArch64: the vectors are those of streaming mode; so is the width asked for */
#define SIGNATURE_VECTOR_CC 32u   /* riscv_vector_cc: v1-v7 and v24-v31 are callee-saved */

/* The interface to SME state (ACLE, "SME keyword attributes"); without them non-streaming and private-ZA. */
#define SIGNATURE_STREAMING_INTERFACE 64u   /* __arm_streaming */
#define SIGNATURE_STREAMING_COMPATIBLE 128u /* __arm_streaming_compatible: the trial says which mode */
#define SIGNATURE_SHARED_ZA 256u            /* shares "za" or "zt0", so that ZA is active at entry and return */
#define SIGNATURE_ZA_INPUT 512u             /* __arm_in("za"), __arm_inout("za"): handed over as zeros */
#define SIGNATURE_ZA_KEPT 1024u             /* __arm_in("za"), __arm_preserves("za") */
#define SIGNATURE_ZT0_INPUT 2048u           /* the same for "zt0" */
#define SIGNATURE_ZT0_KEPT 4096u

#define SIGNATURE_DEPENDENT_LANES                                                                                      \
    8192u /* waived: what lanes beside the row's hold may change how others are rounded                                \
           */

/* Which registers a parameter takes one of, while there are any; behind the last it goes to the stack. */
enum guest_sequence {
    SEQUENCE_INTEGER,   /* integers and pointers */
    SEQUENCE_VECTOR,    /* floating-point numbers and vectors */
    SEQUENCE_PREDICATE, /* SVE predicates; RISC-V: a mask, in v0 */
    SEQUENCE_GROUP,     /* RISC-V: groups of vector registers */
};

/* One parameter. What a register or stack slot holds above these bytes is poisoned where the standard leaves it
 * undefined. */
struct guest_argument {
    uint16_t sequence; /* enum guest_sequence */
    uint16_t bytes;    /* UINT16_MAX for a scalable vector; of a group the number of registers */
};

#define ARGUMENT_LIMIT 64

struct guest_signature {
    uint32_t argument_count;
    uint32_t result_bytes; /* 0 for void */
    uint32_t flags;        /* SIGNATURE_* */
    struct guest_argument arguments[ARGUMENT_LIMIT];
};

extern const struct guest_signature guest_signature;
extern void (*const guest_kernel)(void);

/* Converts value[i], raw bits as the pack holds them, to the prototype's types and calls guest_trampoline with
 * them, each time after guest_ready; stores the raw bits of what comes back, zero-extended, to result[0] and
 * result[1]. */
void guest_adapter(const uint64_t *value, uint64_t *result);

/* Before every call of guest_trampoline: what the call before it left is checked, and the runner's memory opened. Takes
 * guest_kernel and returns the trampoline's address. */
void *guest_ready(void (*kernel)(void));

/* Where the trampoline goes when it was not made ready; says so and ends the process. */
__attribute__((noreturn)) void guest_not_ready(void);
__attribute__((noreturn)) void guest_misuse(const char *what);

static inline float guest_f32(uint64_t bits) {
    union {
        uint32_t bits;
        float value;
    } convert = {.bits = (uint32_t)bits};
    return convert.value;
}

static inline double guest_f64(uint64_t bits) {
    union {
        uint64_t bits;
        double value;
    } convert = {.bits = bits};
    return convert.value;
}

#endif
