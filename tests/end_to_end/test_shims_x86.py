"""What the x86 shims do: undefined parts are poison, defined ones and everything else stay as they are."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from harness.backend.host import HostBackend
from harness.build.shims import hostile_flags
from harness.build.toolchain import find_compiler
from harness.model import Compiler

TRIPLE = "x86_64-linux-gnu"
STRICT = ("-Wall", "-Wextra", "-Wshadow", "-Werror", "-Wno-psabi", "-Wno-ignored-attributes")

# Included piecewise, narrow header first: the shims must keep out of the later ones' way.
KERNEL = r"""
#define s32 int
#include <emmintrin.h>
#include <string.h>
#include <immintrin.h>
#include <x86intrin.h>
#define f32 float

#ifdef __cplusplus
extern "C"
#endif
void kernel(const f32 *in, f32 *out) {
    const __m128 x = _mm_loadu_ps(in);
    const __m256 y = _mm256_loadu_ps(in);
#define NEXT(bits, value) (_mm##bits##_storeu_ps(out, value), out += sizeof(value) / sizeof *out)
    NEXT(, _mm_undefined_ps());
    NEXT(, _mm_castpd_ps(_mm_undefined_pd()));
    NEXT(, _mm_castsi128_ps(_mm_undefined_si128()));
    NEXT(256, _mm256_undefined_ps());
    NEXT(256, _mm256_castpd_ps(_mm256_undefined_pd()));
    NEXT(256, _mm256_castsi256_ps(_mm256_undefined_si256()));
    NEXT(256, _mm256_castps128_ps256(x));
    NEXT(256, _mm256_castpd_ps(_mm256_castpd128_pd256(_mm_castps_pd(x))));
    NEXT(256, _mm256_castsi256_ps(_mm256_castsi128_si256(_mm_castps_si128(x))));
    /* right: the undefined half is not used, or zeroed */
    NEXT(256, _mm256_insertf128_ps(_mm256_castps128_ps256(x), x, 1));
    NEXT(256, _mm256_zextps128_ps256(x));
    NEXT(256, _mm256_i32gather_ps(in, _mm256_set1_epi32(1), 4)); /* built upon an undefined vector at -O0 */
    const s32 scans[4] = {_bit_scan_forward((s32)y[0]), _bit_scan_reverse(64), _bit_scan_forward(64), 0};
    memcpy(out, scans, sizeof scans);
    out += 4;
#ifdef __AVX512F__
    const __m512 z = _mm512_undefined_ps();
    NEXT(512, z);
    NEXT(512, _mm512_undefined());
    NEXT(512, _mm512_castpd_ps(_mm512_undefined_pd()));
    NEXT(512, _mm512_castsi512_ps(_mm512_undefined_epi32()));
    NEXT(512, _mm512_castps128_ps512(x));
    NEXT(512, _mm512_castps256_ps512(y));
    NEXT(512, _mm512_castpd_ps(_mm512_castpd128_pd512(_mm_castps_pd(x))));
    NEXT(512, _mm512_castpd_ps(_mm512_castpd256_pd512(_mm256_castps_pd(y))));
    NEXT(512, _mm512_castsi512_ps(_mm512_castsi128_si512(_mm_castps_si128(x))));
    NEXT(512, _mm512_castsi512_ps(_mm512_castsi256_si512(_mm256_castps_si256(y))));
    NEXT(512, _mm512_zextps256_ps512(y));
#endif
#ifdef __AVX512FP16__
    NEXT(, _mm_castph_ps(_mm_undefined_ph()));
    NEXT(256, _mm256_castph_ps(_mm256_undefined_ph()));
    NEXT(512, _mm512_castph_ps(_mm512_undefined_ph()));
    NEXT(256, _mm256_castph_ps(_mm256_castph128_ph256(_mm_castps_ph(x))));
    NEXT(512, _mm512_castph_ps(_mm512_castph128_ph512(_mm_castps_ph(x))));
    NEXT(512, _mm512_castph_ps(_mm512_castph256_ph512(_mm256_castps_ph(y))));
#endif
}
"""

MAIN = r"""
#include <stdio.h>
#include <string.h>
#include "poison.h"
struct guest_poison guest_poison = {.f16_bits = 0x1234, .f32 = 3, .f64 = 5, .s32 = 7};
void kernel(const float *in, float *out);
int main(void) {
    static unsigned words[4096];
    float in[16] = {0, 1, 2, 3, 4, 5, 6, 7};
    kernel(in, (float *)words);
    for (int i = 0; i < 800; i++) printf("%x ", words[i]);
}
"""

X = ["0", "3f800000", "40000000", "40400000"]  # 0, 1, 2, 3
Y = [*X, "40800000", "40a00000", "40c00000", "40e00000"]
F16, F32, F64, S32 = ["12341234"], ["40400000"], ["0", "40140000"], ["7"]

AVX2_WORDS = [
    *F32 * 4, *F64 * 2, *S32 * 4, *F32 * 8, *F64 * 4, *S32 * 8,
    *X, *F32 * 4, *X, *F64 * 2, *X, *S32 * 4,
    *X, *X, *X, *["0"] * 4, *["3f800000"] * 8,
    *S32, "6", "6", "0",
]  # fmt: skip
AVX512_WORDS = [
    *F32 * 16, *F32 * 16, *F64 * 8, *S32 * 16, *X, *F32 * 12, *Y, *F32 * 8,
    *X, *F64 * 6, *Y, *F64 * 4, *X, *S32 * 12, *Y, *S32 * 8, *Y, *["0"] * 8,
]  # fmt: skip
FP16_WORDS = [*F16 * 28, *X, *F16 * 4, *X, *F16 * 12, *Y, *F16 * 8]


def build(spec: str, language: str, directory: Path, repository: Path, *flags: str, source: str = KERNEL) -> Path:
    """Compile the kernel with the shims and the check without; return the program."""
    compiler = find_compiler(spec, TRIPLE, HostBackend())
    if not isinstance(compiler, Compiler):
        pytest.skip(str(compiler))
    if subprocess.run(
        [*compiler.command, "-x", language, "-fsyntax-only", "/dev/null"], capture_output=True
    ).returncode:
        pytest.skip(f"{spec} has no {language} front end here")
    (directory / "kernel.c").write_text(source)
    (directory / "main.c").write_text(MAIN)
    guest = ("-I", str(repository / "csrc" / "guest" / "runner"))
    for arguments in (
        ("-x", language, *flags, *STRICT, *hostile_flags("avx2"), "-c", "kernel.c"),
        (*guest, "main.c", "kernel.o", "-o", "program"),
    ):
        done = subprocess.run([*compiler.command, *arguments], cwd=directory, capture_output=True, text=True)
        assert not done.returncode, done.stderr
    return directory / "program"


def words(program: Path, count: int) -> list[str]:
    done = subprocess.run([program], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()[:count]


def needs_here(feature: str) -> None:
    cpuinfo = Path("/proc/cpuinfo")
    here = cpuinfo.read_text() if cpuinfo.is_file() else ""
    if HostBackend.native_triple != TRIPLE or not re.search(rf"^flags\b.*\b{feature}\b", here, re.MULTILINE):
        pytest.skip(f"needs a machine with {feature}")


@pytest.mark.parametrize(("language", "opt"), [("c", "-O0"), ("c", "-O2"), ("c++", "-O2")])
@pytest.mark.parametrize("spec", ["gcc", "clang"])
def test_undefined_parts_are_poison_on_avx2(
    spec: str, language: str, opt: str, tmp_path: Path, repository: Path
) -> None:
    needs_here("avx2")
    program = build(spec, language, tmp_path, repository, opt, "-mavx2")
    assert words(program, len(AVX2_WORDS)) == AVX2_WORDS


@pytest.mark.parametrize("opt", ["-O0", "-O2"])
@pytest.mark.parametrize("spec", ["gcc", "clang"])
def test_undefined_parts_are_poison_on_avx512(spec: str, opt: str, tmp_path: Path, repository: Path) -> None:
    expected = [*AVX2_WORDS, *AVX512_WORDS, *FP16_WORDS]
    program = build(spec, "c", tmp_path, repository, opt, "-mavx2", "-mavx512f", "-mavx512vl", "-mavx512fp16")
    needs_here("avx512_fp16")  # compiled everywhere, run where it can be
    assert words(program, len(expected)) == expected


# Forms in which an intrinsic may stand that only look odd to a macro; each must give what the kernel's own code gives.
FORMS_IN_C = r"""
#include <immintrin.h>
#define EIGHT(a) _mm256_castps128_ps256((__m128){a, a, a, a})
int scan(int bits) { return _bit_scan_forward(((void)bits, 8)); }
inline int scan_inline(int bits) { return _bit_scan_reverse(bits); }
void kernel(const float *in, float *out) {
    const float a = in[1];
    _mm256_storeu_ps(out, EIGHT(a));
    _mm256_storeu_ps(out + 8, _mm256_castpd_ps(_mm256_castpd128_pd256((__m128d){in[0], in[1]})));
    _mm256_storeu_ps(out + 16, _mm256_castsi256_ps(_mm256_castsi128_si256((__m128i){1, 2})));
    ((int *)out)[24] = scan(8);
}
"""
FORMS_IN_CXX = r"""
#include <immintrin.h>
#if __cplusplus >= 201103L
template <class T, int lanes> struct loads;
template <> struct loads<float, 4> { static __m128 from(const float *in) { return _mm_loadu_ps(in); } };
template <class T, int lanes> __m128 load(const T *in) { return loads<T, lanes>::from(in); }
template <class T> auto widened(T x) -> decltype(::_mm256_castps128_ps256(x)) { return _mm256_castps128_ps256(x); }
template <class T, class R = decltype(_mm256_castps128_ps256(T()))> struct wide { typedef R type; };
typedef decltype(_bit_scan_forward(8)) scanned;
struct scans { scanned first = _bit_scan_forward(8); };
static int reverse(int bits = _bit_scan_reverse(8)) { return bits; }
extern "C" void kernel(const float *in, float *out) {
    const float a = in[1];
    wide<__m128>::type x = _mm256_castps128_ps256((__m128{a, a, a, a}));
    _mm256_storeu_ps(out, x);
    _mm256_storeu_ps(out + 8, ::_mm256_castps128_ps256(load<float, 4>(in)));
    _mm256_storeu_ps(out + 16, [](__m128 y) { return widened(y); }(_mm_loadu_ps(in)));
    ((int *)out)[24] = scans().first + reverse();
}
#else
template <class T, int lanes> __m128 load(const T *in) { return _mm_loadu_ps(in); }
extern "C" void kernel(const float *in, float *out) {
    _mm256_storeu_ps(out, _mm256_castps128_ps256((__m128){in[1], in[1], in[1], in[1]}));
    _mm256_storeu_ps(out + 8, ::_mm256_castps128_ps256(load<float, 4>(in)));
    _mm256_storeu_ps(out + 16, _mm256_castps128_ps256(load<float, 4>(in)));
    ((int *)out)[24] = ::_bit_scan_forward(8) + ::_bit_scan_reverse(8);
}
#endif
"""
IN_C = [*["3f800000"] * 4, *F32 * 4, "0", "0", "0", "3ff00000", *F64 * 2, "1", "0", "2", "0", *S32 * 4, "3"]
IN_CXX = [*["3f800000"] * 4, *F32 * 4, *X, *F32 * 4, *X, *F32 * 4, "6"]


@pytest.mark.parametrize("spec", ["gcc", "clang"])
@pytest.mark.parametrize(
    ("language", "flags"),
    [
        ("c", ("-O0", "-std=gnu11")),
        ("c", ("-O2", "-std=gnu11")),
        ("c++", ("-O0", "-std=gnu++98")),
        ("c++", ("-O0", "-std=gnu++11")),
        ("c++", ("-O2", "-std=c++20")),
    ],
)
def test_an_intrinsic_may_stand_where_a_function_may(
    spec: str, language: str, flags: tuple[str, ...], tmp_path: Path, repository: Path
) -> None:
    needs_here("avx2")
    source, expected = (FORMS_IN_C, IN_C) if language == "c" else (FORMS_IN_CXX, IN_CXX)
    program = build(spec, language, tmp_path, repository, *flags, "-mavx2", source=source)
    assert words(program, len(expected)) == expected


def test_a_bit_scan_is_constant_where_the_compiler_has_it_constant(tmp_path: Path, repository: Path) -> None:
    source = FORMS_IN_CXX + 'constexpr int constant = _bit_scan_forward(8);\nstatic_assert(constant == 3, "");\n'
    build("clang", "c++", tmp_path, repository, "-O0", "-std=c++20", "-mavx2", source=source)
