/* System calls made directly. libc's wrappers set errno, which is thread-local: a kernel that damages the thread
 * pointer or libc's data must not take the runner down with it. */
#ifndef HARNESS_GUEST_SYSCALLS_H
#define HARNESS_GUEST_SYSCALLS_H

#include <stddef.h>
#include <sys/syscall.h>

#if defined(__aarch64__)
static inline long guest_syscall(long number, long a, long b, long c, long d) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory", "cc");
    return x0;
}
#elif defined(__x86_64__)
static inline long guest_syscall(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory", "cc");
    return number;
}
#elif defined(__riscv)
static inline long guest_syscall(long number, long a, long b, long c, long d) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
    return a0;
}
#else
#error "no system calls for this ISA yet"
#endif

static inline long guest_getpid(void) {
    return guest_syscall(SYS_getpid, 0, 0, 0, 0);
}

static inline void guest_protect(void *start, size_t bytes, int protection) {
    guest_syscall(SYS_mprotect, (long)start, (long)bytes, protection, 0);
}

__attribute__((noreturn)) static inline void guest_exit(int status) {
    for (;;) {
        guest_syscall(SYS_exit_group, status, 0, 0, 0);
    }
}

#endif
