/* The probe for C++: what a kernel in C++ takes of its compiler besides itself, a header of the standard library and
 * that library to link with. */
#include <cstddef>

int main() {
    std::size_t zero = 0;
    return static_cast<int>(zero);
}
