"""What a compiler can do, found out by trying it on next to nothing: the exit status says it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from harness.backend import Backend, Command
from harness.build.commands import CPP_STANDARD
from harness.build.toolchain import compile_command
from harness.build.tools import run_tools
from harness.errors import BuildError
from harness.model import Compiler

_ROOT = Path("/")


def header_complaint(backend: Backend, compiler: Compiler, flags: tuple[str, ...], header: str) -> str:
    """Return what a compiler says against a header under an ISA's flags; nothing if it compiles it."""
    return _complaint(
        backend, compile_command(compiler, "O0", flags, "-fsyntax-only", "-include", header, "-x", "c", os.devnull)
    )


def c_complaint(backend: Backend, compiler: Compiler, source: Path) -> str:
    """Return what a compiler says against a static program in C; nothing if it links it."""
    return _complaint(backend, compile_command(compiler, "O0", ("-static",), str(source), "-o", os.devnull))


def cpp_complaint(backend: Backend, compiler: Compiler, source: Path) -> str:
    """Return what a compiler says against a static program in C++; nothing if it compiles and links it."""
    arguments = (str(source), "-o", os.devnull, "-lstdc++", "-lm")
    return _complaint(backend, compile_command(compiler, "O0", ("-static",), *arguments, standard=CPP_STANDARD))


def predefined_macros(backend: Backend, compiler: Compiler, flags: Sequence[str]) -> frozenset[str] | None:
    """Return the macros that a compiler defines by itself under flags for its machine; None if it refuses them."""
    command = compile_command(compiler, "O0", tuple(flags), "-dM", "-E", "-x", "c", os.devnull)
    try:
        said = run_tools(backend, [command], _ROOT)
    except BuildError:
        return None
    return frozenset(re.findall(r"(?m)^#define (\w+)", said))


def _complaint(backend: Backend, command: Command) -> str:
    try:
        run_tools(backend, [command], _ROOT)
    except BuildError as error:
        return str(error)
    return ""
