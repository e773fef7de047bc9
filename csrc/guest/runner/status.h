/* How the guest process ends, for the host to tell apart. Anything else is the kernel's doing: a status it passed to
 * exit(), or a signal. Only a RECORD_BYE says that every case was run; EXIT_STATUS_DONE alone says nothing. */
#ifndef HARNESS_GUEST_STATUS_H
#define HARNESS_GUEST_STATUS_H

enum exit_status {
    EXIT_STATUS_DONE = 0,
    EXIT_STATUS_BAD_PACK = 120,     /* damaged, truncated, or of another version; one line on stderr says which */
    EXIT_STATUS_BAD_OUTPUT = 121,   /* the observation could not be written */
    EXIT_STATUS_RUNNER_FAULT = 122, /* a fault outside the kernel: usually the kernel unmapped or overwrote something */
    EXIT_STATUS_USAGE = 123,
    EXIT_STATUS_BAD_ADAPTER = 124, /* a user's adapter does not call the kernel as it has to; stderr says how */
    EXIT_STATUS_NO_MEMORY = 125,
    EXIT_STATUS_CHILD = 126, /* a child that the kernel forked came back from the kernel; it has written nothing */
};

#define EXIT_STATUS_SIGNAL 128 /* plus the number: somebody outside ended the guest */

#endif
