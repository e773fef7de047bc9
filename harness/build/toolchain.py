"""Compilers: where they are, what they are called for a triple, and their command lines."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.backend import Backend, Program
from harness.backend.packages import how_to_install
from harness.model import Compiler, Missing

CLANG_VERSIONS = range(22, 11, -1)
"""Major versions looked for under their own names, such as clang-19, newest first."""

_PROBE_TIMEOUT_S = 20
_DEBUG = "-gdwarf-4"
"""Of the lines that gcc describes in DWARF 5, binutils 2.40 (Debian 12) takes those of a header for the source's."""
_MACHINE_MACROS = {"aarch64": "__aarch64__", "x86_64": "__x86_64__", "riscv64": "__riscv"}
_PROGRAMS = ("cc1", "as", "ld")
_FILES = ("libc.a", "libm.a", "libgcc.a")
_BESIDE = {"cc1": "cc1plus", "libgcc.a": "libstdc++.a"}
"""Where the parts for C++ are."""


def find_compiler(spec: str, triple: str, backend: Backend) -> Compiler | Missing:
    """Look for the compiler that `spec` (gcc, gcc-12, clang, clang-19 or a path) means for a triple.

    The macros that a program defines say what it is, and for which machine: a program that does not preprocess
    an empty file to them is no compiler.
    """
    for program in candidates_here(spec, triple, backend):
        macros = _own_macros(program.path, backend)
        found = _family(macros)
        if found is None:
            continue
        family, version = found
        if family == "gcc" and not _is_for(triple, macros):
            continue
        whole = (program.path, f"--target={triple}") if family == "clang" else (program.path,)
        parts = _parts(whole, backend)
        return Compiler(spec, family, version, triple, whole, identity_of(program.path, parts, backend), parts)
    return Missing(f"no {spec} that compiles for {triple}", _remedy(spec, triple, backend))


def candidates_here(spec: str, triple: str, backend: Backend) -> list[Program]:
    """Return the programs that may be the one that `spec` means, the likeliest first."""
    found = (backend.find(name) for name in _candidates(spec, triple, backend.native_triple))
    return [program for program in found if program]


def identity_of(program: str, parts: Sequence[str], backend: Backend) -> str:
    """Return what changes whenever a driver does, or one of the files that it was seen to work with."""
    found = backend.find(program)
    text = "\0".join((found.identity if found else "", *map(backend.file_identity, parts)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _own_macros(program: str, backend: Backend) -> dict[str, str]:
    """Return the macros that a compiler defines by itself; none for a program that is no compiler."""
    command = (program, "-dM", "-E", "-x", "c", os.devnull)
    try:
        ended = backend.run_tools([command], Path("/"), _PROBE_TIMEOUT_S)[0]
    except OSError:
        return {}
    if ended.status != 0:
        return {}
    return dict(re.findall(r"(?m)^#define (\w+) ?(.*)$", ended.stdout))


def _family(macros: Mapping[str, str]) -> tuple[str, str] | None:
    """Return a compiler's family and version; clang defines the macros of a gcc as well."""
    for family, is_it, parts in (
        ("clang", "__clang__", ("__clang_major__", "__clang_minor__", "__clang_patchlevel__")),
        ("gcc", "__GNUC__", ("__GNUC__", "__GNUC_MINOR__", "__GNUC_PATCHLEVEL__")),
    ):
        if is_it in macros:
            return family, ".".join(macros.get(part, "0") for part in parts)
    return None


def _is_for(triple: str, macros: Mapping[str, str]) -> bool:
    """True if a compiler's code is for a triple's machine, or if that machine is not known here."""
    sign = _MACHINE_MACROS.get(triple.partition("-")[0])
    return sign is None or sign in macros


def _parts(command: tuple[str, ...], backend: Backend) -> tuple[str, ...]:
    """Return the files that decide what a compiler makes besides its driver; see Compiler.parts.

    What is beside these and absent is listed, too: it may be installed later.
    """
    programs = [_asked(command, f"-print-prog-name={name}", backend) for name in _PROGRAMS]
    files = [_asked(command, f"-print-file-name={name}", backend) for name in _FILES]
    beside = [
        str(Path(found).parent / _BESIDE[Path(found).name])
        for found in (*programs, *files)
        if Path(found).name in _BESIDE
    ]
    found = (path if path.startswith("/") else _on_path(path, backend) for path in (*programs, *files, *beside))
    return tuple(dict.fromkeys(path for path in found if path))


def _on_path(name: str, backend: Backend) -> str:
    program = backend.find(name)
    return program.path if program else ""


def _asked(command: tuple[str, ...], question: str, backend: Backend) -> str:
    try:
        ended = backend.run_tools([(*command, question)], Path("/"), _PROBE_TIMEOUT_S)[0]
    except OSError:
        return ""
    return ended.stdout.strip() if ended.status == 0 else ""


def _candidates(spec: str, triple: str, native: str) -> list[str]:
    if "/" in spec:
        return [spec]
    base, _, version = spec.partition("-")
    if base == "gcc":
        suffix = f"-{version}" if version else ""
        prefixed = f"{triple}-gcc{suffix}"
        return [prefixed, f"gcc{suffix}"] if triple == native else [prefixed]
    if base == "clang" and not version:
        return ["clang", *(f"clang-{number}" for number in CLANG_VERSIONS)]
    return [spec]


def find_binutil(name: str, triple: str, backend: Backend) -> Program | None:
    """Look for a tool on objects, such as objcopy, that knows a triple's machine: of binutils, else of LLVM."""
    native = [name] if triple == backend.native_triple else []
    of_llvm = [f"llvm-{name}", *(f"llvm-{name}-{number}" for number in CLANG_VERSIONS)]
    found = (backend.find(each) for each in (f"{triple}-{name}", *native, *of_llvm))
    return next((program for program in found if program), None)


def _remedy(spec: str, triple: str, backend: Backend) -> str:
    is_known = re.fullmatch(r"(?:gcc|clang)(?:-\d+)?", spec)
    return (
        how_to_install(spec, triple, backend.native_triple, on_host=backend.facts["in"] == "host")
        if is_known
        else f"install {spec}"
    )


def compile_command(
    compiler: Compiler, opt: str, flags: tuple[str, ...], *arguments: str, standard: str = "-std=gnu11"
) -> tuple[str, ...]:
    """Return the command line that compiles or preprocesses with the given optimisation and flags."""
    return (*compiler.command, standard, _DEBUG, f"-{opt}", *flags, *arguments)
