"""Whether a kernel's objects hold its symbol, in the words that its author needs where they do not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.discovery.elf import lto_form, objects_in
from harness.model import PREBUILT_SUFFIXES, Kernel

_NEAREST = 3
_LISTED = 6


def prebuilt_complaint(prebuilt: Mapping[Path, bytes]) -> str:
    """Say which of the files that were compiled elsewhere holds no machine code; empty if each does."""
    for path, data in prebuilt.items():
        if form := lto_form(data):
            return f"{path}: holds {form} and no machine code; compile it without -flto, or with -ffat-lto-objects"
    return ""


def symbol_complaint(kernel: Kernel, objects: Iterable[bytes]) -> str:
    """Say that none of a kernel's objects defines its symbol for others, and what there is; empty if one does."""
    symbols = [symbol for data in objects for one in objects_in(data) for symbol in one.symbols]
    defined = [symbol for symbol in symbols if symbol.is_defined]
    if any(symbol.name == kernel.symbol and symbol.is_global for symbol in defined):
        return ""
    what = f"{', '.join(source.name for source in kernel.sources)}: no function {kernel.symbol!r} that the linker sees"
    if where := _static_definition(kernel) or ("it" if any(s.name == kernel.symbol for s in defined) else ""):
        return f"{what}: {where} is static or inline there; drop the keyword, or add a function that calls it"
    names = list(dict.fromkeys(symbol.name for symbol in defined if symbol.is_global and symbol.is_function))
    mangled = [name for name in names if _is_cpp_name_of(name, kernel.symbol)]
    if mangled:
        say = f'say symbol = {mangled[0]!r}, or declare it extern "C"'
        return f"{what}: in C++ it has the name {' or '.join(map(repr, mangled))}; {say}"
    return what + _nearest(kernel.symbol, names)


def _static_definition(kernel: Kernel) -> str:
    """Return file and line where a source defines the symbol for itself alone; compilers drop what nobody calls."""
    name = re.escape(kernel.symbol)
    definition = re.compile(
        rf"^[^\S\n]*[^\n;{{}}#/]*\b(?:static|inline)\b[^;{{}}]*?\b{name}\s*\([^;{{}}]*\)[^;{{}}]*\{{", re.MULTILINE
    )
    for source in kernel.sources:
        if source.suffix in PREBUILT_SUFFIXES or not source.is_file():
            continue
        text = source.read_text(encoding="utf-8", errors="replace")
        if found := definition.search(text):
            return f"{source.name}:{text.count(chr(10), 0, found.start()) + 1}"
    return ""


def _is_cpp_name_of(mangled: str, name: str) -> bool:
    """True if a mangled name has an identifier in it (Itanium C++ ABI, 5.1.2: length and text)."""
    return mangled.startswith("_Z") and re.search(rf"(?<!\d){len(name)}{re.escape(name)}", mangled) is not None


def _nearest(symbol: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(symbol, names, n=_NEAREST, cutoff=0.5)
    if close:
        return f" (perhaps you meant {' or '.join(map(repr, close))})"
    if not names:
        return "; there is none at all"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"; there is {', '.join(names[:_LISTED])}{more}"
