"""What a failure suspects is code that was compiled and that the kernel reaches; where nothing is, nothing is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Harness

HEAD = """#include <arm_sve.h>
#include <stddef.h>
#include "helper.h"
#if defined(__AVX2__)
#include <immintrin.h>
void x86(float *y, const float *x) { _mm256_storeu_ps(y, _mm256_castps128_ps256(_mm_loadu_ps(x))); }
#endif
void unrelated(float *y, const float *x, int n) {
    svbool_t pg = svwhilelt_b32(0, n);
    svst1_f32(pg, y, svmul_f32_x(pg, svld1_f32(pg, x), svld1_f32(pg, y)));
}
"""
HELPER = """static inline svfloat32_t in_header(svbool_t pg, svfloat32_t s, svfloat32_t x) {
    return svadd_f32_x(pg, s, x);
}
"""
LOOP = """float total(const float *x, size_t n) {{
    svfloat32_t s = svdup_n_f32(0);
    for (size_t i = 0; i < n; i += svcntw()) {{
        svbool_t pg = svwhilelt_b32((uint64_t)i, (uint64_t)n);
#ifdef OTHER
        s = svadd_f32_x(pg, s, svld1_f32(pg, x + i));
#else
        s = {add};
#endif
    }}
    return svaddv_f32(svptrue_b32(), s);
}}
"""
BEYOND = """float total(const float *x, size_t n) {
    svfloat32_t s = svdup_n_f32(0);
    for (size_t i = 0; i < (n & ~(svcntw() - 1)) + svcntw(); i += svcntw())
        s = svadd_f32_m(svptrue_b32(), s, svld1_f32(svptrue_b32(), x + i));
    return svaddv_f32(svptrue_b32(), s);
}
"""
IN_FUNCTION = """static __attribute__((noinline)) svfloat32_t apart(svbool_t pg, svfloat32_t s, svfloat32_t x) {
    return svadd_f32_x(pg, s, x);
}
"""
BY_MACRO = """#define STEP(pg, s, x) svadd_f32_x(pg, s, x)
"""


@pytest.mark.parametrize(
    ("source", "suspect"),
    [
        (BEYOND, ""),
        (LOOP.format(add="svadd_f32_x(pg, s, svld1_f32(pg, x + i))"), "k.c:19"),
        (IN_FUNCTION + LOOP.format(add="apart(pg, s, svld1_f32(pg, x + i))"), "k.c:13"),
        (BY_MACRO + LOOP.format(add="STEP(pg, s, svld1_f32(pg, x + i))"), "k.c:12"),
        (LOOP.format(add="in_header(pg, s, svld1_f32(pg, x + i))"), "helper.h:2"),
        (LOOP.format(add="svadd_f32_x(\n            pg, s,\n            svld1_f32(pg, x + i))"), "k.c:19"),
    ],
    ids=["nothing", "own", "function", "macro", "header", "lines"],
)
@pytest.mark.parametrize("build", ["gcc O0", "gcc O2", "clang O2"])
def test_a_suspect_is_reached(harness: Harness, tmp_path: Path, source: str, suspect: str, build: str) -> None:
    (tmp_path / "helper.h").write_text(HELPER)
    (tmp_path / "k.c").write_text(HEAD + source)
    compiler, level = build.split()
    how = ("--svl", "256", "--cc", compiler, "--opt", level, "--build", "hostile", "--suite", "placement")
    done = harness("run", "k.c", "--op", "sum_f32", "--symbol", "total", "--isa", "sve", *how, "--json", "r.json")
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [row for row in json.loads((tmp_path / "r.json").read_text())["verdicts"] if row["outcome"] == "MISMATCH"]
    reported = [row["detail"] for row in failed]
    assert any("the result depends on undefined values" in text for text in reported)
    assert {row["source_line"] for row in failed if "depends on" in row["detail"]} == {suspect}
    for wrong in ("_mm256", "svmul", "k.c:17"):
        assert not any(wrong in text for text in reported)
    if suspect:
        assert f"{suspect}: inactive lanes of svadd_f32_x are undefined" in done.stdout
        assert [text.count("are undefined") for text in reported if "are undefined" in text] == [1]
    else:
        assert not any("are undefined" in text for text in reported)
