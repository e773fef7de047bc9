"""Which files the compilers in a container need: sources, what lies beside them, and what they include."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from harness.errors import UsageError

_SUFFIXES = frozenset(
    {".c", ".cc", ".cpp", ".cxx", ".def", ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".s", ".tcc", ".tpp"}
)
"""Of files that go along because they lie beside a source: an include may have its name from a macro."""
_NEIGHBOUR_BYTES = 1 << 20
_INCLUDE = re.compile(rb'(?m)^\s*(?:#\s*include(?:_next)?|\.include|\.incbin)\s*"([^"\n]+)"|\.incbin\s+\\?"([^"\\\n]+)')
_SYSTEM = ("", "bin", "dev", "etc", "harness", "lib", "lib64", "proc", "sys", "usr", "usr/bin", "usr/lib")
"""Directories of the image that cannot be covered by others."""


def closure(sources: Iterable[Path]) -> list[Path]:
    """Return the sources, the C files and headers beside them, and all files that one of these includes by name."""
    return included(path for source in sources for path in (source, *_neighbours(source.parent)))


def included(sources: Iterable[Path], directories: Sequence[Path] = ()) -> list[Path]:
    """Return the sources and all files that one of them includes by name, beside itself or in one of `directories`."""
    found: dict[Path, None] = {}
    waiting = list(sources)
    while waiting:
        path = waiting.pop()
        if path in found or not path.is_file():
            continue
        found[path] = None
        if path.suffix.lower() in _SUFFIXES:
            waiting += _included(path, directories)
    return sorted(found)


def headers_below(directories: Iterable[Path]) -> list[Path]:
    """Return the C, C++ and assembly files in include directories: what of them is used hangs on macros."""
    found = [path for directory in directories for path in directory.rglob("*") if path.suffix.lower() in _SUFFIXES]
    return sorted({path for path in found if path.is_file()})


def _neighbours(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        if path.suffix.lower() in _SUFFIXES and path.is_file() and path.stat().st_size <= _NEIGHBOUR_BYTES:
            yield path


def _included(path: Path, directories: Sequence[Path]) -> Iterator[Path]:
    for match in _INCLUDE.finditer(path.read_bytes()):
        name = (match[1] or match[2]).decode("utf-8", "replace")
        for directory in (path.parent, *directories):
            yield Path(os.path.normpath(directory / name))


def topmost(directories: Iterable[Path]) -> list[Path]:
    """Return the directories that are below no other.

    Raises:
        UsageError: one of them is a directory of the system that compilers live in.
    """
    found: list[Path] = []
    for directory in sorted(set(directories)):
        if directory in (Path("/", name) for name in _SYSTEM):
            raise UsageError(f"--in docker: sources in {directory} cannot go into a container; move them elsewhere")
        if not any(directory.is_relative_to(other) for other in found):
            found.append(directory)
    return found
