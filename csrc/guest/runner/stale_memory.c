/* See stale_memory.h. */
#include "stale_memory.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "fills.h"

#define DEEP_STACK_BYTES (256 * 1024) /* each call lays STACK_POISON_BYTES of its own */
#define HEAP_BYTE 0x7f                /* repeated, 3.4e38; what glibc calls perturbation cannot be 0xff */

__attribute__((noinline)) static void lay_deep_stack(enum fill fill) {
    uint8_t area[DEEP_STACK_BYTES];
    memset(area, fill_byte(fill), sizeof area);
    __asm__ volatile("" ::"r"(area) : "memory");
}

/* Not between calls: the heap may be damaged by then, and it is the kernel that must trip over that. */
void stale_memory_lay(enum fill fill) {
    if (fill == FILL_BENIGN) {
        return;
    }
#ifdef M_PERTURB
    mallopt(M_PERTURB, HEAP_BYTE ^ 0xff); /* glibc fills with the complement */
#endif
    lay_deep_stack(fill);
}

/* C11 7.5: zero at start-up, and set to zero by no library function. */
void stale_memory_set_errno(enum fill fill) {
    static const int left[FILL_COUNT] = {
        [FILL_BENIGN] = 0,
        [FILL_NAN] = EDOM,
        [FILL_HUGE_NEGATIVE] = ERANGE,
        [FILL_HUGE_POSITIVE] = EINTR,
    };
    errno = left[fill];
}
