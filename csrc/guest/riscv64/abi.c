/* RISC-V psABI, LP64D: what the processor has, and what registers hold when a kernel is entered. */
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "../runner/abi.h"
#include "../runner/adapter.h"
#include "../runner/fills.h"
#include "../runner/syscalls.h"

#define HAS_V (UINT64_C(1) << ('V' - 'A')) /* Linux: one bit for every single-letter extension */
#define VLENB "0xc22"                      /* by number: the assembler need not know V */

/* ---- what the processor has ----------------------------------------------------------------------- */

static bool has_vectors(void) {
    return (getauxval(AT_HWCAP) & HAS_V) != 0;
}

static uint64_t vector_bytes(void) {
    uint64_t value;
    __asm__ volatile("csrr %0, " VLENB : "=r"(value));
    return value;
}

static uint64_t read_fcsr(void) {
    uint64_t value;
    __asm__ volatile("frcsr %0" : "=r"(value));
    return value;
}

/* What the standard leaves to the implementation shows only by trying. All work on v8 with SEW 8 and LMUL 1, of which
 * the last step brings element 1 to a general register: 0 before, -1 where it was overwritten with ones. */
#define VECTOR_CODE(lines)                                                                                             \
    ".option push\n .option arch, +v\n"                                                                                \
    "vsetvli %0, zero, e8, m1, tu, mu\n vmv.v.i v8, 0\n vmv.v.i v0, 0\n" lines "\n .option pop"
#define ELEMENT_1 "\n vsetivli zero, 2, e8, m1, ta, ma\n vslidedown.vi v9, v8, 1\n vmv.x.s %0, v9"

static bool overwrites_tails(void) {
    int64_t element;
    __asm__ volatile(VECTOR_CODE("vsetivli zero, 1, e8, m1, ta, mu\n vadd.vi v8, v8, 1" ELEMENT_1) : "=r"(element));
    return element == -1;
}

static bool overwrites_masked(void) {
    int64_t element;
    __asm__ volatile(VECTOR_CODE("vsetvli zero, zero, e8, m1, tu, ma\n vadd.vi v8, v8, 1, v0.t" ELEMENT_1)
                     : "=r"(element));
    return element == -1;
}

/* vl for an AVL between VLMAX and twice that may be anything from half the AVL up (V specification, 6.3). */
static bool splits_evenly(void) {
    uint64_t vlmax = vector_bytes();
    uint64_t vl;
    __asm__ volatile(VECTOR_CODE("vsetvli %0, %1, e8, m1, ta, ma") : "=&r"(vl) : "r"(vlmax + 2));
    return vl < vlmax;
}

uint64_t abi_unit_bytes(const struct abi_entry *entry, enum abi_unit unit) {
    return unit == UNIT_VECTOR ? entry->vector_bytes : 0;
}

static void add_fact(struct fact *facts, uint32_t *count, const char *name, uint64_t value) {
    memcpy(facts[*count].name, name, strnlen(name, FACT_NAME_BYTES));
    facts[(*count)++].value = value;
}

uint32_t abi_facts(struct fact *facts) {
    uint32_t count = 0;
    add_fact(facts, &count, "hwcap", getauxval(AT_HWCAP));
    add_fact(facts, &count, "page_bytes", getauxval(AT_PAGESZ));
    add_fact(facts, &count, "fcsr", read_fcsr());
    if (has_vectors()) {
        add_fact(facts, &count, "rvv_bits", vector_bytes() * 8);
        add_fact(facts, &count, "rvv_tail_ones", overwrites_tails());
        add_fact(facts, &count, "rvv_mask_ones", overwrites_masked());
        add_fact(facts, &count, "rvv_half_avl", splits_evenly());
    }
    return count;
}

/* ---- before the call ------------------------------------------------------------------------------ */

/* RISC-V psABI, Integer Calling Convention and Hardware Floating-point Calling Convention. */
#define INTEGER_REGISTERS 8
#define FLOAT_REGISTERS 8

#define GROUP_REGISTERS 16u /* v8 to v23 */

/* The first free group of v8 to v23 that starts at a multiple of its length (RISC-V psABI, Standard Vector Calling
 * Convention Variant). argument_v has v0 in front of them. */
static void carry_group(struct abi_entry *entry, uint32_t registers) {
    uint64_t group = ((UINT64_C(1) << registers) - 1) << 1;
    for (uint32_t first = 0; first + registers <= GROUP_REGISTERS; first += registers) {
        if ((entry->carried_v & group << first) == 0) {
            entry->carried_v |= group << first;
            return;
        }
    }
}

/* Floating-point arguments beyond the eighth take integer registers. Nothing above an argument is undefined: integers
 * are extended to 64 bits, and narrow floating-point numbers in registers of their own are NaN-boxed. */
static void count_arguments(struct abi_entry *entry) {
    for (uint32_t i = 0; i < guest_signature.argument_count; i++) {
        const struct guest_argument *argument = &guest_signature.arguments[i];
        bool is_float = argument->sequence == SEQUENCE_VECTOR;
        if (argument->sequence == SEQUENCE_PREDICATE) {
            entry->carried_v |= 1; /* v0 */
        } else if (argument->sequence == SEQUENCE_GROUP) {
            carry_group(entry, argument->bytes);
        } else if (is_float && entry->float_arguments < FLOAT_REGISTERS) {
            entry->float_arguments++;
        } else if (entry->integer_arguments < INTEGER_REGISTERS) {
            entry->integer_arguments++;
        }
    }
}

void abi_before_constructors(uint32_t vector_bits) {
    (void)vector_bits; /* VLEN is the processor's own: it cannot be asked for */
}

const char *abi_caller_complaint(const struct abi_entry *entry) {
    (void)entry;
    return NULL;
}

void abi_prepare(struct abi_entry *entry) {
    count_arguments(entry);
    entry->laid_fill = FILL_COUNT;
    entry->gates = 0;
    if (has_vectors()) {
        entry->gates |= GATE_VECTOR;
        entry->vector_bytes = vector_bytes();
        bool is_variant = (guest_signature.flags & SIGNATURE_VECTOR_CC) && entry->vector_bytes <= V_BYTES_LIMIT;
        entry->gates |= is_variant ? GATE_VECTOR_CC : 0;
        entry->gates |= entry->carried_v && entry->vector_bytes <= V_BYTES_LIMIT ? GATE_CARRIED_V : 0;
    }
}

/* Distinct in every register, so that swapped ones show. */
static void lay_known_values(struct abi_entry *entry, enum fill fill) {
    for (unsigned i = 0; i < SAVED_X; i++) {
        entry->known_x[i] = entry->fill_x ^ (uint64_t)(8 + i) << 8;
        entry->known_f[i] = entry->fill_f ^ (uint64_t)(8 + i) << 8;
    }
    if (!(entry->gates & GATE_VECTOR_CC)) {
        return;
    }
    memset(entry->known_v, fill_byte(fill), sizeof entry->known_v);
    for (unsigned i = 0; i < SAVED_V; i++) {
        entry->known_v[i * entry->vector_bytes] ^= (uint8_t)(1 + i);
    }
}

/* Bits of fill_byte, except that one of the huge fills is huge as a float too: narrower values in a floating-point
 * register count as NaN unless all bits above are ones (unprivileged specification, NaN boxing). */
static uint64_t fill_float_register(enum fill fill) {
    uint64_t bits = UINT64_C(0x0101010101010101) * fill_byte(fill);
    return fill == FILL_HUGE_NEGATIVE ? bits | UINT64_C(0xffffffff00000000) : bits;
}

/* vl and vtype as a caller may leave them: none of them is what a kernel of 16-bit elements or wider wants. */
#define VTYPE_E8_M1 0
#define VTYPE_E8_M8_AGNOSTIC 0xc3
#define VTYPE_E8_MF8 5
#define VTYPE_ILLEGAL (UINT64_C(1) << 63)

void abi_set_trial(struct abi_entry *entry, const struct pack_trial *trial) {
    static const uint64_t vtypes[FILL_COUNT] = {VTYPE_E8_M1, VTYPE_ILLEGAL, VTYPE_E8_MF8, VTYPE_E8_M8_AGNOSTIC};
    static const uint64_t lengths[FILL_COUNT] = {UINT64_MAX, 0, 1, 3};
    enum fill fill = trial_fill(trial, TRIAL_BENIGN_REGISTERS); /* nothing above an argument is undefined here */
    entry->stack_shift = STACK_GAP_BYTES + 16 * (uint64_t)fill;
    if (entry->laid_fill == fill) {
        return;
    }
    entry->laid_fill = fill;
    entry->fill_x = fill_general_register(fill);
    entry->fill_f = fill_float_register(fill);
    entry->fill_v = fill_byte(fill);
    entry->fill_vl = lengths[fill];
    entry->fill_vtype = vtypes[fill];
    entry->fill_vcsr = (uint64_t)fill << 1 | (fill != FILL_BENIGN); /* vxrm and vxsat */
    entry->fill_fflags = fill == FILL_BENIGN ? 0 : 0x1f;
    lay_known_values(entry, fill);
}

/* ---- after the call ------------------------------------------------------------------------------- */

void abi_settle(struct abi_entry *entry, struct abi_exit *exit) {
    (void)entry;
    (void)exit; /* the trampoline has put back everything */
}

uint64_t abi_open_gates(const struct abi_entry *entry, const struct abi_exit *exit) {
    (void)exit;
    return entry->gates;
}
