"""What the SVE shims do to kernels: faults show, correct code keeps its results, any source still compiles."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.backend.host import HostBackend
from harness.build.shims import hostile_flags
from harness.build.toolchain import find_compiler
from harness.model import Compiler

TRIPLE = "aarch64-linux-gnu"
STRICT = ("-Wall", "-Wextra", "-Wshadow", "-Werror", "-pedantic-errors")

INCLUDE = "#include <arm_sve.h>"

# The kernels are compiled with shims, the checks (CHECKS below) without.
KERNELS = r"""
#define f32 float /* such names must not get into the shims' way, before the header or after */
#include <arm_sve.h>
#define s8 signed char
#define PASTE(op, bits) sv##op##_f##bits##_x
#define RENAMED svadd_f32_x

/* The reduction that is wrong: inactive lanes of s0 are undefined, and reduced. */
f32 wrong_tail(const f32 *row, uint64_t n) {
    svfloat32_t s0 = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < n; i += svcntw()) {
        svbool_t pg = svwhilelt_b32_u64(i, n);
        svfloat32_t x = svld1_f32(pg, row + i);
        s0 = svmla_f32_x(pg, s0, x, x);
    }
    return svaddv_f32(svptrue_b32(), s0);
}

/* Right: undefined lanes are made, and not used. */
f32 right_tail(const f32 *row, uint64_t n) {
    svfloat32_t s0 = svdup_n_f32(0.0f);
    for (uint64_t i = 0; i < n; i += svcntw()) {
        svbool_t pg = svwhilelt_b32_u64(i, n);
        svfloat32_t x = svmul_x(pg, svld1_f32(pg, row + i), 2.0f);
        s0 = svmla_f32_m(pg, s0, x, x);
    }
    return svaddv_f32(svptrue_b32(), s0);
}

/* Right: each 32-bit container holds one half-precision result, zero-extended; uzp1 drops the upper halves. */
void pack(float16_t *out, const f32 *in) {
    const svbool_t all = svptrue_b32();
    const svfloat16_t typed = svcvt_f16_f32_x(all, svld1_f32(all, in));
    const svfloat16_t overloaded = svcvt_f16_x(all, svld1_f32(all, in + svcntw()));
    svst1_f16(svptrue_b16(), out, svuzp1_f16(typed, overloaded));
    svst1_u32(all, (uint32_t *)(out + svcnth()), svreinterpret_u32_f16(typed)); /* zeros included */
}

/* Right: the narrowing conversions to the top leave the even elements alone. */
void pack_top(float16_t *out, const f32 *in, uint64_t n) {
    const svbool_t all = svptrue_b32(), pg = svwhilelt_b32_u64((uint64_t)0, n);
    const svfloat16_t even = svcvt_f16_f32_x(all, svld1_f32(all, in));
    svst1_f16(svptrue_b16(), out, svcvtnt_f16_f32_x(even, pg, svld1_f32(pg, in)));
}

static int evaluations;
static svbool_t predicate(svbool_t pg) { return evaluations++, pg; }
static svfloat32_t operand(svfloat32_t x) { return evaluations += 100, x; }
int evaluated(void) {
    static f32 sink[64];
    const svfloat32_t one = svdup_n_f32(1.0f);
    svst1_f32(svptrue_b32(), sink, svmla_x(predicate(svptrue_b32()), operand(one), operand(one), 2.0f));
    svst1_f32(svptrue_b32(), sink, svreinterpret_f32_f16(svcvt_f16_x(predicate(svptrue_b32()), operand(one))));
    return evaluations;
}

/* Names within names, pasted, renamed, in parentheses (which is the intrinsic itself), with immediates. */
f32 nested(svbool_t pg, svfloat32_t a) {
    a = svadd_x(pg, svadd_x(pg, svadd_x(pg, a, a), svadd_x(pg, a, 1)), svadd_x(pg, a, svadd_f32_x(pg, a, a)));
    a = PASTE(sub, 32)(pg, a, RENAMED(pg, a, a));
    a = (svneg_f32_x)(pg, a);
    const svint8_t b = svasrd_n_s8_x(pg, svdup_n_s8(64), 1 + 1);
    return svaddv_f32(pg, a) + (s8)svaddv_s8(svptrue_pat_b8(SV_VL1), svasrd_x(pg, b, 2));
}
f32 call_nested(void) { return nested(svptrue_b32(), svdup_n_f32(1.0f)); }

void undefined(f32 *out) {
    svst1_f32(svptrue_b32(), out, svundef_f32());
    svst4_f32(svptrue_b32(), out, svset4_f32(svundef4_f32(), 1, svdup_n_f32(5.0f)));
}
"""

CHECKS = r"""
#include <arm_sve.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "poison.h"
struct guest_poison guest_poison;
float wrong_tail(const float *, uint64_t), right_tail(const float *, uint64_t), call_nested(void);
void pack(float16_t *, const float *), pack_top(float16_t *, const float *, uint64_t), undefined(float *);
int evaluated(void);

int main(void) {
    static const struct guest_poison fills[] = {
        {.f16_bits = 0x7e00, .f32 = NAN, .s8 = 127}, {.f16_bits = 0xfbff, .f32 = -0x1p120f, .s8 = -128}};
    float row[128], undefined_lanes[4 * 64];
    float16_t packed[2][2][256] = {0};
    for (int i = 0; i < 128; i++) row[i] = (float)(i - 40);
    for (int fill = 0; fill < 2; fill++) {
        guest_poison = fills[fill];
        printf("%g %g\n", wrong_tail(row, 21), right_tail(row, 21));
        pack(packed[fill][0], row), pack_top(packed[fill][1], row, 3);
        undefined(undefined_lanes);
        printf("%g %g\n", undefined_lanes[0], undefined_lanes[1]);
    }
    printf("%d %g %d\n", memcmp(packed[0], packed[1], sizeof packed[0]), call_nested(), evaluated());
    for (unsigned i = 0; i < svcnth(); i++) if ((float)packed[0][0][i] != row[i]) puts("packing");
    return 0;
}
"""

RUN_BY_FILL = """\
nan 78680
nan 5
-3.98768e+36 78680
-1.32923e+36 5
0 60 302
"""


def compiler(spec: str) -> tuple[str, ...]:
    found = find_compiler(spec, TRIPLE, HostBackend())
    if not isinstance(found, Compiler):
        pytest.skip(str(found))
    return found.command


def accept(command: tuple[str, ...], source: str, directory: Path, *flags: str) -> str:
    """Compile `source` with the shims in front; return the assembly."""
    (directory / "kernel.c").write_text(source)
    arguments = (*command, *hostile_flags("sve"), *flags, "-S", "kernel.c", "-o", "kernel.s")
    done = subprocess.run(arguments, cwd=directory, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    return (directory / "kernel.s").read_text()


@pytest.mark.parametrize("opt", ["-O0", "-O2"])
@pytest.mark.parametrize("standard", ["gnu11", "gnu++98", "gnu++17"])
@pytest.mark.parametrize("spec", ["gcc", "clang"])
def test_faults_show_and_correct_code_keeps_its_results(
    spec: str, standard: str, opt: str, tmp_path: Path, repository: Path
) -> None:
    qemu = shutil.which("qemu-aarch64")
    if qemu is None:
        pytest.skip("needs qemu-aarch64")
    command = (*compiler(spec), "-march=armv8.2-a+sve2", opt)
    as_c = KERNELS.replace(INCLUDE, f'{INCLUDE}\nextern "C" {{') + "}\n" if "++" in standard else KERNELS
    accept(with_language(command, standard), as_c, tmp_path, *STRICT)
    (tmp_path / "checks.c").write_text(CHECKS)
    arguments = [
        "-I",
        str(repository / "csrc" / "guest" / "runner"),
        "-static",
        "checks.c",
        "kernel.s",
        "-o",
        "run",
        "-lm",
    ]
    if "++" in standard:
        arguments.append("-lstdc++")
    subprocess.run([*command, *arguments], cwd=tmp_path, check=True)
    cpu = "max,sve256=on"
    done = subprocess.run([qemu, "-cpu", cpu, tmp_path / "run"], capture_output=True, text=True, timeout=60)
    assert done.stdout == RUN_BY_FILL


TEMPLATES = """
#include <arm_sve.h>
template <int A, int B> struct mask { operator svbool_t() const { return svptrue_b32(); } };
template <class V> V twice(svbool_t pg, V v) { return svadd_x(pg, v, v); }
svint8_t integers(svbool_t pg, svint8_t a) { return twice(pg, a); }
svfloat32_t commas(svfloat32_t a) { return svadd_x(mask<1, 2>(), twice(mask<3, 4>(), a), a); }
svfloat16_t operand_type(svfloat32_t a) { return svcvt_f16_x(mask<1, 2>(), a); }
"""

# Forms in which a call may stand only where the shim is an expression; what is undefined is still poison.
FORMS_IN_CXX = r"""
#include <arm_sve.h>
#include <stdexcept>
template <class V> auto tripled(svbool_t pg, V v) -> decltype(svmla_x(pg, v, v, 2)) { return svmla_x(pg, v, v, 2); }
template <class V, class R = decltype(::svadd_x(svptrue_b32(), V(), V()))> struct sum { typedef R type; };
static float last(float x, svfloat32_t v = svadd_n_f32_x(svptrue_pat_b32(SV_VL1), svdup_n_f32(1), 2)) {
    return svlastb_f32(svptrue_b32(), v) + x;
}
static float first(svfloat32_t v) noexcept(noexcept(svneg_x(svptrue_b32(), v))) { return svlasta_f32(svpfalse_b(), v); }
static auto negated = [](svfloat32_t v) { return ::svneg_x(svptrue_b32(), v); };
static svfloat32_t depth(int n) { /* comes to the same expression again while it is evaluated */
    return n ? svadd_x(n % 2 ? svptrue_b32() : svptrue_pat_b32(SV_VL1), depth(n - 1), 1) : svdup_n_f32(0);
}
static float refuses() { throw std::runtime_error("no"); }
static svfloat32_t thrown(svbool_t pg, svfloat32_t v) {
    try {
        return svmla_x(pg, v, svadd_x(svpfalse_b(), v, refuses()), v);
    } catch (const std::runtime_error &) {
        return svadd_x(svptrue_pat_b32(SV_VL1), v, 1);
    }
}
extern "C" void kernel(float *out) {
    const svfloat32_t one = svdup_n_f32(1);
    sum<svfloat32_t>::type three = tripled(svptrue_pat_b32(SV_VL1), one);
    const float seen[] = {first(three), svlastb_f32(svptrue_b32(), three), last(1), first(negated(one)),
        first(depth(4)), svlastb_f32(svptrue_b32(), depth(4)), svlastb_f32(svptrue_b32(), depth(5)),
        first(thrown(svptrue_b32(), one)), svlastb_f32(svptrue_b32(), thrown(svptrue_b32(), one)),
        svlastb_f32(svptrue_b32(), svadd_x(svptrue_b32(), one, one))};
    for (float one_of_them : seen) *out++ = one_of_them;
}
"""
FORMS_CHECKS = """
#include <stdio.h>
#include "poison.h"
struct guest_poison guest_poison = {.f32 = 50};
void kernel(float *);
int main(void) {
    float seen[10];
    kernel(seen);
    for (int i = 0; i < 10; i++) printf("%g ", seen[i]);
}
"""
# Inactive lanes hold 50: those of three and last, the last of depth(4), one more in depth(5), and behind an exception.
FORMS_SEEN = "3 50 51 -1 4 50 51 2 50 2 "


@pytest.mark.parametrize("opt", ["-O0", "-O2"])
@pytest.mark.parametrize("standard", ["gnu++11", "gnu++20"])
@pytest.mark.parametrize("spec", ["gcc", "clang"])
def test_in_cxx_a_call_may_stand_where_any_expression_may(
    spec: str, standard: str, opt: str, tmp_path: Path, repository: Path
) -> None:
    qemu = shutil.which("qemu-aarch64")
    if qemu is None:
        pytest.skip("needs qemu-aarch64")
    command = (*compiler(spec), "-march=armv8.2-a+sve2", opt)
    accept(with_language(command, standard), FORMS_IN_CXX, tmp_path, *STRICT)
    (tmp_path / "checks.c").write_text(FORMS_CHECKS)
    arguments = (
        "-I",
        str(repository / "csrc" / "guest" / "runner"),
        "-static",
        "checks.c",
        "kernel.s",
        "-lstdc++",
        "-lm",
    )
    subprocess.run([*command, *arguments, "-o", "run"], cwd=tmp_path, check=True)
    done = subprocess.run([qemu, "-cpu", "max,sve256=on", tmp_path / "run"], capture_output=True, text=True, timeout=60)
    assert done.stdout == FORMS_SEEN


FIXED_LENGTH = """
#include <arm_sve.h>
typedef svfloat32_t fixed_float __attribute__((arm_sve_vector_bits(256)));
typedef svfloat16_t fixed_half __attribute__((arm_sve_vector_bits(256)));
typedef svbool_t fixed_bool __attribute__((arm_sve_vector_bits(256)));
fixed_float x;
fixed_bool pg;
void update(void) { x = svadd_f32_x(pg, x, x), x = svmla_x(pg, x, x, 2.0f); }
fixed_half narrow(void) { return svcvt_f16_f32_x(pg, x); }
fixed_half narrow_overloaded(void) { return svcvt_f16_x(pg, x); }
"""

TARGET_ATTRIBUTE = """
#include <arm_sve.h>
__attribute__((target("+sve"))) float last(svbool_t pg, float x) {
    return svlastb_f32(pg, svadd_x(pg, svdup_n_f32(x), 1.0f));
}
"""

STREAMING = """
#include <arm_sve.h>
#ifdef __cplusplus
extern "C"
#endif
void kernel(float *row, uint64_t n) __arm_streaming {
    const svbool_t pg = svwhilelt_b32_u64((uint64_t)0, n);
    const svfloat32_t x = svadd_x(pg, svld1_f32(pg, row), 1.0f);
    svst1_f32(pg, row, svmul_f32_x(pg, x, svundef_f32()));
    svst1_u8(pg, (uint8_t *)row, svrevd_x(pg, svrevd_u8_x(pg, svld1_u8(pg, (const uint8_t *)row))));
    svst1_f16(pg, (float16_t *)row, svcvt_f16_x(pg, x));
}
"""

REVD_KERNEL = """
#include <arm_sve.h>
#define STORE(T, value) svst1_u8(svptrue_b8(), out, svreinterpret_u8_u64(svreinterpret_u64_##T(value))), out += svcntb()
uint64_t reverse(const uint8_t *predicate, const uint64_t *in, uint8_t *out) __arm_streaming {
    const svbool_t pg = svcmpne_n_u8(svptrue_b8(), svld1_u8(svptrue_b8(), predicate), 0);
    const svuint64_t x = svld1_u64(svptrue_b8(), in);
#define EACH_TYPE(T)                                                                                   \\
    STORE(T, (svrevd_##T##_x)(pg, svreinterpret_##T##_u64(x))); /* the intrinsic itself */             \\
    STORE(T, svrevd_##T##_x(pg, svreinterpret_##T##_u64(x)));                                          \\
    STORE(T, svrevd_x(pg, svreinterpret_##T##_u64(x)));
    EACH_TYPE(s8) EACH_TYPE(s16) EACH_TYPE(s32) EACH_TYPE(s64) EACH_TYPE(u8) EACH_TYPE(u16) EACH_TYPE(u32)
    EACH_TYPE(u64) EACH_TYPE(f16) EACH_TYPE(bf16) EACH_TYPE(f32) EACH_TYPE(f64)
    return svcntb();
}
"""

REVD_CHECKS = """
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "poison.h"
struct guest_poison guest_poison = {.f16_bits = 0x1234, .bf16_bits = 0x2345, .f32 = -3e38f, .f64 = -1e308, .s64 = -64,
    .u64 = 640, .s32 = -32, .u32 = 320, .s16 = -16, .u16 = 160, .s8 = -8, .u8 = 80};
/* Calls the kernel in streaming mode; a change of mode destroys the vector registers. */
__asm__(".arch armv9-a+sme; call_streaming: stp x29, x30, [sp, -80]!; stp d8, d9, [sp, 16]; stp d10, d11, [sp, 32];"
        "stp d12, d13, [sp, 48]; stp d14, d15, [sp, 64]; smstart sm; bl reverse; smstop sm; ldp d8, d9, [sp, 16];"
        "ldp d10, d11, [sp, 32]; ldp d12, d13, [sp, 48]; ldp d14, d15, [sp, 64]; ldp x29, x30, [sp], 80; ret");
uint64_t call_streaming(const uint8_t *predicate, const uint64_t *in, uint8_t *out);

#define POISON(member) {offsetof(struct guest_poison, member), sizeof guest_poison.member}
static const struct { size_t offset, bytes; } types[] = {POISON(s8), POISON(s16), POISON(s32), POISON(s64), POISON(u8),
    POISON(u16), POISON(u32), POISON(u64), POISON(f16_bits), POISON(bf16_bits), POISON(f32), POISON(f64)};

int main(void) {
    static uint8_t predicate[256], out[3 * 12 * 256];
    static uint64_t in[32];
    for (int i = 0; i < 256; i++) predicate[i] = i * 7 % 3 == 0 || i == 16;
    for (int i = 0; i < 32; i++) in[i] = 0x0101010101010101u * (unsigned)i;
    const size_t bytes = call_streaming(predicate, in, out);
    int active = 0, inactive = 0;
    for (size_t row = 0; row < 3 * 12; row++) {
        for (size_t at = 0; at < bytes; at += 16) {
            uint8_t expected[16];
            memcpy(expected, (uint8_t *)in + at + 8, 8), memcpy(expected + 8, (uint8_t *)in + at, 8);
            for (size_t i = 0; i < 16 && !predicate[at]; i += types[row / 3].bytes)
                memcpy(expected + i, (char *)&guest_poison + types[row / 3].offset, types[row / 3].bytes);
            if (row % 3 == 0 && !predicate[at]) continue;
            if (memcmp(expected, out + row * bytes + at, 16)) printf("row %zu, byte %zu\\n", row, at);
            ++*(predicate[at] ? &active : &inactive);
        }
    }
    printf("%zu bytes, %d active, %d inactive\\n", bytes, active, inactive);
}
"""

NEW_ARITHMETIC = """
#include <arm_sve.h>
svbfloat16_t bf16(svbool_t pg, svbfloat16_t a, svbfloat16_t b) {
    return svmla_x(pg, svadd_bf16_x(pg, svmaxnm_x(pg, a, b), b), a, b);
}
svboolx4_t predicates(void) { return svundef4_b(); }
"""


@pytest.mark.parametrize("spec", ["gcc", "clang"])
@pytest.mark.parametrize("standard", ["c99", "gnu11", "c++98", "c++17"])
def test_strict_language_standards_accept_the_shims(spec: str, standard: str, tmp_path: Path) -> None:
    command = with_language(compiler(spec), standard)
    plus_plus = standard == "c++17"
    accept(command, TEMPLATES if plus_plus else KERNELS, tmp_path, "-march=armv8-a+sve2", *STRICT)


@pytest.mark.parametrize("spec", ["gcc", "clang"])
@pytest.mark.parametrize("standard", ["gnu11", "gnu++17"])
def test_fixed_length_types_and_target_attributes_still_compile(spec: str, standard: str, tmp_path: Path) -> None:
    command = with_language(compiler(spec), standard)
    accept(command, FIXED_LENGTH, tmp_path, "-march=armv8-a+sve", "-msve-vector-bits=256", "-Werror")
    accept(command, TARGET_ATTRIBUTE, tmp_path, "-march=armv8-a", "-Werror")


@pytest.mark.parametrize("opt", ["-O0", "-O2"])
@pytest.mark.parametrize("standard", ["gnu11", "gnu++17"])
def test_streaming_code_neither_leaves_its_mode_nor_calls(standard: str, opt: str, tmp_path: Path) -> None:
    command = with_language(compiler("clang"), standard)
    lines = accept(command, STREAMING, tmp_path, "-march=armv9-a+sme", opt, "-Werror").splitlines()
    opcodes = {line.split()[0] for line in lines if line.startswith("\t")}
    assert "revd" in opcodes
    assert not opcodes & {"smstart", "smstop", "bl", "blr"}


def test_quadword_reversal_is_poisoned_by_quadword(tmp_path: Path, repository: Path) -> None:
    qemu = shutil.which("qemu-aarch64")
    if qemu is None:
        pytest.skip("needs qemu-aarch64")
    command = (*compiler("clang"), "-O1", "-march=armv9-a+sme")
    accept(command, REVD_KERNEL, tmp_path)
    (tmp_path / "checks.c").write_text(REVD_CHECKS)
    guest = ("-I", str(repository / "csrc" / "guest" / "runner"))
    subprocess.run([*command, *guest, "-static", "checks.c", "kernel.s", "-o", "run"], cwd=tmp_path, check=True)
    done = subprocess.run([qemu, "-cpu", "max,sme512=on", tmp_path / "run"], capture_output=True, text=True, timeout=60)
    assert done.stdout == "64 bytes, 108 active, 24 inactive\n"


def test_what_only_newer_architectures_have_is_shimmed_too(tmp_path: Path) -> None:
    command = compiler("clang")
    accept(command, NEW_ARITHMETIC, tmp_path, "-march=armv9-a+sve2p1+b16b16+bf16", "-Werror")


def with_language(command: tuple[str, ...], standard: str) -> tuple[str, ...]:
    language = "c++" if "++" in standard else "c"
    if subprocess.run([*command, "-x", language, "-fsyntax-only", "/dev/null"], capture_output=True).returncode:
        pytest.skip(f"{command[0]} has no {language} front end here")
    return (*command, "-x", language, f"-std={standard}")
