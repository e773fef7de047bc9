/* See confinement.h. */
#define _GNU_SOURCE
#include "confinement.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#define FOREIGN_CALL 0x40000000u /* of the x32 ABI, which has numbers of its own for the same calls */
#elif defined __aarch64__
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#define FOREIGN_CALL UINT32_MAX
#elif defined __riscv
#define OWN_ARCHITECTURE AUDIT_ARCH_RISCV64
#define FOREIGN_CALL UINT32_MAX
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define ON_EQUAL(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EPERM)

/* Limits are the one thing that a process can take away from another of the same user, dumpable or not (prlimit(2)): a
 * guest could have the kernel end the supervisor. Its own limits are process 0. */
static bool forbid_limiting_others(void) {
    static struct sock_filter program[] = {
        LOAD(arch),
        ON_EQUAL(OWN_ARCHITECTURE, 1, 0),
        REFUSE,
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, FOREIGN_CALL, 4, 0),
        ON_EQUAL(SYS_prlimit64, 0, 2),
        LOAD(args[0]), /* the lower half: a process id has no more */
        ON_EQUAL(0, 0, 1),
        RETURN(SECCOMP_RET_ALLOW),
        REFUSE,
    };
    struct sock_fprog filter = {sizeof program / sizeof *program, program};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

/* Where memory runs out, the command has to go and not the supervisor. The process is dumpable while it writes that
 * down, for want of a right to it otherwise; nobody else is there to look. */
static bool volunteer_for_death(void) {
    prctl(PR_SET_DUMPABLE, 1);
    int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    bool written = score >= 0 && write(score, "1000", 4) == 4;
    close(score);
    return written;
}

bool confinement_enter(uint64_t file_bytes) {
    struct rlimit no_core = {0, 0};
    struct rlimit files = {file_bytes, file_bytes};
    return volunteer_for_death() && setrlimit(RLIMIT_CORE, &no_core) == 0 && setrlimit(RLIMIT_FSIZE, &files) == 0 &&
           forbid_limiting_others();
}
