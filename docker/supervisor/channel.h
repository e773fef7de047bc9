/* What travels between the harness and the supervisor. Everything is little-endian and laid out without padding.
 * harness/backend/supervisor.py is the other end; a unit test holds the sizes of the structures against it. */
#ifndef HARNESS_SUPERVISOR_CHANNEL_H
#define HARNESS_SUPERVISOR_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

enum request_kind { REQUEST_PUT = 1, REQUEST_GET = 2, REQUEST_RUN = 3, REQUEST_WIPE = 4 };
enum reply_kind { REPLY_READY = 1, REPLY_DONE = 2, REPLY_ALIVE = 3 };
enum ending { ENDED_EXIT = 0, ENDED_SIGNAL = 1, ENDED_DEADLINE = 2 };

struct request {
    uint32_t kind;
    uint32_t mode;       /* PUT: of the file */
    uint32_t path_bytes; /* what follows first: the file, or the directory to run or to wipe */
    uint32_t reserved;
    uint64_t payload_bytes; /* what follows then: contents of so many bytes (runs.h), or struct run and its strings */
};

struct run {
    uint32_t wall_ms;    /* deadline of the whole command, 0 for none */
    uint32_t idle_ms;    /* deadline between two changes of the watched file's size, 0 for none */
    uint64_t kept_bytes; /* of each output stream, from its end */
    uint64_t file_bytes; /* size that no file may exceed */
    /* strings, each ended by a null byte: the watched file, then the arguments */
};

struct reply {
    uint32_t kind;
    uint32_t error;         /* errno, 0 where all went well */
    uint64_t payload_bytes; /* GET: of contents (runs.h) */
};

struct result {
    uint32_t ending;
    uint32_t status;    /* exit status or signal */
    uint64_t out_bytes; /* what follows: the two streams */
    uint64_t err_bytes;
};

/* Has the system hold more of what is on its way, where it allows that: fewer turns for as many bytes. */
void channel_widen(void);

/* Reads from standard input; does not return when it has closed. */
void channel_read(void *to, uint64_t bytes);

/* Writes to standard output; does not return when nobody listens. */
void channel_say(const void *from, uint64_t bytes);

/* Says the head of a reply; its payload follows. */
void channel_reply(enum reply_kind kind, int error, uint64_t payload_bytes);

/* Writes everything, or returns false with errno set. */
bool channel_write(int fd, const void *from, uint64_t bytes);

#endif
