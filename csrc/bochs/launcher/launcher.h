/* How the launcher ends when it is not the program that ended. */
#ifndef HARNESS_BOCHS_LAUNCHER_H
#define HARNESS_BOCHS_LAUNCHER_H

#define EXIT_STATUS_MACHINE 124 /* Bochs, the monitor or the disks failed; one line on stderr says why */
#define EXIT_STATUS_SIGNAL 128

_Noreturn void fail(const char *what, const char *why);
_Noreturn void fail_by_errno(const char *what);

#endif
