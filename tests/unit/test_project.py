"""Manifests, contracts and target files: what a stranger may write, and what they are told when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.contract.loading import load_contracts
from harness.discovery.ops import fitted
from harness.errors import ConfigurationError, ContractError, UsageError
from harness.model import Flow
from harness.model.prototype import parse_prototype
from harness.project import bundled_contract, load_project, load_target, match_parameters
from tests.unit.samples import rms_norm

KERNEL = """
[[kernel]]
op = "rms_norm_f32"
isa = "sve"
sources = ["k.c"]
symbol = "f"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "k.c").write_text("")
    return tmp_path


def manifest(folder: Path, text: str) -> Path:
    path = folder / "harness.toml"
    path.write_text(text)
    return path


def test_the_manifest_of_the_documentation_is_complete(folder: Path) -> None:
    path = manifest(folder, KERNEL + 'prototype = "void f(float *buf, int64_t n, float eps)"')
    project = load_project(path, folder)
    (kernel,) = project.kernels
    assert kernel.id == "rms_norm_f32/sve"
    assert kernel.argument_names == ("row", "len", "eps")
    assert kernel.prototype.parameters[1].type.c_name == "int64_t"


def test_the_manifest_is_found_upwards(folder: Path) -> None:
    manifest(folder, KERNEL)
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    assert load_project(None, below).root == folder


def test_a_contract_of_the_users_own_is_found(folder: Path) -> None:
    (folder / "mine.py").write_text(
        "from harness.contract import each, every, op\n"
        'twice = op("void twice(const int32_t *x, int32_t *y, int n)", inputs="x[n]", outputs="y[n]",\n'
        "    reference=lambda x: 2 * x, passes=[each('y', lambda x: 2 * x, roundings=0)],\n"
        "    suites={'small': every(1, 4)})\n"
    )
    path = manifest(folder, 'contracts = ["mine.py"]' + KERNEL.replace("rms_norm_f32", "twice"))
    project = load_project(path, folder)
    assert project.contracts["twice"].flows == {"x": Flow.IN, "y": Flow.OUT}


def attributed(attribute: str) -> str:
    return f'prototype = "__attribute__(({attribute})) void f(float *x, int n, float e)"'


def with_keywords(keywords: str) -> str:
    return f"prototype = 'void f(float *x, int n, float e) {keywords}'"


SME_KERNEL = KERNEL.replace('"sve"', '"sme"')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no kernel"),
        ("[[kernel]\n", "not valid TOML"),
        ("[kernel]\nop = 'x'", ":1: 'kernel' in the manifest must be an array of tables"),
        ("kernels = 1" + KERNEL, ":1: unknown key 'kernels' in the manifest (perhaps you meant 'kernel')"),
        (KERNEL.replace("isa", "iso"), ":4: unknown key 'iso' in [[kernel]] (perhaps you meant 'isa')"),
        (KERNEL.replace('"sve"', '"svee"'), ":4: unknown isa 'svee' (perhaps you meant 'sve"),
        (KERNEL.replace('"sve"', "128"), ":4: 'isa' in [[kernel]] must be a string, not 128"),
        (KERNEL.replace("rms_norm_f32", "rms_norm_f23"), ":3: no contract for the op 'rms_norm_f23' (perhaps"),
        (KERNEL.replace("k.c", "l.c"), ":5: no such source file"),
        (KERNEL.replace('["k.c"]', '"k.c"'), ":5: 'sources' in [[kernel]] must be a list of strings"),
        (KERNEL.replace('symbol = "f"', ""), ":2: [[kernel]] number 1 has no 'symbol'"),
        (KERNEL.replace('"f"', '"f g"'), ":6: 'f g' is no C symbol"),
        (KERNEL + KERNEL, "two kernels are called 'rms_norm_f32/sve'"),
        (KERNEL + 'name = "a/b"', ":7: the name 'a/b' may only hold"),
        (KERNEL + 'prototype = "void f(float *x)"', ":7: void f(float *x) has 1 parameters"),
        (KERNEL + 'prototype = "void f(double *x, int n, float e)"', ":7: the parameter double * x of f cannot stand"),
        (KERNEL + 'prototype = "void f(flaot *x, int n, float e)"', "unknown type 'flaot'"),
        (KERNEL + 'prototype = "float f(float *x, int n, float e)"', "returns another type"),
        (KERNEL + attributed("ms_abi"), ":7: ms_abi is a calling convention of x86_64, not of aarch64"),
        (KERNEL + attributed("__sysv_abi__"), ":7: sysv_abi is a calling convention of x86_64, not of aarch64"),
        (KERNEL + attributed("vector_pcs"), "unknown attribute 'vector_pcs' in"),
        (KERNEL + attributed("ms_abi, sysv_abi"), "ms_abi and sysv_abi in"),
        (KERNEL + attributed("regparm(3)"), "not a C function declaration"),
        (
            KERNEL.replace('"sve"', '"avx2"') + attributed("aarch64_vector_pcs"),
            "a calling convention of aarch64, not of",
        ),
        (KERNEL + with_keywords("__arm_streaming"), ":7: __arm_streaming needs an isa with SME, not 'sve'"),
        (SME_KERNEL + with_keywords("__arm_straming"), "unknown keyword '__arm_straming' in"),
        (SME_KERNEL + with_keywords('__arm_in("zb")'), ":7: __arm_in in"),
        (SME_KERNEL + with_keywords('__arm_in("za") __arm_out("za")'), "'za' is shared twice in"),
        (SME_KERNEL + with_keywords("__arm_streaming __arm_streaming_compatible"), "exclude each other"),
        (KERNEL.replace('"sve"', '"scalar"') + attributed("ms_abi"), "of x86_64, not of any host"),
        ('contracts = ["none.py"]' + KERNEL, ":1: 'contracts': no such file: "),
    ],
)
def test_a_wrong_manifest_is_told_where_and_what(folder: Path, text: str, message: str) -> None:
    path = manifest(folder, text)
    with pytest.raises((ConfigurationError, ContractError)) as caught:
        load_project(path, folder)
    assert message in str(caught.value)


def test_an_unreadable_manifest_is_no_traceback(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        load_project(tmp_path / "none.toml", tmp_path)


def contract(body: str) -> str:
    return f"from harness.contract import *\nfoo = op({body})\n"


GOOD = {
    "prototype": '"void foo(float *x, size_t n, float a)"',
    "inout": '"x[n]"',
    "scalars": '{"a": 2.0}',
    "reference": "lambda x, a: a * x",
    "passes": '[each("x", lambda x, a: a * x, roundings=1)]',
    "suites": '{"s": every(1, 3)}',
}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"prototype": '"void foo(float **x, size_t n, float a)"'}, "pointer to a pointer"),
        ({"prototype": '"void foo(float *x, size_t n, float a) __arm_streaming"'}, "prototype of a kernel"),
        ({"prototype": '"__attribute__((ms_abi)) void foo(float *x, size_t n, float a)"'}, "prototype of a kernel"),
        ({"prototype": '"void foo"'}, "not a C function declaration"),
        ({"prototype": '"void foo(float *, size_t n, float a)"'}, "needs a name"),
        ({"inout": '"x"'}, "expected 'name[length]'"),
        ({"inout": '"y[n]"'}, "'y' is no pointer parameter"),
        ({"inout": '""'}, "in none of inputs, outputs and inout"),
        ({"inout": '"x[m]"'}, "'m' is no size"),
        ({"inout": '"x[n ** 2]"'}, "only sizes, integers"),
        ({"inout": '"x[n"'}, "expected 'name[length]'"),
        ({"scalars": "{}"}, "the argument 'a' needs values"),
        ({"scalars": '{"a": []}'}, "needs a number"),
        ({"scalars": '{"a": 1.0, "b": 2}'}, "'b' is no scalar parameter"),
        ({"reference": "lambda y: y"}, "reference takes 'y'"),
        ({"passes": "[]"}, "no pass yields the output 'x'"),
        ({"passes": '[each("x", lambda z: z, roundings=1)]'}, "pass 'x' takes 'z'"),
        ({"suites": '{"s": [-1]}'}, "the size -1 is negative"),
        ({"suites": '{"s": ["x"]}'}, "'x' is no size"),
        ({"suites": '{"s": [sizes(m=1)]}'}, "sizes are n, not m"),
        ({"suites": "1 / 0"}, "ZeroDivisionError"),
    ],
)
def test_a_wrong_contract_is_told_where_and_what(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    path = tmp_path / "foo.py"
    parts = {**GOOD, **changes}
    path.write_text(contract(", ".join([parts.pop("prototype"), *(f"{k}={v}" for k, v in parts.items())])))
    with pytest.raises(ContractError) as caught:
        load_contracts(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}:2:")


def test_a_contract_file_without_a_contract_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "foo.py"
    path.write_text("x = 1\n")
    with pytest.raises(ContractError, match="defines no contract"):
        load_contracts(path)


def test_a_contract_with_a_syntax_error_is_told_the_line(tmp_path: Path) -> None:
    path = tmp_path / "foo.py"
    path.write_text("x = 1\ny = (\n")
    with pytest.raises(ContractError, match=r"foo\.py:2: SyntaxError"):
        load_contracts(path)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("void f(float *buf, int64_t n, float eps)", ("row", "len", "eps")),
        ("void f(float eps, size_t len, float *row)", ("eps", "len", "row")),
        ("void f(float *restrict x, unsigned n, double e)", ("row", "len", "eps")),
        ("void f(float x[], int n, float e)", ("row", "len", "eps")),
    ],
)
def test_parameters_match_by_name_or_by_position(text: str, names: tuple[str, ...]) -> None:
    assert match_parameters(parse_prototype(text), rms_norm()) == names


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('descripton = "x"', "unknown key 'descripton' in a target (perhaps you meant 'description')"),
        ('triple = ["x"]', "'triple' in a target must be a string"),
        ("vector_bits = [100]", "must be a list of widths in bits"),
        ("vector_bits = [128]", "belong together"),
        ('features = ["avx512qd"]', "no feature 'avx512qd' is known (perhaps you meant 'avx512dq')"),
        ('header = "arm_sme.h"', "'header' and 'header_since' belong together"),
        ("hostile = {ones = 1}", "'hostile' in a target must be a table of strings"),
        ('[[run]]\nhow = "magic"', "'how' must be one of bochs, native, qemu-user, sde, not 'magic'"),
    ],
)
def test_a_wrong_target_is_told_where_and_what(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "t.toml"
    base = 'description = "d"\nisas = ["neon"]\n'
    base += "" if line.startswith("triple") else 'triple = "x86_64-linux-gnu"\n'
    path.write_text(base + line + "\n" + ("" if "[[run]]" in line else '[[run]]\nhow = "native"\n'))
    with pytest.raises(ConfigurationError) as caught:
        load_target(path)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "op", "fits"),
    [
        ("float f(const uint16_t *x, size_t n)", "sum_f16", True),
        ("float f(const unsigned short *x, size_t n)", "sum_f16", True),
        ("float f(const __fp16 *x, size_t n)", "sum_f16", True),
        ("float f(const int16_t *x, size_t n)", "sum_f16", False),
        ("float f(const __bf16 *x, size_t n)", "sum_f16", False),
        ("float f(const uint16_t *x, const uint16_t *y, size_t n)", "dot_bf16", True),
        ("float f(const _Float16 *x, const _Float16 *y, size_t n)", "dot_bf16", False),
        ("void f(uint16_t *y, const uint16_t *x, size_t n, float a)", "axpy_f16", True),
        ("float f(const uint32_t *x, size_t n)", "sum_f32", False),
    ],
)
def test_types_of_two_bytes_may_be_declared_as_their_bits(text: str, op: str, fits: bool) -> None:
    contract, prototype = bundled_contract(op), parse_prototype(text)
    if fits:
        assert match_parameters(prototype, contract)[0] in ("x", "y")
        assert fitted(prototype, contract) == prototype
    else:
        with pytest.raises(ConfigurationError, match="cannot stand for"):
            match_parameters(prototype, contract)
        with pytest.raises(ConfigurationError, match="is not of the form"):
            fitted(prototype, contract)


def test_a_directory_in_place_of_a_kernel_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("src", "lib", "dot_f32"):
        (tmp_path / name).mkdir()
    (tmp_path / "lib" / "harness.toml").write_text("")
    with pytest.raises(
        UsageError, match=r"^src/: a directory; name the files .* let 'harness init src/' write a manif"
    ):
        load_project(None, tmp_path, ("src/",))
    with pytest.raises(
        UsageError, match=r"^lib: a directory; its manifest is named like this: --config lib/harness\.toml"
    ):
        load_project(None, tmp_path, ("dot_f32", "lib"))
    assert load_project(None, tmp_path, ("dot_f32",)).kernels  # an op, whatever is called like it
