"""Compilers are known by what they define, not by what they say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.backend.host import HostBackend
from harness.build.toolchain import candidates_here, find_binutil, find_compiler, identity_of
from harness.model import Compiler, Missing

ARM, X86 = "aarch64-linux-gnu", "x86_64-linux-gnu"
GCC_MACROS = "#define __GNUC__ 14\\n#define __GNUC_MINOR__ 2\\n#define __GNUC_PATCHLEVEL__ 1\\n"
CLANG_MACROS = (
    "#define __GNUC__ 4\\n#define __clang__ 1\\n#define __clang_major__ 19\\n#define __clang_minor__ 1\\n"
    "#define __clang_patchlevel__ 7\\n"
)


def fake(path: Path, macros: str, said: str = "", status: int = 0, parts: Path | None = None) -> Path:
    """A compiler that defines macros, and finds its parts in a directory."""
    found = f"case $1 in -print-*=*) name=${{1#*=}}; echo {parts}/$name; exit;; esac" if parts else ""
    path.write_text(f"#!/bin/sh\n{found}\necho '{said}' >&2\nprintf '{macros}'\nexit {status}\n")
    path.chmod(0o755)
    return path


def found(path: Path, triple: str = X86) -> Compiler | Missing:
    return find_compiler(str(path), triple, HostBackend())


def test_a_compiler_is_what_its_macros_say(tmp_path: Path) -> None:
    gcc = found(fake(tmp_path / "cc", GCC_MACROS + "#define __x86_64__ 1\\n", "clang, by the Free Software Foundation"))
    assert isinstance(gcc, Compiler)
    assert (gcc.family, gcc.version, gcc.command) == ("gcc", "14.2.1", (str(tmp_path / "cc"),))
    clang = found(fake(tmp_path / "icx", CLANG_MACROS, "Intel(R) oneAPI DPC++/C++ Compiler"), ARM)
    assert isinstance(clang, Compiler)
    assert (clang.family, clang.version, clang.command[1:]) == ("clang", "19.1.7", (f"--target={ARM}",))


@pytest.mark.parametrize(
    ("macros", "status"), [("", 0), ("gcc version 12 (Free Software Foundation)", 0), (GCC_MACROS, 1)]
)
def test_a_program_that_is_no_compiler_is_not_taken_for_one(tmp_path: Path, macros: str, status: int) -> None:
    missing = found(fake(tmp_path / "cc", macros, status=status))
    assert isinstance(missing, Missing)
    assert missing.reason == f"no {tmp_path}/cc that compiles for {X86}"


def test_a_gcc_for_another_machine_is_none_for_this_one(tmp_path: Path) -> None:
    cross = fake(tmp_path / "cc", GCC_MACROS + "#define __aarch64__ 1\\n")
    assert isinstance(found(cross, X86), Missing)
    assert isinstance(found(cross, ARM), Compiler)
    assert isinstance(found(cross, "riscv64-linux-gnu"), Missing)


def test_the_identity_changes_with_every_part_even_one_that_was_missing(tmp_path: Path) -> None:
    for name in ("cc1", "as", "ld", "libc.a", "libm.a", "libgcc.a"):
        (tmp_path / name).write_text(name)
    compiler = found(fake(tmp_path / "cc", GCC_MACROS + "#define __x86_64__ 1\\n", parts=tmp_path))
    assert isinstance(compiler, Compiler)
    assert {Path(part).name for part in compiler.parts} == {
        *("cc1", "as", "ld", "libc.a", "libm.a", "libgcc.a"),
        *("cc1plus", "libstdc++.a"),
    }

    def now() -> str:
        return identity_of(compiler.command[0], compiler.parts, HostBackend())

    seen = {now()}
    assert seen == {compiler.identity}
    for name in ("cc1plus", "libstdc++.a", "libc.a", "cc1", "libm.a", "ld"):
        (tmp_path / name).write_text(f"another {name}")
        seen.add(now())
    fake(tmp_path / "cc", GCC_MACROS + "#define __x86_64__ 1\\n#define MORE 1\\n", parts=tmp_path)
    seen.add(now())
    assert len(seen) == 8


def test_tools_on_objects_are_found_by_the_names_that_there_are(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    backend = HostBackend()
    names = []
    assert find_binutil("objcopy", backend.native_triple, backend) is None
    for name in ("llvm-objcopy-19", "llvm-objcopy", "objcopy", f"{backend.native_triple}-objcopy"):
        fake(tmp_path / name, "")
        tool = find_binutil("objcopy", backend.native_triple, backend)
        assert tool is not None
        names.append(Path(tool.path).name)
    assert names == ["llvm-objcopy-19", "llvm-objcopy", "objcopy", f"{backend.native_triple}-objcopy"]
    foreign = find_binutil("objcopy", "riscv64-linux-gnu", backend)
    assert foreign is not None
    assert Path(foreign.path).name == "llvm-objcopy", "the machine's own knows no other"


def test_candidates_come_in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name in ("clang-19", "clang-18"):
        fake(tmp_path / name, CLANG_MACROS)
    assert [Path(p.path).name for p in candidates_here("clang", X86, HostBackend())] == ["clang-19", "clang-18"]
    fake(tmp_path / "clang", CLANG_MACROS)
    assert next(Path(p.path).name for p in candidates_here("clang", X86, HostBackend())) == "clang"
