"""What a linker sees of objects, and what compilers leave in their place for the linker to compile."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.discovery.elf import lto_form, objects_in

SOURCE = """
extern int elsewhere(void);
static int hidden(int x) { return x + elsewhere(); }
int total(int x) { return hidden(x) * 2; }
__attribute__((weak)) int spare(void) { return 1; }
int counter;
"""


def compiled(directory: Path, *flags: str, compiler: str = "gcc") -> bytes:
    (directory / "k.c").write_text(SOURCE)
    subprocess.run([compiler, *flags, "-c", "k.c", "-o", "k.o"], cwd=directory, check=True)
    return (directory / "k.o").read_bytes()


def test_symbols_say_what_is_seen_from_outside(tmp_path: Path) -> None:
    (one,) = objects_in(compiled(tmp_path, "-O0"))
    by_name = {symbol.name: symbol for symbol in one.symbols}
    assert {name for name, symbol in by_name.items() if symbol.is_global and symbol.is_defined} == {
        "total",
        "spare",
        "counter",
    }
    assert not by_name["hidden"].is_global
    assert not by_name["elsewhere"].is_defined
    assert by_name["total"].is_function
    assert not by_name["counter"].is_function
    assert by_name["total"].code


def test_a_library_is_its_objects(tmp_path: Path) -> None:
    compiled(tmp_path)
    (tmp_path / "long_name_of_a_member.c").write_text("int other(void) { return 2; }\n")
    subprocess.run(["gcc", "-c", "long_name_of_a_member.c"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rcs", "k.a", "k.o", "long_name_of_a_member.o"], cwd=tmp_path, check=True)
    names = [{s.name for s in one.symbols if s.is_function} for one in objects_in((tmp_path / "k.a").read_bytes())]
    assert names == [{"hidden", "total", "spare"}, {"other"}]


@pytest.mark.parametrize(
    ("flags", "form"),
    [((), ""), (("-flto",), "GCC's intermediate code (-flto)"), (("-flto", "-ffat-lto-objects"), "")],
)
def test_what_the_linker_was_to_compile_is_no_machine_code(tmp_path: Path, flags: tuple[str, ...], form: str) -> None:
    assert lto_form(compiled(tmp_path, *flags)) == form
    subprocess.run(["ar", "rcs", "k.a", "k.o"], cwd=tmp_path, check=True)
    assert lto_form((tmp_path / "k.a").read_bytes()) == form


@pytest.mark.parametrize("start", [b"BC\xc0\xde", b"\xde\xc0\x17\x0b"])
def test_bitcode_is_known_by_its_start(start: bytes) -> None:
    assert lto_form(start + bytes(64)) == "LLVM bitcode"


def test_rubbish_is_nothing() -> None:
    for data in (b"", b"text", b"!<arch>\nrubbish", b"\x7fELF\x02\x01" + b"\xff" * 80, b"\x7fELF\x02\x01"):
        assert objects_in(data) == []
        assert lto_form(data) == ""
