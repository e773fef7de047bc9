"""The definition of a function in the DWARF debug information of ELF objects.

What a parser of sources can only guess, macros, names of types, a file's configuration, is settled there by the
compiler. Nothing is complained of: where an object has no debug information, or the compiler of another language made
it, nothing is known.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from harness.discovery.definition import (
    AGGREGATE,
    FLOAT,
    FUNCTION,
    INTEGER,
    POINTER,
    UNKNOWN,
    VECTOR,
    VOID,
    DefinedType,
    Definition,
)

if TYPE_CHECKING:
    from elftools.dwarf.compileunit import CompileUnit
    from elftools.dwarf.die import DIE

# DWARF 5, table 7.17. Fortran, Ada and others describe what they pass by reference as if it were passed by value.
_C = frozenset({0x01, 0x02, 0x0C, 0x1D, 0x2C, 0x3E})
_CPP_AND_RUST = frozenset({0x04, 0x1A, 0x21, 0x2A, 0x2B, 0x3A, 0x1C})
_BOOLEAN, _FLOAT = 0x02, 0x04
_INTEGERS = frozenset({_BOOLEAN, 0x05, 0x06, 0x07, 0x08, 0x10})
"""DWARF 5, table 7.11: DW_ATE_boolean, signed, signed_char, unsigned, unsigned_char, UTF."""
_QUALIFIERS = {"DW_TAG_const_type": "const", "DW_TAG_volatile_type": "volatile", "DW_TAG_restrict_type": ""}
_POINTERS = ("DW_TAG_pointer_type", "DW_TAG_reference_type", "DW_TAG_rvalue_reference_type")
_AGGREGATES = {"DW_TAG_structure_type": "struct", "DW_TAG_union_type": "union", "DW_TAG_class_type": "class"}
_SCOPES = ("DW_TAG_namespace", "DW_TAG_module")
_NAMESPACES_OF_LIBRARIES = ("std", "__gnu_cxx", "__gnu_debug", "__cxxabiv1")
"""Where no kernel is, and much else."""
_NAMES_AT_MOST, _CHILDREN_AT_MOST = 32, 100_000
"""Names and qualifiers on the way to a type, and entries of a scope; a forged object could go round in circles."""
_POINTERS_AT_MOST = 3
_POINTER_BYTES = 8
_LARGEST_UNIT_BYTES = 16 << 20
"""Of debug information, per source: reading more takes seconds."""


def definition_of(data: bytes, symbol: str) -> Definition | None:
    """Return the definition of a symbol in an ELF object; None where its debug information does not have one."""
    from elftools.elf.elffile import ELFFile  # here, because it takes a tenth of a second and is seldom needed

    try:
        elf = ELFFile(io.BytesIO(data))
        if not elf.has_dwarf_info():
            return None
        for unit in elf.get_dwarf_info().iter_CUs():
            language = _value(unit.get_top_DIE(), "DW_AT_language")
            if language in _C | _CPP_AND_RUST and unit["unit_length"] <= _LARGEST_UNIT_BYTES:
                for function in _functions(unit.get_top_DIE()):
                    if symbol in _symbols(function):
                        return _definition(unit, function, is_c=language in _C)
    except Exception:  # kernels are other people's code, and so is what their objects say: damaged, it says nothing
        return None
    return None


def _functions(scope: DIE) -> Iterator[DIE]:
    """Yield the functions that a scope and its namespaces define, as far as the linker sees them."""
    for entry in islice(scope.iter_children(), _CHILDREN_AT_MOST):
        if entry.tag in _SCOPES and _name(entry) not in _NAMESPACES_OF_LIBRARIES:
            yield from _functions(entry)
        elif entry.tag == "DW_TAG_subprogram" and "DW_AT_declaration" not in entry.attributes:
            yield entry


def _symbols(function: DIE) -> tuple[str, ...]:
    """Return the name that the linker knows a function by; none if it is local to its file."""
    if not any("DW_AT_external" in entry.attributes for entry in _same(function)):
        return ()
    for attribute in ("DW_AT_linkage_name", "DW_AT_MIPS_linkage_name", "DW_AT_name"):
        names = [_text(entry, attribute) for entry in _same(function) if attribute in entry.attributes]
        if names:
            return (names[0],)
    return ()


def _same(function: DIE) -> list[DIE]:
    """Return a definition with the entries that it refers to: its declaration, or what all its copies share."""
    found = [function]
    for attribute in ("DW_AT_abstract_origin", "DW_AT_specification") * 2:
        if attribute in found[-1].attributes:
            found.append(found[-1].get_DIE_from_attribute(attribute))
    return found


def _definition(unit: CompileUnit, function: DIE, *, is_c: bool) -> Definition:
    entries = _same(function)
    children = [list(islice(entry.iter_children(), _CHILDREN_AT_MOST)) for entry in entries]
    parameters = next(
        (found for listed in children if (found := [one for one in listed if one.tag == "DW_TAG_formal_parameter"])), []
    )
    return Definition(
        name=next(_text(entry, "DW_AT_name") for entry in entries if "DW_AT_name" in entry.attributes),
        where=_where(unit, entries),
        result=next(
            (_type_of(e, "DW_AT_type") for e in entries if "DW_AT_type" in e.attributes), DefinedType(VOID, "void")
        ),
        parameters=tuple(map(_parameter, parameters)),
        # Of C++, and with -g1, a function without parameters may be one whose parameters were left out.
        is_old_style=not any("DW_AT_prototyped" in entry.attributes for entry in entries) if is_c else not parameters,
        is_variadic=any(one.tag == "DW_TAG_unspecified_parameters" for listed in children for one in listed),
    )


def _parameter(entry: DIE) -> tuple[str, DefinedType]:
    entries = _same(entry)
    name = next((_text(one, "DW_AT_name") for one in entries if "DW_AT_name" in one.attributes), "")
    typed = next((one for one in entries if "DW_AT_type" in one.attributes), None)
    return name, _type_of(typed, "DW_AT_type") if typed else DefinedType(UNKNOWN, "?")


def _where(unit: CompileUnit, entries: list[DIE]) -> str:
    """Return the file and line of a definition, as far as they are known."""
    entry = next((one for one in entries if "DW_AT_decl_line" in one.attributes), None)
    if entry is None:
        return ""
    lines = unit.dwarfinfo.line_program_for_CU(unit)
    number = _value(next(one for one in entries if "DW_AT_decl_file" in one.attributes), "DW_AT_decl_file")
    first = 0 if unit["version"] >= 5 else 1  # DWARF 5, 6.2.4: files count from 0
    name = lines["file_entry"][number - first].name.decode("utf-8", "replace") if lines else ""
    return f"{PurePosixPath(name).name}:{_value(entry, 'DW_AT_decl_line')}"


# ---- types ---------------------------------------------------------------------------------------------------------


def _type_of(entry: DIE, attribute: str, depth: int = 0) -> DefinedType:
    """Return the type that an entry refers to."""
    names: list[str] = []
    is_const = False
    for _ in range(_NAMES_AT_MOST):
        if attribute not in entry.attributes:
            return DefinedType(VOID, names[0] if names else "void", is_const=is_const, names=tuple(names))
        entry, attribute = entry.get_DIE_from_attribute(attribute), "DW_AT_type"
        if entry.tag == "DW_TAG_typedef":
            names.append(_text(entry, "DW_AT_name"))
        elif entry.tag in _QUALIFIERS or entry.tag == "DW_TAG_atomic_type":
            is_const = is_const or entry.tag == "DW_TAG_const_type"
        else:
            return _resolved(entry, tuple(names), is_const, depth)
    return DefinedType(UNKNOWN, names[0] if names else "?")


def _resolved(entry: DIE, names: tuple[str, ...], is_const: bool, depth: int) -> DefinedType:
    """Return a type that is no name of another."""
    own = _name(entry)
    whole = (*names, own) if own else names
    size = _value(entry, "DW_AT_byte_size") if "DW_AT_byte_size" in entry.attributes else 0
    kind, text, target = UNKNOWN, own, None
    if entry.tag == "DW_TAG_base_type":
        kind = _kind_of_base(_value(entry, "DW_AT_encoding"))
    elif entry.tag == "DW_TAG_enumeration_type":
        kind, text = INTEGER, f"enum {own}"
    elif entry.tag in _POINTERS or (entry.tag == "DW_TAG_array_type" and "DW_AT_GNU_vector" not in entry.attributes):
        kind, size = POINTER, 0 if entry.tag == "DW_TAG_array_type" and depth else _POINTER_BYTES
        target = _type_of(entry, "DW_AT_type", depth + 1) if depth < _POINTERS_AT_MOST else DefinedType(UNKNOWN, "?")
        if target.kind == POINTER and not target.size_bytes:  # of rows of an array, what they consist of
            target = target.target or target
        text = f"{'const ' if target.is_const else ''}{target.text}{'' if target.text.endswith('*') else ' '}*"
    elif entry.tag == "DW_TAG_array_type":
        kind = VECTOR
    elif entry.tag in _AGGREGATES:
        kind, text = AGGREGATE, f"{_AGGREGATES[entry.tag]} {own}".rstrip()
    elif entry.tag == "DW_TAG_subroutine_type":
        kind, text = FUNCTION, "a function"
    return DefinedType(kind, names[0] if names else text or "?", size, is_const, whole, target)


def _kind_of_base(encoding: int) -> str:
    if encoding == _FLOAT:
        return FLOAT
    return INTEGER if encoding in _INTEGERS else UNKNOWN


def _name(entry: DIE) -> str:
    return _text(entry, "DW_AT_name") if "DW_AT_name" in entry.attributes else ""


def _text(entry: DIE, attribute: str) -> str:
    value: Any = entry.attributes[attribute].value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _value(entry: DIE, attribute: str) -> int:
    found = entry.attributes.get(attribute)
    return int(found.value) if found else -1
