"""Kernels on vectors: what of an element-wise contract each parameter stands for.

The generated adapter walks the contract's rows in vectors and calls such a kernel once for each, so the contract must
be a map: every element of the output follows from the elements beside it in the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import ConfigurationError
from harness.model import Contract, EachPass, Flow, has_sme
from harness.model.prototype import Parameter, Prototype, ScalarType
from harness.model.vectors import REGISTER_LIMITS, Bank, VectorType

MADE_UP = ""
"""Instead of a contract's name: a predicate, a mask or a vl, which the adapter makes for every call."""


def check_vectors(prototype: Prototype, isa: str) -> None:
    """Check that kernels of an ISA can take and return these vectors, in registers.

    Raises:
        ConfigurationError: they cannot.
    """
    for vector in prototype.vectors:
        if not isa.startswith(vector.isas):
            hint = "; in streaming mode vectors cannot be passed here yet" if has_sme(isa) else ""
            raise ConfigurationError(f"{vector.c_name} is no vector that {isa} kernels have{hint}")
    if len({vector.bank for vector in prototype.vectors}) > 1:
        raise ConfigurationError(f"{prototype} mixes vectors of two instruction sets")
    if prototype.vectors and prototype.calling_convention == "ms_abi":
        raise ConfigurationError("ms_abi passes vectors in memory, and such an adapter is not written yet")
    if prototype.vector_result and prototype.vector_result.is_predicate:
        raise ConfigurationError(f"{prototype} returns a predicate, for which contracts have no form")
    _check_registers(prototype)


def _check_registers(prototype: Prototype) -> None:
    taken = dict.fromkeys(REGISTER_LIMITS, 0)
    for parameter in prototype.parameters:
        vector = parameter.vector
        if vector and vector.bank is Bank.RVV:
            taken["group"] += vector.registers
        elif vector and vector.is_predicate and vector.bank is Bank.SVE:
            taken["predicate"] += 1
        elif (vector and not vector.is_predicate) or (not parameter.is_pointer and parameter.type.family == "float"):
            taken["vector"] += 1
    for kind, limit in REGISTER_LIMITS.items():
        if prototype.vectors and taken[kind] > limit:
            raise ConfigurationError(f"{prototype}: more than {limit} {kind} registers of arguments go to memory")


def match_lanes(prototype: Prototype, contract: Contract) -> tuple[tuple[str, ...], str]:
    """Return the contract's name for each parameter of a kernel on vectors, and for what it returns.

    By name where all names but those of predicates and vl are the contract's, else by position: vectors and pointers
    for the contract's inputs (for all its pointers, if nothing is returned), scalars for its scalars.

    Raises:
        ConfigurationError: the contract is no map, or something does not fit.
    """
    _check_map(contract)
    result_name = _result_name(prototype, contract)
    made_up = _made_up(prototype, contract)
    named = [p for i, p in enumerate(prototype.parameters) if i not in made_up]
    readable = [p for p in contract.prototype.buffers if contract.flows[p.name] is not Flow.OUT]
    rows = readable if result_name else list(contract.prototype.buffers)
    scalars = [p for p in contract.prototype.parameters if p.name in contract.scalars]
    by_name = {p.name: p for p in (*rows, *scalars)}
    if sorted(p.name for p in named) == sorted(by_name):
        matched = [by_name[p.name] for p in named]
    else:
        matched = _by_position(prototype, named, rows, scalars)
    for mine, its in zip(named, matched, strict=True):
        _check_parameter(prototype, contract, mine, its, has_predicate=bool(made_up))
    _check_lanes(prototype, contract, named, matched, result_name)
    names = iter(matched)
    return tuple(MADE_UP if i in made_up else next(names).name for i in range(len(prototype.parameters))), result_name


def _check_map(contract: Contract) -> None:
    is_map = all(isinstance(step, EachPass) for step in contract.passes) and not contract.prototype.result
    if not is_map:
        raise ConfigurationError(f"{contract.op} is no map: a kernel on vectors never sees the whole row")
    sizes = contract.size_names
    if len(sizes) != 1 or any(contract.extents[p.name].text.strip() != sizes[0] for p in contract.prototype.buffers):
        raise ConfigurationError(
            f"{contract.op} has not one row length for all buffers, which a kernel on vectors needs"
        )


def _result_name(prototype: Prototype, contract: Contract) -> str:
    if prototype.result:
        raise ConfigurationError(f"{prototype} returns a scalar; a kernel on vectors returns a vector or nothing")
    written = [name for name, flow in contract.flows.items() if flow is not Flow.IN]
    if not prototype.vector_result:
        return ""
    if len(written) != 1:
        raise ConfigurationError(f"{prototype} returns one vector, {contract.op} has {len(written)} outputs")
    return written[0]


def _made_up(prototype: Prototype, contract: Contract) -> set[int]:
    """Find the parameters that say which lanes are active: predicates and masks, and of RVV the last integer, vl."""
    found = {i for i, p in enumerate(prototype.parameters) if p.vector and p.vector.is_predicate}
    if len(found) > 1:
        raise ConfigurationError(f"{prototype} has {len(found)} predicates; one says which lanes are active")
    scalars = [i for i, p in enumerate(prototype.parameters) if not p.vector and not p.is_pointer]
    is_rvv = any(vector.bank is Bank.RVV for vector in prototype.vectors)
    if is_rvv and len(scalars) == len(contract.scalars) + 1:
        integers = [i for i in scalars if prototype.parameters[i].type.family != "float"]
        found |= set(integers[-1:])
    return found


def _by_position(
    prototype: Prototype, named: Sequence[Parameter], rows: Sequence[Parameter], scalars: Sequence[Parameter]
) -> list[Parameter]:
    data = [p for p in named if p.vector or p.is_pointer]
    if len(data) != len(rows) or len(named) - len(data) != len(scalars):
        wanted = (
            f"{', '.join(p.name for p in rows) or 'nothing'} and {', '.join(p.name for p in scalars) or 'no scalar'}"
        )
        raise ConfigurationError(f"{prototype} has other parameters than the contract has rows and scalars: {wanted}")
    left_rows, left_scalars = iter(rows), iter(scalars)
    return [next(left_rows) if p.vector or p.is_pointer else next(left_scalars) for p in named]


def _check_parameter(
    prototype: Prototype, contract: Contract, mine: Parameter, its: Parameter, *, has_predicate: bool
) -> None:
    cannot = f"{mine.c_type} {mine.name}".strip() + f" of {prototype.name} cannot stand for {its.c_type}{its.name}"
    is_row = bool(mine.vector) or mine.is_pointer
    if is_row != its.is_pointer:
        raise ConfigurationError(cannot)
    if mine.vector and contract.flows[its.name] is Flow.OUT:
        raise ConfigurationError(f"{cannot}: that is an output; a kernel returns it, or stores it through a pointer")
    if mine.is_pointer and not has_predicate:
        raise ConfigurationError(f"{cannot}: without predicate, mask or vl it would access what is behind the row")
    if mine.vector and not _holds(mine.vector, its.type):
        raise ConfigurationError(f"{cannot}: its lanes have another type")
    if mine.is_pointer and not mine.type.may_hold(its.type):
        raise ConfigurationError(f"{cannot}: its elements have another type")
    if not is_row and (mine.type.family == "float") != (its.type.family == "float"):
        raise ConfigurationError(cannot)


def _holds(vector: VectorType, element: ScalarType) -> bool:
    """Whether a vector's lanes are of an element type; integers of x86 are of whichever the contract has."""
    family = "bfloat" if "bf" in element.c_name else element.family
    if vector.family == "integer":
        return family in ("signed", "unsigned")
    return (vector.family, vector.lane_bytes) == (family, element.size_bytes)


def _check_lanes(
    prototype: Prototype, contract: Contract, named: Sequence[Parameter], matched: Sequence[Parameter], result_name: str
) -> None:
    by_name = {p.name: p.type for p in contract.prototype.buffers}
    pairs = [(p.vector, its.type) for p, its in zip(named, matched, strict=True) if p.vector]
    if not pairs:
        raise ConfigurationError(f"{prototype} takes no vector of elements")
    if prototype.vector_result:
        its = by_name[result_name]
        if not _holds(prototype.vector_result, its):
            returned = prototype.vector_result.c_name
            raise ConfigurationError(f"{prototype.name} returns {returned}, {result_name} consists of {its.c_name}")
        pairs.append((prototype.vector_result, its))
    lanes = {vector.lanes(its.size_bytes) for vector, its in pairs}
    if len(lanes) > 1:
        raise ConfigurationError(f"the vectors of {prototype} have different numbers of lanes")
    masks = [p.vector for p in prototype.parameters if p.vector and p.vector.is_predicate and p.vector.total_bytes]
    if masks and 8 * masks[0].total_bytes < next(iter(lanes)):
        raise ConfigurationError(f"{masks[0].c_name} has fewer bits than {prototype} has lanes")
