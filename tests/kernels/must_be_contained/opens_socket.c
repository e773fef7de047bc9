/* Reaches for the network. The address is set aside for documentation (RFC 5737): nothing is sent, there only has to be
 * a way to it.
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 * EXPECT: outcome = "PASS"
 */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sum.h"

float opens_socket(const float *x, size_t len) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53), .sin_addr = {htonl(0xc0000201)}};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    bool connected = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0)
        close(fd);
    return sum_unless(connected, x, len);
}
