"""The small projects of tests/projects, each in a language or form that kernels come in, end to end."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness

PROJECTS = Path(__file__).parents[1] / "projects"
RUST_MACHINES = {"neon": "aarch64-unknown-linux-gnu", "avx2": "x86_64-unknown-linux-gnu"}


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one of the projects."""
    copy = tmp_path / str(request.param)
    shutil.copytree(PROJECTS / copy.name, copy)
    return copy


def ran(harness: Harness, project: Path, *arguments: str, returncode: int = 0) -> list[dict[str, Any]]:
    """Run a project; return its verdicts."""
    done = harness("run", "--json", "r.json", *arguments, cwd=project)
    assert done.returncode == returncode, done.stdout + done.stderr
    verdicts: list[dict[str, Any]] = json.loads((project / "r.json").read_text())["verdicts"]
    return verdicts


def builds(verdicts: list[dict[str, Any]], kernel: str, target: str) -> set[str]:
    return {v["build"] for v in verdicts if v["kernel"] == kernel and v["target"] == target and v["suite"] != "gate"}


def replace_in(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("project", ["sve_assembly"], indirect=True)
def test_assembly_with_includes_passes_at_every_width(harness: Harness, project: Path) -> None:
    verdicts = ran(harness, project)
    passed = [v for v in verdicts if v["outcome"] == "PASS"]
    assert {v["attested_vector_bits"] for v in passed if v["suite"] != "gate"} == {128, 256, 512}
    assert {v["target"] for v in passed} == {"sve", "a64fx"}
    assert {v["outcome"] for v in verdicts} <= {"PASS", "NOT_APPLICABLE"}


@pytest.mark.parametrize("project", ["sve_assembly"], indirect=True)
def test_a_change_in_what_assembly_includes_is_built_anew(harness: Harness, project: Path) -> None:
    one = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--svl", "128", "--target", "sve", "--suite", "short")
    ran(harness, project, *one)
    replace_in(project / "include" / "function.inc", "\\name:\n", "\\name:\n    mov x1, xzr\n")
    assert "MISMATCH" in {v["outcome"] for v in ran(harness, project, *one, returncode=1)}


@pytest.mark.parametrize("project", ["cpp_neon"], indirect=True)
def test_cpp_passes_under_a_c_name_and_a_mangled_one(harness: Harness, project: Path) -> None:
    verdicts = ran(harness, project, "--target", "neon")
    counts = Counter(v["kernel"] for v in verdicts if v["outcome"] == "PASS")
    assert counts["axpy_f32/extern_c"] == counts["axpy_f32/mangled"] > 35
    assert {"gcc O0 plain", "gcc O2 hostile"} <= builds(verdicts, "axpy_f32/mangled", "neon")


@pytest.mark.parametrize("project", ["cpp_neon"], indirect=True)
def test_a_fault_in_a_header_of_an_include_path_is_found(harness: Harness, project: Path) -> None:
    replace_in(
        project / "include" / "vector.hpp",
        "i = 0; i < Count; i++)\n            vst1q",
        "i = 1; i < Count; i++)\n            vst1q",
    )
    outcomes = {v["outcome"] for v in ran(harness, project, "--cc", "gcc", "--opt", "O2", returncode=1)}
    assert "MISMATCH" in outcomes


@pytest.mark.parametrize("project", ["cpp_neon"], indirect=True)
def test_a_mangled_name_that_is_not_there_is_told(harness: Harness, project: Path) -> None:
    replace_in(project / "harness.toml", "ILi2E", "ILi3E")
    done = harness("run", "*/mangled", "--cc", "gcc", "--opt", "O2", "--build", "plain", cwd=project)
    assert done.returncode == 1
    message = r"axpy\.cpp: no function '\w*axpyILi3E\w*' that the linker sees \(perhaps you meant '\w*axpyILi2E\w*'\)"
    assert re.search(message, done.stdout), done.stdout


def compile_object(project: Path) -> None:
    subprocess.run(["aarch64-linux-gnu-gcc", "-O2", "-c", "total.c"], cwd=project, check=True)


@pytest.mark.parametrize("project", ["prebuilt_object"], indirect=True)
def test_an_object_is_run_in_one_build_and_poisoned(harness: Harness, project: Path) -> None:
    compile_object(project)
    verdicts = ran(harness, project)
    assert builds(verdicts, "total_f32/neon", "neon") == {"prebuilt plain", "prebuilt hostile"}
    assert {v["outcome"] for v in verdicts} <= {"PASS", "UNAVAILABLE"}


@pytest.mark.parametrize("project", ["prebuilt_object"], indirect=True)
def test_an_object_that_uses_what_is_poisoned_is_found(harness: Harness, project: Path) -> None:
    poisoned = 'float32x4_t sums;\n    __asm__ volatile("" : "=w"(sums));'
    replace_in(project / "total.c", "float32x4_t sums = vdupq_n_f32(0);", poisoned)
    compile_object(project)
    verdicts = ran(harness, project, "--target", "neon", returncode=1)
    assert any(v["outcome"] == "MISMATCH" and v["build"] == "prebuilt hostile" for v in verdicts)
    (line,) = {v["reproduce"] for v in verdicts if v["case"] == "n1" and v["build"] == "prebuilt hostile"}
    assert "--cc" not in line


@pytest.mark.parametrize("project", ["prebuilt_object"], indirect=True)
def test_an_object_for_another_machine_is_told(harness: Harness, project: Path) -> None:
    (project / "native.c").write_text("float total(const float *x, long n) { return n ? x[0] : 0; }\n")
    subprocess.run(["gcc", "-c", "native.c", "-o", "total.o"], cwd=project, check=True)
    done = harness("run", "--target", "neon", cwd=project)
    assert done.returncode == 1
    assert "BUILD_ERROR" in done.stdout
    assert "total.o" in done.stdout


# Where a machine's own rustc knows no other architecture, `./dev test --require rust` lays Debian's library there.
RUST_COMPILERS = (("rustc",), ("/usr/bin/rustc", "--sysroot", str(Path(sys.prefix, "rust", "usr"))))


def rust_compiler_for(machine: str) -> Sequence[str] | None:
    """The start of the command line of a compiler that has the machine's library, if one is here."""
    for command in RUST_COMPILERS:
        if shutil.which(command[0]):
            probe = [*command, "--print", "target-libdir", "--target", machine]
            found = subprocess.run(probe, capture_output=True, text=True)
            if found.returncode == 0 and any(Path(found.stdout.strip()).glob("libcore-*.rlib")):
                return command
    return None


@pytest.mark.parametrize("project", ["rust_library"], indirect=True)
@pytest.mark.parametrize("isa", RUST_MACHINES)
def test_a_static_library_of_rust_passes(
    harness: Harness, project: Path, isa: str, pytestconfig: pytest.Config
) -> None:
    machine = RUST_MACHINES[isa]
    compiler = rust_compiler_for(machine)
    if compiler is None:
        complaint = f"needs rustc with the target {machine} (./dev test --require rust)"
        is_required = isa == "neon" and "rust" in pytestconfig.getoption("--require")
        (pytest.fail if is_required else pytest.skip)(complaint)
    command = [*compiler, "--edition", "2021", "--target", machine, "--crate-type", "staticlib", "-O", "src/lib.rs"]
    subprocess.run([*command, "-o", f"lib{isa}.a"], cwd=project, check=True)
    verdicts = ran(harness, project, "--config", f"{isa}.toml", "--target", isa)
    assert builds(verdicts, f"axpy_f32/{isa}", isa) == {"prebuilt plain", "prebuilt hostile"}
    assert {v["outcome"] for v in verdicts} == {"PASS"}
    assert "gate" in {v["suite"] for v in verdicts} or isa == "neon"


@pytest.mark.parametrize("project", ["prebuilt_object"], indirect=True)
def test_of_a_static_library_only_what_the_symbol_needs_is_linked(harness: Harness, project: Path) -> None:
    replace_in(project / "pyproject.toml", "total.o", "libtotal.a")
    unused = "extern float nowhere(void);\nfloat unused(void) { return nowhere(); }\n"
    constructor = "static int ready;\n__attribute__((constructor)) static void start(void) { ready = 1; }\n"
    replace_in(project / "total.c", "float sum = vaddvq", "float sum = (float)(1 - ready) + vaddvq")
    text = (project / "total.c").read_text()
    (project / "total.c").write_text(constructor + text)
    (project / "unused.c").write_text(unused)
    subprocess.run(["aarch64-linux-gnu-gcc", "-O2", "-c", "total.c", "unused.c"], cwd=project, check=True)
    subprocess.run(["ar", "rcs", "libtotal.a", "unused.o", "total.o"], cwd=project, check=True)
    assert {v["outcome"] for v in ran(harness, project, "--target", "neon")} == {"PASS"}


@pytest.mark.parametrize("project", ["cpp_neon"], indirect=True)
def test_a_compiler_without_its_part_for_cpp_accuses_no_kernel(harness: Harness, project: Path) -> None:
    gcc = project / "gcc-without"
    refuse = "echo \"gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory\" >&2; exit 1"
    gcc.write_text(f'#!/bin/sh\ncase "$*" in *.cpp*) {refuse};; esac\nexec aarch64-linux-gnu-gcc "$@"\n')
    gcc.chmod(0o755)
    done = harness("run", "--cc", gcc, "--opt", "O2", "--build", "plain", "--json", "r.json", cwd=project)
    verdicts = json.loads((project / "r.json").read_text())["verdicts"]
    assert {v["outcome"] for v in verdicts} == {"UNAVAILABLE"}
    assert "cannot compile and link C++ for aarch64-linux-gnu: gcc: fatal error: cannot execute" in done.stdout
    assert "g++-aarch64-linux-gnu" in done.stdout
    assert done.returncode == 3, "nothing was judged"


@pytest.mark.docker
@pytest.mark.parametrize("project", ["sve_assembly", "prebuilt_object"], indirect=True)
def test_objects_and_what_assembly_includes_travel_into_containers(harness: Harness, project: Path) -> None:
    if (project / "total.c").exists():
        compile_object(project)
        (project / "total.c").unlink()
    one = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--svl", "128", "--suite", "short")
    verdicts = ran(harness, project, "--in", "docker", *one)
    assert {v["outcome"] for v in verdicts} <= {"PASS", "NOT_APPLICABLE"}
    assert "PASS" in {v["outcome"] for v in verdicts}


@pytest.mark.parametrize("project", ["strided_gemm"], indirect=True)
def test_a_strided_gemm_passes_and_each_fault_of_strides_is_found(harness: Harness, project: Path) -> None:
    one = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
    done = harness("run", "--json", "r.json", *one, cwd=project)
    assert done.returncode == 1, done.stdout + done.stderr
    verdicts = json.loads((project / "r.json").read_text())["verdicts"]
    found = {
        name: {v["outcome"] for v in verdicts if v["kernel"] == f"gemm_f32/{name}"}
        for name in ("right", "ignores_ldb", "writes_the_gap", "drops_the_k_tail")
    }
    assert found == {
        "right": {"PASS"},
        "ignores_ldb": {"PASS", "MISMATCH"},
        "writes_the_gap": {"PASS", "OUT_OF_BOUNDS"},
        "drops_the_k_tail": {"PASS", "MISMATCH"},
    }
    assert "between rows 0 and 1" in done.stdout
