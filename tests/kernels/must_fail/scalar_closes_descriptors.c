/* Closes every descriptor, as code does that means to become a daemon, and exits with status 0.
 *
 * Nothing can be reported from this process any more, and its status says success.
 *
 * All descriptors closed and exit status 0: the observation ends inside the case, without a word.
 *
 * KERNEL: op = "rms_norm_f32"
 * EXPECT: outcome = "CRASH"
 */
#include <stddef.h>
#include <unistd.h>

enum { DESCRIPTOR_LIMIT = 1024 };

void scalar_closes_descriptors(float *row, size_t len, float eps) {
    (void)row, (void)len, (void)eps;
    for (int descriptor = 0; descriptor < DESCRIPTOR_LIMIT; descriptor++)
        close(descriptor);
    _exit(0);
}
