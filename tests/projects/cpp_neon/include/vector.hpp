#pragma once

#include <arm_neon.h>

#include <array>
#include <cstddef>

/* Several registers that are used alike. */
template <int Count> struct Vectors {
    static constexpr std::size_t lanes = 4 * Count;
    std::array<float32x4_t, Count> parts;

    static Vectors load(const float *from) {
        Vectors result;
        for (int i = 0; i < Count; i++)
            result.parts[i] = vld1q_f32(from + 4 * i);
        return result;
    }

    void store(float *to) const {
        for (int i = 0; i < Count; i++)
            vst1q_f32(to + 4 * i, parts[i]);
    }
};
