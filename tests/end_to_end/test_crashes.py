"""Kernels that crash: the message leads to the cause, on every architecture."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest

from tests.conftest import Harness

TOP = """
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#ifdef __cplusplus
#include <stdexcept>
#endif
static float (*volatile next)(const float *, size_t);
__attribute__((noinline)) static void copy(volatile float *to, const float *from, size_t n) {
    for (size_t i = 0; i < n; i++)
        to[i] = from[i];
}
float kernel(const float *x, size_t len) {
    float sum = 0, some[8] = {0};
"""
BOTTOM = """
    for (size_t i = 0; i < len; i++)
        sum += x[i];
    return sum + 0 * some[7];
}
"""
ON = {"scalar": "gcc", "neon": "clang", "rvv": "clang"}
"""By ISA, the compiler that knows it."""


def crashes(harness: Harness, folder: Path, body: str, isa: str, suffix: str = "c") -> dict[str, tuple[str, str]]:
    """Detail and source line of the cases of a kernel that crash."""
    top = TOP.replace("float kernel", 'extern "C" float kernel') if suffix == "cc" else TOP
    (folder / f"k.{suffix}").write_text(top + body + BOTTOM)
    what = ("--op", "sum_f32", "--symbol", "kernel", "--isa", isa, "--target", isa, "--svl", "128", "--case", CASES)
    done = harness("run", f"k.{suffix}", *what, "--cc", ON[isa], "--opt", "O1", "--build", "plain", "--json", "r.json")
    assert done.returncode == 1, done.stdout + done.stderr
    rows = json.loads((folder / "r.json").read_text())["verdicts"]
    return {row["case"]: (row["detail"], row["source_line"]) for row in rows if row["outcome"] == "CRASH"}


CASES = "boundary/len2,boundary/len3,boundary/len12"


@pytest.mark.parametrize("isa", ON)
def test_of_an_assertion_its_text_is_told_case_by_case(harness: Harness, tmp_path: Path, isa: str) -> None:
    body = '    fprintf(stderr, "row of %zu\\n", len);\n    assert(len != 2);\n    assert(len < 12 && "too long");\n'
    found = crashes(harness, tmp_path, body, isa)
    line = TOP.count("\n") + 2
    assert set(found) == {"len2", "len12"}
    assert found["len2"][0].startswith("SIGABRT: assertion 'len != 2' failed in ")
    assert found["len2"][0].endswith(f", k.c:{line}")
    assert found["len2"][1] == f"k.c:{line}"
    assert "assertion 'len < 12 && \"too long\"' failed in " in found["len12"][0]
    assert found["len12"][1] == f"k.c:{line + 1}"


def test_of_an_exception_its_text_is_told(harness: Harness, tmp_path: Path) -> None:
    found = crashes(
        harness, tmp_path, '    if (len == 12)\n        throw std::out_of_range("too long");\n', "scalar", "cc"
    )
    assert set(found) == {"len12"}
    assert "terminate called after throwing an instance of 'std::out_of_range' what():  too long" in found["len12"][0]


@pytest.mark.parametrize("isa", ON)
def test_a_jump_to_where_no_code_is_and_a_return_there_are_told_apart(
    harness: Harness, tmp_path: Path, isa: str
) -> None:
    found = crashes(harness, tmp_path, "    if (len == 3)\n        return next(x, len);\n", isa)
    assert set(found) == {"len3"}
    assert found["len3"][0] == (
        "SIGSEGV: jumped to 0x0, where no code is: a null pointer was called, or its pointer was overwritten"
    )
    smashes = "    const float nothing[64] = {0};\n    if (len == 12)\n        copy(some, nothing, 64);\n"
    found = crashes(harness, tmp_path, smashes, isa)
    assert set(found) == {"len12"}
    assert found["len12"][0].startswith(("SIGSEGV: returned to 0x0, where no code is", "SIGABRT: *** stack smashing"))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="no emulator checks alignment")
def test_of_general_protection_the_operand_is_told(harness: Harness, tmp_path: Path) -> None:
    loads = '    if (len == 12)\n        __asm__ volatile("movaps %0, %%xmm0" : : "m"(some[{}]) : "xmm0");\n'
    aligned = "    const size_t odd = ((size_t)some % 16) / 4;\n" + loads.format("5 - odd")
    found = crashes(harness, tmp_path, aligned, "scalar")
    assert set(found) == {"len12"}
    text, line = found["len12"]
    assert text.startswith("SIGSEGV: general protection, as of a misaligned or non-canonical address; in movaps ")
    assert "which is no multiple of 16: the instruction wants it aligned" in text
    assert line == f"k.c:{TOP.count(chr(10)) + 3}"
