"""The hostile shims: completeness of the list, advice, flags."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from harness.backend.host import HostBackend
from harness.build.code import source_frames
from harness.build.shims import coverage_note, diagnose, hostile_flags, hostile_inputs, suspects
from harness.build.shims.rvv_header import rvv_header
from harness.build.shims.sve_header import sve_header
from harness.build.shims.sve_table import dont_care_intrinsics, first_fault_loads
from harness.build.toolchain import find_compiler
from harness.model import Compiler
from tests.arm_sve_h import aliases, declarations

EXEMPT = ("svcvtnt", "svcvtxnt")
"""Stems of `_x` intrinsics that are not shimmed: they write the odd elements only, and code may rely on the others."""


def headers_of(spec: str, triple: str) -> Path:
    """Where an installed compiler has its intrinsics headers."""
    compiler = find_compiler(spec, triple, HostBackend())
    if not isinstance(compiler, Compiler):
        pytest.skip(f"needs a {spec} for its headers: {compiler}")
    question = "-print-resource-dir" if compiler.family == "clang" else "-print-file-name=include"
    done = subprocess.run([*compiler.command, question], capture_output=True, text=True, check=True)
    directory = Path(done.stdout.strip())
    return directory / "include" if compiler.family == "clang" else directory


def test_every_dont_care_intrinsic_of_clang_is_covered_or_exempt() -> None:
    header = headers_of("clang", "aarch64-linux-gnu") / "arm_sve.h"
    declared = {entry.name for entry in declarations(header)} | set(aliases(header))
    dont_care = {name for name in declared if name.endswith("_x")}
    covered = {intrinsic.name for intrinsic in dont_care_intrinsics()}
    exempt = {name for name in dont_care if name.split("_")[0] in EXEMPT}
    assert len(dont_care) > 900
    assert dont_care - exempt <= covered
    assert not exempt & covered


def test_every_first_faulting_load_of_clang_is_covered() -> None:
    header = headers_of("clang", "aarch64-linux-gnu") / "arm_sve.h"
    declared = {entry.name for entry in declarations(header) if entry.name.startswith(("svldff1", "svldnf1"))}
    assert len(declared) > 350
    assert declared <= set(first_fault_loads())


def test_exempt_intrinsics_are_the_merging_ones_by_another_name() -> None:
    header = headers_of("clang", "aarch64-linux-gnu") / "arm_sve.h"
    targets = {name: target for name, target in aliases(header).items() if name.split("_")[0] in EXEMPT}
    assert targets
    assert all(target == name.removesuffix("_x") + "_m" for name, target in targets.items())


def test_advice_on_alternatives_agrees_with_clang() -> None:
    declared = {entry.name for entry in declarations(headers_of("clang", "aarch64-linux-gnu") / "arm_sve.h")}
    for intrinsic in dont_care_intrinsics():
        if intrinsic.name in declared:
            base = intrinsic.name.removesuffix("_x")
            assert f"{base}_m" in declared
            assert (f"{base}_z" in declared) == ("z" in intrinsic.alternatives)


def test_every_svundef_of_clang_is_covered() -> None:
    text = (headers_of("clang", "aarch64-linux-gnu") / "arm_sve.h").read_text()
    declared = set(re.findall(r"\b(svundef\w*)\(", text))
    assert len(declared) >= 50
    assert declared <= set(re.findall(r"#define (svundef\w*)\(", sve_header()))


def test_the_checked_in_header_is_what_the_table_generates(repository: Path) -> None:
    path = repository / "csrc" / "shims" / "aarch64" / "sve_intrinsics.h"
    assert path.read_text() == sve_header(), "run python -m harness.build.shims.sve_header"


def test_the_checked_in_rvv_header_is_what_the_program_writes(repository: Path) -> None:
    path = repository / "csrc" / "shims" / "riscv64" / "rvv_intrinsics.h"
    assert path.read_text() == rvv_header(), "run python -m harness.build.shims.rvv_header"


@pytest.mark.parametrize("spec", ["gcc", "clang"])
def test_every_x86_intrinsic_with_undefined_parts_is_covered(spec: str, repository: Path) -> None:
    directory = headers_of(spec, "x86_64-linux-gnu")
    text = "".join(path.read_text(errors="replace") for path in directory.glob("*intrin.h"))
    undefined = set(re.findall(r"\b_mm\d*_undefined\w*", text))
    casts = {
        match[0]
        for match in re.finditer(r"\b_mm(256|512)_cast(ps|pd|ph|si)(128|256)_(ps|pd|ph|si)(256|512)\b", text)
        if match[3] != match[5]
    }
    shims = (repository / "csrc" / "shims" / "x86" / "undefined_values.h").read_text()
    covered = set(re.findall(r"#define (_\w+)\(", shims))
    assert len(undefined) >= 12
    assert len(casts) >= 12
    assert undefined | casts <= covered


def test_x86_shims_can_be_taken_back(repository: Path) -> None:
    directory = repository / "csrc" / "shims" / "x86"
    defined = set(re.findall(r"#define (_mm\w+)\(", (directory / "undefined_values.h").read_text()))
    assert defined == set(re.findall(r"#undef (_mm\w+)", (directory / "restore.h").read_text()))


def test_diagnosis_names_line_intrinsic_and_remedy() -> None:
    source = """
    // svadd_x(pg, a, b) in a comment
    const char *text = "svadd_f32_x(pg, a, b)"; /* svmul_x
    */ y = svsqrt_x(pg, y), z = svaddp_f32_x (pg, x, y);
    sum[i] = svmla_f32_x(svwhilelt_b32(i, n), sum[i], x, x);
    v = svundef_f32();
    v = svldff1(pg, row);
    """
    found = diagnose(source)
    assert [(entry.line, entry.intrinsic, entry.accumulates) for entry in found] == [
        (4, "svsqrt_x", True),
        (5, "svmla_f32_x", True),
        (4, "svaddp_f32_x", False),
        (6, "svundef_f32", False),
        (7, "svldff1", False),
    ]
    assert "use svsqrt_m, whose first argument" in found[0].advice
    assert "use svmla_f32_m, which keeps those of its first vector, or svmla_f32_z" in found[1].advice
    assert "svaddp_f32_z" not in found[2].advice


def test_diagnosis_leaves_out_what_is_evidently_all_true() -> None:
    source = """
    void f(svbool_t given) {
        const svbool_t all = svptrue_b32();
        svbool_t pg = svptrue_b32();
        w = svmul_x(svptrue_b32(), svmul_x(all, w, w), w);
        pg = svwhilelt_b32(i, n);
        w = svmul_x(pg, w, w);
        w = svmul_x(given, w, w);
    }
    """
    assert [entry.line for entry in diagnose(source)] == [7, 8]


def test_diagnosis_of_x86_names_the_defined_counterpart() -> None:
    advice = [entry.advice for entry in diagnose("a = _mm256_castps128_ps256(b); i = _bit_scan_forward(mask);")]
    assert "use _mm256_zextps128_ps256" in advice[0]
    assert "_tzcnt_u32" in advice[1]


SOURCE = """#include "macros.h"
#if defined(__AVX2__)
float x86(__m128 x) { return first(_mm256_castps128_ps256(x)); }
#endif
void unrelated(float *y) { y[0] = sum(svmul_f32_x(pg, a, b)); }
float kernel(const float *x) {
    acc = svmla_f32_x(
        pg, acc,
        x, x);
#if 0
    acc = svadd_f32_x(pg, acc, x);
#endif
    return ADD_UP(acc);
}
"""
MACROS = """#ifdef OTHER
#define STEP(a, b) svmls_f32_x(pg, a, b, b)
#else
#define STEP(a, b) \\
    svmad_f32_x(pg, a, b, b)
#endif
#define ADD_UP(a) svaddv_f32(pg, STEP(a, a))
#define UNUSED(a) svsub_f32_x(pg, a, a)
"""
K, H = Path("k.c"), Path("macros.h")
AS_PREPROCESSED = {"STEP": "(a,b) svmad_f32_x(pg, a, b, b)", "ADD_UP": "(a) svaddv_f32(pg, STEP(a, a))", "UNUSED": "x"}


@pytest.mark.parametrize(
    ("reached", "defined", "found"),
    [
        ([6, 9, 13], AS_PREPROCESSED, [(K, 7, "svmla_f32_x"), (H, 5, "svmad_f32_x")]),
        ([7, 13], None, [(K, 7, "svmla_f32_x"), (H, 2, "svmls_f32_x"), (H, 5, "svmad_f32_x")]),
        ([6, 14], AS_PREPROCESSED, []),
        ([5], AS_PREPROCESSED, [(K, 5, "svmul_f32_x")]),
        ([], AS_PREPROCESSED, []),
    ],
)
def test_only_code_that_is_compiled_and_reached_is_suspected(
    reached: list[int], defined: dict[str, str] | None, found: list[tuple[Path, int, str]]
) -> None:
    assert "_mm256_castps128_ps256" in {entry.intrinsic for entry in diagnose(SOURCE)}
    hits = suspects({K: SOURCE, H: MACROS}, {K: reached}, defined)
    assert sorted((path, entry.line, entry.intrinsic) for path, entry in hits) == sorted(found)


def test_lines_of_inlined_code_come_with_those_it_was_inlined_into() -> None:
    printed = """
k.o:     file format elf64-littleaarch64


Disassembly of section .text:

0000000000000000 <f>:
f():
/p/k.c:7
   0:\tnop
   4:\tnop
helper():
/p/h.h:3
inlined by /p/k.c:8 (f)
   8:\tret
0000000000000010 <g>:
  10:\tret
"""
    frames = source_frames(printed)
    assert [lines for _, lines in sorted(frames.items())] == [
        (("/p/k.c", 7),),
        (("/p/k.c", 7),),
        (("/p/h.h", 3), ("/p/k.c", 8)),
        (),
    ]


@pytest.mark.parametrize("isa", ["sve", "sve2", "sme", "avx2", "avx512", "sse4.2", "rvv"])
def test_flags_and_inputs_name_files_that_exist(isa: str) -> None:
    option, directory = hostile_flags(isa)
    assert option == "-isystem"
    assert Path(directory).is_dir()
    assert all(path.is_file() for path in hostile_inputs(isa))
    assert coverage_note(Path("k.c"), isa) is None
    assert "no shims for assembly" in str(coverage_note(Path("k.S"), isa))


@pytest.mark.parametrize("isa", ["scalar", "neon"])
def test_isas_without_undefined_lanes_need_no_flags(isa: str) -> None:
    assert hostile_flags(isa) == ()
    assert hostile_inputs(isa) == ()
    assert coverage_note(Path("k.c"), isa) is None, "nothing can be undefined, so nothing is left out"
    assert "no shims for objects" in str(coverage_note(Path("k.o"), isa))


def test_an_isa_of_an_unknown_name_is_judged_by_the_triple() -> None:
    assert hostile_flags("x86-64-v3", "x86_64-linux-gnu") == hostile_flags("avx2")
    assert hostile_flags("rvv-zvfh", "") == hostile_flags("vector", "riscv64-linux-gnu") == hostile_flags("rvv")
    assert hostile_flags("mine", "loongarch64-linux-gnu") == ()
    assert "no shims for mine" in str(coverage_note(Path("k.c"), "mine"))
