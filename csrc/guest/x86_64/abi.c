/* x86-64: what the processor has, and what registers hold when a kernel is entered. SDM is Intel's Software Developer's
 * Manual. */
#include <cpuid.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "../runner/abi.h"
#include "../runner/adapter.h"
#include "../runner/fills.h"

#define HAS_FSGSBASE (UINT64_C(1) << 1) /* of AT_HWCAP2: the system allows the instructions, <asm/hwcap2.h> */

/* CPUID (SDM volume 2A) and XCR0 (SDM volume 1, 13.3). */
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_ECX_AVX (1u << 28)
#define LEAF7_EBX_AVX2 (1u << 5)
#define LEAF7_EBX_AVX512F (1u << 16)
#define LEAF7_EBX_AVX512BW (1u << 30)
#define EXTENDED_LEAF1 0x80000001u
#define LEAF13_1_EAX_XGETBV_1 (1u << 2)
#define XCR0_SSE (1u << 1)
#define XCR0_AVX (1u << 2)
#define XCR0_AVX512 (7u << 5) /* opmask, upper halves of zmm0 to zmm15, zmm16 to zmm31 */

#define X87_ALL_EMPTY 0xffffu

#define MXCSR_FLAGS UINT32_C(0x3f) /* sticky: the exceptions since they were last cleared (SDM volume 1, 10.2.3) */

/* ---- what the processor has ----------------------------------------------------------------------- */

struct leaf {
    uint32_t eax, ebx, ecx, edx;
};

static struct leaf cpuid(uint32_t number, uint32_t sub) {
    struct leaf leaf = {0};
    __get_cpuid_count(number, sub, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx); /* zero, if there is no such leaf */
    return leaf;
}

static uint32_t xgetbv(uint32_t index) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
    return low;
}

static uint32_t xcr0(void) {
    return cpuid(1, 0).ecx & LEAF1_ECX_OSXSAVE ? xgetbv(0) : 0;
}

static bool has_state(uint32_t components) {
    return (xcr0() & components) == components;
}

static bool has_avx(void) {
    return (cpuid(1, 0).ecx & LEAF1_ECX_AVX) && has_state(XCR0_SSE | XCR0_AVX);
}

static bool has_avx2(void) {
    return has_avx() && (cpuid(7, 0).ebx & LEAF7_EBX_AVX2);
}

static bool has_avx512(void) {
    return has_avx() && (cpuid(7, 0).ebx & LEAF7_EBX_AVX512F) && has_state(XCR0_AVX512);
}

/* XINUSE is only a hint, and emulators have it wrong: it must have been seen clear after vzeroupper, set after a
 * write to upper halves, and clear when only the low ones were written since. */
static bool xinuse_can_be_trusted(void) {
    bool is_wide = has_avx512();
    uint32_t mask = is_wide ? XINUSE_UPPERS : XINUSE_YMM;
    if (!has_avx() || !(cpuid(13, 1).eax & LEAF13_1_EAX_XGETBV_1)) {
        return false;
    }
    __asm__ volatile("vzeroupper" ::: "xmm0");
    uint32_t clean = xgetbv(1) & mask;
    if (is_wide) {
        __asm__ volatile("vpternlogd $0xff, %%zmm0, %%zmm0, %%zmm0" ::: "xmm0");
    } else {
        __asm__ volatile("vcmpps $15, %%ymm0, %%ymm0, %%ymm0" ::: "xmm0");
    }
    uint32_t dirty = xgetbv(1) & mask;
    __asm__ volatile("vzeroupper\n\tvxorps %%xmm0, %%xmm0, %%xmm0\n\tvaddps %%xmm0, %%xmm0, %%xmm0" ::: "xmm0");
    uint32_t low_only = xgetbv(1) & mask;
    return clean == 0 && dirty != 0 && low_only == 0;
}

static uint64_t read_fs_base(void) {
    uint64_t value;
    __asm__ volatile("rdfsbase %0" : "=r"(value));
    return value;
}

static uint32_t read_mxcsr(void) {
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
    return value;
}

static void write_mxcsr(uint32_t value) {
    __asm__ volatile("ldmxcsr %0" ::"m"(value));
}

static uint16_t read_x87_control(void) {
    uint16_t value;
    __asm__ volatile("fnstcw %0" : "=m"(value));
    return value;
}

static void add_fact(struct fact *facts, uint32_t *count, const char *name, uint64_t value) {
    memcpy(facts[*count].name, name, strnlen(name, FACT_NAME_BYTES));
    facts[(*count)++].value = value;
}

uint32_t abi_facts(struct fact *facts) {
    uint32_t count = 0;
    struct leaf leaf1 = cpuid(1, 0);
    struct leaf leaf7 = cpuid(7, 0);
    struct leaf leaf7_1 = cpuid(7, 1);
    add_fact(facts, &count, "hwcap", getauxval(AT_HWCAP));
    add_fact(facts, &count, "hwcap2", getauxval(AT_HWCAP2));
    add_fact(facts, &count, "page_bytes", getauxval(AT_PAGESZ));
    add_fact(facts, &count, "mxcsr", read_mxcsr());
    add_fact(facts, &count, "x87_control", read_x87_control());
    add_fact(facts, &count, "cpuid_1_eax", leaf1.eax);
    add_fact(facts, &count, "cpuid_1_ecx", leaf1.ecx);
    add_fact(facts, &count, "cpuid_1_edx", leaf1.edx);
    add_fact(facts, &count, "cpuid_7_ebx", leaf7.ebx);
    add_fact(facts, &count, "cpuid_7_ecx", leaf7.ecx);
    add_fact(facts, &count, "cpuid_7_edx", leaf7.edx);
    add_fact(facts, &count, "cpuid_7_1_eax", leaf7_1.eax);
    add_fact(facts, &count, "cpuid_7_1_edx", leaf7_1.edx);
    add_fact(facts, &count, "cpuid_ext1_ecx", cpuid(EXTENDED_LEAF1, 0).ecx);
    add_fact(facts, &count, "xcr0", xcr0());
    add_fact(facts, &count, "xinuse_works", xinuse_can_be_trusted());
    add_fact(facts, &count, "sse_bits", 128);
    if (has_avx()) {
        add_fact(facts, &count, "avx_bits", 256);
    }
    if (has_avx2()) {
        add_fact(facts, &count, "avx2_bits", 256);
    }
    if (has_avx512()) {
        add_fact(facts, &count, "avx512_bits", 512);
    }
    return count;
}

/* ---- before the call ------------------------------------------------------------------------------ */

#define SYSV_INTEGER_REGISTERS 6u
#define SYSV_VECTOR_REGISTERS 8u
#define MS_REGISTERS 4u
#define ABOVE_XMM_Q 0xfcu /* the quadwords of a zmm register above its low 16 bytes */

/* What lies above a 32-bit integer is undefined (psABI 3.2.3), but clang relies on callers that extend shorter ones to
 * 32 bits, as gcc and clang do. */
static uint64_t carried_bits(const struct abi_entry *entry, const struct guest_argument *argument) {
    if (entry->arguments_are_whole) {
        return UINT64_MAX;
    }
    bool is_short_integer = argument->sequence == SEQUENCE_INTEGER && argument->bytes < 4;
    return abi_carried_bits(is_short_integer ? 4 : argument->bytes);
}

static void carry_in_vector(struct abi_entry *entry, uint32_t n, const struct guest_argument *argument) {
    bool is_short = argument->bytes < sizeof entry->carried_xmm[n] && !entry->arguments_are_whole;
    memset(entry->carried_xmm[n], 0, sizeof entry->carried_xmm[n]);
    memset(entry->carried_xmm[n], 0xff, is_short ? argument->bytes : sizeof entry->carried_xmm[n]);
    entry->poisoned_q[n] = (uint8_t)(ABOVE_XMM_Q << (argument->bytes > 16 ? argument->bytes / 8 - 2 : 0));
    if (entry->arguments_are_whole) {
        entry->poisoned_q[n] = 0;
    }
}

/* psABI 3.2.3. Windows x64 numbers arguments through both sequences: the second argument is in rdx or xmm1, whichever
 * fits. */
static void place_arguments(struct abi_entry *entry) {
    bool is_ms_abi = (guest_signature.flags & SIGNATURE_MS_ABI) != 0;
    uint32_t integers = 0;
    uint32_t vectors = 0;
    entry->stack_arguments = 0;
    memset(entry->poisoned_q, ABOVE_XMM_Q, sizeof entry->poisoned_q);
    for (uint32_t i = 0; i < guest_signature.argument_count; i++) {
        const struct guest_argument *argument = &guest_signature.arguments[i];
        bool is_vector = argument->sequence == SEQUENCE_VECTOR;
        uint32_t place = is_ms_abi ? i : is_vector ? vectors++ : integers++;
        if (place >= (is_ms_abi ? MS_REGISTERS : is_vector ? SYSV_VECTOR_REGISTERS : SYSV_INTEGER_REGISTERS)) {
            entry->carried_stack[entry->stack_arguments++] = carried_bits(entry, argument);
        } else if (is_vector) {
            carry_in_vector(entry, place, argument);
        } else {
            entry->carried_r[place] = carried_bits(entry, argument);
        }
    }
}

void abi_before_constructors(uint32_t vector_bits) {
    (void)vector_bits; /* nothing to ask for: the width is in the instructions */
}

const char *abi_caller_complaint(const struct abi_entry *entry) {
    (void)entry;
    return NULL;
}

void abi_prepare(struct abi_entry *entry) {
    entry->gates = guest_signature.flags & SIGNATURE_MS_ABI ? GATE_MS_ABI : GATE_SYSV;
    entry->gates |= guest_signature.flags & SIGNATURE_WIDE_VECTORS ? GATE_WIDE : 0;
    entry->gates |= has_avx() ? GATE_AVX : 0;
    if (has_avx512()) {
        entry->gates |= GATE_AVX512;
        entry->gates |= cpuid(7, 0).ebx & LEAF7_EBX_AVX512BW ? GATE_AVX512BW : 0;
    }
    if (getauxval(AT_HWCAP2) & HAS_FSGSBASE) {
        entry->gates |= GATE_FSGSBASE;
        entry->runner_fs_base = read_fs_base();
    }
    entry->gates |= xinuse_can_be_trusted() ? GATE_XINUSE : 0;
    entry->known_x87_tags = X87_ALL_EMPTY;
    entry->laid_fill = FILL_COUNT;
    place_arguments(entry);
}

/* Distinct in every register, so that swapped ones show. */
static void lay_known_values(struct abi_entry *entry, enum fill fill) {
    for (unsigned i = 0; i < sizeof entry->known_r / sizeof *entry->known_r; i++) {
        entry->known_r[i] = entry->fill_r ^ (uint64_t)(i + 1) << 8;
    }
    memset(entry->known_xmm, fill_byte(fill), sizeof entry->known_xmm);
    for (unsigned i = 0; i < sizeof entry->known_xmm / sizeof *entry->known_xmm; i++) {
        entry->known_xmm[i][0] ^= (uint8_t)(i + 1);
    }
}

/* Whatever the caller has computed before may have set them: only a kernel that clears them may ask for them. */
static void set_sticky_flags(enum fill fill) {
    uint32_t control = read_mxcsr() & ~MXCSR_FLAGS;
    write_mxcsr(fill == FILL_BENIGN ? control : control | MXCSR_FLAGS);
}

void abi_set_trial(struct abi_entry *entry, const struct pack_trial *trial) {
    enum fill fill = trial_fill(trial, TRIAL_BENIGN_REGISTERS);
    bool is_whole = (trial->flags & TRIAL_BENIGN_ARGUMENTS) != 0;
    if (entry->arguments_are_whole != is_whole) {
        entry->arguments_are_whole = is_whole;
        place_arguments(entry);
    }
    set_sticky_flags(fill);
    bool is_clean = (trial->flags & TRIAL_CLEAN_UPPERS) && (entry->gates & GATE_AVX) && !(entry->gates & GATE_WIDE);
    entry->gates = is_clean ? entry->gates | GATE_CLEAN : entry->gates & ~(uint64_t)GATE_CLEAN;
    entry->stack_shift = STACK_GAP_BYTES + 16 * (uint64_t)fill;
    if (entry->laid_fill == fill) {
        return;
    }
    entry->laid_fill = fill;
    entry->fill_r = fill_general_register(fill);
    entry->fill_carry = fill != FILL_BENIGN;
    memset(entry->fill_zmm, fill_byte(fill), sizeof entry->fill_zmm);
    memcpy(&entry->fill_k, entry->fill_zmm, sizeof entry->fill_k);
    lay_known_values(entry, fill);
}

/* ---- after the call ------------------------------------------------------------------------------- */

void abi_settle(struct abi_entry *entry, struct abi_exit *exit) {
    (void)exit;
    /* The tags too: no value may stay on the x87 stack. The adapter has taken the result from it by now. */
    __asm__ volatile("fninit\n\tfldcw %0" ::"m"(entry->runner_x87_control));
}

uint64_t abi_open_gates(const struct abi_entry *entry, const struct abi_exit *exit) {
    (void)exit;
    return entry->gates;
}
