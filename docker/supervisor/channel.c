/* See channel.h. */
#define _GNU_SOURCE
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)

void channel_widen(void) {
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
}

void channel_read(void *to, uint64_t bytes) {
    for (uint8_t *at = to; bytes > 0;) {
        ssize_t got = read(STDIN_FILENO, at, bytes);
        if (got > 0) {
            at += got;
            bytes -= (uint64_t)got;
        } else if (got == 0 || errno != EINTR) {
            _exit(0); /* the harness has left */
        }
    }
}

bool channel_write(int fd, const void *from, uint64_t bytes) {
    for (const uint8_t *at = from; bytes > 0;) {
        ssize_t put = write(fd, at, bytes);
        if (put >= 0) {
            at += put;
            bytes -= (uint64_t)put;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void channel_say(const void *from, uint64_t bytes) {
    if (!channel_write(STDOUT_FILENO, from, bytes)) {
        _exit(0);
    }
}

void channel_reply(enum reply_kind kind, int error, uint64_t payload_bytes) {
    struct reply reply = {.kind = kind, .error = (uint32_t)error, .payload_bytes = payload_bytes};
    channel_say(&reply, sizeof reply);
}
