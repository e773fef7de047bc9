/* See descriptors.h. */
#include "descriptors.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "syscalls.h"

static const char rule[] = "POSIX 2.14: descriptors are the process's";

/* Returns a number for the file that a descriptor refers to, 0 if it is closed. */
static uint64_t identity(int64_t descriptor) {
    struct stat status;
    if (guest_syscall(SYS_fstat, descriptor, (long)&status, 0, 0) != 0) {
        return 0;
    }
    return ((uint64_t)status.st_ino << 16 ^ (uint64_t)status.st_dev) | 1;
}

/* Bytes that were written to the bait, or -1 if it is closed. */
static int64_t bait_bytes(int64_t bait) {
    struct stat status;
    return guest_syscall(SYS_fstat, bait, (long)&status, 0, 0) == 0 ? status.st_size : -1;
}

static int64_t lay_bait(void) {
    return guest_syscall(SYS_memfd_create, (long)"bait", 0, 0, 0);
}

static void note_streams(struct descriptors *descriptors) {
    for (int64_t i = 0; i < STANDARD_STREAMS; i++) {
        descriptors->stream[i] = identity(i);
    }
}

/* A closed stream would otherwise become the number of the next file that anybody opens. */
static void reopen_streams(void) {
    for (int64_t i = 0; i < STANDARD_STREAMS; i++) {
        if (identity(i) == 0) {
            guest_syscall(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDWR, 0);
        }
    }
}

void descriptors_prepare(struct descriptors *descriptors) {
    reopen_streams();
    note_streams(descriptors);
    descriptors->bait = lay_bait();
}

/* Returns whether all of them are what they were. */
static bool check_streams(const struct descriptors *descriptors, fault_report *report, void *context) {
    static const char *const names[STANDARD_STREAMS] = {"descriptor 0", "descriptor 1", "descriptor 2"};
    bool is_intact = true;
    for (int64_t i = 0; i < STANDARD_STREAMS; i++) {
        uint64_t now = identity(i);
        if (now != descriptors->stream[i]) {
            report(context, names[i], rule, descriptors->stream[i], now);
            is_intact = false;
        }
    }
    return is_intact;
}

void descriptors_check(struct descriptors *descriptors, fault_report *report, void *context) {
    if (!check_streams(descriptors, report, context)) {
        reopen_streams();
        note_streams(descriptors);
    }
    int64_t written = descriptors->bait >= 0 ? bait_bytes(descriptors->bait) : 0;
    if (written != 0) {
        report(context, written < 0 ? "descriptor shut" : "descriptor used", rule, 0, (uint64_t)written);
        guest_syscall(SYS_close, descriptors->bait, 0, 0, 0);
        descriptors->bait = lay_bait();
    }
}
