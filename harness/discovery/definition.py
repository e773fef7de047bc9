"""A function as its compiler saw it: what debug information says of its parameters and its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from harness.model.prototype import SCALAR_TYPES, Prototype, parse_prototype
from harness.model.vectors import VECTOR_TYPES

FLOAT, INTEGER, POINTER, VECTOR = "float", "integer", "pointer", "vector"
VOID, AGGREGATE, FUNCTION, UNKNOWN = "void", "aggregate", "function", "unknown"


@dataclass(frozen=True, slots=True)
class DefinedType:
    """A type, with everything that its names stand for taken away."""

    kind: str
    """One of FLOAT, INTEGER, POINTER, VECTOR, VOID, AGGREGATE (a struct, union or class), FUNCTION and UNKNOWN."""
    text: str
    """As a declaration writes it, by its outermost name, without const of its own."""
    size_bytes: int = 0
    is_const: bool = False
    names: tuple[str, ...] = ()
    """All names on the way to it, the outermost first: "uint16_t", "__uint16_t", "short unsigned int"."""
    target: DefinedType | None = None
    """Of a pointer, reference or array: what it leads to."""


@dataclass(frozen=True, slots=True)
class Definition:
    """The definition of a function."""

    name: str
    where: str
    """File and line, such as "dot.c:12"."""
    result: DefinedType
    parameters: tuple[tuple[str, DefinedType], ...]
    """Names, which may be empty, and types."""
    is_old_style: bool = False
    """Declared as before C89, `f(x) float x;`, whose floats arrive as double; where it has no parameters, nothing says
    that there are none."""
    is_variadic: bool = False

    def __str__(self) -> str:
        """Write the declaration in C."""
        inside = ", ".join(declared(name, of) for name, of in self.parameters)
        return f"{declared(self.name, self.result)}({inside or 'void'}{', ...' if self.is_variadic else ''})"


def declared(name: str, of: DefinedType) -> str:
    """Write a declaration of something of a type."""
    return f"{of.text}{name}" if of.text.endswith("*") else f"{of.text} {name}".rstrip()


def prototype_of(definition: Definition) -> Prototype:
    """Return the prototype that calls a function as it is defined, with types that a manifest can name.

    Raises:
        ConfigurationError: a parameter or the result is of a type that no manifest has a name for.
    """
    inside = ", ".join(declared(name, _plain(of)) for name, of in definition.parameters)
    return parse_prototype(f"{_plain(definition.result).text} {definition.name}({inside or 'void'})")


def _plain(of: DefinedType) -> DefinedType:
    """Return a type under a name that prototypes know, where there is one."""
    known = next((name for name in of.names if name in SCALAR_TYPES or name in VECTOR_TYPES), "")
    if of.kind == POINTER and of.target and of.target.kind in (FLOAT, INTEGER):
        return replace(of, text=f"{'const ' if of.target.is_const else ''}{_plain(of.target).text} *")
    if of.kind == INTEGER and not known:
        sign = "u" if "unsigned" in " ".join(of.names) else ""
        return replace(of, text=f"{sign}int{8 * of.size_bytes}_t")
    return replace(of, text=known or of.text)


def definition_from(values: Mapping[str, Any]) -> Definition:
    """Return a definition from what `dataclasses.asdict` made of one.

    Raises:
        KeyError: something is missing.
        TypeError: something is of another type.
    """
    parameters = tuple((str(name), _type_from(of)) for name, of in values["parameters"])
    return Definition(**{**values, "result": _type_from(values["result"]), "parameters": parameters})


def _type_from(values: Mapping[str, Any]) -> DefinedType:
    target = _type_from(values["target"]) if values["target"] else None
    return DefinedType(**{**values, "names": tuple(values["names"]), "target": target})
