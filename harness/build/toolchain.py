"""Compilers: where they are, what they are called for a triple, and their command lines."""

from __future__ import annotations

import re
import shutil
import subprocess

from harness.machine import file_identity, host_triple
from harness.model import Compiler, Missing

CLANG_VERSIONS = range(22, 11, -1)
"""Major versions looked for under their own names, such as clang-19, newest first."""

COMMON_FLAGS = ("-std=gnu11", "-g")
_PROBE_TIMEOUT_S = 20


def find_compiler(spec: str, triple: str) -> Compiler | Missing:
    """Look for the compiler that `spec` (gcc, gcc-12, clang, clang-19 or a path) means for a triple.

    Its version is asked for by running it once.
    """
    for command in _candidates(spec, triple):
        program = shutil.which(command[0])
        if program is None:
            continue
        said = _version_text(program)
        match = re.search(r"(\d+\.\d+(?:\.\d+)?)", said)
        family = "clang" if "clang" in said else "gcc" if "Free Software Foundation" in said else ""
        if not match or not family:
            continue
        whole = (program, f"--target={triple}") if family == "clang" else (program,)
        return Compiler(spec, family, _release(said, match[1]), triple, whole, file_identity(program))
    return Missing(f"no {spec} that compiles for {triple}", _remedy(spec, triple))


def _candidates(spec: str, triple: str) -> list[tuple[str, ...]]:
    if "/" in spec:
        return [(spec,)]
    base, _, version = spec.partition("-")
    if base == "gcc":
        suffix = f"-{version}" if version else ""
        prefixed = (f"{triple}-gcc{suffix}",)
        return [prefixed, (f"gcc{suffix}",)] if triple == host_triple() else [prefixed]
    if base == "clang" and not version:
        return [("clang",), *((f"clang-{number}",) for number in CLANG_VERSIONS)]
    return [(spec,)]


def _version_text(program: str) -> str:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=_PROBE_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _release(said: str, fallback: str) -> str:
    """Take the release from a --version text; distributions put their own package version in brackets first."""
    found = re.search(r"\) (\d+\.\d+\.\d+)", said) or re.search(r"version (\d+\.\d+\.\d+)", said)
    return found[1] if found else fallback


def _remedy(spec: str, triple: str) -> str:
    if spec.startswith("clang"):
        return f"install {spec} (apt-get install {'clang-19' if spec == 'clang' else spec})"
    if spec.startswith("gcc") and triple != host_triple():
        suffix = spec.removeprefix("gcc")
        return f"install gcc{suffix}-{triple.replace('_', '-')} and its C library (apt-get install them)"
    return f"install {spec}"


def compile_command(compiler: Compiler, opt: str, flags: tuple[str, ...], *arguments: str) -> tuple[str, ...]:
    """Return the command line that compiles or preprocesses with the given optimisation and ISA flags."""
    return (*compiler.command, *COMMON_FLAGS, f"-{opt}", *flags, *arguments)
