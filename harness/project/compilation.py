"""What a manifest says about compiling and linking a kernel: sources, include paths, defines, flags, libraries."""

from __future__ import annotations

import re
from pathlib import Path

from harness.errors import perhaps
from harness.features import machines, table_of
from harness.model import SOURCE_SUFFIXES, Compilation
from harness.project.layers import Layers

_ELSEWHERE = {
    "-O": "optimisation levels are chosen by --opt",
    "-I": "include paths belong into 'includes'",
    "-D": "definitions belong into 'defines'",
    "-l": "libraries belong into 'libraries'",
    "-L": "libraries belong into 'libraries', a static library of your own into 'sources'",
    "-flto": "leave it out: objects must hold machine code, which is looked at",
}
"""Flags with a place of their own, by how they start."""
_CALL = "HARNESS_CALL"
"""The macro of csrc/guest/runner/harness_adapter.h."""
_OUTPUT = frozenset({"-c", "-E", "-S", "-o", "-r", "-shared", "-static"})
_DEFINE = re.compile(r"[A-Za-z_]\w*(\([\w, ]*\))?(=.*)?", re.DOTALL)
_LIBRARY = re.compile(r"[\w+.-]+")


def sources_of(layers: Layers) -> tuple[Path, ...]:
    """Return the paths of a kernel's sources.

    Raises:
        ConfigurationError: a file is not there, or is nothing that can be built or linked.
    """
    found = []
    for table, name in layers.items("sources"):
        path = table.path.parent / name
        if path.suffix not in SOURCE_SUFFIXES:
            known = ", ".join(SOURCE_SUFFIXES)
            raise table.fault(f"'sources': {name!r} is none of {known}; build a .o or .a of anything else", "sources")
        if not path.is_file():
            raise table.fault(f"no such source file: {path}", "sources")
        found.append(path)
    return tuple(dict.fromkeys(found))


def adapter_of(layers: Layers) -> Path | None:
    """Return the path of a kernel's own adapter; None if it has none.

    Raises:
        ConfigurationError: it is no C file, or never calls the kernel.
    """
    name = layers.text("adapter")
    if not name:
        return None
    path = layers.own.path.parent / name
    if path.suffix != ".c":
        raise layers.fault(f"'adapter': {name!r} is no C file (.c)", "adapter")
    if not path.is_file():
        raise layers.fault(f"no such adapter: {path}", "adapter")
    if _CALL not in path.read_text(encoding="utf-8", errors="replace"):
        raise layers.fault(f"'adapter': {path} never calls the kernel by {_CALL}(...)", "adapter")
    if layers.text("prototype") and "ms_abi" in layers.text("prototype"):
        raise layers.fault("'adapter': ms_abi functions cannot be called by one", "adapter")
    return path


def compilation_of(layers: Layers) -> Compilation:
    """Return what the compilers and the linker are told.

    Raises:
        ConfigurationError: a value that cannot be, or that another key is for.
    """
    includes = []
    for table, name in layers.items("includes"):
        path = table.path.parent / name
        if not path.is_dir():
            raise table.fault(f"'includes': no such directory: {path}", "includes")
        includes.append(path)
    for table, text in layers.items("defines"):
        if not _DEFINE.fullmatch(text):
            raise table.fault(f"'defines': {text!r} is not NAME or NAME=value", "defines")
    for table, text in layers.items("flags"):
        if complaint := _about_flag(text):
            raise table.fault(f"'flags': {text!r}: {complaint}", "flags")
    for table, text in layers.items("libraries"):
        if complaint := _about_library(text):
            raise table.fault(f"'libraries': {text!r}: {complaint}", "libraries")
    return Compilation(
        tuple(includes),
        tuple(layers.list("defines")),
        tuple(layers.list("flags")),
        tuple(layers.list("libraries")),
    )


def features_of(layers: Layers, triple: str) -> tuple[str, ...]:
    """Return the features that a kernel's callers promise, in the names of the architecture's table.

    `triple` is that of the kernel's ISA; where it is "host", the features of every architecture are known.

    Raises:
        ConfigurationError: a name that the architecture does not have.
    """
    tables = [table_of(machine) for machine in (machines() if triple == "host" else [triple.partition("-")[0]])]
    found = []
    for table, name in layers.items("features"):
        feature = next((feature for one in tables if (feature := one.find(name))), None)
        if feature is None:
            known = sorted(known for one in tables for known in one.features)
            raise table.fault(
                f"'features': unknown {name!r}{perhaps(name, known)}; known: {', '.join(known)}", "features"
            )
        found.append(feature.name)
    return tuple(dict.fromkeys(found))


def _about_flag(text: str) -> str:
    if not text.startswith("-") or len(text.split()) != 1:
        return 'write one flag per element, such as "-ffast-math"'
    if text in _OUTPUT:
        return "what becomes of the sources is not open to choice"
    return next((why for start, why in _ELSEWHERE.items() if text.startswith(start)), "")


def _about_library(text: str) -> str:
    if text.startswith("-l"):
        return f"write {text[2:]!r}"
    if "/" in text or text.endswith((".a", ".o")):
        return "a library of the system by its name, such as \"m\"; one of your own belongs into 'sources'"
    return "" if _LIBRARY.fullmatch(text) else 'the name of a library of the system, such as "m"'
