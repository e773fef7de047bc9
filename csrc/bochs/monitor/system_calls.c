/* See system_calls.h. */
#include "system_calls.h"

#include <stdbool.h>
#include <stddef.h>

#include "channel.h"
#include "clock.h"
#include "errors.h"
#include "files.h"
#include "memory.h"
#include "program.h"
#include "signals.h"
#include "text.h"

/* Numbers of <asm/unistd_64.h>. */
enum call {
    CALL_READ = 0,
    CALL_WRITE = 1,
    CALL_OPEN = 2,
    CALL_CLOSE = 3,
    CALL_FSTAT = 5,
    CALL_LSEEK = 8,
    CALL_MMAP = 9,
    CALL_MPROTECT = 10,
    CALL_MUNMAP = 11,
    CALL_BRK = 12,
    CALL_RT_SIGACTION = 13,
    CALL_RT_SIGPROCMASK = 14,
    CALL_RT_SIGRETURN = 15,
    CALL_IOCTL = 16,
    CALL_PREAD64 = 17,
    CALL_WRITEV = 20,
    CALL_SCHED_YIELD = 24,
    CALL_MREMAP = 25,
    CALL_MADVISE = 28,
    CALL_DUP = 32,
    CALL_DUP2 = 33,
    CALL_NANOSLEEP = 35,
    CALL_GETITIMER = 36,
    CALL_SETITIMER = 38,
    CALL_GETPID = 39,
    CALL_EXIT = 60,
    CALL_WAIT4 = 61,
    CALL_KILL = 62,
    CALL_UNAME = 63,
    CALL_FCNTL = 72,
    CALL_GETCWD = 79,
    CALL_READLINK = 89,
    CALL_GETTIMEOFDAY = 96,
    CALL_GETUID = 102,
    CALL_GETGID = 104,
    CALL_GETEUID = 107,
    CALL_GETEGID = 108,
    CALL_GETPPID = 110,
    CALL_SIGALTSTACK = 131,
    CALL_PRCTL = 157,
    CALL_ARCH_PRCTL = 158,
    CALL_GETTID = 186,
    CALL_TKILL = 200,
    CALL_SET_TID_ADDRESS = 218,
    CALL_CLOCK_GETTIME = 228,
    CALL_CLOCK_GETRES = 229,
    CALL_CLOCK_NANOSLEEP = 230,
    CALL_EXIT_GROUP = 231,
    CALL_TGKILL = 234,
    CALL_OPENAT = 257,
    CALL_NEWFSTATAT = 262,
    CALL_READLINKAT = 267,
    CALL_SET_ROBUST_LIST = 273,
    CALL_DUP3 = 292,
    CALL_PRLIMIT64 = 302,
    CALL_GETRANDOM = 318,
    CALL_MEMFD_CREATE = 319,
    CALL_RSEQ = 334,
};

#define PROCESS_ID 2
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004
#define ARCH_REQUEST_COMPONENT 0x1023
#define LIMIT_OF_STACK 3
#define AUDIT_ARCH_X86_64 0xc000003eu
#define NAME_BYTES 65

struct arguments {
    uint64_t a, b, c, d, e, f;
};

/* ---- memory --------------------------------------------------------------------------------------- */

static long map(const struct arguments *with) {
    uint64_t start = with->a;
    uint64_t bytes = with->b;
    long source = 0;
    if (bytes == 0) {
        return -ERROR_INVALID;
    }
    if (bytes > USER_END) {
        return -ERROR_NO_MEMORY;
    }
    if (!(with->d & MAP_ANONYMOUS)) {
        source = files_source(with->e, with->f, page_ceiling(bytes));
        if (source < 0) {
            return source;
        }
    }
    if (!(with->d & MAP_FIXED)) {
        start = memory_find_room(bytes);
    }
    long result = memory_map(start, bytes, (unsigned)with->c & (MAY_READ | MAY_WRITE | MAY_EXECUTE), (uint64_t)source);
    return result < 0 ? result : (long)start;
}

/* ---- the process ---------------------------------------------------------------------------------- */

static long set_base(uint64_t what, uint64_t value) {
    uint32_t base = what == ARCH_SET_FS || what == ARCH_GET_FS ? MSR_FS_BASE : MSR_GS_BASE;
    switch (what) {
    case ARCH_SET_FS:
    case ARCH_SET_GS:
        if (value >= USER_END) {
            return -ERROR_NOT_PERMITTED;
        }
        write_msr(base, value);
        return 0;
    case ARCH_GET_FS:
    case ARCH_GET_GS:
        if (!memory_is_open(value, sizeof(uint64_t), MAY_WRITE)) {
            return -ERROR_FAULT;
        }
        *(uint64_t *)value = read_msr(base);
        return 0;
    case ARCH_REQUEST_COMPONENT:
        return 0; /* all that there are, are on */
    default:
        return -ERROR_INVALID;
    }
}

static long kill_self(int64_t process, int64_t number, enum signal_code code) {
    if (process != PROCESS_ID && !(code == CODE_USER && (process == 0 || process == -PROCESS_ID))) {
        return -ERROR_NO_PROCESS;
    }
    if (number < 0 || number >= SIGNAL_COUNT) {
        return -ERROR_INVALID;
    }
    if (number > 0) {
        signals_send((struct signal_info){.number = (int32_t)number, .code = code, .sender = {.process = PROCESS_ID}});
    }
    return 0;
}

static long name(uint64_t to) {
    static const char *const names[] = {"Linux", "bochs", "6.1.0", "harness", "x86_64", ""};
    if (!memory_is_open(to, sizeof names / sizeof *names * NAME_BYTES, MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        memset((void *)(to + i * NAME_BYTES), 0, NAME_BYTES);
        memcpy((void *)(to + i * NAME_BYTES), names[i], text_length(names[i]));
    }
    return 0;
}

static long directory(uint64_t to, uint64_t bytes) {
    if (bytes < 2 || !memory_is_open(to, 2, MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    memcpy((void *)to, "/", 2);
    return 2;
}

static long limits(uint64_t which, uint64_t found) {
    if (found && !memory_is_open(found, 16, MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    if (found) {
        ((uint64_t *)found)[0] = which == LIMIT_OF_STACK ? UINT64_C(8) << 20 : UINT64_MAX;
        ((uint64_t *)found)[1] = UINT64_MAX;
    }
    return 0;
}

/* The same in every run. */
static long fill_with_noise(uint64_t to, uint64_t bytes) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    if (!memory_is_open(to, bytes, MAY_WRITE)) {
        return -ERROR_FAULT;
    }
    for (uint64_t i = 0; i < bytes; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ((uint8_t *)to)[i] = (uint8_t)(state >> 56);
    }
    return (long)bytes;
}

/* ---- the table ------------------------------------------------------------------------------------ */

static bool call_on_files(enum call call, const struct arguments *with, long *result) {
    switch (call) {
    case CALL_READ:
        *result = files_read(with->a, with->b, with->c);
        return true;
    case CALL_PREAD64:
        *result = files_read_at(with->a, with->b, with->c, with->d);
        return true;
    case CALL_WRITE:
        *result = files_write(with->a, with->b, with->c);
        return true;
    case CALL_WRITEV:
        *result = files_write_vector(with->a, with->b, with->c);
        return true;
    case CALL_OPEN:
        *result = files_open(with->a);
        return true;
    case CALL_OPENAT:
        *result = files_open(with->b);
        return true;
    case CALL_MEMFD_CREATE:
        *result = files_open_in_memory();
        return true;
    case CALL_CLOSE:
        *result = files_close(with->a);
        return true;
    case CALL_LSEEK:
        *result = files_seek(with->a, with->b, with->c);
        return true;
    case CALL_FSTAT:
        *result = files_status(with->a, with->b);
        return true;
    case CALL_NEWFSTATAT: /* fstat() by another name: the path is empty */
        *result = files_status(with->a, with->c);
        return true;
    case CALL_DUP:
        *result = files_duplicate(with->a, 0);
        return true;
    case CALL_DUP2:
    case CALL_DUP3:
        *result = files_duplicate_to(with->a, with->b);
        return true;
    case CALL_FCNTL:
        *result = files_control(with->a, with->b, with->c);
        return true;
    case CALL_IOCTL:
        *result = -ERROR_NOT_A_TERMINAL;
        return true;
    case CALL_READLINK:
    case CALL_READLINKAT:
        *result = -ERROR_NO_ENTRY;
        return true;
    default:
        return false;
    }
}

static bool call_on_memory(enum call call, const struct arguments *with, long *result) {
    switch (call) {
    case CALL_MMAP:
        *result = map(with);
        return true;
    case CALL_MUNMAP:
        *result = memory_unmap(with->a, with->b);
        return true;
    case CALL_MPROTECT:
        *result = memory_protect(with->a, with->b, (unsigned)with->c & (MAY_READ | MAY_WRITE | MAY_EXECUTE));
        return true;
    case CALL_BRK:
        *result = (long)program_break(with->a);
        return true;
    case CALL_MADVISE: /* advice may be ignored, and libc does without the others */
    case CALL_MREMAP:
        *result = -ERROR_NOT_IMPLEMENTED;
        return true;
    default:
        return false;
    }
}

static bool call_on_time(enum call call, const struct arguments *with, long *result) {
    switch (call) {
    case CALL_CLOCK_GETTIME:
        *result = clock_get_time((int)with->a, with->b);
        return true;
    case CALL_CLOCK_GETRES:
        *result = clock_get_resolution(with->b);
        return true;
    case CALL_GETTIMEOFDAY:
        *result = clock_get_time_of_day(with->a);
        return true;
    case CALL_NANOSLEEP:
        *result = clock_sleep(with->a);
        return true;
    case CALL_CLOCK_NANOSLEEP:
        *result = clock_sleep(with->c);
        return true;
    case CALL_GETITIMER:
        *result = clock_get_timer((int)with->a, with->b);
        return true;
    case CALL_SETITIMER:
        *result = clock_set_timer((int)with->a, with->b, with->c);
        return true;
    default:
        return false;
    }
}

static bool call_on_signals(enum call call, const struct arguments *with, const struct registers *registers,
                            long *result) {
    switch (call) {
    case CALL_RT_SIGACTION:
        *result = signals_action((int)with->a, with->b, with->c, with->d);
        return true;
    case CALL_RT_SIGPROCMASK:
        *result = signals_mask((int)with->a, with->b, with->c, with->d);
        return true;
    case CALL_SIGALTSTACK:
        *result = signals_stack(with->a, with->b, registers);
        return true;
    case CALL_KILL:
        *result = kill_self((int32_t)with->a, (int32_t)with->b, CODE_USER);
        return true;
    case CALL_TKILL:
        *result = kill_self((int32_t)with->a, (int32_t)with->b, CODE_THREAD);
        return true;
    case CALL_TGKILL:
        *result = kill_self((int32_t)with->b, (int32_t)with->c, CODE_THREAD);
        return true;
    default:
        return false;
    }
}

static bool call_on_process(enum call call, const struct arguments *with, long *result) {
    switch (call) {
    case CALL_EXIT:
    case CALL_EXIT_GROUP:
        channel_end(STATE_EXITED, (uint32_t)with->a & 0xff);
    case CALL_GETPID:
    case CALL_GETTID:
    case CALL_SET_TID_ADDRESS:
        *result = PROCESS_ID;
        return true;
    case CALL_GETPPID:
        *result = 1;
        return true;
    case CALL_GETUID:
    case CALL_GETGID:
    case CALL_GETEUID:
    case CALL_GETEGID:
    case CALL_SET_ROBUST_LIST: /* there are no threads ... */
    case CALL_SCHED_YIELD:
    case CALL_PRCTL: /* ... and no parent to outlive */
        *result = 0;
        return true;
    case CALL_ARCH_PRCTL:
        *result = set_base(with->a, with->b);
        return true;
    case CALL_WAIT4:
        *result = -ERROR_NO_CHILD;
        return true;
    case CALL_UNAME:
        *result = name(with->a);
        return true;
    case CALL_GETCWD:
        *result = directory(with->a, with->b);
        return true;
    case CALL_PRLIMIT64:
        *result = limits(with->b, with->d);
        return true;
    case CALL_GETRANDOM:
        *result = fill_with_noise(with->a, with->b);
        return true;
    case CALL_RSEQ:
        *result = -ERROR_NOT_IMPLEMENTED;
        return true;
    default:
        return false;
    }
}

void system_call(struct registers *registers) {
    const struct arguments with = {registers->rdi, registers->rsi, registers->rdx,
                                   registers->r10, registers->r8,  registers->r9};
    enum call call = (enum call)registers->error;
    long result = -ERROR_NOT_IMPLEMENTED;
    registers->r11 = registers->rflags;
    if (call == CALL_RT_SIGRETURN) {
        signals_return(registers);
        return;
    }
    if (!call_on_files(call, &with, &result) && !call_on_memory(call, &with, &result) &&
        !call_on_signals(call, &with, registers, &result) && !call_on_time(call, &with, &result) &&
        !call_on_process(call, &with, &result)) {
        signals_fault((struct signal_info){.number = SIGNAL_SYSTEM,
                                           .code = CODE_NO_SUCH_CALL,
                                           .address = registers->rip,
                                           .system_call = (uint32_t)registers->error,
                                           .architecture = AUDIT_ARCH_X86_64},
                      0, 0, 0);
    }
    registers->rax = (uint64_t)result;
}
