/* AAPCS64: what the processor has, and what registers hold when a kernel is entered. */
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "../runner/abi.h"
#include "../runner/adapter.h"
#include "../runner/fills.h"
#include "../runner/syscalls.h"
#include "za.h"

/* From <asm/hwcap.h> and <linux/prctl.h>, spelled out because older headers lack some of them. */
#define HAS_ASIMD (UINT64_C(1) << 1)
#define HAS_CPUID (UINT64_C(1) << 11)
#define HAS_SVE (UINT64_C(1) << 22)
#define HAS_SME (UINT64_C(1) << 23) /* of the second word */
#define HAS_SME2 (UINT64_C(1) << 37)
#define SVE_SET_VL 50
#define SME_SET_VL 63

/* ---- what the processor has ----------------------------------------------------------------------- */

static bool has_sve(void) {
    return (getauxval(AT_HWCAP) & HAS_SVE) != 0;
}

static bool has_sme(void) {
    return (getauxval(AT_HWCAP2) & HAS_SME) != 0;
}

/* As encodings: the assembler may be older than SME, and no compiler can fold them to a constant. */
static uint64_t sve_bytes(void) {
    register uint64_t x0 __asm__("x0");
    __asm__ volatile(".inst 0x04bf5020 /* rdvl x0, #1 */" : "=r"(x0));
    return x0;
}

static uint64_t sme_bytes(void) {
    register uint64_t x0 __asm__("x0");
    __asm__ volatile(".inst 0x04bf5820 /* rdsvl x0, #1 */" : "=r"(x0));
    return x0;
}

static uint64_t read_tpidr2(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, S3_3_C13_C0_5" : "=r"(value));
    return value;
}

static uint64_t read_fpcr(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, fpcr" : "=r"(value));
    return value;
}

static void write_fpsr(uint64_t value) {
    __asm__ volatile("msr fpsr, %0" ::"r"(value));
}

static uint64_t read_midr(void) {
    uint64_t value;
    __asm__ volatile("mrs %0, midr_el1" : "=r"(value)); /* emulated by the system */
    return value;
}

/* The system rounds a length it does not have down without a word: what counts is what is read afterwards. */
static void set_length(long request, uint64_t bytes) {
    guest_syscall(SYS_prctl, request, (long)bytes, 0, 0);
}

static bool state_is_wide(const struct abi_entry *entry) {
    return (entry->gates & GATE_SVE) != 0;
}

uint64_t abi_unit_bytes(const struct abi_entry *entry, enum abi_unit unit) {
    return unit == UNIT_VECTOR ? entry->unit_bytes : unit == UNIT_PREDICATE ? entry->unit_bytes / 8 : 0;
}

static uint64_t bytes_at_start; /* of the kernel's vectors, as constructors find them */

static void add_fact(struct fact *facts, uint32_t *count, const char *name, uint64_t value) {
    memcpy(facts[*count].name, name, strnlen(name, FACT_NAME_BYTES));
    facts[(*count)++].value = value;
}

uint32_t abi_facts(struct fact *facts) {
    uint32_t count = 0;
    uint64_t hwcap = getauxval(AT_HWCAP);
    add_fact(facts, &count, "hwcap", hwcap);
    add_fact(facts, &count, "hwcap2", getauxval(AT_HWCAP2));
    add_fact(facts, &count, "page_bytes", getauxval(AT_PAGESZ));
    add_fact(facts, &count, "fpcr", read_fpcr());
    if (hwcap & HAS_ASIMD) {
        add_fact(facts, &count, "neon_bits", 128);
    }
    if (has_sve()) {
        add_fact(facts, &count, "sve_bits", sve_bytes() * 8);
    }
    if (has_sme()) {
        add_fact(facts, &count, "sme_bits", sme_bytes() * 8);
    }
    add_fact(facts, &count, "bits_at_start", bytes_at_start * 8);
    if (hwcap & HAS_CPUID) {
        add_fact(facts, &count, "midr", read_midr());
    }
    return count;
}

/* ---- before the call ------------------------------------------------------------------------------ */

static uint64_t gates_of_signature(void) {
    uint64_t gates = 0;
    gates |= guest_signature.flags & SIGNATURE_VECTOR_PCS ? GATE_VECTOR_PCS : 0;
    gates |= guest_signature.flags & SIGNATURE_SVE_PCS ? GATE_SVE_PCS : 0;
    gates |= guest_signature.result_bytes > 2 * sizeof(uint64_t) ? GATE_KEEP_X8 : 0;
    return gates;
}

#define INTEGER_REGISTERS 8
#define VECTOR_REGISTERS 8
#define PREDICATE_REGISTERS 4
#define LEAST_VECTOR_BYTES 16

/* AAPCS64 6.8.2, stage C. "The unused bits have unspecified value" in registers and in stack slots, which are 8 bytes
 * each for every type that is no longer. */
static void place_arguments(struct abi_entry *entry) {
    uint32_t integers = 0;
    uint32_t vectors = 0;
    entry->predicate_arguments = 0;
    entry->stack_arguments = 0;
    for (uint32_t i = 0; i < guest_signature.argument_count; i++) {
        const struct guest_argument *argument = &guest_signature.arguments[i];
        uint64_t bytes = entry->arguments_are_whole ? UINT16_MAX : argument->bytes; /* of any register */
        if (argument->sequence == SEQUENCE_INTEGER && integers < INTEGER_REGISTERS) {
            entry->carried_x[integers++] = abi_carried_bits(bytes);
        } else if (argument->sequence == SEQUENCE_VECTOR && vectors < VECTOR_REGISTERS) {
            entry->carried_v[vectors++] = bytes;
        } else if (argument->sequence == SEQUENCE_PREDICATE && entry->predicate_arguments < PREDICATE_REGISTERS) {
            entry->predicate_arguments++;
        } else {
            entry->carried_stack[entry->stack_arguments++] = abi_carried_bits(bytes);
        }
    }
}

#define FPSR_FLAGS UINT64_C(0x0800009f) /* QC, IDC, IXC, UFC, OFC, DZC, IOC (Arm ARM, FPSR) */

/* Asks for the length of the kernel's vectors, which for some are those of streaming mode. Those have a second length
 * beside them: it is made another power of two (compilers count on its being one), so that a kernel that takes the one
 * length for the other is found out. */
static void ask_for_length(uint64_t bytes) {
    bool is_streaming = (guest_signature.flags & SIGNATURE_STREAMING) != 0;
    if (!is_streaming && has_sve() && sve_bytes() != bytes) {
        set_length(SVE_SET_VL, bytes);
    }
    if (is_streaming && has_sme() && sme_bytes() != bytes) {
        set_length(SME_SET_VL, bytes);
    }
    if (is_streaming && has_sve() && sve_bytes() == bytes) {
        set_length(SVE_SET_VL, bytes > LEAST_VECTOR_BYTES ? bytes / 2 : 2 * bytes);
    }
}

static uint64_t kernel_vector_bytes(void) {
    bool is_streaming = (guest_signature.flags & SIGNATURE_STREAMING) != 0;
    return is_streaming ? (has_sme() ? sme_bytes() : 0) : has_sve() ? sve_bytes() : 0;
}

void abi_before_constructors(uint32_t vector_bits) {
    if (vector_bits != 0) {
        ask_for_length(vector_bits / 8);
    }
    bytes_at_start = kernel_vector_bytes();
}

const char *abi_caller_complaint(const struct abi_entry *entry) {
    bool is_changed = (state_is_wide(entry) && sve_bytes() != entry->vector_bytes) ||
                      ((entry->gates & GATE_SME) && sme_bytes() != entry->streaming_bytes);
    return is_changed ? "the adapter calls the kernel with another vector length than the run is for" : NULL;
}

void abi_prepare(struct abi_entry *entry) {
    entry->gates = gates_of_signature();
    place_arguments(entry);
    entry->laid_fill = FILL_COUNT;
    entry->vector_bytes = 16; /* of v0 to v31 */
    if (has_sve()) {
        entry->gates |= GATE_SVE;
        entry->vector_bytes = sve_bytes();
    } else {
        entry->gates &= ~GATE_SVE_PCS;
    }
    if (has_sme()) {
        entry->gates |= GATE_SME;
        entry->gates |= getauxval(AT_HWCAP2) & HAS_SME2 ? GATE_SME2 : 0;
        entry->streaming_bytes = sme_bytes();
        entry->runner_tpidr2 = read_tpidr2();
        za_prepare(entry);
    }
}

/* Distinct in every register, so that swapped ones show. */
static void lay_known_values(struct abi_entry *entry, enum fill fill) {
    uint64_t unit_bytes = abi_unit_bytes(entry, UNIT_VECTOR);
    for (unsigned i = 0; i < 10; i++) {
        entry->known_x[i] = entry->fill_x ^ (uint64_t)(19 + i) << 8;
    }
    memset(entry->known_z, fill_byte(fill), sizeof entry->known_z);
    for (unsigned i = 0; i < 16; i++) {
        uint8_t *z = entry->known_z + i * unit_bytes;
        z[0] ^= (uint8_t)(8 + i);
        z[unit_bytes - 1] ^= (uint8_t)(8 + i) & 1; /* of the last byte the lowest bit: a NaN stays one */
        if (i < 8) {
            memcpy(&entry->known_d[i], z, sizeof entry->known_d[i]);
        }
    }
}

/* AAPCS64 6.7.1 */
static bool is_streaming_call(const struct abi_entry *entry, const struct pack_trial *trial) {
    bool is_asked_for = (guest_signature.flags & SIGNATURE_STREAMING_COMPATIBLE) && (trial->flags & TRIAL_STREAMING);
    return (entry->gates & GATE_SME) && ((guest_signature.flags & SIGNATURE_STREAMING_INTERFACE) || is_asked_for);
}

static void lay_fill(struct abi_entry *entry, enum fill fill) {
    /* FFR may only hold leading ones (AAPCS64 6.1.5 and Arm ARM, WRFFR): all for a plain call, few for others. */
    static const uint8_t ffr[FILL_COUNT] = {0xff, 0x00, 0x01, 0x1f};
    static const uint8_t predicates[FILL_COUNT] = {0x11, 0xff, 0xaa, 0x55};
    entry->laid_fill = fill;
    entry->laid_bytes = entry->unit_bytes;
    entry->fill_x = fill_general_register(fill);
    entry->fill_nzcv = (uint64_t)fill * 5 << 28;
    memset(entry->fill_ffr, fill == FILL_BENIGN ? 0xff : 0, sizeof entry->fill_ffr);
    entry->fill_ffr[0] = ffr[fill];
    memset(entry->fill_p, predicates[fill], sizeof entry->fill_p);
    memset(entry->known_p, predicates[fill], sizeof entry->known_p);
    memset(entry->fill_z, fill_byte(fill), sizeof entry->fill_z);
    lay_known_values(entry, fill);
}

void abi_set_trial(struct abi_entry *entry, const struct pack_trial *trial) {
    enum fill fill = trial_fill(trial, TRIAL_BENIGN_REGISTERS);
    bool is_streaming = is_streaming_call(entry, trial);
    bool is_whole = (trial->flags & TRIAL_BENIGN_ARGUMENTS) != 0;
    if (entry->arguments_are_whole != is_whole) {
        entry->arguments_are_whole = is_whole;
        place_arguments(entry);
    }
    /* Sticky, and not preserved: only a kernel that clears them may ask for them (AAPCS64 6.1.2). */
    write_fpsr(fill == FILL_BENIGN ? 0 : FPSR_FLAGS);
    entry->stack_shift = STACK_GAP_BYTES + 16 * (uint64_t)fill;
    entry->gates = is_streaming ? entry->gates | GATE_STREAMING : entry->gates & ~GATE_STREAMING;
    entry->unit_bytes = is_streaming ? entry->streaming_bytes : entry->vector_bytes;
    if (entry->laid_fill != fill || entry->laid_bytes != entry->unit_bytes) {
        lay_fill(entry, fill);
    }
    if (entry->gates & GATE_SME) {
        za_set_trial(entry, trial);
    }
}

/* ---- after the call ------------------------------------------------------------------------------- */

void abi_settle(struct abi_entry *entry, struct abi_exit *exit) {
    if (state_is_wide(entry) && sve_bytes() != entry->vector_bytes) {
        set_length(SVE_SET_VL, entry->vector_bytes);
    }
    if ((entry->gates & GATE_SME) && sme_bytes() != entry->streaming_bytes) {
        set_length(SME_SET_VL, entry->streaming_bytes);
    }
    if (entry->gates & GATE_SME) {
        za_settle(entry, exit);
    }
}

uint64_t abi_open_gates(const struct abi_entry *entry, const struct abi_exit *exit) {
    bool was_streaming = (entry->gates & GATE_STREAMING) != 0;
    bool is_streaming = (exit->svcr & 1) != 0;
    uint64_t gates = entry->gates;
    gates |= state_is_wide(entry) ? GATE_LENGTH : 0;
    if (is_streaming == was_streaming) {
        uint64_t length = is_streaming ? exit->streaming_bytes : exit->vector_bytes;
        bool is_fixed = !is_streaming && !state_is_wide(entry); /* the 16 bytes of v0 to v31 */
        gates |= is_fixed || length == entry->unit_bytes ? GATE_FULL_Z : 0;
    }
    return gates;
}
