"""What must hold between the parts of a contract, checked where it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.contract.entries import ByLanes, Entry, Sized
from harness.contract.suites import Matrix
from harness.errors import ContractError, perhaps
from harness.model import Allowed, Contract, Flow, Pattern
from harness.model.patterns import (
    SPECIAL_FLOATS,
    SPECIAL_INTEGERS,
    Dominant,
    ExtremeIntegers,
    Sparse,
    Special,
    UniformIntegers,
    Zeros,
)
from harness.model.prototype import Parameter
from harness.numerics.formats import limits


def check(contract: Contract, suites: Mapping[str, Matrix]) -> None:
    """Hold the parts of a contract against one another, and the entries of its suites against its sizes.

    Raises:
        ContractError: they do not fit; the message names what does not.
    """
    _check_sizes(contract)
    _check_outputs(contract)
    _check_pattern(contract, "pattern", contract.pattern)
    for name, matrix in suites.items():
        _check_entries(contract, name, matrix)


def _check_sizes(contract: Contract) -> None:
    by_name = {p.name: p for p in contract.prototype.parameters}
    for name in contract.size_names:
        if by_name[name].type.family == "float":
            raise ContractError(f"the argument {name!r} needs values: scalars={{{name!r}: [...]}}")


def _check_outputs(contract: Contract) -> None:
    missing = set(contract.output_names) - {step.name for step in contract.passes}
    if missing and not contract.tolerances:
        raise ContractError(f"no pass yields the output {sorted(missing)[0]!r}: each({sorted(missing)[0]!r}, ...)")


def _check_entries(contract: Contract, suite: str, matrix: Matrix) -> None:
    for entry in (one for each in matrix.entries for one in _at_some_lanes(each)):
        _check_size(contract, suite, entry.sizes if isinstance(entry, Sized) else entry)
        if isinstance(entry, Sized) and entry.pattern is not None:
            _check_pattern(contract, f"suite {suite!r}", entry.pattern)
        if isinstance(entry, Sized) and entry.is_in_place and not contract.in_place:
            hint = 'in_place=[("out", "x")]'
            text = f"suite {suite!r}: placements(in_place=True) needs the buffers that may be one: {hint}"
            raise ContractError(text)
        if _is_sparse(entry) and not matrix.is_sparse:
            raise ContractError(f"suite {suite!r}: sparse(...) rows need a suite of their own, such as 'huge'")
    if matrix.is_sparse:
        _check_sparse(contract, suite)


def _check_size(contract: Contract, suite: str, sized: object) -> None:
    names = contract.size_names
    if isinstance(sized, Mapping):
        if set(sized) != set(names):
            raise ContractError(f"suite {suite!r}: sizes are {', '.join(names)}, not {', '.join(sized)}")
    elif len(names) != 1:
        what = f"{contract.op} has {len(names)} sizes; name them: sizes(m=..., n=...)"
        raise ContractError(f"suite {suite!r}: {what}")
    for size in sized.values() if isinstance(sized, Mapping) else [sized]:
        if not isinstance(size, int):
            raise ContractError(f"suite {suite!r}: {size!r} is no size")
        if size < 0:
            raise ContractError(f"suite {suite!r}: the size {size} is negative")


def _check_pattern(contract: Contract, where: str, pattern: object) -> None:
    """A pattern says something of a buffer that is read: else rows would be drawn as if it were not there."""
    if not isinstance(pattern, Pattern):
        raise ContractError(f"{where}: {pattern!r} is no pattern; expected normal(), dominant(1, 2) or another")
    for name in pattern.buffers if isinstance(pattern, Dominant) else ():
        if name not in contract.flows:
            raise ContractError(f"{where}: dominant: {name!r} is no buffer{perhaps(name, contract.flows)}")
    read = [p for p in contract.prototype.buffers if contract.flows[p.name] is not Flow.OUT]
    kinds = {"float" if parameter.type.family == "float" else "integer" for parameter in read}
    if isinstance(pattern, UniformIntegers | ExtremeIntegers) and "integer" not in kinds:
        name = "integers(...)" if isinstance(pattern, UniformIntegers) else "extremes()"
        raise ContractError(f"{where}: {name} is for integers, and {contract.op} reads none")
    if isinstance(pattern, Special):
        known = [name for kind in sorted(kinds) for name in _SPECIALS[kind]]
        if pattern.value not in known:
            raise ContractError(
                f"{where}: special_values: {contract.op} reads no numbers that {pattern.value!r} is one of"
                f"{perhaps(pattern.value, known)}; known: {', '.join(known)}"
            )
    for parameter in read:
        _check_magnitude(where, pattern, parameter)


def _check_magnitude(where: str, pattern: Pattern, parameter: Parameter) -> None:
    """Infinities and zeros are drawn on purpose only: they would hide what ordinary rows are to show."""
    element = parameter.type
    if element.family != "float" or isinstance(pattern, Zeros):
        return
    its, largest = limits(element.number_format), pattern.largest
    what = f"{where}: of {pattern.kind} rows the largest number is {largest:.3g}, which"
    if not largest <= its.largest:
        raise ContractError(f"{what} {element.c_name} {parameter.name} does not hold: its largest is {its.largest:.3g}")
    if largest < its.smallest_subnormal:
        raise ContractError(f"{what} is zero in {element.c_name} {parameter.name}")


_SPECIALS = {"float": SPECIAL_FLOATS, "integer": SPECIAL_INTEGERS}
_SOME_LANES = 4


def _at_some_lanes(entry: Entry) -> Sequence[Entry]:
    return list[Entry](entry.entries(_SOME_LANES, Allowed())) if isinstance(entry, ByLanes) else [entry]


def _is_sparse(entry: Entry) -> bool:
    return isinstance(entry, Sized) and isinstance(entry.pattern, Sparse)


def _check_sparse(contract: Contract, suite: str) -> None:
    obstacle = sparse_obstacle(contract)
    if obstacle:
        raise ContractError(f"suite {suite!r}: {obstacle}")


def sparse_obstacle(contract: Contract) -> str:
    """Return why an op can have no sparse rows, or an empty text.

    All buffers of a sparse case have their dominant elements at the same positions, so they are equally long. What is
    due there comes from the passes: no reference is evaluated on such a row.
    """
    if not contract.passes:
        return "sparse rows need passes, since no reference is evaluated on them"
    if len(contract.size_names) != 1:
        return f"sparse rows have one size, and {contract.op} has {len(contract.size_names)}"
    (name,) = contract.size_names
    for buffer, extent in contract.extents.items():
        if any(extent.count({name: size}) != size for size in (0, 7, 1 << 31)):
            return f"{buffer}[{extent.text}] is not {name} elements long, as all buffers of sparse rows are"
    return ""
