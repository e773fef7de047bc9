/* See disk.h. Section numbers are those of ATA/ATAPI-6. */
#include "disk.h"

#include "../exchange.h"
#include "hardware.h"

/* Registers, from the base of a channel (7.2 to 7.15). */
enum {
    REGISTER_DATA = 0,
    REGISTER_COUNT = 2,
    REGISTER_LBA_LOW = 3,
    REGISTER_LBA_MID = 4,
    REGISTER_LBA_HIGH = 5,
    REGISTER_DEVICE = 6,
    REGISTER_STATUS = 7, /* read; the command, written */
};

#define DEVICE_LBA 0xe0 /* and with it device 0 */
#define STATUS_ERROR 0x01
#define STATUS_DATA_REQUEST 0x08
#define STATUS_FAULT 0x20
#define STATUS_BUSY 0x80
#define NO_DEVICE 0xff

#define COMMAND_READ 0x20  /* 8.34 */
#define COMMAND_WRITE 0x30 /* 8.60 */
#define COMMAND_FLUSH 0xe7 /* 8.12 */

#define SECTORS_AT_ONCE 128
#define SECTOR_WORDS (SECTOR_BYTES / 4) /* the data port takes two at once, as on any PCI controller */

static const uint16_t bases[] = {[DISK_IN] = 0x1f0, [DISK_OUT] = 0x170};

static uint8_t wait_while_busy(uint16_t base) {
    uint8_t status;
    do {
        status = read_port8(base + REGISTER_STATUS);
    } while (status != NO_DEVICE && (status & STATUS_BUSY));
    return status;
}

static bool is_ready_for_data(uint16_t base) {
    uint8_t status = wait_while_busy(base);
    return status != NO_DEVICE && !(status & (STATUS_ERROR | STATUS_FAULT)) && (status & STATUS_DATA_REQUEST);
}

static bool is_done(uint16_t base) {
    uint8_t status = wait_while_busy(base);
    return status != NO_DEVICE && !(status & (STATUS_ERROR | STATUS_FAULT | STATUS_DATA_REQUEST));
}

static void command(uint16_t base, uint64_t sector, uint64_t count, uint8_t what) {
    wait_while_busy(base);
    write_port8(base + REGISTER_DEVICE, DEVICE_LBA | (sector >> 24 & 15));
    write_port8(base + REGISTER_COUNT, (uint8_t)count);
    write_port8(base + REGISTER_LBA_LOW, (uint8_t)sector);
    write_port8(base + REGISTER_LBA_MID, (uint8_t)(sector >> 8));
    write_port8(base + REGISTER_LBA_HIGH, (uint8_t)(sector >> 16));
    write_port8(base + REGISTER_STATUS, what);
}

static uint64_t next_count(uint64_t sectors) {
    return sectors < SECTORS_AT_ONCE ? sectors : SECTORS_AT_ONCE;
}

bool disk_read(enum disk disk, uint64_t sector, void *to, uint64_t sectors) {
    uint16_t base = bases[disk];
    uint8_t *at = to;
    for (uint64_t count; sectors > 0; sector += count, sectors -= count) {
        count = next_count(sectors);
        command(base, sector, count, COMMAND_READ);
        for (uint64_t i = 0; i < count; i++, at += SECTOR_BYTES) {
            if (!is_ready_for_data(base)) {
                return false;
            }
            read_port32s(base + REGISTER_DATA, at, SECTOR_WORDS);
        }
    }
    return true;
}

bool disk_write(enum disk disk, uint64_t sector, const void *from, uint64_t sectors) {
    uint16_t base = bases[disk];
    const uint8_t *at = from;
    for (uint64_t count; sectors > 0; sector += count, sectors -= count) {
        count = next_count(sectors);
        command(base, sector, count, COMMAND_WRITE);
        for (uint64_t i = 0; i < count; i++, at += SECTOR_BYTES) {
            if (!is_ready_for_data(base)) {
                return false;
            }
            write_port32s(base + REGISTER_DATA, at, SECTOR_WORDS);
        }
        if (!is_done(base)) {
            return false;
        }
    }
    return true;
}

bool disk_flush(enum disk disk) {
    command(bases[disk], 0, 0, COMMAND_FLUSH);
    return is_done(bases[disk]);
}
