"""The source line of an instruction is the kernel's own, whatever was inlined there."""

from __future__ import annotations

import pytest

from harness.build.locate import innermost_of_kernel


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ("/home/user/dot.c:41\n", "dot.c:41"),
        ("/home/user/dot.c:41 (discriminator 3)\n/home/user/dot.c:50\n", "dot.c:41"),
        (
            "/usr/lib/gcc-cross/aarch64-linux-gnu/12/include/arm_neon.h:10777\n/home/user/k.c:31 (discriminator 2)\n",
            "k.c:31",
        ),
        ("/usr/lib/llvm-19/lib/clang/19/include/avx2intrin.h:12\n/home/user/k.c:7\n", "k.c:7"),
        (
            "/opt/arm/lib/gcc/aarch64-none-linux-gnu/13.2.1/include/arm_sve.h:3\n/home/user/a/helper.h:9\n/b/k.c:2\n",
            "helper.h:9",
        ),
        ("/usr/include/c++/12/bits/stl_algo.h:80\n/home/user/k.cpp:9\n", "k.cpp:9"),
        ("/rustc/9fc6b43/library/core/src/../../stdarch/avx.rs:1\n/home/user/src/lib.rs:14\n", "lib.rs:14"),
        ("/home/user/harness/csrc/shims/x86/poison.h:5\n/home/user/k.c:8\n", "k.c:8"),
        ("/home/user/csrc/kernels/sum_f32/neon.c:8\n", "neon.c:8"),
        ("/usr/lib/gcc/x86_64-linux-gnu/12/include/avxintrin.h:887\n", ""),
        ("??:0\n", ""),
        ("??:?\n/home/user/k.c:?\n", ""),
        ("", ""),
    ],
)
def test_inlined_frames_are_followed_to_the_kernel(frames: str, said: str) -> None:
    assert innermost_of_kernel(frames) == said
