"""A kernel whose symbol the linker does not see: what its author reads."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.build.symbols import prebuilt_complaint, symbol_complaint
from harness.model import Kernel
from tests.unit.samples import rms_norm

STATIC = "#include <stddef.h>\nstatic inline float\nsum(const float *x, size_t n) {\n    return n ? x[0] : 0;\n}\n"


def complaint(directory: Path, source: str, symbol: str, name: str = "k.c") -> str:
    path = directory / name
    path.write_text(source)
    compiler = "g++" if path.suffix == ".cpp" else "gcc"
    subprocess.run([compiler, "-O2", "-c", path, "-o", directory / "k.o"], check=True)
    contract = rms_norm()
    kernel = Kernel("sum", "k", "scalar", (path,), symbol, contract.prototype, (), contract.conventions)
    return symbol_complaint(kernel, [(directory / "k.o").read_bytes()])


def test_a_symbol_that_is_there_is_no_matter(tmp_path: Path) -> None:
    assert complaint(tmp_path, "int sum(void) { return 1; }\n", "sum") == ""
    assert complaint(tmp_path, "__attribute__((weak)) int sum(void) { return 1; }\n", "sum") == ""
    assert complaint(tmp_path, ".globl sum\nsum: ret\n", "sum", "k.s") == "", (
        "assembly need not say that it is a function"
    )
    assert complaint(tmp_path, "static int calls(int x);\nint sum(void) { return 1; }\n", "sum") == ""


def test_the_nearest_names_are_offered(tmp_path: Path) -> None:
    source = "int rms_norm(void) { return 1; }\nint rms_norms(void) { return 2; }\nint other(void) { return 3; }\n"
    said = complaint(tmp_path, source, "rms_nrm")
    assert said == "k.c: no function 'rms_nrm' that the linker sees (perhaps you meant 'rms_norm' or 'rms_norms')"
    assert complaint(tmp_path, source, "zzz").endswith("sees; there is rms_norm, rms_norms, other")


def test_one_that_is_called_and_not_defined_is_missing_like_any_other(tmp_path: Path) -> None:
    said = complaint(tmp_path, "int sum(void);\nint total(void) { return sum(); }\n", "sum")
    assert said == "k.c: no function 'sum' that the linker sees; there is total"


def test_a_static_function_is_called_that(tmp_path: Path) -> None:
    said = complaint(tmp_path, STATIC, "sum")
    assert said.startswith("k.c: no function 'sum' that the linker sees: k.c:2 is static or inline there; drop")
    used = complaint(
        tmp_path, STATIC.replace("inline", "__attribute__((noinline))") + "float f(void) { return sum(0, 0); }\n", "sum"
    )
    assert "k.c:2 is static" in used


def test_a_name_of_cpp_is_spelled_out(tmp_path: Path) -> None:
    said = complaint(
        tmp_path, "float sum(const float *x) { return *x; }\nfloat checksum(float x) { return x; }\n", "sum", "k.cpp"
    )
    assert said.endswith("in C++ it has the name '_Z3sumPKf'; say symbol = '_Z3sumPKf', or declare it extern \"C\"")


@pytest.mark.parametrize(("flags", "holds"), [(("-flto",), True), (("-flto", "-ffat-lto-objects"), False), ((), False)])
def test_objects_without_code_are_named(tmp_path: Path, flags: tuple[str, ...], holds: bool) -> None:
    (tmp_path / "k.c").write_text("int sum(void) { return 1; }\n")
    subprocess.run(["gcc", *flags, "-c", "k.c"], cwd=tmp_path, check=True)
    said = prebuilt_complaint({tmp_path / "k.o": (tmp_path / "k.o").read_bytes()})
    assert said.startswith(f"{tmp_path}/k.o: holds GCC's intermediate code") is holds
    assert bool(said) is holds


def test_of_several_objects_any_may_have_it(tmp_path: Path) -> None:
    contract = rms_norm()
    sources = (tmp_path / "a.c", tmp_path / "b.c")
    kernel = Kernel("sum", "k", "scalar", sources, "sum", contract.prototype, (), contract.conventions)
    for source, text in zip(sources, ("int tail(void) { return 1; }\n", "int sum(void) { return 1; }\n"), strict=True):
        source.write_text(text)
    subprocess.run(["gcc", "-c", *sources], cwd=tmp_path, check=True)
    objects = [(tmp_path / name).read_bytes() for name in ("a.o", "b.o")]
    assert symbol_complaint(kernel, objects) == ""
    assert symbol_complaint(kernel, objects[:1]) == "a.c, b.c: no function 'sum' that the linker sees; there is tail"
