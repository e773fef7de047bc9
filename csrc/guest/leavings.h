/* What earlier work of a caller has left where C promises nothing: errno, memory from malloc, the stack far below. */
#ifndef HARNESS_GUEST_LEAVINGS_H
#define HARNESS_GUEST_LEAVINGS_H

#include "wire.h"

/* Once per process: a heap and a stack that are new would hold zeros. FILL_BENIGN leaves them so. */
void leavings_lay(enum fill fill);

/* Before each call. */
void leavings_set_errno(enum fill fill);

#endif
