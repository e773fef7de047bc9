/* See files.h. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "channel.h"
#include "runs.h"

#define WALK_DESCRIPTORS 16

void files_make_parents(char *path) {
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
}

static uint8_t raw[SLAB_BYTES], encoded[ENCODED_LIMIT];

/* Reads contents from the channel to their end, whatever becomes of them; returns what went wrong. */
static int receive(int fd, uint64_t bytes) {
    int error = 0;
    while (bytes > 0) {
        struct slab slab;
        channel_read(&slab, sizeof slab);
        if (slab.raw_bytes > sizeof raw || slab.raw_bytes > bytes || slab.encoded_bytes > sizeof encoded) {
            _exit(2);
        }
        channel_read(encoded, slab.encoded_bytes);
        if (!runs_decode(encoded, slab.encoded_bytes, raw, slab.raw_bytes)) {
            _exit(2);
        }
        bytes -= slab.raw_bytes;
        if (!error && !channel_write(fd, raw, slab.raw_bytes)) {
            error = errno;
        }
    }
    return error;
}

static void send(int fd, uint64_t bytes) {
    while (bytes > 0) {
        struct slab slab = {.raw_bytes = bytes < sizeof raw ? (uint32_t)bytes : sizeof raw};
        ssize_t got = read(fd, raw, slab.raw_bytes);
        if (got <= 0) { /* it became shorter */
            memset(raw, 0, slab.raw_bytes);
        } else {
            slab.raw_bytes = (uint32_t)got;
        }
        slab.encoded_bytes = runs_encode(raw, slab.raw_bytes, encoded);
        channel_say(&slab, sizeof slab);
        channel_say(encoded, slab.encoded_bytes);
        bytes -= slab.raw_bytes;
    }
}

void files_put(char *path, mode_t mode, uint64_t bytes) {
    files_make_parents(path);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    int refused = fd < 0 ? errno : 0;
    int error = receive(fd, bytes);
    error = refused ? refused : error;
    close(fd);
    channel_reply(REPLY_DONE, error, 0);
}

/* What a command left at `path` may be anything: only a regular file is read, and no longer than it was at first. */
void files_get(const char *path) {
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        channel_reply(REPLY_DONE, fd < 0 ? errno : EINVAL, 0);
        close(fd);
        return;
    }
    channel_reply(REPLY_DONE, 0, (uint64_t)status.st_size);
    send(fd, (uint64_t)status.st_size);
    close(fd);
}

static size_t wiped_root_bytes;

static int wipe_one(const char *path, const struct stat *status, int type, struct FTW *place) {
    (void)status;
    (void)type;
    (void)place;
    return strlen(path) == wiped_root_bytes ? 0 : remove(path);
}

void files_wipe(const char *path) {
    wiped_root_bytes = strlen(path);
    int failed = nftw(path, wipe_one, WALK_DESCRIPTORS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
    channel_reply(REPLY_DONE, failed ? (errno ? errno : EIO) : 0, 0);
}
