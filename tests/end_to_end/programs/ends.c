/* Ends as its last argument says, after a few words. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    const char *how = argv[argc - 1];
    printf("to standard output\n");
    fprintf(stderr, "to standard error\n");
    fflush(stdout);
    if (strcmp(how, "never") == 0) {
        for (;;) {
        }
    }
    if (strcmp(how, "by fault") == 0) {
        *(volatile int *)8 = 1;
    }
    if (strcmp(how, "by signal") == 0) {
        raise(SIGTERM);
    }
    if (strcmp(how, "out of memory") == 0) {
        for (char *more; (more = malloc(1 << 20));) {
            memset(more, 1, 1 << 20);
        }
        return 5;
    }
    return 3;
}
