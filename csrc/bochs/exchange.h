/* What the launcher and the monitor exchange: two disks, and what lies on them. All numbers are little-endian.
 *
 * Disk 0 goes in: a request in its first eight sectors, then the program and the input that it points at. Disk 1
 * comes out: a report in sector 0, which is written again whenever there is something new, and behind it a stream of
 * pieces, each with a header in front, which only ever grows. */
#ifndef HARNESS_BOCHS_EXCHANGE_H
#define HARNESS_BOCHS_EXCHANGE_H

#include <stdint.h>

#define SECTOR_BYTES 512
#define REQUEST_BYTES 4096
#define REQUEST_MAGIC UINT64_C(0x7470657553736862)
#define REPORT_MAGIC UINT64_C(0x7470657552736862)

#define PATH_LIMIT 256
#define ARGUMENTS_LIMIT 1024
#define COMPLAINT_LIMIT 256

struct exchange_file {
    uint64_t sector;
    uint64_t bytes;
};

struct exchange_request {
    uint64_t magic;
    uint64_t memory_bytes;
    uint64_t output_sectors;      /* of disk 1 */
    struct exchange_file program; /* a static ELF executable; no bytes: the self-test only */
    struct exchange_file input;   /* what can be opened as input_path */
    char input_path[PATH_LIMIT];
    char output_path[PATH_LIMIT];    /* what is written there is sent piece by piece */
    uint32_t argument_count;         /* of main(), from argv[0] on */
    char arguments[ARGUMENTS_LIMIT]; /* one behind the other, each with its end */
};

enum piece_channel {
    PIECE_STDOUT = 1,
    PIECE_STDERR = 2,
    PIECE_OUTPUT = 3,
};

struct piece_header {
    uint32_t channel; /* enum piece_channel */
    uint32_t bytes;   /* that follow, without padding */
};

enum report_state {
    STATE_RUNNING = 1,
    STATE_EXITED = 2,    /* code: the status that the program passed to exit_group() */
    STATE_SIGNALLED = 3, /* code: the signal that ended it */
    STATE_FAILED = 4,    /* the monitor had to give up; complaint says why */
};

/* Instructions that the self-test tries and that this Bochs may have wrong. What must be right for the monitor to
 * work at all is no bit here: it ends in STATE_FAILED. */
enum wrong_instruction {
    WRONG_VRSQRT14 = 1 << 0,
    WRONG_VRCP14 = 1 << 1,
    WRONG_VFMADD = 1 << 2,
    WRONG_VPERMT2 = 1 << 3,
    WRONG_VCOMPRESS = 1 << 4,
    WRONG_VSCALEF = 1 << 5,
    WRONG_VGETEXP = 1 << 6,
    WRONG_VGETMANT = 1 << 7,
    WRONG_VRNDSCALE = 1 << 8,
};

/* Read while it may be written: it is whole where `again` repeats `sequence`. */
struct exchange_report {
    uint64_t magic;
    uint64_t sequence;
    uint64_t stream_bytes; /* written so far, from sector 1 on */
    uint32_t state;        /* enum report_state */
    uint32_t code;
    uint32_t has_avx512;
    uint32_t wrong;        /* of enum wrong_instruction */
    uint64_t instructions; /* retired since reset */
    char complaint[COMPLAINT_LIMIT];
    uint64_t again;
};

#endif
