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

#define CHUNK_BYTES 65536
#define WALK_DESCRIPTORS 16

void files_make_parents(char *path) {
    for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(path, 0755);
        *at = '/';
    }
}

static int receive(int fd, uint64_t bytes) {
    static uint8_t chunk[CHUNK_BYTES];
    while (bytes > 0) {
        uint64_t part = bytes < sizeof chunk ? bytes : sizeof chunk;
        channel_read(chunk, part);
        bytes -= part;
        if (!channel_write(fd, chunk, part)) {
            int error = errno;
            channel_skip(bytes);
            return error;
        }
    }
    return 0;
}

void files_put(char *path, mode_t mode, uint64_t bytes) {
    files_make_parents(path);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        int error = errno;
        channel_skip(bytes);
        channel_reply(REPLY_DONE, error, 0);
        return;
    }
    int error = receive(fd, bytes);
    close(fd);
    channel_reply(REPLY_DONE, error, 0);
}

/* What a command left at `path` may be anything: only a regular file is read, and no longer than it was at first. */
void files_get(const char *path) {
    static uint8_t chunk[CHUNK_BYTES];
    struct stat status;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        channel_reply(REPLY_DONE, fd < 0 ? errno : EINVAL, 0);
        close(fd);
        return;
    }
    uint64_t left = (uint64_t)status.st_size;
    channel_reply(REPLY_DONE, 0, left);
    while (left > 0) {
        uint64_t part = left < sizeof chunk ? left : sizeof chunk;
        ssize_t got = read(fd, chunk, part);
        if (got <= 0) {
            memset(chunk, 0, part);
            got = (ssize_t)part;
        }
        channel_say(chunk, (uint64_t)got);
        left -= (uint64_t)got;
    }
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
