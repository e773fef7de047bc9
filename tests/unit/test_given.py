"""A kernel that the command line gives by its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import ConfigurationError, HarnessError, UsageError
from harness.model import Kernel
from harness.project.adhoc import adhoc_project
from harness.settings import KernelFiles

SOURCE = """#include "size.h"
static float part(float x) { return x; }
float neon_dot(const float *restrict a, const float *restrict b, size n) {
    float32x4_t sum = vdupq_n_f32(0);
    return part(vaddvq_f32(sum)) + a[n] + b[n];
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    for name in ("src", "include"):
        (tmp_path / name).mkdir()
    (tmp_path / "include" / "size.h").write_text("typedef unsigned long size;\n")
    (tmp_path / "src" / "k.c").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(*sources: str, op: str = "", symbol: str = "", isa: str = "", prototype: str = "") -> tuple[Kernel, str]:
    project, said = adhoc_project(KernelFiles(tuple(map(Path, sources)), op, symbol, isa, prototype), None)
    (kernel,) = project.kernels
    return kernel, said


def test_everything_is_inferred_and_said(folder: Path) -> None:
    kernel, said = given("src/k.c")
    assert (kernel.id, kernel.symbol, kernel.sources) == ("dot_f32/neon", "neon_dot", (folder / "src" / "k.c",))
    assert [parameter.type.c_name for parameter in kernel.prototype.parameters] == ["float", "float", "unsigned long"]
    assert kernel.compilation.includes == (folder / "include",)
    assert said.startswith("taking src/k.c as neon dot_f32, symbol neon_dot, float ")
    assert said.endswith("because its name says dot_f32; it is the only function; it uses float32x4_t")


def test_its_words_say_all_of_it(folder: Path) -> None:
    kernel, _ = given("src/k.c")
    assert kernel.words == ("src/k.c", "--op", "dot_f32", "--symbol", "neon_dot", "--isa", "neon")
    again, said = given("src/k.c", op="dot_f32", symbol="neon_dot", isa="neon")
    assert (again, said) == (kernel, "")


def test_a_wrapper_is_of_the_isa_of_what_it_calls_in_another_file(folder: Path) -> None:
    (folder / "wrap.c").write_text("float sum(const float *x, long n) { return n ? inner(x, n) : 0; }")
    (folder / "inner.S").write_text(".globl inner\ninner: ld1w {z0.s}, p0/z, [x0]\n ret\n")
    kernel, said = given("wrap.c", "inner.S")
    assert (kernel.isa, len(kernel.sources)) == ("sve", 2)
    assert "in another of its files" in said


def test_a_function_that_a_macro_makes_is_taken_at_ones_word(folder: Path) -> None:
    (folder / "m.c").write_text(
        "#define K(n) float n(const float *x, long k) { vst1q_f32(0, v); return 0; }\nK(total)\n"
    )
    kernel, said = given("m.c", symbol="total", op="sum_f32")
    assert (kernel.symbol, kernel.isa) == ("total", "neon")
    assert "its prototype taken from the contract" in said


def test_assembly_is_taken_by_what_its_comments_declare(folder: Path) -> None:
    project = Path(__file__).parents[1] / "projects" / "sve_assembly"
    (folder / "k.S").write_text((project / "scale.S").read_text())
    (folder / "contract.py").write_text((project / "contract.py").read_text())
    (folder / "harness.toml").write_text('contracts = ["contract.py"]\n')
    kernel, said = given("k.S")
    assert (kernel.id, kernel.symbol) == ("scale_f32/sve", "sve_scale")
    assert "void sve_scale(float *x, size_t n, float a)" in said


def test_contracts_of_the_project_around_it_count(folder: Path) -> None:
    (folder / "c.py").write_text(
        "from harness.contract import each, op\n"
        "twice = op('void twice_f32(float *x, size_t n)', inout='x[n]', reference=lambda x: 2 * x,\n"
        "           passes=[each('x', lambda x: 2 * x, roundings=0)], suites={'short': [1, 2]})\n"
    )
    (folder / "harness.toml").write_text('contracts = ["c.py"]\n')
    (folder / "k.c").write_text("void twice(float *x, long n) { x[n] = 0; }\n")
    kernel, _ = given("k.c")
    assert (kernel.id, kernel.isa) == ("twice_f32/scalar", "scalar")


def test_a_prototype_that_is_given_decides_which_op_it_may_be(folder: Path) -> None:
    (folder / "k.c").write_text("void softmax(real *x, int n) { }\n")
    kernel, _ = given("k.c", prototype="void softmax(float *x, int n)")
    assert (kernel.op, kernel.symbol) == ("softmax_f32", "softmax")


def test_a_function_that_cannot_be_called_gives_way_to_one_that_can(folder: Path) -> None:
    (folder / "k.c").write_text("void dot(struct s *x) { }\nfloat dot_n(const float *x, const float *y, int n) { }\n")
    assert given("k.c")[0].symbol == "dot_n"


def test_the_files_of_two_kernels_are_told_apart(folder: Path) -> None:
    head = "float {}(const float *x, const float *y, long n) {{ {} }}\n"
    (folder / "one.c").write_text(head.format("dot_neon", "vaddvq_f32(v);"))
    (folder / "two.c").write_text(head.format("dot_sve", "svcntw();"))
    for said in ({}, {"op": "dot_f32"}):
        with pytest.raises(UsageError) as caught:
            given("one.c", "two.c", **said)
        assert str(caught.value).startswith(
            "dot_neon in one.c is dot_f32; dot_sve in two.c is dot_f32: the files of one"
        )
    kernel, _ = given("one.c", "two.c", symbol="dot_sve")
    assert (kernel.isa, len(kernel.sources)) == ("sve", 2)


@pytest.mark.parametrize(
    ("sources", "said", "error", "message"),
    [
        (["no.c"], {}, UsageError, "no.c: no such file"),
        (
            ["k.rs"],
            {},
            UsageError,
            "k.rs: none of .c, .cc, .cpp, .cxx, .s, .S, .o, .a; build a .o or .a of anything else",
        ),
        (
            ["src/k.c"],
            {"op": "dto_f32"},
            UsageError,
            "--op dto_f32: no contract of that name (perhaps you meant 'dot_f32')",
        ),
        (
            ["src/k.c"],
            {"op": "axpy_f32"},
            UsageError,
            "; give --prototype with the contract's names for its parameters, or",
        ),
        (
            ["src/k.c"],
            {"isa": "nean"},
            ConfigurationError,
            "the command line: unknown isa 'nean' (perhaps you meant 'neon')",
        ),
        (["src/k.c"], {"prototype": "void f(floot *x)"}, UsageError, "--prototype: unknown type 'floot'"),
        (
            ["src/k.c"],
            {"symbol": "part"},
            UsageError,
            "src/k.c:2: part is static or inline, so that the linker does not see it: take that away, or name a",
        ),
        (
            ["hidden.c"],
            {},
            UsageError,
            "hidden.c:1: dot is static or inline, so that the linker does not see it, and so is all there is: take",
        ),
        (["src"], {}, UsageError, "src: none of .c,"),
        (["m.toml"], {}, UsageError, "m.toml: no kernel; a manifest is named like this: harness run --config m.toml"),
        (["d.c"], {}, UsageError, "d.c: a directory, no file"),
        (["src/k.c"], {"op": "mine"}, UsageError, "; 'harness init' drafts a contract for an op of your own"),
        (["both.c"], {}, UsageError, "both.c: dot holds code for AArch64 and x86-64 (neon, avx2); give --isa ISA"),
        (["sse.c"], {}, UsageError, "sse.c: dot is SSE (it uses __m128), which has no target; give --isa ISA"),
        (["p.c"], {"op": "dot_f32"}, UsageError, "p.c: dot cannot be called as declared ('char ** x' in"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_give(
    folder: Path, sources: list[str], said: dict[str, str], error: type[HarnessError], message: str
) -> None:
    head = "float dot(const float *x, const float *y, long n)"
    (folder / "k.rs").write_text("")
    (folder / "d.c").mkdir()
    (folder / "hidden.c").write_text(f"static {head} {{ return 0; }}")
    (folder / "both.c").write_text(head + "{ vst1q_f32(x, a); _mm256_storeu_ps(x, b); }")
    (folder / "sse.c").write_text(head + "{ __m128 a; }")
    (folder / "p.c").write_text("float dot(char **x) { return 0; }")
    with pytest.raises(error) as caught:
        given(*sources, **said)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
