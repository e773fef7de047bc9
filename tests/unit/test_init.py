"""The verb init: what it finds in a variety of repositories, and what it writes."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cli import main
from harness.commands.init import write_project
from harness.contract.loading import load_contracts
from harness.discovery.rust import exported, isas_of_rust, library_name
from harness.errors import ConfigurationError, ContractError, NothingFoundError
from harness.model.prototype import parse_prototype
from harness.project import load_project
from harness.resources import bundled_root
from harness.scaffold.contract import contract_text, is_describable
from harness.scaffold.jobs import action_of, github_job, gitlab_job

SVE = "#include <arm_sve.h>\n#include <stdint.h>\n\nvoid {0}(float *buf, int64_t n, float eps) {{ svcntw(); }}\n"
NEON = "#include <arm_neon.h>\nvoid {0}(float *out, const float *x, long n) {{ vst1q_f32(out, vld1q_f32(x)); }}\n"


def written(root: Path, files: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], str]:
    """Put files into a directory and run init there; return the manifest's kernels and what was printed."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    write_project(str(root))
    kernels = tomllib.loads((root / "harness.toml").read_text()).get("kernel", [])
    return kernels, capsys.readouterr().out


def test_one_file_becomes_a_project_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (kernel,), said = written(tmp_path, {"src/k.c": SVE.format("sve_rms_norm_f32_kernel")}, capsys)
    assert kernel == {
        "op": "rms_norm_f32",
        "isa": "sve",
        "sources": ["src/k.c"],
        "symbol": "sve_rms_norm_f32_kernel",
        "prototype": "void sve_rms_norm_f32_kernel(float *buf, int64_t n, float eps)",
    }
    (loaded,) = load_project(None, tmp_path).kernels
    assert loaded.id == "rms_norm_f32/sve"
    assert "found  rms_norm_f32/sve  sve_rms_norm_f32_kernel in src/k.c:4, it uses svcntw" in said
    assert re.search(rf"next   cd {re.escape(str(tmp_path))} && harness run\n", said)
    assert "rms_norm_f32" in load_contracts(tmp_path / "contracts" / "rms_norm_f32.py")


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = {"harness.toml": "# mine\n", ".github/workflows/harness.yml": "# mine\n", "k.c": SVE.format("rms_norm")}
    kernels, said = written(tmp_path, {**mine, ".git/HEAD": ""}, capsys)
    assert kernels == []
    assert (tmp_path / ".github/workflows/harness.yml").read_text() == "# mine\n"
    assert "kept   harness.toml, which is there already" in said
    assert "kept   .github/workflows/harness.yml, which is there already" in said
    assert not (tmp_path / "contracts").exists()


def test_a_repository_with_several_kernels_headers_and_helpers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "Makefile": "CFLAGS = -O2 -Iinc/public\n",
        "inc/public/api.h": "typedef unsigned long usize;\nfloat tail(const float *x, usize n);\n",
        "src/dot.c": '#include "api.h"\n#include <arm_neon.h>\nstatic float lane(float x) { return x; }\n'
        "float dot_neon(const float *a, const float *b, usize n) { vst1q_f32(0, v); return lane(tail(a, n)); }\n",
        "src/tail.c": '#include "api.h"\nfloat tail(const float *x, usize n) { return x[n]; }\n',
        "src/ref.c": "float dot(const float *x, const float *y, unsigned long len) { return x[len] + y[len]; }\n",
        "src/soft.cpp": "#include <immintrin.h>\n"
        "namespace ml { void softmax(float *x, unsigned long n) { _mm256_zeroall(); } }\n"
        'extern "C" void softmax_c(float *x, unsigned long n) { ml::softmax(x, n); }\n',
        "bench/main.c": SVE.format("rms_norm") + "int main(void) { return 0; }\n",
        "build/CMakeCache.txt": "",
        "build/gen.c": SVE.format("rms_norm_of_a_tool"),
    }
    kernels, _ = written(tmp_path, files, capsys)
    by_name = {f"{kernel['op']}/{kernel.get('name', kernel['isa'])}": kernel for kernel in kernels}
    assert by_name.keys() == {
        "dot_f32/neon",
        "dot_f32/scalar",
        "softmax_f32/softmax",
        "softmax_f32/softmax_c",
        "rms_norm_f32/sve",
    }
    assert by_name["dot_f32/neon"]["sources"] == ["src/dot.c", "src/tail.c"]
    assert by_name["dot_f32/neon"]["includes"] == ["inc/public"]
    assert "unsigned long n" in by_name["dot_f32/neon"]["prototype"]
    assert by_name["softmax_f32/softmax"]["symbol"] == "_ZN2ml7softmaxEPfm"
    assert "defines" not in by_name["rms_norm_f32/sve"], "a main of its own needs none"
    assert len(load_project(None, tmp_path).kernels) == len(kernels)


def test_ops_of_ones_own_get_a_contract_that_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (kernel,), said = written(tmp_path, {"k.c": NEON.format("hardswish_neon")}, capsys)
    assert kernel["op"] == "hardswish"
    assert (
        "todo   contracts/hardswish.py: say in numpy what hardswish computes; until then it is a CONTRACT_ERROR" in said
    )
    assert load_project(None, tmp_path).kernels[0].id == "hardswish/neon"


def test_beside_kernels_of_known_ops_those_of_others_are_comments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"a.c": NEON.format("hardswish_neon"), "b.c": SVE.format("rms_norm")}
    (kernel,), said = written(tmp_path, files, capsys)
    assert kernel["op"] == "rms_norm_f32"
    text = (tmp_path / "harness.toml").read_text()
    assert '# contracts = ["contracts/hardswish.py"]' in text
    assert '# symbol = "hardswish_neon"' in text
    assert "hardswish_neon in a.c:2, it uses vst1q_f32 (as a comment: it needs a contract)" in said
    tomllib.loads(re.sub(r"(?m)^# (?=\[\[kernel|\w+ = )", "", text.partition("# Further keys")[0]))


def test_where_nothing_else_is_functions_without_vectors_are_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = "void softmax(float *x, int n, float temperature) { x[n] = temperature; }\n"
    kernels, said = written(tmp_path / "alone", {"k.c": plain}, capsys)
    assert [kernel["op"] for kernel in kernels] == ["softmax"]
    assert "todo   contracts/softmax.py: say in numpy what softmax computes" in said
    kernels, _ = written(tmp_path / "beside", {"k.c": plain, "v.c": SVE.format("rms_norm")}, capsys)
    assert [kernel["op"] for kernel in kernels] == ["rms_norm_f32"]
    many = {f"k{n}.c": plain.replace("softmax", f"step{n}") for n in range(9)}
    with pytest.raises(NothingFoundError):
        written(tmp_path / "many", many, capsys)


def test_an_op_that_the_manifest_names_gets_the_contract_that_it_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel = '[[kernel]]\nop = "{}"\nisa = "scalar"\nsources = ["k.c"]\nsymbol = "f"\n'
    (tmp_path / "harness.toml").write_text(kernel.format("mine") + kernel.format("sum_f32"))
    (tmp_path / "k.c").write_text("void f(float *out, const float *x, long n) { }\n")
    with pytest.raises(ConfigurationError, match=r"2: no contract for the op 'mine'; .* 'harness init' drafts a contr"):
        load_project(None, tmp_path)
    write_project(str(tmp_path))
    said = capsys.readouterr().out
    assert "wrote  contracts/mine.py\n" in said
    assert 'todo   name it in the manifest, at its top: contracts = ["contracts/mine.py"]\n' in said
    assert not (tmp_path / "contracts" / "sum_f32.py").exists()
    contract = load_contracts(tmp_path / "contracts" / "mine.py")["mine"]
    assert str(contract.prototype) == "void mine(float *out, const float *x, long n)"


def test_an_op_whose_kernel_nothing_declares_is_left_to_the_user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "harness.toml").write_text('[[kernel]]\nop = "mine"\nisa = "scalar"\nsources = ["k.S"]\nsymbol = "f"\n')
    (tmp_path / "k.S").write_text(".globl f\nf: ret\n")
    write_project(str(tmp_path))
    said = capsys.readouterr().out
    assert "todo   write a contract for mine: nothing declares its kernel's parameters, so that none could be" in said
    assert not (tmp_path / "contracts").exists()


GEMM = """# Of a library of matrix products.
# void gemm_asm(
#     size_t mr,                x0
#     const void* w,            x1
#     const union params params[restrict MIN(1)])  (x2)
.globl gemm_asm
gemm_asm:
    fmla v0.4s, v1.4s, v2.s[0]
    ret
"""
ASSEMBLY = ".globl {0}\n{0}:\n    fadd v0.4s, v0.4s, v1.4s\n    ret\n"


def test_functions_whose_declared_parameters_do_not_fit_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "api.h": "struct params;\nvoid sum_asm(struct params *p, const float *x);\n",
        "register.c": "void max_asm(const float *x, int n, float *out, const struct params *p);\n"
        "float min_asm(const float *x, long n);\n",
        "max.c": "void vmax(long n, const float *x, const struct params *p) { vst1q_f32(0, v); }\n",
        "scale.c": "void scale_params(struct params *p, float scale) { p->scale = scale; }\n",
        "gemm.S": GEMM,
        "sum.S": ASSEMBLY.format("sum_asm"),
        "max.S": ASSEMBLY.format("max_asm"),
        "min.S": ASSEMBLY.format("min_asm"),
    }
    kernels, said = written(tmp_path, files, capsys)
    assert [kernel["symbol"] for kernel in kernels] == ["min_asm"]
    assert "# symbol" not in (tmp_path / "harness.toml").read_text()
    for name in (
        "gemm_asm (gemm.S): not a C function declaration",
        "sum_asm (sum.S): unknown type",
        "max_asm (max.S): unkn",
    ):
        assert f"left   {name}" in said


def test_a_kernel_that_nothing_declares_is_a_comment(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kernels, said = written(tmp_path, {"sum.S": ASSEMBLY.format("dot_neon")}, capsys)
    assert kernels == []
    assert "dot_neon in sum.S, it uses v0.4s (as a comment: nothing declares its parameters)" in said
    assert "todo   harness.toml: say what parameters its kernels have, and take the # of one away" in said
    assert '# symbol = "dot_neon"' in (tmp_path / "harness.toml").read_text()


def test_rust_and_its_static_libraries(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    crate = '[package]\nname = "fast-math"\n[lib]\ncrate-type = ["staticlib"]\n'
    source = (Path(__file__).parents[1] / "projects" / "rust_library" / "src" / "lib.rs").read_text()
    kernels, said = written(tmp_path, {"Cargo.toml": crate, "src/lib.rs": source, ".git/HEAD": ""}, capsys)
    assert [(kernel["isa"], kernel["sources"]) for kernel in kernels] == [
        ("avx2", ["target/x86_64-unknown-linux-gnu/release/libfast_math.a"]),
        ("neon", ["target/aarch64-unknown-linux-gnu/release/libfast_math.a"]),
    ]
    assert kernels[0]["prototype"] == "void rust_axpy(float a, const float *x, float *y, size_t len)"
    assert "cargo build --release --target aarch64-unknown-linux-gnu && harness run" in said
    job = yaml.safe_load((tmp_path / ".github/workflows/harness.yml").read_text())
    assert "rustup target add x86_64-unknown-linux-gnu" in job["jobs"]["kernels"]["steps"][1]["run"]


def test_rust_as_c_sees_it() -> None:
    source = """#[unsafe(no_mangle)]
#[inline(never)]
pub unsafe extern "C" fn dot(x: *const f32, y: *const f32, n: usize) -> f32 { vld1q_f32(x) }
pub extern "C" fn hidden(n: usize) {}
// #[no_mangle] pub extern "C" fn commented(n: usize) {}
"""
    (function,) = exported(source)
    assert function.declaration == "float dot(const float *x, const float *y, size_t n)"
    assert {machine: isa.isa for machine, isa in isas_of_rust(source).items()} == {"aarch64": "neon"}
    assert library_name('[package]\nname = "a-b"\n[lib]\nname = "c"\n') == "c"


def test_a_gitlab_repository_gets_a_job_of_gitlab(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {".gitlab-ci.yml": "stages: [test]\n", ".git/HEAD": "", "sub/k.c": SVE.format("rms_norm")}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    write_project(str(tmp_path / "sub"))
    job = yaml.safe_load((tmp_path / ".gitlab" / "harness.gitlab-ci.yml").read_text())
    assert job["harness"]["extends"] == ".harness"
    assert job["harness"]["variables"]["HARNESS_CONFIG"] == "sub/harness.toml"
    assert "add  include: {local: .gitlab/harness.gitlab-ci.yml}" in capsys.readouterr().out
    assert not (tmp_path / ".github").exists()


@pytest.mark.parametrize("build", ["", "cargo build"])
def test_jobs_are_yaml_and_the_action_has_their_inputs(build: str) -> None:
    action = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text())
    job = yaml.safe_load(github_job("a/harness.toml", "o/r@1234", build))
    *_, step = job["jobs"]["kernels"]["steps"]
    assert step["uses"] == "o/r@1234"
    assert step["with"].keys() <= action["inputs"].keys()
    template = (bundled_root() / "docs" / "validate.gitlab-ci.yml").read_text()
    assert ".harness" in yaml.safe_load(gitlab_job(template, "harness.toml", ""))


def test_where_the_harness_is_comes_from_how_it_was_installed() -> None:
    assert action_of("https://github.com/o/r.git", "abc") == "o/r@abc"
    assert action_of("git@github.com:o/r", "abc") == "o/r@abc"
    assert action_of("https://example.org/o/r", "abc") == ""


@pytest.mark.parametrize(
    "declaration",
    [
        "void f(float *out, const float *x, size_t n)",
        "void f(float *row, size_t n, float eps)",
        "float f(const float *x, const float *y, int n)",
        "void f(float *c, const float *a, const float *b, int m, int n, int k)",
        "void f(float *sin, float *cos, const float *x, size_t n)",
        "__attribute__((ms_abi)) int32_t f(const int8_t *x, size_t n)",
        "double f(double *x, size_t n, double a)",
    ],
)
def test_a_drafted_contract_loads_and_its_reference_says_what_to_do(tmp_path: Path, declaration: str) -> None:
    prototype = parse_prototype(declaration)
    assert is_describable(prototype)
    path = tmp_path / "c.py"
    path.write_text(contract_text("mine", prototype))
    contract = load_contracts(path)["mine"]
    assert all(contract.suites[name](4) for name in contract.suites)
    with pytest.raises(ContractError, match=r"c\.py:\d+: .*NotImplementedError: write what mine computes into this"):
        contract.reference(dict.fromkeys(contract.reference.takes))
    done = subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("declaration", ["void f(float *x)", "void f(const float *x, int n)", "int f(int n)"])
def test_no_contract_is_drafted_where_nothing_gives_a_length_or_comes_out(declaration: str) -> None:
    assert not is_describable(parse_prototype(declaration))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "nothing to validate in {root}: 0 sources, none with a C, C++, assembly or Rust function with vectors"),
        ({"add.c": "int add(int a, int b) { return a + b; }"}, ": 1 sources, none with"),
        ({"f.c": "void f(float **x) { vst1q_f32(0, v); }"}, "; f (f.c:1): 'float ** x' in"),
        ({"f.c": "void f(float *x, int n) { vst1q_f32(x, v); _mm256_zeroall(); }"}, "; f (f.c:1): f holds code for"),
        ({"l.rs": '#[no_mangle]\npub extern "C" fn f(n: usize) { }'}, "; f (l.rs:2): no Cargo.toml; build a static"),
    ],
)
def test_a_folder_with_nothing_usable_is_told_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], message: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(NothingFoundError) as caught:
        write_project(str(tmp_path))
    assert message.replace("{root}", str(tmp_path)) in str(caught.value)
    assert main(["init", str(tmp_path)]) == 3
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "harness.toml").exists()


def test_a_directory_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", str(tmp_path / "no")]) == 2
    assert capsys.readouterr().err == f"harness: {tmp_path / 'no'}: no such directory\n"
