/* Types of its own, by name and by macro, arrays for pointers, and a status that nobody asked for.
 *
 * KERNEL: op = "axpy_f32"
 */
#include <stddef.h>

typedef float element;
typedef const element *restrict row;
typedef size_t extent;
enum status { DONE };
#define TO(name, count) element name[restrict static count]
#define KERNEL(name) enum status name

KERNEL(scalar_hides_its_types)(TO(y, 0), row x, extent count, const element factor) {
    for (extent i = 0; i < count; i++)
        y[i] += factor * x[i];
    return DONE;
}
