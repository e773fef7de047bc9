/* See command.h. */
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "channel.h"
#include "confinement.h"

#define POLL_MS 100
#define ALIVE_MS 5000
#define KILL_PATIENCE_MS 10000
#define ARGUMENT_LIMIT 4096
#define CHUNK_BYTES 65536

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct stream {
    int fd;
    uint8_t *bytes;
    uint64_t used, room, kept;
};

/* ---- what a command says ----------------------------------------------------------------------------------------- */

/* Takes what there is; returns false at the end of the stream. */
static bool take(struct stream *stream) {
    if (stream->used + CHUNK_BYTES > stream->room) {
        if (stream->used > 2 * stream->kept) {
            memmove(stream->bytes, stream->bytes + stream->used - stream->kept, stream->kept);
            stream->used = stream->kept;
        }
        uint64_t room = 2 * stream->used + 2 * CHUNK_BYTES;
        uint8_t *bytes = realloc(stream->bytes, room);
        if (!bytes) {
            return false;
        }
        stream->bytes = bytes;
        stream->room = room;
    }
    ssize_t got = read(stream->fd, stream->bytes + stream->used, CHUNK_BYTES);
    if (got > 0) {
        stream->used += (uint64_t)got;
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The streams may be held open by what the command left behind: only what is there already is waited for. */
static void drain(struct stream *stream) {
    struct pollfd ready = {.fd = stream->fd, .events = POLLIN};
    while (stream->fd >= 0 && poll(&ready, 1, 0) > 0 && take(stream)) {
    }
    if (stream->used > stream->kept) {
        memmove(stream->bytes, stream->bytes + stream->used - stream->kept, stream->kept);
        stream->used = stream->kept;
    }
}

/* ---- a command --------------------------------------------------------------------------------------------------- */

static char *const environment[] = {"PATH=/usr/bin:/bin", "LC_ALL=C", "HOME=/nonexistent", NULL};

static void be_command(const char *directory, char **arguments, const struct run *run, const int *pipes,
                       int complaint) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int nothing = open("/dev/null", O_RDONLY);
    if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(pipes[0], STDOUT_FILENO) < 0 ||
        dup2(pipes[1], STDERR_FILENO) < 0 || chdir(directory) != 0 || !confinement_enter(run->file_bytes)) {
        goto failed;
    }
    if (nothing > STDERR_FILENO) {
        close(nothing);
    }
    execve(arguments[0], arguments, environment);
failed:;
    int error = errno;
    channel_write(complaint, &error, sizeof error);
    _exit(127);
}

static bool open_pipe(int *ends) {
    return pipe2(ends, O_CLOEXEC) == 0;
}

/* Starts the command; returns its process id, or 0 with errno set. */
static pid_t start(const char *directory, char **arguments, const struct run *run, struct stream *streams) {
    int out[2], err[2], complaint[2], error = 0;
    if (!open_pipe(out) || !open_pipe(err) || !open_pipe(complaint)) {
        _exit(1);
    }
    pid_t child = fork();
    if (child < 0) {
        _exit(1);
    }
    if (child == 0) {
        be_command(directory, arguments, run, (int[]){out[1], err[1]}, complaint[1]);
    }
    close(out[1]);
    close(err[1]);
    close(complaint[1]);
    streams[0].fd = out[0];
    streams[1].fd = err[0];
    bool refused = read(complaint[0], &error, sizeof error) == sizeof error;
    close(complaint[0]);
    errno = error;
    return refused ? 0 : child;
}

static uint64_t size_of(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 ? (uint64_t)status.st_size : UINT64_MAX;
}

struct clocks {
    uint64_t started_ms, changed_ms, told_ms, size;
};

static bool is_overdue(const struct run *run, const char *watched, struct clocks *clocks) {
    uint64_t now = now_ms();
    uint64_t size = *watched ? size_of(watched) : 0;
    if (size != clocks->size) {
        clocks->size = size;
        clocks->changed_ms = now;
    }
    if (now - clocks->told_ms > ALIVE_MS) {
        clocks->told_ms = now;
        channel_reply(REPLY_ALIVE, 0, 0);
    }
    return (run->wall_ms && now - clocks->started_ms > run->wall_ms) ||
           (run->idle_ms && now - clocks->changed_ms > run->idle_ms);
}

/* Buries the dead; returns whether the command itself is among them. */
static bool reap(pid_t command, int *status) {
    bool found = false;
    int how;
    for (pid_t dead; (dead = waitpid(-1, &how, WNOHANG | __WALL)) > 0;) {
        if (dead == command) {
            *status = how;
            found = true;
        }
    }
    return found;
}

/* Follows the command until it ends, and says how it did. */
static struct result follow(pid_t command, const struct run *run, const char *watched, struct stream *streams,
                            int deaths) {
    uint64_t now = now_ms();
    struct clocks clocks = {now, now, now, 0};
    int status = 0;
    while (!reap(command, &status)) {
        struct pollfd polled[] = {{.fd = STDIN_FILENO},
                                  {.fd = deaths, .events = POLLIN},
                                  {.fd = streams[0].fd, .events = POLLIN},
                                  {.fd = streams[1].fd, .events = POLLIN}};
        poll(polled, 4, POLL_MS);
        if (polled[0].revents & (POLLHUP | POLLERR)) {
            _exit(0);
        }
        if (polled[1].revents) {
            struct signalfd_siginfo death;
            (void)!read(deaths, &death, sizeof death);
        }
        for (int i = 0; i < 2; i++) {
            if (polled[2 + i].revents && !take(&streams[i])) {
                close(streams[i].fd);
                streams[i].fd = -1;
            }
        }
        if (is_overdue(run, watched, &clocks)) {
            return (struct result){.ending = ENDED_DEADLINE};
        }
    }
    if (WIFSIGNALED(status)) {
        return (struct result){.ending = ENDED_SIGNAL, .status = (uint32_t)WTERMSIG(status)};
    }
    return (struct result){.ending = ENDED_EXIT, .status = (uint32_t)WEXITSTATUS(status)};
}

/* As PID 1 the supervisor inherits every orphan: when it has no child left, nobody else is there. */
static void kill_everything(void) {
    uint64_t start = now_ms();
    for (;;) {
        kill(-1, SIGKILL);
        if (waitpid(-1, NULL, WNOHANG | __WALL) < 0 && errno == ECHILD) {
            return;
        }
        if (now_ms() - start > KILL_PATIENCE_MS) {
            _exit(1); /* the kernel of the machine ends them with the container */
        }
        struct timespec millisecond = {.tv_nsec = 1000000};
        nanosleep(&millisecond, NULL);
    }
}

void command_run(const char *directory, char *payload, uint64_t bytes, int deaths) {
    struct run run;
    char *arguments[ARGUMENT_LIMIT + 1];
    size_t count = 0;
    memcpy(&run, payload, sizeof run);
    const char *watched = payload + sizeof run;
    for (char *at = payload + sizeof run + strlen(watched) + 1; at < payload + bytes && count < ARGUMENT_LIMIT;
         at += strlen(at) + 1) {
        arguments[count++] = at;
    }
    arguments[count] = NULL;
    struct stream streams[2] = {{.fd = -1, .kept = run.kept_bytes}, {.fd = -1, .kept = run.kept_bytes}};
    pid_t command = start(directory, arguments, &run, streams);
    int error = command ? 0 : errno;
    struct result result = {0};
    if (command) {
        result = follow(command, &run, watched, streams, deaths);
    }
    kill_everything();
    for (int i = 0; i < 2; i++) {
        drain(&streams[i]);
        close(streams[i].fd);
    }
    result.out_bytes = streams[0].used;
    result.err_bytes = streams[1].used;
    channel_reply(REPLY_DONE, error, error ? 0 : sizeof result + result.out_bytes + result.err_bytes);
    if (!error) {
        channel_say(&result, sizeof result);
        channel_say(streams[0].bytes, result.out_bytes);
        channel_say(streams[1].bytes, result.err_bytes);
    }
    free(streams[0].bytes);
    free(streams[1].bytes);
}
