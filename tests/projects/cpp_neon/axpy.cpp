#include <cmath>
#include <span>

#include "vector.hpp"

namespace kernels {

template <int Count> void axpy(float a, const float *x, float *y, std::size_t n) {
    std::size_t i = 0;
    for (; i + Vectors<Count>::lanes <= n; i += Vectors<Count>::lanes) {
        const auto left = Vectors<Count>::load(x + i);
        auto right = Vectors<Count>::load(y + i);
        for (int part = 0; part < Count; part++)
            right.parts[part] = vfmaq_n_f32(right.parts[part], left.parts[part], a);
        right.store(y + i);
    }
    for (float &element : std::span(y + i, n - i))
        element = std::fma(a, x[i++], element);
}

template void axpy<UNROLL>(float, const float *, float *, std::size_t);

} // namespace kernels

extern "C" void axpy_neon(float a, const float *x, float *y, std::size_t n) {
    kernels::axpy<UNROLL>(a, x, y, n);
}
