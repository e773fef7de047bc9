"""Every don't-care SVE intrinsic, shimmed and not, with arbitrary predicates: active lanes equal, inactive ones poison.

The list of intrinsics and what their predicates govern come from clang's declarations, not from the shims' own table.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.backend.host import HostBackend
from harness.build.shims import hostile_flags
from harness.build.toolchain import find_compiler
from harness.model import Compiler
from tests.arm_sve_h import Declaration, declarations

TRIPLE = "aarch64-linux-gnu"
MARCH = "-march=armv8.2-a+sve2+bf16"
VECTOR_BITS = (128, 256)
IMMEDIATES = {"svasrd": "3", "svqshlu": "3", "svrshr": "3", "svcadd": "90", "svcmla": "270"}

PREAMBLE = """
#include <arm_sve.h>
#include "operands.h"
#define V(T, n) svld1_##T(svptrue_b8(), o->T[n])
#define FUNCTION(name, T, call)                                                                       \\
    EXTERN_C void name(const struct operands *o, void *out) {                                         \\
        const svbool_t pg = svcmpne_n_u8(svptrue_b8(), svld1_u8(svptrue_b8(), o->predicate), 0);      \\
        svst1_##T(svptrue_b8(), (element_##T *)out, call);                                            \\
    }
"""

OPERANDS = """
#ifdef __cplusplus
#define EXTERN_C extern "C"
#else
#define EXTERN_C
#endif
#define BYTES 256
#define EACH_TYPE                                                                                     \\
    X(s8, int8_t) X(s16, int16_t) X(s32, int32_t) X(s64, int64_t)                                     \\
    X(u8, uint8_t) X(u16, uint16_t) X(u32, uint32_t) X(u64, uint64_t)                                 \\
    X(f16, float16_t) X(bf16, bfloat16_t) X(f32, float32_t) X(f64, float64_t)
#define X(T, type) typedef type element_##T;
EACH_TYPE
#undef X
struct operands {
    uint8_t predicate[BYTES];
#define X(T, type) type T[4][BYTES / sizeof(type)];
    EACH_TYPE
};
"""

DRIVER = """
#include <arm_sve.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "operands.h"
#include "poison.h"

struct guest_poison guest_poison;
#define POISON(member) offsetof(struct guest_poison, member), sizeof guest_poison.member

struct intrinsic {
    const char *name;
    void (*plain)(const struct operands *, void *), (*hostile)(const struct operands *, void *);
    size_t poison_offset, poison_bytes, container_bytes;
};
static const struct intrinsic intrinsics[] = {
#include "table.h"
};

static const struct guest_poison fills[] = {
    {0x7e01, 0x7fc1, __builtin_nanf("2"), __builtin_nan("3"), INT64_MAX - 4, UINT64_MAX - 5,
     INT32_MAX - 6, UINT32_MAX - 7, INT16_MAX - 8, UINT16_MAX - 9, INT8_MAX - 10, UINT8_MAX - 11},
    {0xfbff, 0xff7f, -0x1.8p127f, -0x1.8p1023, INT64_MIN + 4, 5, INT32_MIN + 6, 7, INT16_MIN + 8, 9, INT8_MIN + 10, 11},
};

static uint64_t random_bits(void) {
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13, state ^= state >> 7;
    return state ^= state << 17;
}

/* Ordinary numbers: with NaNs, the order that a compiler gives to operands would show. */
static void randomise(struct operands *o) {
    for (size_t i = 0; i < sizeof *o; i++) ((uint8_t *)o)[i] = (uint8_t)(random_bits() >> 32);
    for (size_t i = 0; i < BYTES; i++) o->predicate[i] = random_bits() >> 20 & 1;
    uint16_t *f16 = (uint16_t *)o->f16, *bf16 = (uint16_t *)o->bf16;
    uint32_t *f32 = (uint32_t *)o->f32;
    uint64_t *f64 = (uint64_t *)o->f64;
    for (size_t i = 0; i < sizeof o->f16 / 2; i++) f16[i] = (f16[i] & 0x8fff) | 0x3000;
    for (size_t i = 0; i < sizeof o->bf16 / 2; i++) bf16[i] = (bf16[i] & 0x83ff) | 0x3c00;
    for (size_t i = 0; i < sizeof o->f32 / 4; i++) f32[i] = (f32[i] & 0x83ffffff) | 0x3c000000;
    for (size_t i = 0; i < sizeof o->f64 / 8; i++) f64[i] = (f64[i] & 0x807fffffffffffff) | 0x3f80000000000000;
}

static const char *check(const struct intrinsic *it, const struct operands *o, size_t vector_bytes) {
    uint8_t plain[BYTES], hostile[BYTES], poison[16];
    memset(plain, 0x55, BYTES), memset(hostile, 0xaa, BYTES);
    it->plain(o, plain), it->hostile(o, hostile);
    for (size_t i = 0; i < it->container_bytes; i += it->poison_bytes)
        memcpy(poison + i, (const char *)&guest_poison + it->poison_offset, it->poison_bytes);
    for (size_t at = 0; at < vector_bytes; at += it->container_bytes) {
        if (memcmp(hostile + at, o->predicate[at] ? plain + at : poison, it->container_bytes))
            return o->predicate[at] ? "an active lane changed" : "an inactive lane is not poison";
    }
    return NULL;
}

int main(void) {
    static struct operands o;
    const size_t count = sizeof intrinsics / sizeof *intrinsics;
    for (int round = 0; round < 4; round++) {
        randomise(&o);
        guest_poison = fills[round % 2];
        for (size_t i = 0; i < count; i++) {
            const char *fault = check(&intrinsics[i], &o, svcntb());
            if (fault) printf("%s: %s\\n", intrinsics[i].name, fault);
        }
    }
    printf("checked %zu\\n", count);
}
"""


def clang_header() -> Path:
    """The list of intrinsics, from whatever clang is installed."""
    clang = find_compiler("clang", TRIPLE, HostBackend())
    if not isinstance(clang, Compiler):
        pytest.skip(f"needs a clang for its list of intrinsics: {clang}")
    done = subprocess.run([clang.command[0], "-print-resource-dir"], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip()) / "include" / "arm_sve.h"


@dataclass(frozen=True)
class Call:
    """A call of one declared intrinsic, with operands from the generated program's struct."""

    declaration: Declaration
    symbol: str

    def definition(self, name: str) -> str:
        arguments, used = [], 0
        for parameter in self.declaration.parameters:
            kind = vector_kind(parameter) or scalar_kind(parameter)
            if parameter == "svbool_t":
                arguments.append("pg")
                continue
            arguments.append(f"V({kind}, {used})" if vector_kind(parameter) else f"o->{kind}[{used}][0]")
            used += 1
        immediate = IMMEDIATES.get(self.declaration.typed_name.split("_")[0])
        if immediate is not None:
            arguments[-1] = immediate
        result = vector_kind(self.declaration.result)
        return f"FUNCTION({self.symbol}, {result}, {name}({', '.join(arguments)}))"

    @property
    def table_row(self) -> str:
        kind = vector_kind(self.declaration.result)
        member = f"{kind}_bits" if kind in {"f16", "bf16"} else kind
        name = self.declaration.name
        plain = f"plain_{self.declaration.typed_name}"
        return f'{{"{name}", {plain}, {self.symbol}, POISON({member}), {governed_bytes(self.declaration)}}},'


def vector_kind(c_type: str) -> str:
    return c_kind(r"sv(bfloat|float|int|uint)(\d+)_t", c_type)


def scalar_kind(c_type: str) -> str:
    return c_kind(r"(bfloat|float|int|uint)(\d+)_t", c_type)


def c_kind(pattern: str, c_type: str) -> str:
    match = re.fullmatch(pattern, c_type)
    return {"bfloat": "bf", "float": "f", "int": "s", "uint": "u"}[match[1]] + match[2] if match else ""


def governed_bytes(declaration: Declaration) -> int:
    """Container that one predicate bit governs: of the widest vector, but for wide shifts, whose amounts are wider."""
    types = [declaration.result]
    if "_wide" not in declaration.typed_name:
        types += declaration.parameters
    return max(int(kind.lstrip("bfsu")) for kind in map(vector_kind, types) if kind) // 8


def is_in_sve2(declaration: Declaration) -> bool:
    """Not REVD (SVE2.1 or SME) and not the arithmetic on bfloat16 (SVE_B16B16), which QEMU does not have."""
    name = declaration.typed_name
    return "svrevd" not in name and ("bf16" not in name or name.startswith(("svcnt", "svdup", "svcvt")))


def compiler_for(spec: str, language: str) -> tuple[str, ...]:
    compiler = find_compiler(spec, TRIPLE, HostBackend())
    if not isinstance(compiler, Compiler):
        pytest.skip(str(compiler))
    command = (*compiler.command, MARCH, "-x", language)
    if subprocess.run([*command, "-fsyntax-only", "/dev/null"], capture_output=True).returncode:
        pytest.skip(f"{spec} has no {language} front end here")
    return command


def compile_all(command: tuple[str, ...], opt: str, directory: Path, repository: Path) -> int:
    """Write and compile the program; return how many intrinsics it checks."""
    found = [entry for entry in declarations(clang_header()) if entry.is_dont_care and is_in_sve2(entry)]
    if "c++" in command:  # typed and overloaded names become the same template
        found = [entry for entry in found if entry.name != entry.typed_name]
    calls = [Call(entry, f"hostile_{number}") for number, entry in enumerate(found)]
    plain = [
        Call(entry, f"plain_{entry.typed_name}") for entry in {entry.typed_name: entry for entry in found}.values()
    ]
    prototypes = [f"void {call.symbol}(const struct operands *, void *);" for call in (*calls, *plain)]
    files = {
        "operands.h": OPERANDS,
        "hostile.c": "\n".join([PREAMBLE, *(call.definition(call.declaration.name) for call in calls)]),
        "plain.c": "\n".join([PREAMBLE, *(call.definition(call.declaration.typed_name) for call in plain)]),
        "table.h": "\n".join(call.table_row for call in calls),
        "driver.c": DRIVER.replace("struct intrinsic {", "\n".join([*prototypes, "struct intrinsic {"]), 1),
    }
    for name, text in files.items():
        (directory / name).write_text(text)
    c = (*command[: command.index("-x")], "-O0")
    guest = ("-I", str(repository / "csrc" / "guest" / "runner"))
    libraries = ("-lstdc++",) if "c++" in command else ()
    for arguments in (
        (*command, opt, "-Wall", "-Wextra", "-Werror", *hostile_flags("sve2"), "-c", "hostile.c"),
        (*c, "-c", "plain.c"),
        (*c, *guest, "-static", "driver.c", "plain.o", "hostile.o", *libraries, "-o", "program"),
    ):
        subprocess.run(arguments, cwd=directory, check=True)
    return len(calls)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spec", "language", "opt"),
    [
        ("gcc", "c", "-O2"),  # the longest first
        ("clang", "c", "-O2"),
        ("gcc", "c", "-O0"),
        ("clang", "c", "-O0"),
        ("gcc", "c++", "-O0"),
        ("clang", "c++", "-O0"),
    ],
)
def test_active_lanes_are_untouched_and_inactive_ones_are_poison(
    spec: str, language: str, opt: str, tmp_path: Path, repository: Path
) -> None:
    qemu = shutil.which("qemu-aarch64")
    if qemu is None:
        pytest.skip("needs qemu-aarch64")
    count = compile_all(compiler_for(spec, language), opt, tmp_path, repository)
    for bits in VECTOR_BITS:
        cpu = f"max,sve{bits}=on"
        done = subprocess.run([qemu, "-cpu", cpu, tmp_path / "program"], capture_output=True, text=True, timeout=60)
        assert done.stdout == f"checked {count}\n"
