"""Compilers: where they are, what they are called for a triple, and their command lines."""

from __future__ import annotations

import re
from pathlib import Path

from harness.model import Compiler, Missing
from harness.packages import how_to_install
from harness.place import Place

CLANG_VERSIONS = range(22, 11, -1)
"""Major versions looked for under their own names, such as clang-19, newest first."""

_PROBE_TIMEOUT_S = 20
_DEBUG = "-gdwarf-4"
"""Of the lines that gcc describes in DWARF 5, binutils 2.40 (Debian 12) takes those of a header for the source's."""


def find_compiler(spec: str, triple: str, place: Place) -> Compiler | Missing:
    """Look for the compiler that `spec` (gcc, gcc-12, clang, clang-19 or a path) means for a triple.

    Its version is asked for by running it once.
    """
    for name in _candidates(spec, triple, place.native_triple):
        program = place.find(name)
        if program is None:
            continue
        said = _version_text(program.path, place)
        match = re.search(r"(\d+\.\d+(?:\.\d+)?)", said)
        family = "clang" if "clang" in said else "gcc" if "Free Software Foundation" in said else ""
        if not match or not family:
            continue
        whole = (program.path, f"--target={triple}") if family == "clang" else (program.path,)
        return Compiler(spec, family, _release(said, match[1]), triple, whole, program.identity)
    return Missing(f"no {spec} that compiles for {triple}", _remedy(spec, triple, place))


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


def _version_text(program: str, place: Place) -> str:
    try:
        return place.run_tools([(program, "--version")], Path("/"), _PROBE_TIMEOUT_S)[0].stdout
    except OSError:
        return ""


def _release(said: str, fallback: str) -> str:
    """Take the release from a --version text; distributions put their own package version in brackets first."""
    found = re.search(r"\) (\d+\.\d+\.\d+)", said) or re.search(r"version (\d+\.\d+\.\d+)", said)
    return found[1] if found else fallback


def _remedy(spec: str, triple: str, place: Place) -> str:
    is_known = re.fullmatch(r"(?:gcc|clang)(?:-\d+)?", spec)
    return (
        how_to_install(spec, triple, place.native_triple, on_host=place.facts["in"] == "host")
        if is_known
        else f"install {spec}"
    )


def compile_command(
    compiler: Compiler, opt: str, flags: tuple[str, ...], *arguments: str, standard: str = "-std=gnu11"
) -> tuple[str, ...]:
    """Return the command line that compiles or preprocesses with the given optimisation and flags."""
    return (*compiler.command, standard, _DEBUG, f"-{opt}", *flags, *arguments)
