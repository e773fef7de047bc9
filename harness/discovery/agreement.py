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
from harness.model.prototype import Parameter, Prototype, ScalarType
from harness.model.vectors import VECTOR_TYPES, VectorType

_REGISTER_BYTES = 8
_FLOAT_REGISTERS = 8
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
    calls = _passing(prototype, definition)
    if not definition.parameters and prototype.parameters:
        found.disagreements.append("it has no parameters")
    found.disagreements += [f"nothing is passed for '{declared(name, of)}'" for name, of in calls.left_out]
    addresses: list[str] = []
    numbers: list[str] = []
    for position, name, of in calls.pairs:
        parameter = prototype.parameters[position]
        what = f"'{declared(name, of)}' stands where '{_text(parameter)}' is passed"
        if parameter.vector or of.kind == VECTOR:
            found.disagreements += [what] if not _is_vector(parameter.vector, of) else []
        elif parameter.is_pointer and of.kind == POINTER:
            _compare_targets(found, parameter, of, what, is_written=position in written)
        elif parameter.is_pointer and of.kind == INTEGER and of.size_bytes == _REGISTER_BYTES:
            numbers.append(what)
        elif not parameter.is_pointer and of.kind == POINTER and _may_be_address(parameter) and position not in sizes:
            addresses.append(what)
        elif parameter.is_pointer or of.kind == POINTER:
            found.disagreements.append(what)
        else:
            _compare_scalars(found, parameter.type, of, what, is_promoted=definition.is_old_style)
    # An address may be passed as an integer. Both ways at once, or beside something else, it is another order.
    is_order = bool(found.disagreements or calls.unused) or bool(addresses and numbers)
    (found.disagreements if is_order else found.doubts).extend(numbers + addresses)
    unused = [f"it has no parameter for '{_text(prototype.parameters[rank])}'" for rank in calls.unused]
    (found.disagreements if found.disagreements else found.doubts).extend(unused)
    _compare_results(found, prototype, definition.result)
    return found


@dataclass(frozen=True, slots=True)
class _Passing:
    """Which argument arrives in which parameter."""

    pairs: tuple[tuple[int, str, DefinedType], ...]
    """Position in the prototype, name and type in the definition."""
    left_out: tuple[tuple[str, DefinedType], ...] = ()
    """Parameters of the definition that nothing is passed for."""
    unused: tuple[int, ...] = ()
    """Positions of arguments that no parameter is there for: where a size is fixed, a kernel need not have it."""


def _passing(prototype: Prototype, definition: Definition) -> _Passing:
    """Match arguments with parameters as the procedure call standards do.

    Floating-point numbers have registers of their own, so that their place among the others does not matter while
    these last (AAPCS64 6.8.2; psABI of x86-64, 3.2.3; of RISC-V, 2.1). Vectors, and ms_abi, go by position.
    """
    mine, its = list(enumerate(prototype.parameters)), list(definition.parameters)
    by_position = (
        bool(prototype.vectors)
        or any(of.kind == VECTOR for _, of in its)
        or prototype.calling_convention == "ms_abi"
        or max(sum(map(_is_float, prototype.parameters)), sum(of.kind == FLOAT for _, of in its)) > _FLOAT_REGISTERS
    )
    if by_position:
        groups = [(mine, its)]
    else:
        groups = [
            (
                [(rank, parameter) for rank, parameter in mine if _is_float(parameter) == is_float],
                [(name, of) for name, of in its if (of.kind == FLOAT) == is_float],
            )
            for is_float in (False, True)
        ]
    return _Passing(
        tuple((rank, name, of) for here, there in groups for (rank, _), (name, of) in zip(here, there, strict=False)),
        tuple(one for here, there in groups for one in there[len(here) :]),
        tuple(rank for here, there in groups for rank, _ in here[len(there) :]),
    )


def _is_float(parameter: Parameter) -> bool:
    return not parameter.is_pointer and parameter.type.family == "float"


def exchanged(prototype: Prototype, definition: Definition) -> dict[str, str]:
    """Return which parameters of a prototype stand in another's place in the definition, by their names.

    Where all names but one are known, that one has the place that is left. Empty where no name has moved, or some
    parameter has none.
    """
    names = {parameter.name.lower(): parameter.name for parameter in prototype.parameters}
    pairs = [
        (prototype.parameters[position].name, name.lower())
        for position, name, _ in _passing(prototype, definition).pairs
    ]
    count = len(prototype.parameters)
    if not len(pairs) == len(definition.parameters) == len(names) == count or not all(map(all, pairs)):
        return {}
    moved = {its: names[own] for its, own in pairs if names.get(own, its) != its}
    nameless = [its for its, own in pairs if own not in names]
    left = [name for key, name in names.items() if key not in (own for _, own in pairs)]
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
