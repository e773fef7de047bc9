/* Runs a static x86-64 Linux program in Bochs: makes the disks, starts Bochs, passes on what comes out while it comes,
 * and ends as the program ended.
 *
 *     launcher BOCHS ROM CPU PROGRAM [INPUT [OUTPUT [ARGUMENT ...]]]
 *     launcher BOCHS ROM CPU                self-test: prints Bochs's version and the instructions it has wrong
 *
 * CPU is a model that `bochs --help cpu` lists, followed by ",-FEATURE" for each feature it is to lack. The program
 * gets the arguments from PROGRAM on. It can read INPUT, and what it writes to OUTPUT is appended to that file.
 * Everything else that this writes lies in a directory of its own below the current one, which is removed at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../exchange.h"
#include "configuration.h"
#include "images.h"
#include "launcher.h"

#define POLL_NANOSECONDS 2000000

/* ---- ends ----------------------------------------------------------------------------------------- */

static char directory[] = "bochs-XXXXXX";
static bool has_directory;
static pid_t machine;

static void clean_up(void) {
    if (machine > 0) {
        kill(machine, SIGKILL);
        waitpid(machine, NULL, 0);
    }
    if (has_directory) {
        configuration_remove(directory);
    }
}

_Noreturn void fail(const char *what, const char *why) {
    fprintf(stderr, "bochs: %s: %s\n", what, why);
    clean_up();
    exit(EXIT_STATUS_MACHINE);
}

_Noreturn void fail_by_errno(const char *what) {
    fail(what, strerror(errno));
}

static _Noreturn void end_by_signal(int number) {
    struct rlimit none = {0, 0};
    sigset_t set;
    setrlimit(RLIMIT_CORE, &none);
    signal(number, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(number);
    exit(EXIT_STATUS_SIGNAL + number); /* one whose default is to do nothing */
}

/* ---- the self-test -------------------------------------------------------------------------------- */

static const struct {
    uint32_t bit;
    const char *name;
} wrong_names[] = {
    {WRONG_VRSQRT14, "vrsqrt14"}, {WRONG_VRCP14, "vrcp14"},       {WRONG_VFMADD, "vfmadd"},
    {WRONG_VPERMT2, "vpermt2"},   {WRONG_VCOMPRESS, "vcompress"}, {WRONG_VSCALEF, "vscalef"},
    {WRONG_VGETEXP, "vgetexp"},   {WRONG_VGETMANT, "vgetmant"},   {WRONG_VRNDSCALE, "vrndscale"},
};

static void print_self_test(const struct exchange_report *report) {
    char version[64];
    configuration_version(directory, version, sizeof version);
    printf("version %s\n", version);
    printf("avx512 %s\n", report->has_avx512 ? "yes" : "no");
    printf("wrong");
    for (size_t i = 0; i < sizeof wrong_names / sizeof *wrong_names; i++) {
        if (report->wrong & wrong_names[i].bit) {
            printf(" %s", wrong_names[i].name);
        }
    }
    printf("\n");
}

/* ---- the machine ---------------------------------------------------------------------------------- */

static pid_t start(const char *bochs) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0) {
        return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int null = open("/dev/null", O_RDWR);
    if (getppid() != parent || null < 0 || chdir(directory) != 0) {
        _exit(EXIT_STATUS_MACHINE);
    }
    int said = open(SAID_NAME, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    setenv("TERM", "vt100", 1); /* its one display without a window system is a terminal */
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(said < 0 ? null : said, STDERR_FILENO);
    execl(bochs, bochs, "-q", "-f", CONFIGURATION_NAME, (char *)NULL);
    dprintf(STDERR_FILENO, "%s: %s\n", bochs, strerror(errno));
    _exit(EXIT_STATUS_MACHINE);
}

static bool has_ended(void) {
    if (waitpid(machine, NULL, WNOHANG) == 0) {
        return false;
    }
    machine = 0;
    return true;
}

/* Follows the machine to its end and returns its last report. */
static struct exchange_report follow(struct stream *stream) {
    const struct timespec pause = {.tv_nsec = POLL_NANOSECONDS};
    struct exchange_report report = {.state = 0};
    for (bool is_over = false; !is_over;) {
        is_over = has_ended(); /* looked at first: what it wrote before that is there now */
        struct exchange_report seen;
        if (stream_report(stream, &seen)) {
            report = seen;
            stream_pass_on(stream, report.stream_bytes);
            is_over = is_over || report.state > STATE_RUNNING;
        }
        if (!is_over) {
            nanosleep(&pause, NULL);
        }
    }
    return report;
}

static int end_like(const struct exchange_report *report) {
    char why[COMPLAINT_LIMIT];
    switch (report->state) {
    case STATE_EXITED:
        return (int)report->code;
    case STATE_SIGNALLED:
        end_by_signal((int)report->code);
    case STATE_FAILED:
        fail("the monitor gave up", report->complaint);
    default:
        configuration_last_words(directory, why, sizeof why);
        fail(report->state == STATE_RUNNING ? "the machine stopped" : "the machine did not start", why);
    }
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fail("usage", "launcher BOCHS ROM CPU [PROGRAM [INPUT [OUTPUT [ARGUMENT ...]]]]");
    }
    struct machine_files files = {.program = argc > 4 ? argv[4] : NULL,
                                  .input = argc > 5 ? argv[5] : NULL,
                                  .output = argc > 6 ? argv[6] : NULL,
                                  .arguments = argv + 4,
                                  .argument_count = argc - 4};
    signal(SIGXFSZ, SIG_IGN); /* the error that comes with it is enough */
    if (!mkdtemp(directory)) {
        fail_by_errno("a directory for the disks");
    }
    has_directory = true;
    struct geometry geometry = images_make(directory, &files);
    configuration_write(directory, argv[2], argv[3], &geometry);
    struct stream stream = stream_open(directory, files.output);
    machine = start(argv[1]);
    if (machine < 0) {
        fail_by_errno("fork");
    }
    struct exchange_report report = follow(&stream);
    if (!files.program && report.state == STATE_EXITED) {
        print_self_test(&report);
    }
    if (report.state == STATE_EXITED || report.state == STATE_SIGNALLED) {
        clean_up();
        has_directory = false;
        machine = 0;
    }
    return end_like(&report);
}
