/* What earlier work of a caller has left where C promises nothing: errno, memory from malloc, the stack far below. */
#ifndef HARNESS_GUEST_STALE_MEMORY_H
#define HARNESS_GUEST_STALE_MEMORY_H

#include "wire.h"

/* Once per process: a heap and a stack that are new would hold zeros. FILL_BENIGN leaves them so. */
void stale_memory_lay(enum fill fill);

/* Before each call. */
void stale_memory_set_errno(enum fill fill);

#endif
