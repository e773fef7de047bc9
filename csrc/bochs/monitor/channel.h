/* What goes out: the stream of pieces, the report, and the end. See ../exchange.h. */
#ifndef HARNESS_BOCHS_CHANNEL_H
#define HARNESS_BOCHS_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "../exchange.h"

void channel_prepare(uint64_t output_sectors);

/* Sends one piece; false if there is no room. `from` must be readable. */
bool channel_send(enum piece_channel channel, const void *from, uint64_t bytes);

/* Makes everything sent so far visible to the launcher. */
void channel_commit(void);

void channel_tell_self_test(bool has_avx512, uint32_t wrong);

/* The report's last words; the machine is off afterwards. */
_Noreturn void channel_end(enum report_state state, uint32_t code);

/* Gives up: one line that says why, with a number where there is one to tell. */
_Noreturn void channel_fail(const char *why);
_Noreturn void channel_fail_at(const char *why, uint64_t number, uint64_t rip, uint64_t address);

#endif
