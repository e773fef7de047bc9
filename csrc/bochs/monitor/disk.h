/* The two disks, by programmed input and output (ATA/ATAPI-6, 28-bit addresses). */
#ifndef HARNESS_BOCHS_DISK_H
#define HARNESS_BOCHS_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk {
    DISK_IN = 0,
    DISK_OUT = 1,
};

/* False: the disk is not there, or could not do it. */
bool disk_read(enum disk disk, uint64_t sector, void *to, uint64_t sectors);
bool disk_write(enum disk disk, uint64_t sector, const void *from, uint64_t sectors);
bool disk_flush(enum disk disk);

#endif
