/* The monitor: what a static Linux program needs of a system, and no more. It boots from a ROM in Bochs, reads the
 * program from disk 0, runs it in ring 3, and writes what it tells to disk 1. */
#include <stdbool.h>

#include "channel.h"
#include "clock.h"
#include "disk.h"
#include "exceptions.h"
#include "files.h"
#include "memory.h"
#include "processor.h"
#include "program.h"
#include "self_test.h"
#include "signals.h"
#include "system_calls.h"

extern char monitor_bss_end[];
_Noreturn void enter_program(struct registers *registers);

static struct exchange_request request;
static uint8_t request_sectors[REQUEST_BYTES];
_Static_assert(sizeof(struct exchange_request) <= REQUEST_BYTES, "the request fits into its sectors");

/* Every way from the program into the monitor; entry.S goes back when this returns. */
void monitor_enter(struct registers *registers) {
    switch (registers->vector) {
    case VECTOR_SYSTEM_CALL:
        system_call(registers);
        break;
    case VECTOR_TIMER:
        processor_timer_came();
        clock_timer_came();
        break;
    case VECTOR_SPURIOUS:
        break;
    default:
        exception(registers);
    }
    signals_deliver(registers);
}

/* Returns the physical address of a file from disk 0. */
static uint64_t load(const struct exchange_file *file) {
    uint64_t sectors = (file->bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
    uint64_t at = memory_take(sectors * SECTOR_BYTES);
    if (sectors > 0 && (!at || !disk_read(DISK_IN, file->sector, at_physical(at), sectors))) {
        channel_fail(at ? "disk 0 cannot be read" : "the program and its input do not fit into memory");
    }
    return at;
}

static void read_request(void) {
    bool is_read = disk_read(DISK_IN, 0, request_sectors, REQUEST_BYTES / SECTOR_BYTES);
    __builtin_memcpy(&request, request_sectors, sizeof request);
    channel_prepare(is_read ? request.output_sectors : 1);
    if (!is_read || request.magic != REQUEST_MAGIC) {
        channel_fail("disk 0 holds no request");
    }
}

void monitor_main(void) {
    struct registers registers;
    read_request();
    processor_prepare();
    bool has_avx512 = processor_has_avx512();
    channel_tell_self_test(has_avx512, has_avx512 ? self_test() : 0);
    processor_reset_state();
    memory_prepare((uint64_t)monitor_bss_end - MONITOR_BASE, request.memory_bytes);
    if (request.program.bytes == 0) {
        channel_end(STATE_EXITED, 0);
    }
    uint64_t image = load(&request.program);
    files_prepare(&request, load(&request.input));
    program_load(image, &request, &registers);
    channel_commit();
    enter_program(&registers);
}
