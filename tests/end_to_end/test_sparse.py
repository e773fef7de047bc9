"""Sparse rows through the whole line: short ones for what a guest does with them, and one of 2 GiB."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness, ManifestOf

ROOT = Path(__file__).parents[2]
MANIFEST = """
contracts = ["double.py"]

[[kernel]]
op = "double"
isa = "scalar"
sources = ["kernel.c"]
symbol = "kernel"
"""
# As a sparse row of 2 GiB is, but short enough to be run in no time.
CONTRACT = """
from harness.contract import each, dominant, op, sparse

double = op(
    "void double(float *row, const float *x, float *out, size_t n)",
    inputs="x[n]",
    inout="row[n]",
    outputs="out[n]",
    reference=lambda row, x: {"row": 2 * row + x, "out": x + 3},
    passes=[
        each("out", lambda x: x + 3, roundings=1),
        each("row", lambda row, x: 2 * row + x, roundings=2),
    ],
    suites={"boundary": [5], "huge": [sparse(dominant(), 100_003, [0, 7, 65_536, 100_002])]},
)
"""
KERNEL = """
#include <stddef.h>
void kernel(float *row, const float *x, float *out, size_t n) {
    for (size_t i = 0; i < n; i++) {
        row[i] = 2 * row[i] + x[i];
        out[i] = x[i] + 3;
    }
    @EXTRA@
}
"""
Rows = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def rows(tmp_path: Path, harness: Harness) -> Rows:
    def run(extra: str, *arguments: str) -> list[dict[str, Any]]:
        (tmp_path / "harness.toml").write_text(MANIFEST)
        (tmp_path / "double.py").write_text(CONTRACT)
        (tmp_path / "kernel.c").write_text(KERNEL.replace("@EXTRA@", extra))
        harness("run", "--cc", "gcc", "--opt", "O2", "--json", tmp_path / "record.json", *arguments)
        verdicts: list[dict[str, Any]] = json.loads((tmp_path / "record.json").read_text())["verdicts"]
        return verdicts

    return run


def test_a_correct_kernel_passes_on_a_sparse_row(rows: Rows) -> None:
    verdicts = rows("", "--suite", "huge")
    assert [row["outcome"] for row in verdicts] == ["PASS", "PASS"], verdicts
    assert {(row["suite"], row["case"]) for row in verdicts} == {("huge", "n100003-sparse")}


def test_without_its_name_the_suite_is_not_run(rows: Rows) -> None:
    assert {row["suite"] for row in rows("")} == {"boundary"}


@pytest.mark.parametrize(
    ("extra", "outcome", "detail"),
    [
        ("row[50000] = 1e-30f;", "MISMATCH", "1 of 100003 elements"),
        ("row[65536] = 0;", "MISMATCH", "1 of 100003 elements"),
        ("out[100001] = 4;", "MISMATCH", "1 of 100003 elements"),
        ("for (size_t i = 0; i < n; i++) out[i] = (float)i;", "MISMATCH", "of 100003 elements"),
        ("for (size_t i = 400; i < 500; i++) ((float *)x)[i] = 1;", "STATE", "changed the input x[400]"),
        ("((float *)x)[7] = 100;", "STATE", "changed the input x[7]"),
        ("row[n] = 1;", "OUT_OF_BOUNDS", "row[100003]"),
        ("if (n > 1000) __builtin_trap();", "CRASH", "SIGILL"),
        ('while (n > 1000) __asm__ volatile("");', "TIMEOUT", "no return"),
    ],
)
def test_a_fault_on_a_sparse_row_is_found(rows: Rows, extra: str, outcome: str, detail: str) -> None:
    verdicts = rows(extra, "--suite", "huge", "--timeout", "0.2")
    assert {row["outcome"] for row in verdicts} == {outcome}, verdicts
    assert all(detail in row["detail"] for row in verdicts), verdicts


def test_a_store_that_is_left_out_shows_where_zeros_are_due(rows: Rows) -> None:
    """What the kernel only writes is poisoned over its whole length."""
    verdicts = rows("__builtin_memset(out + 10, 0, 4);", "--suite", "huge")
    assert [row["worst"]["element"] for row in verdicts] == [10, 10]


def test_huge_rows_follow_small_ones(rows: Rows) -> None:
    verdicts = rows("", "--suite", "huge,boundary")
    assert [(row["suite"], row["outcome"]) for row in verdicts] == [("boundary", "PASS"), ("huge", "PASS")] * 2


@pytest.mark.parametrize(
    ("kernel", "case"),
    [
        ("sum_f32/scalar_64_bit_index", "huge/len2147483655-sparse"),
        ("axpy_f32/sve_64_bit_byte_offset", "huge/len536870915-sparse"),
    ],
)
def test_a_correct_kernel_passes_beyond_31_bits(
    harness: Harness, manifest_of: ManifestOf, tmp_path: Path, kernel: str, case: str
) -> None:
    manifest, record = manifest_of("must_pass"), tmp_path / "record.json"
    build = ("--svl", "2048", "--cc", "gcc", "--opt", "O2", "--build", "plain")
    harness("run", kernel, "--config", manifest, "--case", case, *build, "--json", record)
    (verdict,) = json.loads(record.read_text())["verdicts"]
    assert verdict["outcome"] == "PASS", verdict
