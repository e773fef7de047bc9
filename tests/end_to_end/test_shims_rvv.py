"""What the RVV shims do: vectors of unknown contents are poison, and what is defined stays as it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.backend.host import HostBackend
from harness.build.shims import hostile_flags
from harness.build.shims.rvv_header import undefined_names
from harness.build.toolchain import find_compiler
from harness.model import Compiler

TRIPLE = "riscv64-linux-gnu"
STRICT = ("-Wall", "-Wextra", "-Wshadow", "-Werror")
EVERY_TYPE = ("-menable-experimental-extensions", "-march=rv64gcv_zvfh_zvfbfmin")

# Each store is of 64 bytes: two registers of 256 bits. Lanes that hold poison are 3, 5, 7 by type.
KERNEL = r"""
#define f32 float /* such names must not get into the shims' way, before the header or after */
#include <riscv_vector.h>
#define s8 signed char
#ifdef __cplusplus
extern "C"
#endif
void kernel(const f32 *in, f32 *out) {
    const size_t one = __riscv_vsetvlmax_e32m1(), two = __riscv_vsetvlmax_e32m2();
    const vfloat32m1_t x = __riscv_vle32_v_f32m1(in, one);
    int evaluations = 0;
#define NEXT(value) (__riscv_vse32_v_f32m2(out, value, two), out += two)
#define AS_F32(type, value) __riscv_vreinterpret_v_##type##m2_f32m2(value)
    NEXT(__riscv_vundefined_f32m2());
    const vuint64m2_t doubles = __riscv_vreinterpret_v_f64m2_u64m2(__riscv_vundefined_f64m2());
    NEXT(AS_F32(u32, __riscv_vreinterpret_v_u64m2_u32m2(doubles)));
    NEXT(AS_F32(i32, __riscv_vundefined_i32m2()));
    NEXT(__riscv_vget_v_f32m2x3_f32m2(__riscv_vundefined_f32m2x3(), 2));
    NEXT(__riscv_vlmul_ext_v_f32m1_f32m2((evaluations++, x)));
    NEXT(__riscv_vlmul_ext_f32m2((evaluations++, x)));
    NEXT(__riscv_vlmul_ext_v_f32mf2_f32m2(__riscv_vlmul_trunc_v_f32m1_f32mf2(x)));
    NEXT(__riscv_vlmul_ext_f32m2(__riscv_vlmul_trunc_v_f32m1_f32mf2(x)));
    /* right: what is undefined is written first, or cut off again */
    NEXT(__riscv_vle32_v_f32m2_tu(__riscv_vundefined_f32m2(), in, two));
    NEXT(__riscv_vset_v_f32m1_f32m2(__riscv_vlmul_ext_v_f32m1_f32m2(x), 1, x));
    *out = evaluations;
}
"""
MAIN = r"""
#include <stdio.h>
#include "poison.h"
struct guest_poison guest_poison = {.f32 = 3, .f64 = 5, .s32 = 7};
void kernel(const float *, float *);
int main(void) {
    static unsigned words[256];
    float in[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    kernel(in, (float *)words);
    for (int i = 0; i < 161; i++) printf("%x ", words[i]);
}
"""
X = [
    "0",
    *(f"{bits:x}" for bits in (0x3F800000, 0x40000000, 0x40400000, 0x40800000, 0x40A00000, 0x40C00000, 0x40E00000)),
]
BEHIND = [f"{0x41000000 + 0x100000 * number:x}" for number in range(8)]
F32, F64, S32 = ["40400000"], ["0", "40140000"], ["7"]
WORDS = [
    *F32 * 16, *F64 * 8, *S32 * 16, *F32 * 16, *X, *F32 * 8, *X, *F32 * 8, *X[:4], *F32 * 12, *X[:4], *F32 * 12,
    *X, *BEHIND, *X, *X, "40000000",
]  # fmt: skip


def clang() -> tuple[str, ...]:
    found = find_compiler("clang", TRIPLE, HostBackend())
    if not isinstance(found, Compiler):
        pytest.skip(str(found))
    return found.command


@pytest.mark.parametrize(("language", "opt"), [("c", "-O0"), ("c", "-O2"), ("c++", "-O0"), ("c++", "-O2")])
def test_vectors_of_unknown_contents_are_poison(language: str, opt: str, tmp_path: Path, repository: Path) -> None:
    qemu, command = shutil.which("qemu-riscv64"), clang()
    if qemu is None:
        pytest.skip("needs qemu-riscv64")
    (tmp_path / "kernel.c").write_text(KERNEL)
    (tmp_path / "main.c").write_text(MAIN)
    flags = ("-march=rv64gcv", opt, "-gdwarf-4")
    guest = ("-I", str(repository / "csrc" / "guest" / "runner"), "-static")
    for arguments in (
        (*flags, "-x", language, *STRICT, *hostile_flags("rvv"), "-c", "kernel.c"),
        (*flags, *guest, "main.c", "kernel.o", "-o", "program"),
    ):
        done = subprocess.run([*command, *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert not done.returncode, done.stderr
    cpu = "rv64,v=true,vext_spec=v1.0,vlen=256"
    done = subprocess.run([qemu, "-cpu", cpu, "program"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == WORDS


@pytest.mark.parametrize("is_shimmed", [False, True])
def test_every_name_is_one_that_the_compiler_has(tmp_path: Path, is_shimmed: bool) -> None:
    calls = (f"void f{number}(void) {{ (void){name}(); }}" for number, name in enumerate(undefined_names()))
    (tmp_path / "kernel.c").write_text("\n".join(["#include <riscv_vector.h>", *calls]))
    flags = (*EVERY_TYPE, "-O0", *(hostile_flags("rvv") if is_shimmed else ()), "-Werror", "-S", "kernel.c")
    done = subprocess.run([*clang(), *flags, "-o", "kernel.s"], cwd=tmp_path, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    assert ("guest_poison" in (tmp_path / "kernel.s").read_text()) == is_shimmed
