"""Whether a prototype that a manifest or a contract gives is that of the function's definition.

Only what cannot work is a disagreement: a caller by such a prototype puts an argument where the function does not look
for it, or gives it elements of another width. What may be meant, such as floats that a function takes as bits, is a
doubt: it is worth a word where the kernel fails, and none where it passes. Of aggregates by value, which arrive in
several registers, nothing is said.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

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
    declared,
)
from harness.prototype import Parameter, Prototype, ScalarType
from harness.vectors import VECTOR_TYPES, VectorType

_REGISTER_BYTES = 8
_HALF_BYTES, _DOUBLE_BYTES = 2, 8
_BRAIN_NAMES = frozenset({"__bf16", "bfloat16_t", "__bfloat16"})


@dataclass(slots=True)
class Agreement:
    """What stands against a prototype."""

    disagreements: list[str] = field(default_factory=list)
    """Why a call by it cannot work."""
    doubts: list[str] = field(default_factory=list)
    """What differs and may be meant."""


def compare(
    prototype: Prototype, definition: Definition, written: Collection[int], sizes: Collection[int]
) -> Agreement:
    """Hold a prototype against a definition.

    Args:
        prototype: what the kernel is called by.
        definition: what there is.
        written: positions of the parameters that the contract wants written.
        sizes: positions of those that the contract takes for sizes.
    """
    found = Agreement()
    if _is_beyond_words(definition):
        return found
    mine, its = prototype.parameters, definition.parameters
    if len(mine) != len(its):
        found.disagreements.append(f"it has {_count(len(its))}, not {len(mine)}")
        return found
    pointers_for_integers: list[str] = []
    integers_for_pointers: list[str] = []
    for position, (parameter, (name, of)) in enumerate(zip(mine, its, strict=True)):
        what = f"'{declared(name, of)}' stands where '{_text(parameter)}' is passed"
        if parameter.vector or of.kind == VECTOR:
            found.disagreements += [what] if not _is_vector(parameter.vector, of) else []
        elif parameter.is_pointer and of.kind == POINTER:
            _compare_targets(found, parameter, of, what, is_written=position in written)
        elif parameter.is_pointer and of.kind == INTEGER and of.size_bytes == _REGISTER_BYTES:
            integers_for_pointers.append(what)
        elif not parameter.is_pointer and of.kind == POINTER and _may_be_address(parameter) and position not in sizes:
            pointers_for_integers.append(what)
        elif parameter.is_pointer or of.kind == POINTER:
            found.disagreements.append(what)
        else:
            _compare_scalars(found, parameter.type, of, what, is_promoted=definition.is_old_style)
    # An address may be passed as an integer. Both ways at once, or beside something else, it is another order.
    is_order = bool(found.disagreements) or bool(pointers_for_integers and integers_for_pointers)
    (found.disagreements if is_order else found.doubts).extend(integers_for_pointers + pointers_for_integers)
    _compare_results(found, prototype, definition.result)
    return found


def exchanged(prototype: Prototype, definition: Definition) -> dict[str, str]:
    """Return which parameters of a prototype stand in another's place in the definition, by their names.

    Where all names but one are known, that one has the place that is left. Empty where no name has moved, or some
    parameter has none.
    """
    names = {parameter.name.lower(): parameter.name for parameter in prototype.parameters}
    own = [name.lower() for name, _ in definition.parameters]
    if len(own) != len(prototype.parameters) or not all((*names, *own)):
        return {}
    moved = {its: names[mine] for its, mine in zip(names.values(), own, strict=True) if names.get(mine, its) != its}
    nameless = [its for its, mine in zip(names.values(), own, strict=True) if mine not in names]
    left = [name for key, name in names.items() if key not in own]
    return moved | dict(zip(nameless, left, strict=True)) if moved and len(left) == len(nameless) == 1 else moved


def has_same_names(prototype: Prototype, definition: Definition) -> bool:
    """True if a definition names its parameters as a prototype does, in whatever order."""
    mine = sorted(parameter.name.lower() for parameter in prototype.parameters)
    return mine == sorted(name.lower() for name, _ in definition.parameters)


def _is_beyond_words(definition: Definition) -> bool:
    types = [definition.result, *(of for _, of in definition.parameters)]
    is_unknown = any(
        of.kind in (AGGREGATE, UNKNOWN, FUNCTION) or of.size_bytes > _REGISTER_BYTES
        for of in types
        if of.kind != VECTOR
    )
    says_nothing = not definition.parameters and definition.is_old_style
    return is_unknown or definition.is_variadic or says_nothing


def _count(number: int) -> str:
    return f"{number or 'no'} parameter{'' if number == 1 else 's'}"


def _text(parameter: Parameter) -> str:
    c_type = parameter.c_type
    return f"{c_type}{parameter.name}" if c_type.endswith("*") else f"{c_type} {parameter.name}".rstrip()


def _may_be_address(parameter: Parameter) -> bool:
    return parameter.type.family != "float" and parameter.type.size_bytes == _REGISTER_BYTES


def _compare_targets(found: Agreement, mine: Parameter, its: DefinedType, what: str, *, is_written: bool) -> None:
    """Compare what two pointers lead to."""
    target = its.target
    if target is None:
        return
    if is_written and target.is_const:
        found.disagreements.append(f"{what} and written to, and it is const")
    elif target.kind in (POINTER, FUNCTION):
        is_address = mine.type.family != "float" and mine.type.size_bytes == _REGISTER_BYTES
        (found.doubts if is_address else found.disagreements).append(what)
    elif target.kind in (FLOAT, INTEGER):
        is_float = mine.type.family == "float"
        if target.kind == FLOAT and is_float and _differ(mine.type, target):
            found.disagreements.append(what)
        elif mine.type.size_bytes == target.size_bytes:
            is_half = mine.type.size_bytes == _HALF_BYTES  # whose bits are commonly taken as uint16_t
            found.doubts += [what] if is_float != (target.kind == FLOAT) and not is_half else []
        elif 1 in (mine.type.size_bytes, target.size_bytes):
            found.doubts.append(what)  # bytes, as which anything may be read
        else:
            found.disagreements.append(what)


def _differ(mine: ScalarType, its: DefinedType) -> bool:
    """True if two types of floating-point numbers are different formats."""
    is_brain = bool(_BRAIN_NAMES & set(its.names))
    return mine.size_bytes != its.size_bytes or mine.is_brain != is_brain


def _compare_scalars(found: Agreement, mine: ScalarType, its: DefinedType, what: str, *, is_promoted: bool) -> None:
    """Compare what is passed by value."""
    if (mine.family == "float") != (its.kind == FLOAT):
        found.disagreements.append(f"{what}, which is in another register")
    elif its.kind == FLOAT:
        is_double = is_promoted and its.size_bytes < _DOUBLE_BYTES
        if is_double and mine.size_bytes != _DOUBLE_BYTES:
            found.disagreements.append(f"{what}, and a definition of this old style takes a double")
        elif not is_double and _differ(mine, its):
            found.disagreements.append(what)
    elif its.size_bytes > mine.size_bytes:
        found.doubts.append(f"{what}: the upper bits of that register are undefined")


def _compare_results(found: Agreement, prototype: Prototype, its: DefinedType) -> None:
    mine = prototype.result
    if prototype.vector_result or its.kind == VECTOR:
        if prototype.vector_result is None and mine is None:
            return
        if not _is_vector(prototype.vector_result, its):
            found.disagreements.append(_other_result(prototype, its))
    elif mine is None:
        return  # what it returns is dropped
    elif (
        its.kind in (VOID, POINTER)
        or (mine.family == "float") != (its.kind == FLOAT)
        or (its.kind == FLOAT and _differ(mine, its))
    ):
        found.disagreements.append(_other_result(prototype, its))
    elif its.size_bytes < mine.size_bytes:
        found.doubts.append(f"{_other_result(prototype, its)}: the upper bits of that register are undefined")


def _other_result(prototype: Prototype, its: DefinedType) -> str:
    wanted = prototype.vector_result or prototype.result
    return f"it returns {its.text}, not {wanted.c_name if wanted else 'void'}"


def _is_vector(mine: VectorType | None, its: DefinedType) -> bool:
    """True if a defined type may be a vector type."""
    if mine is None:
        return False
    if its.kind != VECTOR:  # masks of AVX-512 are integers
        return mine.is_predicate and its.kind == INTEGER
    known = [VECTOR_TYPES[name] for name in its.names if name in VECTOR_TYPES]
    return not known or any(_shape(one) == _shape(mine) for one in known)


def _shape(vector: VectorType) -> tuple[object, ...]:
    return vector.bank, vector.family, vector.lane_bytes, vector.total_bytes, vector.registers
