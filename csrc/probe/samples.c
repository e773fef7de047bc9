/* A kernel of the survey's: runs short pieces of machine code, each with an operand that ends at the end of a page, and
 * says how each ended. What does not run shows which instructions the processor lacks; what faults, those whose operand
 * an emulator takes for longer than it is. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* harness/survey/samples.py has the same numbers. */
#define SLOT_BYTES 64 /* length of the code, length of the operand, code */
#define HEAD_BYTES 2
enum result { RESULT_RAN = 1, RESULT_ILLEGAL = 2, RESULT_FAULT = 3, RESULT_OTHER = 4 };

#if defined(__x86_64__)
static const uint8_t returning[] = {0xc3};
#elif defined(__aarch64__)
static const uint8_t returning[] = {0xc0, 0x03, 0x5f, 0xd6};
#elif defined(__riscv)
static const uint8_t returning[] = {0x67, 0x80, 0x00, 0x00};
#endif

static const int caught[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP};
#define CAUGHT_COUNT (sizeof caught / sizeof *caught)

static sigjmp_buf before;

static void on_signal(int number) {
    siglongjmp(before, number);
}

static uint8_t result_of(int number) {
    switch (number) {
    case SIGILL:
        return RESULT_ILLEGAL;
    case SIGSEGV:
    case SIGBUS:
        return RESULT_FAULT;
    default:
        return RESULT_OTHER;
    }
}

static uint8_t run(const uint8_t *slot, uint8_t *page, uint8_t *operand_end) {
    memcpy(page, slot + HEAD_BYTES, slot[0]);
    memcpy(page + slot[0], returning, sizeof returning);
    __builtin___clear_cache((char *)page, (char *)page + SLOT_BYTES + sizeof returning);
    int number = sigsetjmp(before, 1);
    if (number == 0) {
        ((void (*)(void *))(uintptr_t)page)(operand_end - slot[1]);
        return RESULT_RAN;
    }
    return result_of(number);
}

void samples(const uint8_t *code, uint8_t *results, size_t len);

void samples(const uint8_t *code, uint8_t *results, size_t len) {
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *page = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *data = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction found[CAUGHT_COUNT];
    if (page == MAP_FAILED || data == MAP_FAILED || mprotect(data + page_bytes, page_bytes, PROT_NONE) != 0) {
        return; /* the results stay what no sample comes to */
    }
    for (size_t i = 0; i < CAUGHT_COUNT; i++) {
        sigaction(caught[i], &action, &found[i]);
    }
    for (size_t i = 0; i < len; i++) {
        results[i] = run(code + i * SLOT_BYTES, page, data + page_bytes);
    }
    for (size_t i = 0; i < CAUGHT_COUNT; i++) {
        sigaction(caught[i], &found[i], NULL);
    }
    munmap(page, page_bytes);
    munmap(data, 2 * page_bytes);
}
