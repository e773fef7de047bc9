/* Prints how a system treats a program: run natively and in Bochs, both must print the same. What differs from run to
 * run, such as addresses, is printed relative to something or not at all. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define FLAG_ALIGNMENT 0x40000
#define PAGE_FAULT_WRITE 2

static sigjmp_buf back;
static siginfo_t seen;
static long seen_trap, seen_write;
static char *base;

static void on_fault(int number, siginfo_t *info, void *context) {
    const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    seen = *info;
    seen_trap = registers[REG_TRAPNO];
    seen_write = seen_trap == 14 && (registers[REG_ERR] & PAGE_FAULT_WRITE);
    siglongjmp(back, 1);
}

static void catch_with(int number, void (*handler)(int, siginfo_t *, void *), int flags) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags};
    sigaction(number, &action, NULL);
}

/* Of addresses only those in the three pages are comparable. */
static void tell(const char *what) {
    long offset = (char *)seen.si_addr - base;
    bool is_ours = offset >= 0 && offset < 3 * PAGE;
    printf("%s: signal %d, code %d, trap %ld, write %ld, offset %ld\n", what, seen.si_signo, seen.si_code, seen_trap,
           seen_write, is_ours && seen_trap == 14 ? offset : -1);
}

#define TRY(what, statement)                                                                                           \
    if (!sigsetjmp(back, 1)) {                                                                                         \
        statement;                                                                                                     \
        printf("%s: nothing\n", what);                                                                                 \
    } else {                                                                                                           \
        tell(what);                                                                                                    \
    }

/* ---- faults --------------------------------------------------------------------------------------- */

static void faults(void) {
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT};
    volatile char *pages = base;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        catch_with(numbers[i], on_fault, 0);
    }
    TRY("read behind", (void)pages[2 * PAGE]);
    TRY("write in front", pages[PAGE - 1] = 1);
    TRY("write inside", pages[PAGE] = 42);
    mprotect(base + PAGE, PAGE, PROT_READ);
    TRY("write what is read-only", pages[PAGE] = 1);
    mprotect(base + PAGE, PAGE, PROT_NONE);
    TRY("read what is shut", (void)pages[PAGE]);
    mprotect(base + PAGE, PAGE, PROT_READ | PROT_WRITE);
    printf("it still holds %d\n", pages[PAGE]);
    TRY("execute data", ((void (*)(void))(uintptr_t)(base + PAGE))());
    munmap(base + PAGE, PAGE);
    TRY("read what is gone", (void)pages[PAGE]);
    TRY("null", (void)*(volatile char *)(uintptr_t)8);
    TRY("first page", (void)*(volatile char *)(uintptr_t)4088);
    TRY("not canonical", (void)*(volatile char *)(uintptr_t)0x8000000000000000);
    TRY("invalid opcode", __asm__ volatile("ud2"));
    TRY("privileged", __asm__ volatile("hlt"));
    TRY("port", __asm__ volatile("inb $0x60, %%al" :: : "rax"));
    TRY("division", __asm__ volatile("xorl %%ecx, %%ecx\n\tdivl %%ecx" :: : "eax", "ecx", "edx"));
    TRY("breakpoint", __asm__ volatile("int3"));
    TRY("software interrupt", __asm__ volatile("int $0x21"));
    TRY("abort", abort());
}

static volatile int alignment_code;

/* Runs with the checks on: it must touch nothing unaligned. */
static void skip_unaligned(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    alignment_code = info->si_code;
    registers[REG_EFL] &= ~FLAG_ALIGNMENT;
    registers[REG_RIP] += 4;
}

static void floating_point_faults(void) {
    static const uint32_t unmasked = 0x1f80 & ~0x200u, masked = 0x1f80;
    static const uint16_t x87_unmasked = 0x37f & ~4u, x87_masked = 0x37f;
    TRY("SSE division by zero",
        __asm__ volatile("ldmxcsr %0\n\txorps %%xmm1, %%xmm1\n\tdivss %%xmm1, %1" ::"m"(unmasked), "x"(1.0f) : "xmm1"));
    __asm__ volatile("ldmxcsr %0" ::"m"(masked));
    TRY("x87 division by zero",
        __asm__ volatile("fninit\n\tfldcw %0\n\tfld1\n\tfldz\n\tfdivrp\n\tfwait" ::"m"(x87_unmasked)));
    __asm__ volatile("fninit\n\tfldcw %0" ::"m"(x87_masked));
    catch_with(SIGBUS, skip_unaligned, 0);
    __asm__ volatile("pushfq\n\torl %0, (%%rsp)\n\tpopfq\n\tmovl 1(%%rsp), %%eax" ::"i"(FLAG_ALIGNMENT) : "rax");
    printf("unaligned, with checks on: code %d\n", alignment_code);
}

/* ---- signals -------------------------------------------------------------------------------------- */

static volatile int count;
static volatile bool was_on_stack;
static char *alternate;

static void on_signal(int number, siginfo_t *info, void *context) {
    char here;
    (void)context;
    (void)info;
    (void)number;
    count++;
    was_on_stack = &here >= alternate && &here < alternate + SIGSTKSZ;
    /* What is done to registers here must not be seen outside. */
    __asm__ volatile("pcmpeqd %%xmm15, %%xmm15\n\txorl %%ebx, %%ebx\n\tfldz" ::: "xmm15", "rbx");
}

static void skip_instruction(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)info;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2;
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 7;
}

static void registers_survive(void) {
    uint64_t low = 0, rbx = 0, rax = 0;
    long process = getpid();
    __asm__ volatile(
        "movq %3, %%xmm15\n\tmovq %3, %%rbx\n\tmovl %4, %%eax\n\tmovq %5, %%rdi\n\tmovl %6, %%esi\n\tsyscall\n\t"
        "movq %%xmm15, %0\n\tmovq %%rbx, %1\n\tmovq %%rax, %2"
        : "=m"(low), "=m"(rbx), "=m"(rax)
        : "r"(UINT64_C(0x123456789abcdef)), "i"(SYS_kill), "r"(process), "i"(SIGUSR1)
        : "rax", "rbx", "rcx", "rdi", "rsi", "r11", "xmm15", "memory");
    printf("after a signal: %llx %llx %llx\n", (unsigned long long)low, (unsigned long long)rbx,
           (unsigned long long)rax);
}

static void signals(void) {
    sigset_t set, before;
    uint64_t result = 0;
    alternate = malloc(SIGSTKSZ);
    stack_t stack = {.ss_sp = alternate, .ss_size = SIGSTKSZ}, found;
    catch_with(SIGUSR1, on_signal, 0);
    raise(SIGUSR1);
    printf("raised: %d, on the stack: %d\n", count, was_on_stack);
    sigaltstack(&stack, &found);
    printf("no stack before: %d\n", (found.ss_flags & SS_DISABLE) != 0);
    catch_with(SIGUSR1, on_signal, SA_ONSTACK);
    registers_survive();
    printf("on the stack: %d\n", was_on_stack);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &before);
    raise(SIGUSR1);
    raise(SIGUSR1);
    printf("blocked: %d, before: %d\n", count, sigismember(&before, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    printf("let through once: %d\n", count);
    catch_with(SIGUSR1, on_signal, SA_RESETHAND);
    raise(SIGUSR1);
    struct sigaction action;
    sigaction(SIGUSR1, NULL, &action);
    printf("reset: %d\n", action.sa_handler == SIG_DFL);
    catch_with(SIGILL, skip_instruction, SA_ONSTACK);
    __asm__ volatile("xorl %%eax, %%eax\n\tud2\n\tmovq %%rax, %0" : "=m"(result)::"rax");
    printf("skipped, with rax %llu\n", (unsigned long long)result);
    printf("sigkill cannot be caught: %d\n", sigaction(SIGKILL, &action, NULL));
}

/* ---- time ----------------------------------------------------------------------------------------- */

static uint64_t milliseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void times(void) {
    static const int timers[][2] = {{ITIMER_REAL, SIGALRM}, {ITIMER_VIRTUAL, SIGVTALRM}, {ITIMER_PROF, SIGPROF}};
    struct itimerval in_20_ms = {.it_value = {0, 20000}}, left;
    struct timespec span = {0, 20000000};
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        catch_with(timers[i][1], on_signal, 0);
        count = 0;
        setitimer(timers[i][0], &in_20_ms, NULL);
        while (!count) {
        }
        getitimer(timers[i][0], &left);
        printf("timer %zu came, %ld left\n", i, left.it_value.tv_sec * 1000000 + left.it_value.tv_usec);
    }
    uint64_t start = milliseconds(CLOCK_MONOTONIC);
    nanosleep(&span, NULL);
    printf("slept: %d\n", milliseconds(CLOCK_MONOTONIC) - start >= 19);
    printf("no such clock: %d\n", clock_gettime(1000, &span));
}

/* ---- files and the rest --------------------------------------------------------------------------- */

static void tell_result(const char *what, long result) {
    printf("%s: %ld, error %d\n", what, result, result < 0 ? errno : 0);
}

static void files(void) {
    char bytes[8];
    struct stat status;
    struct iovec parts[] = {{"two ", 4}, {"parts\n", 6}};
    printf("standard input: %zd\n", read(0, bytes, sizeof bytes));
    fflush(stdout);
    printf("vector: %zd\n", writev(1, parts, 2));
    int null = open("/dev/null", O_RDWR);
    printf("null: %zd %zd\n", write(null, bytes, 8), read(null, bytes, 8));
    tell_result("nowhere", open("/no/such/file", O_RDONLY));
    int bait = (int)syscall(SYS_memfd_create, "bait", 0);
    fstat(bait, &status);
    printf("empty: %lld\n", (long long)status.st_size);
    printf("written: %zd\n", write(bait, "12345", 5));
    fstat(bait, &status);
    printf("full: %lld\n", (long long)status.st_size);
    tell_result("close", close(bait));
    tell_result("close again", close(bait));
    tell_result("bad address", syscall(SYS_write, 1, 8, 1));
    printf("no terminal: %d\n", isatty(null));
    dup2(null, bait);
    struct stat other;
    fstat(null, &status);
    fstat(bait, &other);
    printf("one file: %d\n", status.st_ino == other.st_ino && status.st_dev == other.st_dev);
}

static void memory(void) {
    size_t bytes = 64 << 20;
    char *large = malloc(bytes);
    memset(large, 1, bytes);
    free(large);
    for (int i = 0; i < 3000; i++) {
        void *small = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *(char *)small = 1;
        munmap(small, PAGE);
    }
    tell_result("no children", wait4(-1, NULL, WNOHANG, NULL));
    printf("too much: %d\n", mmap(NULL, (size_t)1 << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    tell_result("not mapped", mprotect(base + PAGE, PAGE, PROT_READ));
    tell_result("not aligned", mprotect(base + 1, PAGE, PROT_READ));
    printf("page: %lu, secure: %lu\n", getauxval(AT_PAGESZ), getauxval(AT_SECURE));
}

int main(int argc, char **argv) {
    base = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(base + PAGE, PAGE, PROT_READ | PROT_WRITE);
    printf("%d arguments, the last %s\n", argc, argv[argc - 1]);
    faults();
    floating_point_faults();
    signals();
    times();
    files();
    memory();
    fprintf(stderr, "done\n");
    return 7;
}
