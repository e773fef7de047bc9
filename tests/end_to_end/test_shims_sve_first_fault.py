"""Every first-faulting and non-faulting load, shimmed: lanes whose FFR element is clear hold poison, others do not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.backend.host import HostBackend
from harness.build.shims import hostile_flags
from harness.build.toolchain import find_compiler
from harness.model import Compiler
from tests.arm_sve_h import Declaration, declarations

TRIPLE = "aarch64-linux-gnu"
MARCH = "-march=armv8.2-a+sve+bf16"
KINDS = {"bfloat": "bf", "float": "f", "int": "s", "uint": "u"}

PREAMBLE = """
#include <arm_sve.h>
#ifdef __cplusplus
extern "C" {
#endif
extern uint8_t memory[]; /* below 4 GiB, as the gathers with 32-bit bases need */
extern uint64_t ffr_bytes;
extern uint8_t predicate[];
#define SMALL(T) svand_n_##T##_z(svptrue_b8(), svindex_##T(0, 8), 63) /* offsets, or scaled indices */
#define BASES(T) svadd_n_##T##_z(svptrue_b8(), SMALL(T), (uintptr_t)memory)
#define FUNCTION(name, T, type, call)                                                                 \\
    void name(void *out) {                                                                            \\
        const svbool_t pg = svcmpne_n_u8(svptrue_b8(), svld1_u8(svptrue_b8(), predicate), 0);         \\
        svsetffr();                                                                                   \\
        svwrffr(svwhilelt_b8_u64(0, ffr_bytes));                                                      \\
        svst1_##T(svptrue_b8(), (type *)out, call);                                                   \\
    }
"""

DRIVER = """
#include <arm_sve.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "poison.h"
struct guest_poison guest_poison = {0x1234, 0x2345, -3e38f, -1e308, -64, 640, -32, 320, -16, 160, -8, 80};
uint8_t memory[4096], predicate[256];
uint64_t ffr_bytes;
#define POISON(member) offsetof(struct guest_poison, member), sizeof guest_poison.member
static const struct load {
    const char *name;
    void (*plain)(void *), (*hostile)(void *);
    size_t poison_offset, bytes;
} loads[] = {
#include "table.h"
};

static int is_right(const struct load *load, const uint8_t *plain, const uint8_t *hostile, size_t at) {
    static const uint8_t zero[8];
    const uint8_t *poison = (const uint8_t *)&guest_poison + load->poison_offset;
    const uint8_t *expected = !predicate[at] ? zero : at < ffr_bytes ? plain + at : poison;
    return !memcmp(hostile + at, expected, load->bytes);
}

int main(void) {
    const size_t count = sizeof loads / sizeof *loads, ffr_sizes[] = {0, 8, 24, 32};
    for (int i = 0; i < 4096; i++) memory[i] = (uint8_t)(i * 37 % 251 + 1);
    for (int i = 0; i < 256; i++) predicate[i] = i / 3 % 2 == 0; /* QEMU errs without a lane in the first 8 bytes */
    for (size_t i = 0; i < count; i++) {
        uint8_t plain[256], hostile[256];
        ffr_bytes = svcntb();
        loads[i].plain(plain);
        for (int k = 0; k < 4; k++) {
            ffr_bytes = ffr_sizes[k];
            loads[i].hostile(hostile);
            for (size_t at = 0; at < svcntb(); at += loads[i].bytes)
                if (!is_right(&loads[i], plain, hostile, at)) printf("%s: byte %zu\\n", loads[i].name, at);
        }
    }
    printf("checked %zu\\n", count);
}
"""


def kind(c_type: str) -> str:
    match = re.fullmatch(r"(?:sv)?(bfloat|float|int|uint)(\d+)_t", c_type)
    assert match
    return KINDS[match[1]] + match[2]


def definition(entry: Declaration, name: str, symbol: str) -> str:
    """A function that calls the load and stores what it returns."""
    has_pointer = any("*" in parameter for parameter in entry.parameters)
    arguments = []
    for parameter in entry.parameters:
        if parameter == "svbool_t":
            arguments.append("pg")
        elif "*" in parameter:
            arguments.append(f"({parameter})memory")
        elif parameter == "int64_t":  # a count of vectors, or an offset or index from vector bases
            arguments.append("1")
        else:
            arguments.append(f"{'SMALL' if has_pointer else 'BASES'}({kind(parameter)})")
    element = kind(entry.result)
    return f"FUNCTION({symbol}, {element}, {entry.result.removeprefix('sv')}, {name}({', '.join(arguments)}))"


def table_row(entry: Declaration, symbol: str) -> str:
    element = kind(entry.result)
    member = f"{element}_bits" if element in {"f16", "bf16"} else element
    return f'{{"{entry.name}", plain_{entry.typed_name}, {symbol}, POISON({member})}},'


def write_program(header: Path, directory: Path) -> int:
    """Write the sources; return how many loads they check."""
    loads = [entry for entry in declarations(header) if entry.name.startswith(("svldff1", "svldnf1"))]
    typed = {entry.typed_name: entry for entry in loads}
    plain = [definition(entry, name, f"plain_{name}") for name, entry in typed.items()]
    hostile = [definition(entry, entry.name, f"hostile_{number}") for number, entry in enumerate(loads)]
    symbols = [*(f"plain_{name}" for name in typed), *(f"hostile_{number}" for number in range(len(loads)))]
    rows = [table_row(entry, f"hostile_{number}") for number, entry in enumerate(loads)]
    closing = "\n#ifdef __cplusplus\n}\n#endif\n"
    (directory / "plain.c").write_text("\n".join([PREAMBLE, *plain, closing]))
    (directory / "hostile.c").write_text("\n".join([PREAMBLE, *hostile, closing]))
    (directory / "table.h").write_text("\n".join(rows))
    prototypes = "\n".join(f"void {symbol}(void *);" for symbol in symbols)
    (directory / "driver.c").write_text(prototypes + DRIVER)
    return len(loads)


@pytest.mark.parametrize(
    ("spec", "language", "opt"), [("gcc", "c", "-O2"), ("clang", "c", "-O0"), ("clang", "c++", "-O0")]
)
def test_lanes_that_were_not_loaded_are_poison(
    spec: str, language: str, opt: str, tmp_path: Path, repository: Path
) -> None:
    qemu = shutil.which("qemu-aarch64")
    clang, compiler = (find_compiler(name, TRIPLE, HostBackend()) for name in ("clang", spec))
    if qemu is None or not isinstance(clang, Compiler) or not isinstance(compiler, Compiler):
        pytest.skip(f"needs qemu-aarch64, {spec}, and clang for its list of intrinsics")
    done = subprocess.run([*clang.command, "-print-resource-dir"], capture_output=True, text=True, check=True)
    count = write_program(Path(done.stdout.strip()) / "include" / "arm_sve.h", tmp_path)
    guest = ("-I", str(repository / "csrc" / "guest" / "runner"))
    for arguments in (
        ("-x", language, opt, *hostile_flags("sve"), "-c", "hostile.c"),
        ("-c", "plain.c"),
        (*guest, "-static", "driver.c", "plain.o", "hostile.o", "-o", "program"),
    ):
        subprocess.run([*compiler.command, MARCH, *arguments], cwd=tmp_path, check=True)
    for bits in (256, 512):
        cpu = f"max,sve{bits}=on"
        done = subprocess.run([qemu, "-cpu", cpu, tmp_path / "program"], capture_output=True, text=True, timeout=60)
        assert done.stdout == f"checked {count}\n"
