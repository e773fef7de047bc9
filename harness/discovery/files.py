"""Reads what discovery looks at: sources, the project's headers around them, disassembly."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from harness.discovery.candidates import Candidate, candidates_of
from harness.discovery.debug_info import definition_of
from harness.discovery.definition import prototype_of
from harness.discovery.elf import members
from harness.discovery.isas import X86, isa_of_assembly
from harness.discovery.objects import compiled_functions
from harness.discovery.rust import exported
from harness.discovery.source import functions, includes, own_includes
from harness.errors import ConfigurationError, UsageError
from harness.model import CPP_SUFFIXES, PREBUILT_SUFFIXES, Kernel

HEADER_SUFFIXES = (".h", ".hh", ".hpp", ".hxx", ".inc")
_ROOT_SIGNS = (".git", "harness.toml")
_LEVELS_UP = 4
"""Directories above a source that its headers are looked for in, where nothing says which is the project's root."""
_BELOW = ("", "include", "inc", "src")
_DISASSEMBLER_TIMEOUT_S = 60


def read_bytes(path: Path) -> bytes:
    """Read a file.

    Raises:
        UsageError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot read it: {error.strerror}") from None


def read_text(path: Path) -> str:
    """Read a file as text, whatever it holds."""
    return read_bytes(path).decode("utf-8", "replace")


def search_directories(source: Path) -> list[Path]:
    """Return the directories in which a source's headers may be: its own, and usual places above it in the project."""
    above = list(source.absolute().parents)[: _LEVELS_UP + 1]
    root = next(
        (n for n, directory in enumerate(above) if any((directory / sign).exists() for sign in _ROOT_SIGNS)), None
    )
    above = above[: root + 1] if root is not None else above[:2]
    return [directory / name for directory in above for name in _BELOW if (directory / name).is_dir()]


def headers_of(source: Path, directories: Sequence[Path]) -> tuple[dict[Path, str], list[Path]]:
    """Follow a source's includes to the project's headers.

    Returns:
        The headers' texts, and the directories that the compiler must be told of to find them.
    """
    texts: dict[Path, str] = {}
    needed: dict[Path, None] = {}
    waiting = [source]
    while waiting:
        path = waiting.pop()
        text = read_text(path)
        if path != source:
            texts[path] = text
        quoted = set(own_includes(text))
        for name in includes(text):
            beside = path.parent / name
            if name in quoted and beside.is_file():
                found = beside
            else:
                directory = next((each for each in directories if (each / name).is_file()), None)
                if directory is None:
                    continue
                needed[directory] = None
                found = directory / name
            if found not in texts and found != source:
                waiting.append(found)
    return texts, list(needed)


def headers_beside(source: Path, directories: Iterable[Path]) -> dict[Path, str]:
    """Return the texts of all headers beside an object or assembly, and in its include directories."""
    directories = [source.absolute().parent, *directories]
    found = [
        path for directory in directories for suffix in HEADER_SUFFIXES for path in sorted(directory.glob(f"*{suffix}"))
    ]
    texts = {path: read_text(path) for path in dict.fromkeys(found) if path.is_file()}
    for path in [path for directory in directories for path in sorted(directory.glob("*.rs"))]:
        texts[path] = "".join(f"{function.declaration};\n" for function in exported(read_text(path)))
    return texts


def candidates_in(source: Path, further: Sequence[Path] = ()) -> tuple[list[Candidate], dict[Path, str], list[Path]]:
    """List the functions of a file, with the headers that were read for it and the include directories it needs.

    Args:
        source: the file.
        further: directories to look for headers in, besides the usual ones.

    Raises:
        UsageError: it cannot be read.
    """
    directories = [*search_directories(source), *further]
    is_prebuilt = source.suffix in PREBUILT_SUFFIXES
    headers, needed = ({}, []) if is_prebuilt else headers_of(source, directories)
    is_c = not is_prebuilt and source.suffix.lower() != ".s"
    around = headers if is_c else {**headers, **headers_beside(source, directories)}
    return candidates_of(source, read_bytes(source), around), around, needed


SHOW_IT = "take that away, or name a function that calls it and is neither"


def hidden_functions(source: Path, name: str = "") -> list[str]:
    """Say which functions of a C or C++ source the linker does not see, and where they are; only of `name`, if any."""
    if source.suffix not in (".c", *CPP_SUFFIXES):
        return []
    hidden = [function for function in functions(read_text(source)) if function.body and not function.is_external]
    kind = "static, inline or a template" if source.suffix in CPP_SUFFIXES else "static or inline"
    return [
        f"{source}:{function.line}: {function.name} is {kind}, so that the linker does not see it"
        for function in hidden
        if name in ("", function.name)
    ]


def with_hidden(complaint: str, kernel: Kernel) -> str:
    """Return what a linker says, and where the symbol that it misses is defined so that it does not see it."""
    if not re.search(rf"\b{re.escape(kernel.symbol)}\b", complaint):
        return complaint
    hidden = [text for source in kernel.sources for text in hidden_functions(source, kernel.symbol)]
    return f"{complaint}; {hidden[0]}: {SHOW_IT}" if hidden else complaint


def with_definition(candidate: Candidate) -> Candidate:
    """Return a function of an object or a library with the prototype that its debug information has, if any does."""
    if candidate.prototype or candidate.complaint or candidate.source.suffix not in PREBUILT_SUFFIXES:
        return candidate
    objects = members(read_bytes(candidate.source))
    definition = next(filter(None, (definition_of(data, candidate.symbol) for data in objects)), None)
    if definition is None:
        return candidate
    try:
        return replace(candidate, prototype=prototype_of(definition))
    except ConfigurationError as error:
        return replace(candidate, complaint=str(error))


def with_disassembly(candidate: Candidate) -> Candidate:
    """Tell the ISA of a function of an x86-64 object, if a disassembler is at hand."""
    if candidate.isa or candidate.isa_complaint or candidate.source.suffix not in PREBUILT_SUFFIXES:
        return candidate
    of_it = [f for f in compiled_functions(read_bytes(candidate.source)) if f.symbol == candidate.symbol]
    isa = None
    if of_it and of_it[0].machine == X86:
        isa = isa_of_assembly(_disassembly(candidate.source, candidate.symbol))
    return replace(candidate, isa=isa, isa_complaint="" if isa else f"the ISA of {candidate.symbol} does not show")


def _disassembly(path: Path, symbol: str) -> str:
    program = shutil.which("objdump") or shutil.which("llvm-objdump")
    if program is None:
        return ""
    command = [program, "-d", "--no-show-raw-insn", f"--disassemble={symbol}", str(path)]
    try:
        environment = {**os.environ, "LC_ALL": "C"}  # it translates what is read here
        done = subprocess.run(command, capture_output=True, timeout=_DISASSEMBLER_TIMEOUT_S, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")
