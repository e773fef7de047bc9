"""Features of processors: what is promised runs where it is to be had, and is nobody's fault where it is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from harness.backend.machine import cpu_text
from tests.conftest import Harness, ManifestOf

ROOT = Path(__file__).parents[2]
QUICK = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
NO_FAULT = {"PASS", "UNAVAILABLE", "NOT_APPLICABLE"}

DOT_I8 = """
import numpy as np
from harness.contract import every, exact, op

dot_i8 = op(
    "void dot_i8(int32_t *out, const int8_t *x, const int8_t *y, size_t len)",
    inputs="x[len], y[len]",
    outputs="out[1]",
    reference=lambda x, y: np.array([np.sum(x * y)]),
    tolerance=exact(),
    suites={"sizes": every(0, 64)},
)
"""
NEON_DOT = """
#include <arm_neon.h>
#include <stddef.h>
void dot(int32_t *out, const int8_t *x, const int8_t *y, size_t len) {
    int32x4_t sum = vdupq_n_s32(0);
    size_t i = 0;
    for (; len - i >= 16; i += 16) sum = vdotq_s32(sum, vld1q_s8(x + i), vld1q_s8(y + i));
    int32_t total = vaddvq_s32(sum);
    for (; i < len; i++) total += x[i] * y[i];
    out[0] = total;
}
"""
RVV_ZVBB = """
#include <riscv_vector.h>
#include <stddef.h>
void scale(float *out, const float *x, size_t len, float factor) {
    for (size_t vl; len; out += vl, x += vl, len -= vl) {
        vl = __riscv_vsetvl_e32m2(len);
        vuint32m2_t bits = __riscv_vbrev_v_u32m2(__riscv_vreinterpret_v_f32m2_u32m2(__riscv_vle32_v_f32m2(x, vl)), vl);
        vfloat32m2_t row = __riscv_vreinterpret_v_u32m2_f32m2(__riscv_vbrev_v_u32m2(bits, vl));
        __riscv_vse32_v_f32m2(out, __riscv_vfmul_vf_f32m2(row, factor, vl), vl);
    }
}
"""
SME2 = """
#include <arm_sme.h>
#include <stddef.h>
__arm_locally_streaming void scale(float *out, const float *x, size_t len, float factor) {
    for (size_t i = 0; i < len; i += svcntw()) {
        svbool_t active = svwhilelt_b32_u64(i, len);
        svcount_t all = svptrue_c32();
        __asm__ volatile("" ::"Upa"(all));
        svst1_f32(active, out + i, svmul_n_f32_x(active, svld1_f32(active, x + i), factor));
    }
}
"""
SCALAR_FMA = """
#include <immintrin.h>
#include <stddef.h>
float dot(const float *x, const float *y, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++) sum = __builtin_fmaf(x[i], y[i], sum);
    return sum;
}
"""


def project(folder: Path, source: str, table: str, *, contract: str = "") -> None:
    (folder / "kernel.c").write_text(source)
    (folder / "contract.py").write_text(contract)
    head = 'contracts = ["contract.py"]\n' if contract else ""
    (folder / "harness.toml").write_text(f'{head}[[kernel]]\nsources = ["kernel.c"]\n{table}')


def rows_of(done: CompletedProcess[str], record: Path) -> list[dict[str, Any]]:
    assert record.exists(), done.stderr
    rows: list[dict[str, Any]] = json.loads(record.read_text())["verdicts"]
    return rows


@pytest.mark.parametrize(
    "promise",
    [
        'flags = ["-march=armv8.2-a+dotprod"]',
        'flags = ["-march=armv8.2-a+dotprod"]\nfeatures = ["dotprod"]',
    ],
)
def test_a_core_without_a_promised_feature_is_left_out(harness: Harness, tmp_path: Path, promise: str) -> None:
    table = f'op = "dot_i8"\nisa = "neon"\nsymbol = "dot"\n{promise}\n'
    project(tmp_path, NEON_DOT, table, contract=DOT_I8)
    record = tmp_path / "r.json"
    done = harness("run", "--json", record, cwd=tmp_path)
    rows = rows_of(done, record)
    assert done.returncode == 0, done.stdout
    left_out = {row["target"]: row["detail"] for row in rows if row["outcome"] == "NOT_APPLICABLE"}
    assert left_out.keys() == {"a64fx", "cortex-a72"}
    assert "a64fx has no dotprod, which flags" in left_out["a64fx"]
    assert {row["target"] for row in rows if row["outcome"] == "PASS"} >= {"neon", "neoverse-n1"}
    assert {row["outcome"] for row in rows} <= NO_FAULT


def test_what_nothing_promises_is_the_kernels_fault_and_named(harness: Harness, tmp_path: Path) -> None:
    attribute = '__attribute__((target("arch=armv8.2-a+dotprod")))\nvoid dot('
    table = 'op = "dot_i8"\nisa = "neon"\nsymbol = "dot"\n'
    project(tmp_path, NEON_DOT.replace("void dot(", attribute), table, contract=DOT_I8)
    done = harness("run", "--target", "cortex-a72", *QUICK, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert re.search(r"SIGILL\s+in sdot .*, which needs dotprod: nothing promises that", done.stdout)
    (tmp_path / "harness.toml").write_text((tmp_path / "harness.toml").read_text() + 'features = ["dotprod"]\n')
    done = harness("run", "--target", "cortex-a72", *QUICK, cwd=tmp_path)
    assert "NOT_APPLICABLE" in done.stdout
    assert "CRASH" not in done.stdout


@pytest.mark.parametrize(
    ("isa", "source", "flags", "remedy"),
    [
        ("rvv", RVV_ZVBB, ["-march=rv64gcv_zfh_zvfh_zvbb", "-menable-experimental-extensions"], "needs QEMU 9.0"),
        ("sme", SME2, ["-march=armv9-a+sme2"], "needs QEMU 10.1 or later (Debian 13's backports have 11.1)"),
    ],
)
def test_an_emulator_has_a_promised_extension_or_is_unavailable_with_the_remedy(
    harness: Harness, tmp_path: Path, isa: str, source: str, flags: list[str], remedy: str
) -> None:
    """Switched on where the emulator has it; a CRASH would accuse a correct kernel."""
    table = f'op = "scale_f32"\nisa = "{isa}"\nsymbol = "scale"\nflags = {json.dumps(flags)}\n'
    prototype = 'prototype = "void scale(float *out, const float *x, size_t len, float factor)"\n'
    project(tmp_path, source, table + prototype)
    record = tmp_path / "r.json"
    done = harness("run", "scale_f32/*", "--svl", "all", "--suite", "residues,gate", "--json", record, cwd=tmp_path)
    rows = [row for row in rows_of(done, record) if row["suite"] != "gate" and "cannot compile" not in row["detail"]]
    assert {row["outcome"] for row in rows} in ({"PASS"}, {"UNAVAILABLE"}), done.stdout
    if rows[0]["outcome"] == "UNAVAILABLE":
        assert all(remedy in row["detail"] for row in rows)
    elif isa == "rvv":
        assert all("zvbb=true" in row["emulator"] for row in rows)


# ---- memory operands that an emulator takes for longer than they are -----------------------------------------------


def dot_project(folder: Path, source: str) -> None:
    prototype = 'prototype = "float dot(const float *x, const float *y, size_t len)"\n'
    project(folder, source, f'op = "dot_f32"\nisa = "avx2"\nsymbol = "dot"\n{prototype}')


QEMU_X86 = ("--emulator", "qemu-user", "--cc", "gcc", "--opt", "O2", "--suite", "residues")


def test_a_kernel_that_an_emulator_would_accuse_wrongly_is_unavailable_there(harness: Harness, tmp_path: Path) -> None:
    dot_project(tmp_path, SCALAR_FMA)
    record = tmp_path / "r.json"
    done = harness("run", *QEMU_X86, "--json", record, cwd=tmp_path)
    rows = [row for row in rows_of(done, record) if row["suite"] != "gate"]
    assert {row["outcome"] for row in rows} == {"UNAVAILABLE"}, done.stdout
    assert all("accesses more than the memory operand of vfmadd" in row["detail"] for row in rows)


def test_one_with_the_same_instructions_on_registers_is_judged_there(harness: Harness, tmp_path: Path) -> None:
    loads = '{ float a = x[i], b = y[i]; __asm__("" : "+x"(a), "+x"(b)); sum = __builtin_fmaf(a, b, sum); }'
    kernel = SCALAR_FMA.replace("sum = __builtin_fmaf(x[i], y[i], sum);", loads)
    dot_project(tmp_path, kernel)
    record = tmp_path / "r.json"
    done = harness("run", *QEMU_X86, "--json", record, cwd=tmp_path)
    rows = [row for row in rows_of(done, record) if row["suite"] != "gate"]
    assert {row["outcome"] for row in rows} == {"PASS"}, done.stdout


@pytest.mark.skipif(" fma " not in cpu_text(), reason="this processor has no FMA")
def test_natively_it_is_judged_and_a_real_over_read_is_found(harness: Harness, tmp_path: Path) -> None:
    dot_project(tmp_path, SCALAR_FMA)
    done = harness("run", "--emulator", "native", *QUICK, "--suite", "residues", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    dot_project(tmp_path, SCALAR_FMA.replace("sum = __b", "(void)*(volatile const float *)(y + i + 1), sum = __b"))
    done = harness("run", "--emulator", "native", *QUICK, "--suite", "residues", cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    assert "OUT_OF_BOUNDS" in done.stdout


# ---- messages ------------------------------------------------------------------------------------------------------


def test_an_instruction_that_streaming_mode_does_not_have_is_said_to_be_one(
    harness: Harness, manifest_of: ManifestOf
) -> None:
    manifest = manifest_of("must_fail")
    how = ("--cc", "clang", "--opt", "O2", "--build", "plain", "--svl", "2048", "--suite", "residues")
    done = harness("run", "sum_f32/sme_neon_in_streaming", "--config", manifest, *how)
    assert re.search(r"SIGILL, in streaming mode\s+in .*: no instruction of streaming mode", done.stdout)


def test_what_compilers_put_in_front_of_streaming_mode_is_excused_with_a_note(harness: Harness) -> None:
    done = harness("run", "sum_f32/sme", "--cc", "clang", "--opt", "O2", "--suite", "gate")
    assert done.returncode == 0, done.stdout
    assert re.search(r"puts SVE instructions in front of SMSTART.*'cntd x9'.*\(sum_f32/sme\)", done.stdout)


def test_the_suggested_flag_is_one_that_helps(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "kernel.c").write_bytes((ROOT / "tests" / "kernels" / "must_fail" / "avx512_uses_vbmi.c").read_bytes())
    head = '[[kernel]]\nop = "sum_f32"\nisa = "avx512"\nsources = ["kernel.c"]\nsymbol = "avx512_uses_vbmi"\n'
    (tmp_path / "harness.toml").write_text(head)
    gate = ("--suite", "gate", "--cc", "gcc", "--opt", "O2")
    done = harness("run", *gate, cwd=tmp_path)
    assert done.returncode == 1, done.stdout
    suggested = re.search(r'(flags = \["-m[^\n]*?"\]), or (features = \[".*?"\])', done.stdout)
    assert suggested, done.stdout
    for remedy in suggested.groups():
        (tmp_path / "harness.toml").write_text(head + remedy + "\n")
        done = harness("run", *gate, cwd=tmp_path)
        assert done.returncode == 0, done.stdout
