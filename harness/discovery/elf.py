"""Objects and static libraries as a linker sees them: their symbols, and whether there is machine code in them at all.

ELF for 64 bits, little-endian (gABI chapter 4), archives (ar(5)), and what compilers write in place of code for
link-time optimisation.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_ELF64_LITTLE = b"\x7fELF\x02\x01"
_ARCHIVE, _MEMBER_BYTES = b"!<arch>\n", 60
_INDEX_NAMES = (b"/", b"//", b"/SYM64/", b"__.SYMDEF")
"""Members of an archive that are its own index and table of names."""
_SHT_SYMTAB, _SHT_NOBITS, _SHN_UNDEFINED, _SHN_COMMON = 2, 8, 0, 0xFFF2
_SHF_EXECINSTR = 4
_STT_FUNC, _STT_SECTION, _STT_FILE, _STT_GNU_IFUNC, _STB_LOCAL = 2, 3, 4, 10, 0
_LLVM_BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")
"""Raw, and in its wrapper (LLVM's BitCodeFormat)."""
_GCC_LTO_SECTION = ".gnu.lto_"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of an object."""

    name: str
    kind: int
    offset: int
    size_bytes: int
    link: int
    is_code: bool


@dataclass(frozen=True, slots=True)
class Symbol:
    """One entry of a symbol table."""

    name: str
    is_global: bool
    """Whether other objects see it; weak ones, too."""
    is_defined: bool
    is_function: bool
    code: bytes
    """What stands at it, for its length; empty for what is nowhere in the file."""


@dataclass(frozen=True, slots=True)
class Object:
    """A relocatable object or an executable."""

    machine: int
    """The number of its architecture: e_machine of the gABI."""
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]


def objects_in(data: bytes) -> list[Object]:
    """Return an object, or the objects of a static library, in order; none of what is neither or is damaged."""
    try:
        return [_object(member) for member in members(data) if member.startswith(_ELF64_LITTLE)]
    except (struct.error, IndexError, ValueError, OverflowError):
        return []


def members(data: bytes) -> Iterator[bytes]:
    """Yield the contents of an archive's members; of what is no archive, itself."""
    if not data.startswith(_ARCHIVE):
        yield data
        return
    at = len(_ARCHIVE)
    while at + _MEMBER_BYTES <= len(data):
        name, size = data[at : at + 16].strip(), data[at + 48 : at + 58].strip()
        if not size.isdigit():
            return
        at += _MEMBER_BYTES
        if name not in _INDEX_NAMES:
            yield data[at : at + int(size)]
        at += int(size) + int(size) % 2


def lto_form(data: bytes) -> str:
    """Say what stands in an object or library in place of machine code; empty if nothing does.

    Objects that have both (-ffat-lto-objects) are objects like others.
    """
    for member in members(data):
        if member.startswith(_LLVM_BITCODE):
            return "LLVM bitcode"
        for one in objects_in(member):
            has_lto = any(section.name.startswith(_GCC_LTO_SECTION) for section in one.sections)
            if has_lto and not any(section.is_code and section.size_bytes for section in one.sections):
                return "GCC's intermediate code (-flto)"
    return ""


def _object(data: bytes) -> Object:
    (machine,) = struct.unpack_from("<H", data, 18)
    (sections_at,) = struct.unpack_from("<Q", data, 40)
    entry_bytes, count, names = struct.unpack_from("<HHH", data, 58)
    # Per section: name, type, flags, offset, size, link.
    raw = [struct.unpack_from("<IIQ8xQQI", data, sections_at + n * entry_bytes) for n in range(count)]
    names_at = raw[names][3] if names < count else 0
    sections = tuple(
        Section(_text(data, names_at + name), kind, offset, size, link, bool(flags & _SHF_EXECINSTR))
        for name, kind, flags, offset, size, link in raw
    )
    found = (symbol for table in sections if table.kind == _SHT_SYMTAB for symbol in _symbols(data, sections, table))
    return Object(machine, sections, tuple(found))


def _symbols(data: bytes, sections: tuple[Section, ...], table: Section) -> Iterator[Symbol]:
    strings = sections[table.link].offset
    for at in range(table.offset, table.offset + table.size_bytes, 24):
        name, info, index, value, extent = struct.unpack_from("<IBxHQQ", data, at)
        kind = info & 15
        if kind in (_STT_SECTION, _STT_FILE) or not name:
            continue
        code = b""
        if 0 < index < len(sections) and sections[index].kind != _SHT_NOBITS:
            start = sections[index].offset + value
            code = data[start : start + extent]
        yield Symbol(
            _text(data, strings + name),
            is_global=info >> 4 != _STB_LOCAL,
            is_defined=index not in (_SHN_UNDEFINED, _SHN_COMMON),
            is_function=kind in (_STT_FUNC, _STT_GNU_IFUNC),
            code=code,
        )


def _text(data: bytes, start: int) -> str:
    return data[start : data.index(b"\0", start)].decode("utf-8", "replace")
