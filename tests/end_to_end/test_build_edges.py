"""What a build comes to, by exit statuses and probes: at the edges where words used to decide."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.backend.host import HostBackend
from harness.build import Builder
from harness.build.commands import RUNNER_NAME, RUNNER_SYMBOLS
from harness.build.toolchain import find_compiler
from harness.discovery.elf import objects_in
from harness.model import Compiler
from harness.resources import bundled_root
from harness.storage.cache import cache_directory
from tests.conftest import Harness

ONE = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--size", "33")
SUM = """
#include <stddef.h>
float {name}(const float *x, size_t n) {{
    float sum = 0.0f;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum;
}}
"""


def project(directory: Path, source: str, *, name: str = "k.c", isa: str = "scalar", more: str = "") -> Path:
    (directory / name).write_text(source)
    manifest = f'[[kernel]]\nop = "sum_f32"\nisa = "{isa}"\nsources = ["{name}"]\nsymbol = "total"\n{more}'
    (directory / "harness.toml").write_text(manifest)
    return directory


def ran(harness: Harness, directory: Path, *arguments: str | Path) -> tuple[int, str, set[tuple[str, str]]]:
    """Exit code, what was printed, and outcomes with their first lines."""
    done = harness("run", *arguments, "--json", "r.json", cwd=directory)
    record: dict[str, Any] = json.loads((directory / "r.json").read_text())
    return done.returncode, done.stdout, {(row["outcome"], row["detail"]) for row in record["verdicts"]}


def cpp(body: str) -> str:
    return 'extern "C" ' + SUM.format(name="total").replace("\n#include <stddef.h>\n", "").replace(
        "{\n", f"{{\n{body}", 1
    )


def test_a_warning_made_an_error_is_a_build_error_in_cpp_too(harness: Harness, tmp_path: Path) -> None:
    source = "#include <cstddef>\n" + cpp("    int unused = 1;\n")
    project(tmp_path, source, name="k.cpp", more='flags = ["-Wall", "-Werror"]\n')
    code, _, outcomes = ran(harness, tmp_path, *ONE)
    assert code == 1
    ((outcome, detail),) = outcomes
    assert outcome == "BUILD_ERROR"
    assert detail.endswith("error: unused variable 'unused' [-Werror=unused-variable]")
    code, _, outcomes = ran(harness, project(tmp_path, source, name="k.cpp"), *ONE)
    assert (code, {outcome for outcome, _ in outcomes}) == (0, {"PASS"})


def test_a_successful_build_may_print_what_it_likes(harness: Harness, tmp_path: Path) -> None:
    warning = '#warning "cc1plus: fatal error: cannot execute cc1plus: undefined reference"\n'
    project(tmp_path, warning + "#include <cstddef>\n" + cpp(""), name="k.cpp")
    code, _, outcomes = ran(harness, tmp_path, *ONE)
    assert (code, {outcome for outcome, _ in outcomes}) == (0, {"PASS"})


def test_a_compiler_that_fails_only_at_the_kernel_is_not_unavailable(harness: Harness, tmp_path: Path) -> None:
    """It passes the probe for C++, and says of the kernel what one without C++ says."""
    gcc = tmp_path / "gcc-with"
    refuse = "echo \"gcc: fatal error: cannot execute 'cc1plus': execvp: No such file or directory\" >&2; exit 1"
    gcc.write_text(f'#!/bin/sh\ncase "$*" in *" -c "*k.cpp*) {refuse};; esac\nexec gcc "$@"\n')
    gcc.chmod(0o755)
    project(tmp_path, "#include <cstddef>\n" + cpp(""), name="k.cpp")
    code, _, outcomes = ran(harness, tmp_path, "--cc", gcc, *ONE[2:])
    assert code == 1
    assert {outcome for outcome, _ in outcomes} == {"BUILD_ERROR"}


def test_of_several_errors_the_first_is_told_and_no_warning(harness: Harness, tmp_path: Path) -> None:
    source = "static int g(int *p) { return *p; }\nint h(char *q) { return g(q); }\n" + SUM.format(name="total")
    project(tmp_path, source.replace("sum += x[i]", "sum += y[i]"))
    _, out, outcomes = ran(harness, tmp_path, *ONE)
    ((outcome, detail),) = outcomes
    assert outcome == "BUILD_ERROR"
    assert "'y' undeclared" in detail
    assert "incompatible" not in out


@pytest.mark.parametrize(
    ("defined", "message"),
    [
        ("totals", "k.c: no function 'total' that the linker sees (perhaps you meant 'totals')"),
        ("static_total", "k.c: no function 'total' that the linker sees (perhaps you meant 'static_total')"),
    ],
)
def test_a_symbol_that_is_not_there_is_told_with_the_nearest(
    harness: Harness, tmp_path: Path, defined: str, message: str
) -> None:
    code, _, outcomes = ran(harness, project(tmp_path, SUM.format(name=defined)), *ONE)
    assert code == 1
    assert outcomes == {("BUILD_ERROR", message)}


def test_a_static_function_is_told_as_that(harness: Harness, tmp_path: Path) -> None:
    _, _, outcomes = ran(
        harness, project(tmp_path, SUM.format(name="total").replace("float t", "static float t")), *ONE
    )
    ((outcome, detail),) = outcomes
    assert outcome == "BUILD_ERROR"
    assert detail.startswith("k.c: no function 'total' that the linker sees: k.c:3 is static or inline there")


def test_a_function_of_a_library_is_not_taken_for_the_kernel(harness: Harness, tmp_path: Path) -> None:
    """The linker finds cosf in libm, and would be content."""
    project(tmp_path, SUM.format(name="sum"))
    manifest = tmp_path / "harness.toml"
    manifest.write_text(manifest.read_text().replace('"total"', '"cosf"'))
    code, _, outcomes = ran(harness, tmp_path, *ONE)
    assert code == 1
    assert outcomes == {("BUILD_ERROR", "k.c: no function 'cosf' that the linker sees; there is sum")}


@pytest.mark.parametrize("form", ["source", "object", "library"])
def test_a_main_of_its_own_is_in_nobodys_way(harness: Harness, tmp_path: Path, form: str) -> None:
    main = "#include <stdlib.h>\nint main(void) { const float x[] = {1, 2}; return total(x, 2) == 3 ? 0 : 1; }\n"
    project(tmp_path, SUM.format(name="total") + main)
    if form != "source":
        subprocess.run(["gcc", "-O2", "-c", "k.c"], cwd=tmp_path, check=True)
        subprocess.run(["ar", "rcs", "k.a", "k.o"], cwd=tmp_path, check=True)
        manifest = tmp_path / "harness.toml"
        manifest.write_text(manifest.read_text().replace("k.c", "k.o" if form == "object" else "k.a"))
    code, _, outcomes = ran(harness, tmp_path, *ONE)
    assert (code, {outcome for outcome, _ in outcomes}) == (0, {"PASS"})


@pytest.mark.parametrize(
    ("compiler", "flags", "holds"),
    [
        ("gcc", ("-flto", "-ffat-lto-objects"), ""),
        ("gcc", ("-flto",), "GCC's intermediate code (-flto)"),
        ("clang", ("-flto",), "LLVM bitcode"),
    ],
)
def test_objects_of_link_time_optimisation(
    harness: Harness, tmp_path: Path, compiler: str, flags: tuple[str, ...], holds: str
) -> None:
    """Fat ones are objects; of the others it is said plainly, whether a manifest or the command line names them."""
    found = find_compiler(compiler, "x86_64-linux-gnu", HostBackend())
    if not isinstance(found, Compiler):
        pytest.skip(f"{found}")
    project(tmp_path, SUM.format(name="total"))
    subprocess.run([*found.command, "-O2", *flags, "-c", "k.c"], cwd=tmp_path, check=True)
    manifest = tmp_path / "harness.toml"
    manifest.write_text(manifest.read_text().replace("k.c", "k.o"))
    code, _, outcomes = ran(harness, tmp_path, *ONE)
    given = harness("run", "k.o", "--op", "sum_f32", "--isa", "scalar", *ONE, cwd=tmp_path)
    if not holds:
        assert (code, {outcome for outcome, _ in outcomes}) == (0, {"PASS"})
        assert given.returncode == 0, given.stdout + given.stderr
        return
    plainly = f"holds {holds} and no machine code; compile it without -flto, or with -ffat-lto-objects"
    assert code == 1
    assert outcomes == {("BUILD_ERROR", f"{tmp_path}/k.o: {plainly}")}
    assert given.returncode == 2
    assert given.stderr == f"harness: k.o: {plainly}\n"


@pytest.mark.parametrize(("spec", "triple"), [("gcc", "x86_64-linux-gnu"), ("clang", "aarch64-linux-gnu")])
def test_the_runner_keeps_its_names_to_itself(spec: str, triple: str) -> None:
    backend = HostBackend()
    compiler = find_compiler(spec, triple, backend)
    if not isinstance(compiler, Compiler):
        pytest.skip(f"{compiler}")
    builder = Builder(backend, cache_directory(), bundled_root() / "csrc" / "guest")
    (runner,) = objects_in((builder._runner(compiler) / RUNNER_NAME).read_bytes())
    assert {symbol.name for symbol in runner.symbols if symbol.is_global and symbol.is_defined} == set(RUNNER_SYMBOLS)


ADAPTED = """
#include "harness_adapter.h"
#include "k.h"
float harness_adapter(const {type} *x, const {type} *y, size_t n) {{
    const struct rows rows = {{(const void *)x, (const void *)y, n}};
    return HARNESS_CALL(total)(&rows);
}}
"""
HEADER = "#include <stddef.h>\n#include <stdint.h>\nstruct rows { const uint16_t *x, *y; size_t n; };\n"
PRODUCT = """
#include <string.h>
#include "k.h"
static float number(uint16_t bits) {
    const uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}
float total(const struct rows *rows) {
    float sum = 0.0f;
    for (size_t i = 0; i < rows->n; i++)
        sum += number(rows->x[i]) * number(rows->y[i]);
    return sum;
}
"""


@pytest.mark.parametrize(("isa", "compilers"), [("scalar", "gcc,clang"), ("rvv", "clang")])
@pytest.mark.parametrize("written", ["uint16_t", "__bf16"])
def test_adapters_compile_and_link_for_every_target(
    harness: Harness, tmp_path: Path, isa: str, compilers: str, written: str
) -> None:
    """Of buffers of bfloat16 with compilers that lack the type, and of RISC-V with a linker that knows no DWARF 5."""
    project(tmp_path, PRODUCT, isa=isa, more='adapter = "glue.c"\nwaived = { gate = "plain C" }\n')
    manifest = tmp_path / "harness.toml"
    manifest.write_text(manifest.read_text().replace("sum_f32", "dot_bf16"))
    (tmp_path / "k.h").write_text(HEADER + "float total(const struct rows *rows);\n")
    (tmp_path / "glue.c").write_text(ADAPTED.format(type=written))
    code, out, outcomes = ran(harness, tmp_path, "--cc", compilers, *ONE[2:], "--svl", "128")
    assert code == 0, out
    assert {outcome for outcome, _ in outcomes} == {"PASS"}


@pytest.mark.parametrize("written", ["uint32_t", "float"])
def test_an_adapter_of_another_type_is_refused_still(harness: Harness, tmp_path: Path, written: str) -> None:
    project(tmp_path, PRODUCT, more='adapter = "glue.c"\n')
    manifest = tmp_path / "harness.toml"
    manifest.write_text(manifest.read_text().replace("sum_f32", "dot_bf16"))
    (tmp_path / "k.h").write_text(HEADER + "float total(const struct rows *rows);\n")
    (tmp_path / "glue.c").write_text(ADAPTED.format(type=written))
    code, _, outcomes = ran(harness, tmp_path, *ONE)
    ((outcome, detail),) = outcomes
    assert (code, outcome) == (1, "BUILD_ERROR")
    assert "conflicting types for 'harness_adapter'" in detail


def test_a_changed_library_of_the_system_is_linked_anew(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIBRARY_PATH", str(tmp_path))
    source = "float scale(void);\n" + SUM.format(name="total").replace("return sum", "return sum * scale()")
    project(tmp_path, source, more='libraries = ["scaling"]\n')
    seen = []
    for factor in ("1.0f", "2.0f", "1.0f"):
        (tmp_path / "scale.c").write_text(f"float scale(void);\nfloat scale(void) {{\n    return {factor};\n}}\n")
        subprocess.run(["gcc", "-c", "scale.c"], cwd=tmp_path, check=True)
        subprocess.run(["ar", "rcs", "libscaling.a", "scale.o"], cwd=tmp_path, check=True)
        seen.append(ran(harness, tmp_path, *ONE)[0])
    assert seen == [0, 1, 0]
