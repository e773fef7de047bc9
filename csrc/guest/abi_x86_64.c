/* x86-64: what must survive a call, what is undefined at entry, and what the processor has. "psABI" is the System V
 * ABI, AMD64 Architecture Processor Supplement 1.0; "MS x64" is Microsoft's "x64 calling convention"; SDM is
 * Intel's Software Developer's Manual. */
#define _GNU_SOURCE /* REG_RIP and the like */
#include <cpuid.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "abi.h"
#include "adapter.h"
#include "fills.h"

/* CPUID (SDM volume 2A) and XCR0 (SDM volume 1, 13.3). */
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_ECX_AVX (1u << 28)
#define LEAF7_EBX_AVX2 (1u << 5)
#define LEAF7_EBX_AVX512F (1u << 16)
#define LEAF7_EBX_AVX512BW (1u << 30)
#define LEAF13_1_EAX_XGETBV_1 (1u << 2)
#define XCR0_SSE (1u << 1)
#define XCR0_AVX (1u << 2)
#define XCR0_AVX512 (7u << 5) /* opmask, upper halves of zmm0 to zmm15, zmm16 to zmm31 */
#define XINUSE_YMM (1u << 2)
#define XINUSE_ZMM (1u << 6)
#define XINUSE_UPPERS (XINUSE_YMM | XINUSE_ZMM)

#define FLAG_TRAP (UINT64_C(1) << 8)
#define FLAG_DIRECTION (UINT64_C(1) << 10)
#define FLAG_ALIGNMENT (UINT64_C(1) << 18)
#define MXCSR_CONTROL UINT64_C(0xffc0) /* denormals, masks, rounding, flush to zero; the rest is sticky status */
#define X87_ALL_EMPTY 0xffffu

/* Gates that only the table knows: the trampoline has no use for them. */
#define GATE_SYSV UINT64_C(0x100)

/* ---- layout --------------------------------------------------------------------------------------- */

#define ENTRY_IS(field, offset) _Static_assert(offsetof(struct abi_entry, field) == (offset), #field)
#define EXIT_IS(field, offset) _Static_assert(offsetof(struct abi_exit, field) == (offset), #field)

ENTRY_IS(seal_base, ENTRY_SEAL_BASE);
ENTRY_IS(seal_bytes, ENTRY_SEAL_BYTES);
ENTRY_IS(gates, ENTRY_GATES);
ENTRY_IS(stack_shift, ENTRY_STACK_SHIFT);
ENTRY_IS(integer_arguments, ENTRY_INTEGER_ARGUMENTS);
ENTRY_IS(vector_arguments, ENTRY_VECTOR_ARGUMENTS);
ENTRY_IS(fill_r, ENTRY_FILL_R);
ENTRY_IS(fill_k, ENTRY_FILL_K);
ENTRY_IS(fill_carry, ENTRY_FILL_CARRY);
ENTRY_IS(runner_r, ENTRY_RUNNER_R);
ENTRY_IS(runner_mxcsr, ENTRY_RUNNER_MXCSR);
ENTRY_IS(runner_x87_control, ENTRY_RUNNER_X87_CONTROL);
ENTRY_IS(adapter_r, ENTRY_ADAPTER_R);
ENTRY_IS(adapter_return, ENTRY_ADAPTER_RETURN);
ENTRY_IS(argument_r, ENTRY_ARGUMENT_R);
ENTRY_IS(known_r, ENTRY_KNOWN_R);
ENTRY_IS(known_xmm, ENTRY_KNOWN_XMM);
ENTRY_IS(adapter_xmm, ENTRY_ADAPTER_XMM);
ENTRY_IS(fill_zmm, ENTRY_FILL_ZMM);
EXIT_IS(r, EXIT_R);
EXIT_IS(flags, EXIT_FLAGS);
EXIT_IS(mxcsr, EXIT_MXCSR);
EXIT_IS(xinuse, EXIT_XINUSE);
EXIT_IS(x87, EXIT_X87);
EXIT_IS(xmm, EXIT_XMM);
EXIT_IS(vectors, EXIT_VECTORS);

/* ---- what must survive ---------------------------------------------------------------------------- */

#define ROW(register_name, section, entry_field, exit_field, width, row_mask, row_gates)                               \
    {.name = register_name,                                                                                            \
     .rule = section,                                                                                                  \
     .before = offsetof(struct abi_entry, entry_field),                                                                \
     .after = offsetof(struct abi_exit, exit_field),                                                                   \
     .bytes = width,                                                                                                   \
     .mask = row_mask,                                                                                                 \
     .gates = row_gates}

#define ROW_R(register_name, n) ROW(register_name, "psABI 3.2.1", known_r[n], r[n], 8, 0, GATE_SYSV)
#define ROW_MS(register_name, n, at)                                                                                   \
    ROW(register_name, "MS x64: nonvolatile registers", known_r[n], r[at], 8, 0, GATE_MS_ABI)
#define ROW_XMM(n) ROW("xmm" #n, "MS x64: nonvolatile registers", known_xmm[n - 6], xmm[n - 6], 16, 0, GATE_MS_ABI)

#define ROW_UPPER(n)                                                                                                   \
    {.name = "ymm" #n,                                                                                                 \
     .rule = "SDM volume 1, 14.1.2: upper half left dirty",                                                            \
     .before = offsetof(struct abi_entry, known_upper),                                                                \
     .after = offsetof(struct abi_exit, vectors[n]) + 16,                                                              \
     .bytes = VECTOR_STRIDE - 16, /* zero where the processor's registers are shorter */                               \
     .gates = GATE_CLEAN}

const struct abi_row abi_rows[] = {
    ROW_R("rbx", 0),
    ROW_R("rbp", 1),
    ROW_R("r12", 2),
    ROW_R("r13", 3),
    ROW_R("r14", 4),
    ROW_R("r15", 5),
    ROW_MS("rbx", 0, 0),
    ROW_MS("rbp", 1, 1),
    ROW_MS("r12", 2, 2),
    ROW_MS("r13", 3, 3),
    ROW_MS("r14", 4, 4),
    ROW_MS("r15", 5, 5),
    ROW_MS("rdi", 6, 7),
    ROW_MS("rsi", 7, 8),
    ROW_XMM(6),
    ROW_XMM(7),
    ROW_XMM(8),
    ROW_XMM(9),
    ROW_XMM(10),
    ROW_XMM(11),
    ROW_XMM(12),
    ROW_XMM(13),
    ROW_XMM(14),
    ROW_XMM(15),
    ROW("rsp", "psABI 3.2.1", adapter_r[6], r[6], 8, 0, 0),
    ROW("df", "psABI 3.2.1: clear on return", known_flags, flags, 8, FLAG_DIRECTION, 0),
    ROW("mxcsr", "psABI 3.2.1: control bits", runner_mxcsr, mxcsr, 4, MXCSR_CONTROL, 0),
    ROW("x87_control", "psABI 3.2.1", runner_x87_control, x87.control, 2, 0, 0),
    ROW("x87_tags", "psABI 3.2.1: x87 mode, stack empty on return", known_x87_tags, x87.tags, 2, 0, 0),
    ROW_UPPER(0),
    ROW_UPPER(1),
    ROW_UPPER(2),
    ROW_UPPER(3),
    ROW_UPPER(4),
    ROW_UPPER(5),
    ROW_UPPER(6),
    ROW_UPPER(7),
    ROW_UPPER(8),
    ROW_UPPER(9),
    ROW_UPPER(10),
    ROW_UPPER(11),
    ROW_UPPER(12),
    ROW_UPPER(13),
    ROW_UPPER(14),
    ROW_UPPER(15),
    ROW("xinuse", "SDM volume 1, 14.1.2: upper halves left dirty", known_upper[0], xinuse, 4, XINUSE_UPPERS,
        GATE_CLEAN | GATE_XINUSE),
};
const uint32_t abi_row_count = sizeof abi_rows / sizeof *abi_rows;

uint64_t abi_unit_bytes(const struct abi_entry *entry, enum abi_unit unit) {
    (void)entry; /* no register here has a size that only the processor knows */
    (void)unit;
    return 0;
}

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

static uint32_t read_mxcsr(void) {
    uint32_t value;
    __asm__ volatile("stmxcsr %0" : "=m"(value));
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
    add_fact(facts, &count, "hwcap", getauxval(AT_HWCAP));
    add_fact(facts, &count, "hwcap2", getauxval(AT_HWCAP2));
    add_fact(facts, &count, "page_bytes", getauxval(AT_PAGESZ));
    add_fact(facts, &count, "mxcsr", read_mxcsr());
    add_fact(facts, &count, "cpuid_1_eax", leaf1.eax);
    add_fact(facts, &count, "cpuid_1_ecx", leaf1.ecx);
    add_fact(facts, &count, "cpuid_1_edx", leaf1.edx);
    add_fact(facts, &count, "cpuid_7_ebx", leaf7.ebx);
    add_fact(facts, &count, "cpuid_7_ecx", leaf7.ecx);
    add_fact(facts, &count, "cpuid_7_edx", leaf7.edx);
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

/* Windows x64 numbers arguments through both sequences: the second argument is rdx or xmm1, whichever fits. */
static void count_arguments(struct abi_entry *entry) {
    uint64_t integers = guest_signature.integer_arguments;
    uint64_t vectors = guest_signature.vector_arguments;
    if (guest_signature.flags & SIGNATURE_MS_ABI) {
        integers += vectors;
        vectors = integers < 4 ? integers : 4;
    }
    entry->integer_arguments = integers;
    entry->vector_arguments = vectors;
}

void abi_prepare(struct abi_entry *entry, uint32_t vector_bits) {
    (void)vector_bits; /* nothing to ask for: the width is in the instructions */
    entry->gates = guest_signature.flags & SIGNATURE_MS_ABI ? GATE_MS_ABI : GATE_SYSV;
    entry->gates |= guest_signature.flags & SIGNATURE_WIDE_VECTORS ? GATE_WIDE : 0;
    entry->gates |= has_avx() ? GATE_AVX : 0;
    if (has_avx512()) {
        entry->gates |= GATE_AVX512;
        entry->gates |= cpuid(7, 0).ebx & LEAF7_EBX_AVX512BW ? GATE_AVX512BW : 0;
    }
    entry->gates |= xinuse_can_be_trusted() ? GATE_XINUSE : 0;
    entry->known_x87_tags = X87_ALL_EMPTY;
    entry->laid_fill = FILL_COUNT;
    count_arguments(entry);
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

void abi_set_trial(struct abi_entry *entry, const struct pack_trial *trial) {
    enum fill fill = trial->fill;
    bool is_clean = (trial->flags & TRIAL_CLEAN_UPPERS) && (entry->gates & GATE_AVX) && !(entry->gates & GATE_WIDE);
    entry->gates = is_clean ? entry->gates | GATE_CLEAN : entry->gates & ~(uint64_t)GATE_CLEAN;
    entry->stack_shift = 16 * (uint64_t)fill;
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

void abi_settle(const struct abi_entry *entry) {
    /* The tags too: no value may stay on the x87 stack. The adapter has taken the result from it by now. */
    __asm__ volatile("fninit\n\tfldcw %0" ::"m"(entry->runner_x87_control));
}

uint64_t abi_open_gates(const struct abi_entry *entry, const struct abi_exit *exit) {
    (void)exit;
    return entry->gates;
}

/* ---- in the signal handler ------------------------------------------------------------------------ */

#define TRAP_PAGE_FAULT 14
#define PAGE_FAULT_IS_WRITE 2

void abi_leave_call(void *context, struct fault *fault) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    fault->pc = (uint64_t)registers[REG_RIP];
    if (fault->has_address && registers[REG_TRAPNO] == TRAP_PAGE_FAULT) {
        fault->is_write = (registers[REG_ERR] & PAGE_FAULT_IS_WRITE) != 0;
    }
    registers[REG_RIP] = (greg_t)(uintptr_t)guest_recover;
    registers[REG_EFL] &= ~(greg_t)(FLAG_TRAP | FLAG_DIRECTION | FLAG_ALIGNMENT);
    memset(&((ucontext_t *)context)->uc_sigmask, 0, sizeof(uint64_t));
}
