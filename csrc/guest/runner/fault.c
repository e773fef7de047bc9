/* See fault.h. The handler trusts neither libc nor thread-local storage nor the stack of the kernel. */
#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "memory.h"
#include "status.h"
#include "syscalls.h"

#define SIGNAL_STACK_BYTES (256u << 10) /* a frame holds ZA too, which takes 64 KiB at the largest length */
#define KERNEL_SIGSET_BYTES 8
#define KERNEL_SA_RESTORER UINT64_C(0x04000000) /* <asm/signal.h>; libc's headers hide it */
#ifdef __riscv
#define IS_RISCV true
#else
#define IS_RISCV false
#endif

/* Faults and the watchdog: a kernel that caught these would hide its own defects from us. */
static const int critical_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS, SIGPROF};

/* Signals whose default action does no harm, or that cannot be caught. */
static bool is_left_alone(int number) {
    return number == SIGKILL || number == SIGSTOP || number == SIGCHLD || number == SIGCONT || number == SIGURG ||
           number == SIGWINCH;
}

static bool ends_the_process(int number) {
    return number == SIGTERM || number == SIGINT || number == SIGHUP || number == SIGQUIT;
}

static bool is_synchronous(int number) {
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE || number == SIGTRAP;
}

static bool comes_from_elsewhere(const siginfo_t *info) {
    return info->si_code <= 0 && info->si_code != SI_TIMER && info->si_pid != guest_frozen.pid;
}

/* The runner itself is at work: nothing can be recovered, and stray signals mean nothing. */
static void on_signal_outside(int number) {
    if (is_synchronous(number) || number == SIGABRT || number == SIGSYS) {
        guest_exit(EXIT_STATUS_RUNNER_FAULT);
    }
}

static void on_signal(int number, siginfo_t *info, void *context) {
    struct sealed *sealed = guest_frozen.sealed;
    bool is_synthetic = info->si_code <= 0;
    if (guest_getpid() != guest_frozen.pid) {
        guest_exit(EXIT_STATUS_CHILD);
    }
    if (comes_from_elsewhere(info)) {
        if (ends_the_process(number)) {
            guest_exit(EXIT_STATUS_SIGNAL + number);
        }
        return;
    }
    if (!sealed->in_call) {
        on_signal_outside(number);
        return;
    }
    memory_unseal();
    sealed->in_call = false;
    sealed->fault = (struct fault){
        .status = number == SIGPROF && !is_synthetic ? TRIAL_TIMEOUT : TRIAL_SIGNAL,
        .signal = (uint32_t)number,
        .has_address = is_synchronous(number) && !is_synthetic,
        .access = ACCESS_UNKNOWN,
    };
    if (sealed->fault.has_address) {
        sealed->fault.address = (uint64_t)(uintptr_t)info->si_addr;
    }
    abi_leave_call(context, &sealed->fault);
}

static long kernel_sigaction(int number, const struct kernel_sigaction *wanted, struct kernel_sigaction *found) {
    return guest_syscall(SYS_rt_sigaction, number, (long)wanted, (long)found, KERNEL_SIGSET_BYTES);
}

/* QEMU 7.2 has a restorer on RISC-V too, and so takes the mask from behind libc's structure. */
static void set_mask_in_either_place(int number) {
    struct kernel_sigaction action = {0};
    kernel_sigaction(number, NULL, &action);
    action.restorer = UINT64_MAX;
    action.mask = UINT64_MAX;
    kernel_sigaction(number, &action, NULL);
}

/* libc installs the handler, because it knows what a handler returns through. */
static void install(int number) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigfillset(&action.sa_mask);
    if (sigaction(number, &action, NULL) == 0) { /* refused for the few that libc or the emulator keeps */
        guest_frozen.fault.caught |= UINT64_C(1) << (number - 1);
        if (IS_RISCV) {
            set_mask_in_either_place(number);
        }
    }
}

static void set_stack(stack_t *found) {
    stack_t wanted = {.ss_sp = guest_frozen.fault.stack, .ss_size = SIGNAL_STACK_BYTES};
    guest_syscall(SYS_sigaltstack, (long)&wanted, (long)found, 0, 0);
}

void fault_prepare(void) {
    guest_frozen.fault.stack = memory_island(SIGNAL_STACK_BYTES, PROT_READ | PROT_WRITE);
    set_stack(NULL);
    for (int number = 1; number < FAULT_SIGNAL_LIMIT; number++) {
        if (!is_left_alone(number)) {
            install(number);
        }
    }
    kernel_sigaction(SIGSEGV, NULL, &guest_frozen.fault.action); /* what later comparisons go by */
    uint64_t none = 0;
    guest_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, 0, KERNEL_SIGSET_BYTES);
}

bool fault_is_of_memory(const struct fault *fault) {
    return fault->signal == SIGSEGV || fault->signal == SIGBUS;
}

/* The system refuses the request in any case, and says of memory that is not there before it says why. */
bool fault_peek(uint64_t address, uint64_t *word) {
    static const int no_request = -1;
    if (guest_syscall(SYS_rt_sigprocmask, no_request, (long)address, 0, KERNEL_SIGSET_BYTES) != -EINVAL) {
        return false;
    }
    memcpy(word, (const void *)(uintptr_t)address, sizeof *word);
    return true;
}

void fault_arm_watchdog(uint32_t cpu_timeout_ms) {
    struct itimerval timer = {.it_value = {.tv_sec = cpu_timeout_ms / 1000, .tv_usec = cpu_timeout_ms % 1000 * 1000}};
    guest_syscall(SYS_setitimer, ITIMER_PROF, (long)&timer, 0, 0);
}

/* What of an action means anything: a restorer does where its flag is set only, and without it libc hands over whatever
 * its caller's structure held. RISC-V has the mask in that place, and nothing behind it. */
static bool is_same_action(const struct kernel_sigaction *one, const struct kernel_sigaction *other) {
    bool has_restorer = IS_RISCV || (one->flags & KERNEL_SA_RESTORER);
    return one->handler == other->handler && one->flags == other->flags &&
           (!has_restorer || one->restorer == other->restorer) && (IS_RISCV || one->mask == other->mask);
}

static void report_action(const char *name, const struct kernel_sigaction *ours, const struct kernel_sigaction *found,
                          fault_report *report, void *context) {
    uint64_t our_mask = IS_RISCV ? ours->restorer : ours->mask;
    uint64_t mask = IS_RISCV ? found->restorer : found->mask;
    if (found->handler != ours->handler) {
        report(context, name, "POSIX sigaction: a handler left behind", ours->handler, found->handler);
    } else if (found->flags != ours->flags) {
        report(context, name, "POSIX sigaction: flags left changed", ours->flags, found->flags);
    } else if (mask != our_mask) {
        report(context, name, "POSIX sigaction: the mask left changed", our_mask, mask);
    } else {
        report(context, name, "Linux rt_sigaction: restorer left changed", ours->restorer, found->restorer);
    }
}

static void check_action(int number, fault_report *report, void *context) {
    const struct kernel_sigaction *ours = &guest_frozen.fault.action;
    struct kernel_sigaction found = *ours;
    kernel_sigaction(number, NULL, &found);
    if (is_same_action(&found, ours)) {
        return;
    }
    char name[] = "signal 00";
    name[sizeof name - 3] = (char)('0' + number / 10);
    name[sizeof name - 2] = (char)('0' + number % 10);
    kernel_sigaction(number, ours, NULL);
    report_action(name, ours, &found, report, context);
}

void fault_check_call(fault_report *report, void *context) {
    uint64_t none = 0;
    uint64_t mask = 0;
    stack_t stack = {0};
    guest_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&none, (long)&mask, KERNEL_SIGSET_BYTES);
    if (mask != none) {
        report(context, "signal mask", "POSIX sigprocmask: signals left blocked", none, mask);
    }
    set_stack(&stack);
    if (stack.ss_sp != guest_frozen.fault.stack) {
        report(context, "signal stack", "POSIX sigaltstack: left changed", (uintptr_t)guest_frozen.fault.stack,
               (uintptr_t)stack.ss_sp);
    }
    for (size_t i = 0; i < sizeof critical_signals / sizeof *critical_signals; i++) {
        check_action(critical_signals[i], report, context);
    }
}

void fault_check_all(fault_report *report, void *context) {
    for (int number = 1; number < FAULT_SIGNAL_LIMIT; number++) {
        if (guest_frozen.fault.caught >> (number - 1) & 1) {
            check_action(number, report, context);
        }
    }
}

void fault_cancel_timers(void) {
    struct itimerval none = {0};
    guest_syscall(SYS_setitimer, ITIMER_REAL, (long)&none, 0, 0);
    guest_syscall(SYS_setitimer, ITIMER_VIRTUAL, (long)&none, 0, 0);
}
