/* See channel.h. Whole sectors go out as they fill; the one begun is written again by every commit. */
#include "channel.h"

#include "disk.h"
#include "hardware.h"
#include "text.h"

#define PIECE_LIMIT (UINT64_C(1) << 30) /* bytes that a piece may have; more becomes several */
#define SHUTDOWN_PORT 0x8900            /* Bochs: the word "Shutdown", written here, ends it */

static struct {
    struct exchange_report report;
    uint8_t pad[SECTOR_BYTES - sizeof(struct exchange_report)];
} front;
_Static_assert(sizeof front == SECTOR_BYTES, "the report is one sector");

static uint8_t begun[SECTOR_BYTES]; /* the sector at the end of the stream */
static uint64_t sector_limit;
static uint64_t next_sector = 1;
static uint64_t begun_bytes;

void channel_prepare(uint64_t output_sectors) {
    sector_limit = output_sectors;
    front.report.magic = REPORT_MAGIC;
    front.report.state = STATE_RUNNING;
}

static bool put_sectors(const void *from, uint64_t count) {
    if (count > sector_limit - next_sector || !disk_write(DISK_OUT, next_sector, from, count)) {
        return false;
    }
    next_sector += count;
    return true;
}

static bool put(const uint8_t *from, uint64_t bytes) {
    while (bytes > 0) {
        uint64_t count = bytes / SECTOR_BYTES;
        if (begun_bytes == 0 && count > 0) {
            if (!put_sectors(from, count)) {
                return false;
            }
            from += count * SECTOR_BYTES;
            bytes -= count * SECTOR_BYTES;
            continue;
        }
        uint64_t room = SECTOR_BYTES - begun_bytes;
        uint64_t part = bytes < room ? bytes : room;
        memcpy(begun + begun_bytes, from, part);
        from += part;
        bytes -= part;
        begun_bytes += part;
        if (begun_bytes == SECTOR_BYTES) {
            begun_bytes = 0;
            if (!put_sectors(begun, 1)) {
                return false;
            }
        }
    }
    return true;
}

bool channel_send(enum piece_channel channel, const void *from, uint64_t bytes) {
    const uint8_t *at = from;
    for (uint64_t part; bytes > 0; at += part, bytes -= part) {
        part = bytes < PIECE_LIMIT ? bytes : PIECE_LIMIT;
        struct piece_header header = {.channel = channel, .bytes = (uint32_t)part};
        if (!put((const uint8_t *)&header, sizeof header) || !put(at, part)) {
            return false;
        }
    }
    return true;
}

static bool write_report(void) {
    front.report.instructions = read_tsc();
    front.report.again = ++front.report.sequence;
    return disk_write(DISK_OUT, 0, &front, 1);
}

void channel_commit(void) {
    bool is_written = begun_bytes == 0 || disk_write(DISK_OUT, next_sector, begun, 1);
    front.report.stream_bytes = (next_sector - 1) * SECTOR_BYTES + begun_bytes;
    if (!is_written || !write_report()) {
        channel_fail("the disk for what goes out refused it; is the host's full?");
    }
}

void channel_tell_self_test(bool has_avx512, uint32_t wrong) {
    front.report.has_avx512 = has_avx512;
    front.report.wrong = wrong;
}

static _Noreturn void power_off(void) {
    disk_flush(DISK_OUT);
    for (const char *word = "Shutdown"; *word; word++) {
        write_port8(SHUTDOWN_PORT, (uint8_t)*word);
    }
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}

_Noreturn void channel_end(enum report_state state, uint32_t code) {
    front.report.state = state;
    front.report.code = code;
    channel_commit();
    power_off();
}

_Noreturn void channel_fail(const char *why) {
    front.report.state = STATE_FAILED;
    text_add(front.report.complaint, sizeof front.report.complaint, why);
    write_report();
    power_off();
}

_Noreturn void channel_fail_at(const char *why, uint64_t number, uint64_t rip, uint64_t address) {
    char *complaint = front.report.complaint;
    text_add(complaint, sizeof front.report.complaint, why);
    text_add(complaint, sizeof front.report.complaint, " ");
    text_add_hex(complaint, sizeof front.report.complaint, number);
    text_add(complaint, sizeof front.report.complaint, " at ");
    text_add_hex(complaint, sizeof front.report.complaint, rip);
    text_add(complaint, sizeof front.report.complaint, ", address ");
    text_add_hex(complaint, sizeof front.report.complaint, address);
    channel_fail("");
}
