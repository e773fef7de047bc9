/* AAPCS64: what must survive a call, what is undefined at entry, and what the processor has. Sections are those of
 * "Procedure Call Standard for the Arm 64-bit Architecture", 2024Q3; VFABIA64 is the vector function ABI. */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <ucontext.h>

#include "abi.h"
#include "adapter.h"
#include "fills.h"
#include "syscalls.h"

/* From <asm/hwcap.h> and <linux/prctl.h>, spelled out because older headers lack some of them. */
#define HAS_ASIMD (UINT64_C(1) << 1)
#define HAS_CPUID (UINT64_C(1) << 11)
#define HAS_SVE (UINT64_C(1) << 22)
#define HAS_SME (UINT64_C(1) << 23) /* of the second word */
#define SVE_SET_VL 50
#define SME_SET_VL 63

#define BIT(number) (UINT64_C(1) << (number))
#define GATE_SVE BIT(GATE_SVE_BIT)
#define GATE_SME BIT(GATE_SME_BIT)
#define GATE_VECTOR_PCS BIT(GATE_VECTOR_PCS_BIT)
#define GATE_SVE_PCS BIT(GATE_SVE_PCS_BIT)
#define GATE_KEEP_X8 BIT(GATE_KEEP_X8_BIT)
#define GATE_LENGTH BIT(GATE_LENGTH_BIT)
#define GATE_FULL_Z BIT(GATE_FULL_Z_BIT)

/* ---- layout --------------------------------------------------------------------------------------- */

#define ENTRY_IS(field, offset) _Static_assert(offsetof(struct abi_entry, field) == (offset), #field)
#define EXIT_IS(field, offset) _Static_assert(offsetof(struct abi_exit, field) == (offset), #field)

ENTRY_IS(seal_base, ENTRY_SEAL_BASE);
ENTRY_IS(seal_bytes, ENTRY_SEAL_BYTES);
ENTRY_IS(gates, ENTRY_GATES);
ENTRY_IS(stack_shift, ENTRY_STACK_SHIFT);
ENTRY_IS(integer_arguments, ENTRY_INTEGER_ARGUMENTS);
ENTRY_IS(vector_arguments, ENTRY_VECTOR_ARGUMENTS);
ENTRY_IS(predicate_arguments, ENTRY_PREDICATE_ARGUMENTS);
ENTRY_IS(fill_x, ENTRY_FILL_X);
ENTRY_IS(fill_nzcv, ENTRY_FILL_NZCV);
ENTRY_IS(known_x, ENTRY_KNOWN_X);
ENTRY_IS(runner_x, ENTRY_RUNNER_X);
ENTRY_IS(adapter_x, ENTRY_ADAPTER_X);
ENTRY_IS(argument_x, ENTRY_ARGUMENT_X);
ENTRY_IS(runner_d, ENTRY_RUNNER_D);
ENTRY_IS(adapter_d, ENTRY_ADAPTER_D);
ENTRY_IS(runner_sp, ENTRY_RUNNER_SP);
ENTRY_IS(runner_fpcr, ENTRY_RUNNER_FPCR);
ENTRY_IS(runner_tpidr2, ENTRY_RUNNER_TPIDR2);
ENTRY_IS(adapter_sp, ENTRY_ADAPTER_SP);
ENTRY_IS(fill_ffr, ENTRY_FILL_FFR);
ENTRY_IS(fill_p, ENTRY_FILL_P);
ENTRY_IS(fill_z, ENTRY_FILL_Z);
ENTRY_IS(argument_p, ENTRY_ARGUMENT_P);
ENTRY_IS(known_p, ENTRY_KNOWN_P);
ENTRY_IS(argument_z, ENTRY_ARGUMENT_Z);
ENTRY_IS(known_z, ENTRY_KNOWN_Z);
EXIT_IS(x, EXIT_X);
EXIT_IS(sp, EXIT_SP);
EXIT_IS(d, EXIT_D);
EXIT_IS(fpcr, EXIT_FPCR);
EXIT_IS(svcr, EXIT_SVCR);
EXIT_IS(tpidr2, EXIT_TPIDR2);
EXIT_IS(vector_bytes, EXIT_VECTOR_BYTES);
EXIT_IS(streaming_bytes, EXIT_STREAMING_BYTES);
EXIT_IS(p, EXIT_P);
EXIT_IS(z, EXIT_Z);

/* ---- what must survive ---------------------------------------------------------------------------- */

#define ROW_SAME(register_name, entry_field, exit_field, section, row_gates)                                           \
    {.name = register_name,                                                                                            \
     .rule = section,                                                                                                  \
     .before = offsetof(struct abi_entry, entry_field),                                                                \
     .after = offsetof(struct abi_exit, exit_field),                                                                   \
     .bytes = 8,                                                                                                       \
     .gates = row_gates}

#define ROW_X(n) ROW_SAME("x" #n, known_x[n - 19], x[n - 19], "AAPCS64 6.1.1", 0)
#define ROW_D(n) ROW_SAME("d" #n, known_d[n - 8], d[n - 8], "AAPCS64 6.1.2", 0)

#define ROW_UNIT(register_name, bank, row_unit, row_index, width, section, row_gates)                                  \
    {.name = register_name,                                                                                            \
     .rule = section,                                                                                                  \
     .before = offsetof(struct abi_entry, known_##bank),                                                               \
     .after = offsetof(struct abi_exit, bank),                                                                         \
     .unit = row_unit,                                                                                                 \
     .index = row_index,                                                                                               \
     .bytes = width,                                                                                                   \
     .gates = row_gates}

#define ROW_Q(n)                                                                                                       \
    ROW_UNIT("q" #n, z, UNIT_VECTOR, n - 8, 16, "VFABIA64 vector procedure call standard",                             \
             GATE_VECTOR_PCS | GATE_FULL_Z)
#define ROW_Z(n) ROW_UNIT("z" #n, z, UNIT_VECTOR, n - 8, 0, "AAPCS64 6.1.3", GATE_SVE_PCS | GATE_FULL_Z)
#define ROW_P(n) ROW_UNIT("p" #n, p, UNIT_PREDICATE, n - 4, 0, "AAPCS64 6.1.4", GATE_SVE_PCS | GATE_FULL_Z)

/* x18 is the platform's (AAPCS64 6.1.1): neither filled nor checked. FPSR is not preserved (6.1.2). */
const struct abi_row abi_rows[] = {
    ROW_X(19),
    ROW_X(20),
    ROW_X(21),
    ROW_X(22),
    ROW_X(23),
    ROW_X(24),
    ROW_X(25),
    ROW_X(26),
    ROW_X(27),
    ROW_X(28),
    ROW_SAME("x29", adapter_x[10], x[10], "AAPCS64 6.4.6", 0), /* must address a frame record: keeps the adapter's */
    ROW_SAME("sp", adapter_sp, sp, "AAPCS64 6.1.1", 0),
    ROW_D(8),
    ROW_D(9),
    ROW_D(10),
    ROW_D(11),
    ROW_D(12),
    ROW_D(13),
    ROW_D(14),
    ROW_D(15),
    ROW_SAME("fpcr", runner_fpcr, fpcr, "AAPCS64 6.1.2", 0),
    ROW_SAME("vl", vector_bytes, vector_bytes, "Linux sve.rst 5: PR_SVE_SET_VL left changed", GATE_LENGTH),
    ROW_SAME("svcr", no_svcr, svcr, "AAPCS64 6.7.1, 6.7.2", GATE_SME),
    ROW_SAME("tpidr2", runner_tpidr2, tpidr2, "AAPCS64 6.7.2", GATE_SME),
    ROW_SAME("svl", streaming_bytes, streaming_bytes, "Linux sme.rst 5: PR_SME_SET_VL left changed", GATE_SME),
    ROW_Q(8),
    ROW_Q(9),
    ROW_Q(10),
    ROW_Q(11),
    ROW_Q(12),
    ROW_Q(13),
    ROW_Q(14),
    ROW_Q(15),
    ROW_Q(16),
    ROW_Q(17),
    ROW_Q(18),
    ROW_Q(19),
    ROW_Q(20),
    ROW_Q(21),
    ROW_Q(22),
    ROW_Q(23),
    ROW_Z(8),
    ROW_Z(9),
    ROW_Z(10),
    ROW_Z(11),
    ROW_Z(12),
    ROW_Z(13),
    ROW_Z(14),
    ROW_Z(15),
    ROW_Z(16),
    ROW_Z(17),
    ROW_Z(18),
    ROW_Z(19),
    ROW_Z(20),
    ROW_Z(21),
    ROW_Z(22),
    ROW_Z(23),
    ROW_P(4),
    ROW_P(5),
    ROW_P(6),
    ROW_P(7),
    ROW_P(8),
    ROW_P(9),
    ROW_P(10),
    ROW_P(11),
    ROW_P(12),
    ROW_P(13),
    ROW_P(14),
    ROW_P(15),
};
const uint32_t abi_row_count = sizeof abi_rows / sizeof *abi_rows;

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
    return unit == UNIT_VECTOR ? entry->vector_bytes : unit == UNIT_PREDICATE ? entry->vector_bytes / 8 : 0;
}

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

void abi_prepare(struct abi_entry *entry, uint32_t vector_bits) {
    entry->gates = gates_of_signature();
    entry->integer_arguments = guest_signature.integer_arguments;
    entry->vector_arguments = guest_signature.vector_arguments;
    entry->predicate_arguments = guest_signature.predicate_arguments;
    entry->laid_fill = FILL_COUNT;
    entry->vector_bytes = 16; /* of v0 to v31 */
    if (has_sve()) {
        entry->gates |= GATE_SVE;
        if (vector_bits != 0 && sve_bytes() * 8 != vector_bits) {
            set_length(SVE_SET_VL, vector_bits / 8);
        }
        entry->vector_bytes = sve_bytes();
    } else {
        entry->gates &= ~GATE_SVE_PCS;
    }
    if (has_sme()) {
        entry->gates |= GATE_SME;
        if (vector_bits != 0 && sme_bytes() * 8 != vector_bits) {
            set_length(SME_SET_VL, vector_bits / 8);
        }
        entry->streaming_bytes = sme_bytes();
        entry->runner_tpidr2 = read_tpidr2();
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

void abi_set_trial(struct abi_entry *entry, const struct pack_trial *trial) {
    /* FFR may only hold leading ones (AAPCS64 6.1.5 and Arm ARM, WRFFR): all for a plain call, few for others. */
    static const uint8_t ffr[FILL_COUNT] = {0xff, 0x00, 0x01, 0x1f};
    static const uint8_t predicates[FILL_COUNT] = {0x11, 0xff, 0xaa, 0x55};
    enum fill fill = trial->fill;
    entry->stack_shift = 16 * (uint64_t)fill;
    if (entry->laid_fill == fill) {
        return;
    }
    entry->laid_fill = fill;
    entry->fill_x = fill_general_register(fill);
    entry->fill_nzcv = (uint64_t)fill * 5 << 28;
    memset(entry->fill_ffr, fill == FILL_BENIGN ? 0xff : 0, sizeof entry->fill_ffr);
    entry->fill_ffr[0] = ffr[fill];
    memset(entry->fill_p, predicates[fill], sizeof entry->fill_p);
    memset(entry->known_p, predicates[fill], sizeof entry->known_p);
    memset(entry->fill_z, fill_byte(fill), sizeof entry->fill_z);
    lay_known_values(entry, fill);
}

/* ---- after the call ------------------------------------------------------------------------------- */

void abi_settle(const struct abi_entry *entry) {
    if (state_is_wide(entry) && sve_bytes() != entry->vector_bytes) {
        set_length(SVE_SET_VL, entry->vector_bytes);
    }
    if ((entry->gates & GATE_SME) && sme_bytes() != entry->streaming_bytes) {
        set_length(SME_SET_VL, entry->streaming_bytes);
    }
}

uint64_t abi_open_gates(const struct abi_entry *entry, const struct abi_exit *exit) {
    uint64_t gates = entry->gates;
    bool is_streaming = (exit->svcr & 1) != 0;
    if (state_is_wide(entry) && !is_streaming) {
        gates |= GATE_LENGTH;
    }
    if (!is_streaming && (!state_is_wide(entry) || exit->vector_bytes == entry->vector_bytes)) {
        gates |= GATE_FULL_Z;
    }
    return gates;
}

/* ---- in the signal handler ------------------------------------------------------------------------ */

#define ESR_MAGIC 0x45535201u
#define ESR_CLASS_SHIFT 26
#define ESR_CLASS_DATA_ABORT 0x24u /* from EL0 */
#define ESR_IS_WRITE (UINT64_C(1) << 6)
#define PSTATE_BTYPE (UINT64_C(3) << 10) /* the next instruction need not be a landing pad */

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_UNKNOWN };

/* The syndrome, where the system passes it on. */
static enum access access_of_syndrome(const mcontext_t *machine) {
    const uint8_t *at = (const uint8_t *)machine->__reserved;
    const uint8_t *end = at + sizeof machine->__reserved;
    while (at + 16 <= end) {
        uint32_t head[2];
        uint64_t esr;
        memcpy(head, at, sizeof head);
        memcpy(&esr, at + sizeof head, sizeof esr);
        if (head[0] == 0 || head[1] < 16) {
            break;
        }
        if (head[0] == ESR_MAGIC && esr >> ESR_CLASS_SHIFT == ESR_CLASS_DATA_ABORT) {
            return esr & ESR_IS_WRITE ? ACCESS_WRITE : ACCESS_READ;
        }
        at += head[1];
    }
    return ACCESS_UNKNOWN;
}

/* The faulting instruction tells, where the system does not (Arm ARM, C4.1: top-level encodings). */
static enum access access_of_instruction(uint32_t word) {
    uint32_t group = word >> 25 & 0xf;
    if (group == 2 && word >> 31) { /* SVE memory: 1x0 and 101 load, 111 stores */
        return word >> 29 == 7 ? ACCESS_WRITE : ACCESS_READ;
    }
    if (word >> 25 == 0x70) { /* SME memory */
        return word >> 21 & 1 ? ACCESS_WRITE : ACCESS_READ;
    }
    if ((group & 5) != 4) { /* neither of the base set's loads and stores */
        return ACCESS_UNKNOWN;
    }
    bool is_vector = word >> 26 & 1;
    switch (word >> 27 & 7) {
    case 3: /* literal */
        return word >> 24 & 1 ? ACCESS_UNKNOWN : ACCESS_READ;
    case 7: /* one register */
        if (!(word >> 24 & 1) && (word >> 21 & 1) && !(word >> 10 & 3)) {
            return ACCESS_UNKNOWN; /* atomic: both */
        }
        return (is_vector ? word >> 22 & 1 : word >> 22 & 3) ? ACCESS_READ : ACCESS_WRITE;
    case 1: /* exclusive and ordered, vector structures */
    case 5: /* pairs */
        return word >> 22 & 1 ? ACCESS_READ : ACCESS_WRITE;
    default:
        return ACCESS_UNKNOWN;
    }
}

static enum access access_of_fault(const mcontext_t *machine, const struct fault *fault) {
    enum access access = access_of_syndrome(machine);
    if (access == ACCESS_UNKNOWN && fault->has_address && fault->address != fault->pc) {
        uint32_t word;
        memcpy(&word, (const void *)(uintptr_t)fault->pc, sizeof word);
        access = access_of_instruction(word);
    }
    return access;
}

void abi_leave_call(void *context, struct fault *fault) {
    ucontext_t *user = context;
    fault->pc = user->uc_mcontext.pc;
    fault->is_write = (uint32_t)access_of_fault(&user->uc_mcontext, fault);
    user->uc_mcontext.pc = (uint64_t)(uintptr_t)guest_recover;
    user->uc_mcontext.pstate &= ~PSTATE_BTYPE;
    memset(&user->uc_sigmask, 0, sizeof(uint64_t));
}
