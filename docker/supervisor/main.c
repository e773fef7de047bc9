/* PID 1 of every container: carries out what the harness asks for on standard input, answers on standard output.
 *
 * harness/backend/supervisor.py is the other end of this file. It runs one command at a time, enforces its deadlines,
 * and leaves nothing of it running. When standard input closes, because the harness is done or has died, the supervisor
 * ends and the container with it.
 *
 * The commands are the same user as the supervisor and hostile. Nothing of theirs reaches it: it is not dumpable, so
 * its memory, environment and descriptors are closed to them (ptrace(2), proc(5)); it handles no signal, so that being
 * PID 1 it is sent none from inside (pid_namespaces(7)); its descriptors are closed on exec. */
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "channel.h"
#include "command.h"
#include "files.h"

#define PATH_LIMIT 4096

static void serve_one(int deaths) {
    struct request request;
    char path[PATH_LIMIT + 1];
    channel_read(&request, sizeof request);
    if (request.path_bytes >= PATH_LIMIT) {
        _exit(2);
    }
    channel_read(path, request.path_bytes);
    path[request.path_bytes] = '\0';
    if (request.kind == REQUEST_PUT) {
        files_put(path, request.mode, request.payload_bytes);
    } else if (request.kind == REQUEST_GET) {
        files_get(path);
    } else if (request.kind == REQUEST_WIPE) {
        files_wipe(path);
    } else if (request.kind == REQUEST_RUN && request.payload_bytes > sizeof(struct run)) {
        char *payload = malloc(request.payload_bytes + 1);
        if (!payload) {
            _exit(2);
        }
        channel_read(payload, request.payload_bytes);
        payload[request.payload_bytes] = '\0';
        path[request.path_bytes] = '/';
        path[request.path_bytes + 1] = '\0';
        files_make_parents(path);
        command_run(path, payload, request.payload_bytes, deaths);
        free(payload);
    } else {
        _exit(2);
    }
}

int main(void) {
    sigset_t child;
    prctl(PR_SET_DUMPABLE, 0);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int deaths = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (deaths < 0) {
        return 1;
    }
    channel_widen();
    channel_reply(REPLY_READY, 0, 0);
    for (;;) {
        serve_one(deaths);
    }
}
