/* See processor.h. Sections are those of SDM volume 3 unless volume 1 is named. */
#include "processor.h"

#include "channel.h"
#include "hardware.h"
#include "text.h"

/* ---- tables --------------------------------------------------------------------------------------- */

#define GATE_INTERRUPT UINT64_C(0x8e00) /* present, ring 0, interrupts off (7.11) */
#define GATE_FROM_PROGRAM UINT64_C(0x6000)
#define BREAKPOINT 3
#define OVERFLOW 4
#define NON_MASKABLE 2

struct gate {
    uint64_t low, high;
};

/* 9.7. The stack for entries from the program is the only field in use. */
struct task {
    uint32_t reserved;
    uint64_t stack[3];
    uint64_t reserved_too[9];
    uint16_t also_reserved;
    uint16_t io_map;
} __attribute__((packed));

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern const uint64_t entry_points[VECTOR_COUNT];
extern char monitor_stack_top[];
extern char entry_system_call[];

static struct gate gates[VECTOR_COUNT];
static struct task task;
_Static_assert(sizeof(struct task) == 104, "as the processor has it");
static uint64_t descriptors[] = {
    0,
    0,
    0x00af9b000000ffff, /* SELECTOR_CODE */
    0x00cf93000000ffff, /* SELECTOR_DATA */
    0,
    0x00cff3000000ffff, /* SELECTOR_USER_DATA */
    0x00affb000000ffff, /* SELECTOR_USER_CODE */
    0,                  /* SELECTOR_TASK, two entries */
    0,
};

static void load_tables(void) {
    uint64_t base = (uint64_t)&task;
    uint64_t limit = sizeof task - 1;
    task.stack[0] = (uint64_t)monitor_stack_top;
    task.io_map = sizeof task; /* none: no port is the program's */
    descriptors[SELECTOR_TASK / 8] =
        limit | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56; /* 9.2.3 */
    descriptors[SELECTOR_TASK / 8 + 1] = base >> 32;
    for (unsigned i = 0; i < VECTOR_COUNT; i++) {
        uint64_t to = entry_points[i];
        uint64_t kind = GATE_INTERRUPT | (i == BREAKPOINT || i == OVERFLOW ? GATE_FROM_PROGRAM : 0);
        gates[i] = (struct gate){
            (to & 0xffff) | (uint64_t)SELECTOR_CODE << 16 | kind << 32 | (to >> 16 & 0xffff) << 48,
            to >> 32,
        };
    }
    struct table_pointer gdt = {sizeof descriptors - 1, (uint64_t)descriptors};
    struct table_pointer idt = {sizeof gates - 1, (uint64_t)gates};
    __asm__ volatile("lgdt %0\n\t"
                     "lidt %1\n\t"
                     "ltr %w2\n\t"
                     "movw %w3, %%ds\n\t"
                     "movw %w3, %%es\n\t"
                     "movw %w3, %%fs\n\t"
                     "movw %w3, %%gs" ::"m"(gdt),
                     "m"(idt), "r"(SELECTOR_TASK), "r"(0)
                     : "memory");
}

/* ---- features ------------------------------------------------------------------------------------- */

#define LEAF1_ECX_XSAVE (1u << 26)
#define LEAF7_EBX_FSGSBASE (1u << 0)
#define LEAF7_EBX_AVX512F (1u << 16)
#define HWCAP2_FSGSBASE (1u << 1) /* <asm/hwcap2.h> */

/* Components of the extended state that programs may use, volume 1, 13.1. */
#define STATE_X87 (1u << 0)
#define STATE_SSE (1u << 1)
#define STATE_AVX (1u << 2)
#define STATE_AVX512 (7u << 5)
#define STATE_AMX (3u << 17)

static uint64_t state_mask;
static uint64_t state_bytes;
static bool has_fsgsbase;

static void enable_extended_state(void) {
    if (!(cpuid(1, 0).ecx & LEAF1_ECX_XSAVE)) {
        channel_fail("the CPU model is too old: it has no XSAVE");
    }
    write_cr4(read_cr4() | CR4_OSXSAVE);
    state_mask = cpuid(13, 0).eax & (STATE_X87 | STATE_SSE | STATE_AVX | STATE_AVX512 | STATE_AMX);
    __asm__ volatile("xsetbv" ::"a"((uint32_t)state_mask), "d"(0), "c"(0));
    state_bytes = cpuid(13, 0).ebx;
}

static void enable_base_registers(void) {
    has_fsgsbase = cpuid(7, 0).ebx & LEAF7_EBX_FSGSBASE;
    if (has_fsgsbase) {
        write_cr4(read_cr4() | CR4_FSGSBASE);
    }
}

bool processor_has_avx512(void) {
    return (cpuid(7, 0).ebx & LEAF7_EBX_AVX512F) && (state_mask & STATE_AVX512) == STATE_AVX512;
}

uint64_t processor_hwcap(void) {
    return cpuid(1, 0).edx;
}

uint64_t processor_hwcap2(void) {
    return has_fsgsbase ? HWCAP2_FSGSBASE : 0;
}

uint64_t processor_state_bytes(void) {
    return state_bytes;
}

uint64_t processor_state_mask(void) {
    return state_mask;
}

/* ---- the timer ------------------------------------------------------------------------------------ */

/* The local APIC (13.4), whose timer counts instructions in Bochs when nothing divides them. */
#define APIC 0xfee00000
#define APIC_END_OF_INTERRUPT 0xb0
#define APIC_SPURIOUS 0xf0
#define APIC_ENABLE 0x100
#define APIC_TIMER 0x320
#define APIC_MASKED 0x10000
#define APIC_TIMER_COUNT 0x380
#define APIC_TIMER_DIVISOR 0x3e0
#define DIVIDE_BY_1 0xb
#define COUNT_LIMIT UINT64_C(0xffffffff)

/* The interrupt controllers of the first PC: everything masked. */
#define PIC_FIRST_MASK 0x21
#define PIC_SECOND_MASK 0xa1

static void write_apic(uint32_t offset, uint32_t value) {
    *(volatile uint32_t *)at_physical(APIC + offset) = value;
}

static void prepare_timer(void) {
    write_port8(PIC_FIRST_MASK, 0xff);
    write_port8(PIC_SECOND_MASK, 0xff);
    write_apic(APIC_SPURIOUS, APIC_ENABLE | VECTOR_SPURIOUS);
    write_apic(APIC_TIMER_DIVISOR, DIVIDE_BY_1);
    write_apic(APIC_TIMER, VECTOR_TIMER);
}

void processor_set_timer(uint64_t instructions) {
    write_apic(APIC_TIMER_COUNT, (uint32_t)(instructions < COUNT_LIMIT ? instructions : COUNT_LIMIT));
}

void processor_timer_came(void) {
    write_apic(APIC_END_OF_INTERRUPT, 0);
}

/* ---- the state that signals save ------------------------------------------------------------------- */

/* Volume 1, 13.4: the legacy region and the header of an XSAVE area. */
#define LEGACY_BYTES 512
#define HEADER_BYTES 64
#define MXCSR_OFFSET 24
#define MXCSR_DEFAULT 0x1f80
#define MXCSR_RESERVED 0xffff0000

static uint8_t initial_state[16384] __attribute__((aligned(64)));

void processor_save_state(void *area) {
    memset((uint8_t *)area + LEGACY_BYTES, 0, HEADER_BYTES);
    __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"((uint32_t)state_mask), "d"((uint32_t)(state_mask >> 32))
                     : "memory");
}

bool processor_restore_state(const void *area) {
    const uint64_t *header = (const uint64_t *)((const uint8_t *)area + LEGACY_BYTES);
    uint32_t mxcsr = *(const uint32_t *)((const uint8_t *)area + MXCSR_OFFSET);
    if ((header[0] & ~state_mask) || (mxcsr & MXCSR_RESERVED)) {
        return false;
    }
    for (unsigned i = 1; i < HEADER_BYTES / sizeof *header; i++) {
        if (header[i]) {
            return false;
        }
    }
    __asm__ volatile("xrstor64 (%0)" ::"r"(area), "a"((uint32_t)state_mask), "d"((uint32_t)(state_mask >> 32))
                     : "memory");
    return true;
}

/* An XSAVE area whose header names no component stands for every one in its initial state. MXCSR is always read. */
void processor_reset_state(void) {
    *(uint32_t *)(initial_state + MXCSR_OFFSET) = MXCSR_DEFAULT;
    processor_restore_state(initial_state);
}

/* ---- the straight line ---------------------------------------------------------------------------- */

void processor_prepare(void) {
    load_tables();
    enable_extended_state();
    enable_base_registers();
    processor_reset_state();
    prepare_timer();
    write_msr(MSR_STAR, (uint64_t)SELECTOR_CODE << 32);
    write_msr(MSR_LSTAR, (uint64_t)entry_system_call);
    write_msr(MSR_FMASK, FLAG_TRAP | FLAG_INTERRUPTS | FLAG_DIRECTION | UINT64_C(0x40000)); /* and alignment checks */
}
