"""The vocabulary of contracts: what an op promises, written as data in one Python file.

A contract file is read top to bottom and assigns what `op` returns to a name::

    from harness.contract import each, every, op, sum_of, zeros

    scale_sum_f32 = op(
        "void scale_sum_f32(float *row, size_t len, float a)",
        inout="row[len]",
        scalars={"a": [0.5, 3.0]},
        reference=lambda row, a: a * row / row.sum(),
        passes=[
            sum_of("total", lambda row: row),
            each("row", lambda row, total, a: a * row / total, roundings=2),
        ],
        suites={"boundary": [*every(1, 33), zeros(64)]},
    )

`reference` is the oracle: numpy in float64, called with those of the prototype's parameters that it names. `passes`
is the error model: how a correct implementation gets there, step by step, in float32 terms. The judge derives each
element's tolerance from it (harness.judge.tolerance has the formulas and their source) and holds it against the
reference, so the two cannot drift apart.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError, ContractError, perhaps
from harness.model import (
    ANYWHERE,
    CaseSpec,
    Contract,
    EachPass,
    Extent,
    Flow,
    MaxPass,
    Number,
    Pass,
    Pattern,
    Placement,
    SumPass,
)
from harness.prototype import Prototype, parse_prototype

__all__ = [
    "around",
    "around_lanes",
    "each",
    "every",
    "every_residue",
    "loud",
    "loud_subsets",
    "max_of",
    "normal",
    "op",
    "peaks",
    "placements",
    "rows",
    "single_loud",
    "sizes",
    "special_values",
    "structured",
    "sum_of",
    "zeros",
]

# ---- patterns ------------------------------------------------------------------------------------------------------


def normal(scale_exponents: tuple[int, int] = (0, 0)) -> Pattern:
    """Bell-shaped values of random sign, times 2**e with e drawn per case from `scale_exponents` (inclusive)."""
    return Pattern("normal", scale_exponents)


def loud(
    low: float = 1.0,
    high: float = 2.0,
    *,
    quiet: float = 0.0,
    signed: bool = True,
    scale_exponents: tuple[int, int] = (0, 0),
) -> Pattern:
    """A few loud values, uniform in [low, high), among quiet ones that do not matter to the result."""
    return Pattern("loud", scale_exponents, bounds=(low, high), quiet=quiet, is_signed=signed)


_ZEROS = Pattern("zeros", directed=True)

# ---- suites --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sized:
    """A case entry before the contract's size names are known."""

    sizes: int | Mapping[str, int]
    pattern: Pattern | None = None
    placement: Placement = ANYWHERE


@dataclass(frozen=True, slots=True)
class _ByLanes:
    """Entries that follow the vector length: a function of the number of lanes."""

    entries: Callable[[int], list[_Sized]]


_Entry = int | _Sized | _ByLanes
_UNROLL = 4
"""Vectors per iteration of the unrolled loops that most kernels have."""


def every(first: int, last: int) -> list[int]:
    """Every size from `first` to `last`, both included."""
    return list(range(first, last + 1))


def around(centres: Iterable[int], first_delta: int, last_delta: int) -> list[int]:
    """Each centre with every tail residue: centre + first_delta to centre + last_delta."""
    return [centre + delta for centre in centres for delta in range(first_delta, last_delta + 1)]


def around_lanes(multiples: Iterable[int], first_delta: int, last_delta: int) -> list[_Entry]:
    """Sizes around multiples of the number of lanes, whatever the vector length of the run is.

    Code without vectors has one lane. Sizes that coincide are one case; negative ones are left out.
    """
    wanted = tuple(multiples)

    def entries(lanes: int) -> list[_Sized]:
        deltas = range(first_delta, last_delta + 1)
        found = {multiple * lanes + delta for multiple in wanted for delta in deltas}
        return [_Sized(size) for size in sorted(found) if size >= 0]

    return [_ByLanes(entries)]


def every_residue() -> list[_Entry]:
    """Every residue of an iteration of four vectors: 4 to 8 times the lanes, both included."""
    return [_ByLanes(lambda lanes: [_Sized(size) for size in range(_UNROLL * lanes, 2 * _UNROLL * lanes + 1)])]


def zeros(size: int | Mapping[str, int]) -> _Sized:
    """A case whose inputs are all zero."""
    return _Sized(size, _ZEROS)


def sizes(pattern: Pattern | None = None, /, **by_name: int) -> _Sized:
    """A case of an op with several size parameters: `sizes(m=3, n=5, k=7)`."""
    return _Sized(by_name, pattern)


def loud_subsets(pattern: Pattern, of_sizes: Iterable[int], *, most: int = 2048) -> list[_Entry]:
    """For each size, disjoint loud subsets of at most `most` elements that cover the row, no two neighbours in one.

    What a reduction leaves out, takes twice or takes from the neighbour then moves the result by a share that no
    tolerance covers.
    """
    entries: list[_Entry] = []
    for size in dict.fromkeys(of_sizes):
        pairs = max(1, -(-size // (2 * most)))
        parts = 2 * pairs if size > 1 else 1
        entries += [_Sized(size, replace(pattern, part=part, parts=parts)) for part in range(parts)]
    return entries


def single_loud(pattern: Pattern, of_sizes: Iterable[int]) -> list[_Entry]:
    """For each size a row whose last element alone is loud: the tolerance is smallest, and a wrong divisor shows."""
    return [_Sized(size, replace(pattern, part=size - 1, parts=size)) for size in of_sizes]


def peaks(of_sizes: Iterable[int]) -> list[_Entry]:
    """For each size, cases whose largest element stands at each of some positions.

    Every position of rows up to 8 iterations of four 128-bit vectors; of longer rows the ends and one position per
    residue of an iteration, spread over its blocks: one case shows one position, so these are samples.
    """
    entries: list[_Entry] = []
    for number, size in enumerate(dict.fromkeys(of_sizes)):
        entries += [_Sized(size, Pattern("peak", position=at)) for at in _peak_positions(size, number)]
    return entries


_PEAK_EVERY_POSITION = 33
_PEAK_SAMPLES = 8


def _peak_positions(size: int, number: int) -> list[int]:
    if size <= _PEAK_EVERY_POSITION:
        return list(range(size))
    stride = size // _PEAK_SAMPLES
    spread = {sample * stride + (number * _PEAK_SAMPLES + sample) % stride for sample in range(_PEAK_SAMPLES)}
    return sorted({0, size - 1, *spread})


def rows(pattern: Pattern, of_sizes: Iterable[int]) -> list[_Entry]:
    """A row of each size, drawn from another pattern than the contract's."""
    return [_Sized(size, pattern) for size in of_sizes]


def special_values(values: Iterable[str]) -> list[_Entry]:
    """Each value in one lane of an ordinary row (first, body, middle, tail, last), and filling the whole row.

    The names are those of harness.inputs.SPECIAL_VALUES.
    """
    names = tuple(values)

    def entries(lanes: int) -> list[_Sized]:
        size = 2 * _UNROLL * lanes + lanes + lanes // 2 + 1
        positions = dict.fromkeys((0, _UNROLL * lanes, size // 2, 2 * _UNROLL * lanes + lanes // 2, size - 1))
        return [
            _Sized(size, Pattern("special", value=name, position=position, directed=position is None))
            for name in names
            for position in (*positions, None)
        ]

    return [_ByLanes(entries)]


def structured(of_sizes: Iterable[int]) -> list[_Entry]:
    """Rows whose rounding errors may all have one sign: all equal, alternating signs, descending magnitudes."""
    kinds = ("constant", "alternating", "descending")
    return [_Sized(size, Pattern(kind, directed=True)) for size in of_sizes for kind in kinds]


_CACHE_LINE_BYTES = 64


def placements(element_bytes: int = 4, *, in_place: bool = False) -> list[_Entry]:
    """Every alignment in element steps over a cache line, at odd distances between buffers; in place where allowed.

    The sizes go up and down, so that what a kernel keeps from an earlier call shows.
    """
    steps = _CACHE_LINE_BYTES // element_bytes

    def entries(lanes: int) -> list[_Sized]:
        found = []
        for step in range(steps):
            size = (2 * _UNROLL * lanes + 3 * lanes // 2 + 1) // (1 + step % 3)
            found.append(
                _Sized(size, None, Placement(offsets=tuple((step * k + k // 2) % steps for k in (1, 3, 5, 7))))
            )
        if in_place:
            shared = Placement(alias=((0, 1),))
            found += [_Sized(size, None, shared) for size in (1, lanes, 2 * _UNROLL * lanes + lanes // 2 + 1)]
        return found

    return [_ByLanes(entries)]


# ---- passes --------------------------------------------------------------------------------------------------------


Roundings = float | Callable[..., Any]


def sum_of(name: str, terms: Callable[..., Any], *, roundings: Roundings = 1.0) -> SumPass:
    """A reduction by addition, in any order, of `terms`, an array expression of inputs and earlier passes.

    `roundings` is how many unit roundoffs each term has behind it before it is added (1 for a product), or a function
    of the same arguments that says it term by term.
    """
    return SumPass(name, terms, roundings, _parameters_of(terms))


def max_of(name: str, values: Callable[..., Any], *, matters: bool = True) -> MaxPass:
    """A reduction to the largest of `values`; the largest of nothing is minus infinity.

    With `matters=False` it only scales the computation, and missing the largest by a little is no defect.
    """
    return MaxPass(name, values, matters, _parameters_of(values))


def each(
    name: str, formula: Callable[..., Any], *, roundings: Roundings, magnitude: Callable[..., Any] | None = None
) -> EachPass:
    """An element-wise step that yields the output `name`.

    `roundings` is the number of unit roundoffs in evaluating `formula` once the results of earlier passes are given;
    approximate steps (reciprocal estimates, polynomials) are budgeted here. It may be a function of the same arguments.
    Where terms may cancel, `magnitude` says what the roundings are relative to, such as |a x| + |y| for a x + y; by
    default it is the result's own magnitude.
    """
    return EachPass(name, formula, roundings, magnitude, _parameters_of(formula))


# ---- the contract --------------------------------------------------------------------------------------------------


def op(
    prototype: str,
    *,
    reference: Callable[..., Any],
    passes: Sequence[Pass],
    suites: Mapping[str, Sequence[_Entry]],
    inputs: str = "",
    outputs: str = "",
    inout: str = "",
    scalars: Mapping[str, Number | Sequence[Number]] | None = None,
    pattern: Pattern | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    in_place: Sequence[tuple[str, str]] = (),
    over_read: Mapping[str, int] | None = None,
    alignment: Mapping[str, int] | None = None,
    waived: Mapping[str, str] | None = None,
) -> Contract:
    """Define an op.

    Args:
        prototype: the C declaration; its name is the op's name.
        reference: numpy in float64; takes parameters by name; returns the one output, or a dict by output name.
        passes: the error model, see `sum_of` and `each`.
        suites: named case matrices; entries are sizes, `zeros(...)`, `sizes(...)` or `around_lanes(...)`.
        inputs: buffers that are only read, as "x[len], y[len]"; lengths are expressions of the size parameters.
        outputs: buffers that are only written.
        inout: buffers that are read and written.
        scalars: values for the arguments that are not sizes, used in turn over the cases of a suite.
        pattern: how inputs are drawn unless an entry says otherwise; default `normal()`.
        ranges: bounds that every element of an output keeps exactly, NaN excepted: {"out": (0, 1)}.
        in_place: pairs (output, input) that a caller may pass the same buffer for.
        over_read: elements behind a buffer's end that a kernel may read, by buffer.
        alignment: bytes that a buffer's address is always a multiple of, by buffer; default: its element's size.
        waived: checks to leave out, with the reason: "gate", "dirty-uppers". Every report says what was waived.

    Raises:
        ContractError: a part contradicts another; the message names it.
    """
    try:
        parsed = parse_prototype(prototype)
    except ConfigurationError as error:
        raise ContractError(str(error)) from None
    values = {name: _as_values(name, value) for name, value in (scalars or {}).items()}
    flows, extents = _buffers(parsed, {Flow.IN: inputs, Flow.OUT: outputs, Flow.INOUT: inout})
    default_pattern = pattern or normal()
    contract = Contract(
        op=parsed.name,
        prototype=parsed,
        flows=flows,
        extents=extents,
        reference=reference,
        reference_takes=_parameters_of(reference),
        passes=tuple(passes),
        scalars=values,
        suites={},
        pattern=default_pattern,
        ranges=dict(ranges or {}),
        in_place=tuple(in_place),
        over_read=dict(over_read or {}),
        alignment=dict(alignment or {}),
        waived=dict(waived or {}),
        origin=Path(),
        source_digest="",
    )
    _check_scalars(contract)
    _check_passes(contract)
    _check_conventions(contract)
    for name, entries in suites.items():
        _check_entries(contract, name, entries)
    specs = {name: _suite(contract, tuple(entries)) for name, entries in suites.items()}
    return replace(contract, suites=specs)


def load_contracts(path: Path) -> dict[str, Contract]:
    """Run a contract file and return the contracts that it defines, by op.

    Raises:
        ContractError: the file cannot be read or run, or defines no contract.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ContractError(f"{path}: cannot read the contract: {error.strerror}") from None
    namespace: dict[str, Any] = {"__name__": f"harness_contract_{path.stem}", "__file__": str(path)}
    try:
        exec(compile(source, str(path), "exec"), namespace)
    except ContractError as error:
        raise ContractError(f"{path}:{_line_in(path, error)}: {error}") from None
    except Exception as error:
        raise ContractError(f"{path}:{_line_in(path, error)}: {type(error).__name__}: {error}") from None
    digest = hashlib.sha256(source).hexdigest()
    found = {
        value.op: replace(value, origin=path, source_digest=digest)
        for value in namespace.values()
        if isinstance(value, Contract)
    }
    if not found:
        raise ContractError(f"{path}: defines no contract; assign the result of harness.contract.op to a name")
    return found


def _line_in(path: Path, error: BaseException) -> int:
    """Return the line of `path` that the error came through, deepest first."""
    if isinstance(error, SyntaxError) and error.lineno:
        return error.lineno
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _as_values(name: str, value: Number | Sequence[Number]) -> tuple[Number, ...]:
    values = (value,) if isinstance(value, int | float) else tuple(value)
    if not values or not all(isinstance(item, int | float) for item in values):
        raise ContractError(f"scalars: {name!r} needs a number or a list of numbers, not {value!r}")
    return values


def _buffers(prototype: Prototype, texts: Mapping[Flow, str]) -> tuple[dict[str, Flow], dict[str, Extent]]:
    size_names = {p.name for p in prototype.parameters if not p.is_pointer}
    declared: dict[str, tuple[Flow, Extent]] = {}
    for flow, text in texts.items():
        for piece in filter(None, (piece.strip() for piece in re.split(r",(?![^\[]*\])", text))):
            match = re.fullmatch(r"(\w+)\s*\[(.+)\]", piece)
            if not match:
                raise ContractError(f"{piece!r} is no buffer; expected 'name[length]'")
            declared[match[1]] = (flow, parse_extent(match[2], size_names))
    pointers = {p.name: p for p in prototype.buffers}
    for name in declared:
        if name not in pointers:
            raise ContractError(f"{name!r} is no pointer parameter of {prototype}{perhaps(name, pointers)}")
    for name, parameter in pointers.items():
        if name not in declared:
            raise ContractError(f"the pointer {name!r} of {prototype} is in none of inputs, outputs and inout")
        if parameter.is_const and declared[name][0] is not Flow.IN:
            raise ContractError(f"{name!r} is const in {prototype}, so it belongs in inputs")
    ordered = {name: declared[name] for name in pointers}
    return {n: flow for n, (flow, _) in ordered.items()}, {n: extent for n, (_, extent) in ordered.items()}


_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


def parse_extent(text: str, size_names: Iterable[str]) -> Extent:
    """Parse an element count such as "(m - 1) * stride + n" over the size parameters.

    Raises:
        ContractError: it is no integer expression, or names something that is no size.
    """
    known = set(size_names)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        raise ContractError(f"{text!r} is no length; expected an expression of {', '.join(sorted(known))}") from None
    _check_extent(tree.body, text, known)
    code = compile(tree, f"<length {text}>", "eval")
    return Extent(text.strip(), lambda values: max(0, eval(code, {"__builtins__": {}}, values)))


def _check_extent(node: ast.expr, text: str, known: set[str]) -> None:
    """Let nothing but arithmetic on sizes through, since what passes is evaluated."""
    match node:
        case ast.Constant(value=value) if type(value) is int:
            pass
        case ast.Name(id=name):
            if name not in known:
                raise ContractError(f"length {text!r}: {name!r} is no size{perhaps(name, known)}")
        case ast.BinOp(left=left, op=symbol, right=right) if isinstance(symbol, _OPERATORS):
            _check_extent(left, text, known)
            _check_extent(right, text, known)
        case _:
            raise ContractError(f"length {text!r}: only sizes, integers and + - * // % are understood")


def _check_scalars(contract: Contract) -> None:
    by_name = {p.name: p for p in contract.prototype.parameters}
    for name in contract.scalars:
        if name not in by_name or by_name[name].is_pointer:
            raise ContractError(f"scalars: {name!r} is no scalar parameter{perhaps(name, by_name)}")
    for name in contract.size_names:
        if by_name[name].type.family == "float":
            raise ContractError(f"the argument {name!r} needs values: scalars={{{name!r}: [...]}}")


def _check_passes(contract: Contract) -> None:
    known = {p.name for p in contract.prototype.parameters}
    for name in contract.reference_takes:
        if name not in known:
            raise ContractError(f"reference takes {name!r}, which is no parameter{perhaps(name, known)}")
    for step in contract.passes:
        for name in step.takes:
            if name not in known:
                raise ContractError(
                    f"pass {step.name!r} takes {name!r}, which is not known there{perhaps(name, known)}"
                )
        known.add(step.name)
    missing = set(contract.output_names) - {step.name for step in contract.passes}
    if missing:
        raise ContractError(f"no pass yields the output {sorted(missing)[0]!r}")


WAIVABLE = ("gate", "dirty-uppers")
"""Checks that a contract may leave out."""


def _check_conventions(contract: Contract) -> None:
    buffers = contract.flows
    for what, names in (
        ("ranges", [name for name in contract.ranges if name != "return"]),
        ("in_place", [name for pair in contract.in_place for name in pair]),
        ("over_read", list(contract.over_read)),
        ("alignment", list(contract.alignment)),
    ):
        for name in names:
            if name not in buffers:
                raise ContractError(f"{what}: {name!r} is no buffer{perhaps(name, buffers)}")
    for name, reason in contract.waived.items():
        if name not in WAIVABLE:
            raise ContractError(f"waived: no check is called {name!r}{perhaps(name, WAIVABLE)}")
        if not reason:
            raise ContractError(f"waived: {name!r} needs a reason")


def _check_entries(contract: Contract, suite: str, entries: Sequence[_Entry]) -> None:
    names = contract.size_names
    for entry in entries:
        sized = entry.sizes if isinstance(entry, _Sized) else entry
        if isinstance(sized, Mapping):
            if set(sized) != set(names):
                raise ContractError(f"suite {suite!r}: sizes are {', '.join(names)}, not {', '.join(sized)}")
        elif not isinstance(sized, int | _ByLanes):
            raise ContractError(f"suite {suite!r}: {entry!r} is no size")
        elif len(names) != 1:
            raise ContractError(
                f"suite {suite!r}: {contract.op} has {len(names)} sizes; name them: sizes(m=..., n=...)"
            )
        if isinstance(sized, int) and sized < 0:
            raise ContractError(f"suite {suite!r}: the size {sized} is negative")


def _suite(contract: Contract, entries: tuple[_Entry, ...]) -> Callable[[int], tuple[CaseSpec, ...]]:
    def specs(lanes: int) -> tuple[CaseSpec, ...]:
        found: list[CaseSpec] = []
        for entry in entries:
            several = entry.entries(lanes) if isinstance(entry, _ByLanes) else [entry]
            found += [_spec(contract, one if isinstance(one, _Sized) else _Sized(one)) for one in several]
        return tuple(found)

    return specs


def _spec(contract: Contract, entry: _Sized) -> CaseSpec:
    by_name = {contract.size_names[0]: entry.sizes} if isinstance(entry.sizes, int) else dict(entry.sizes)
    return CaseSpec(tuple(by_name.items()), entry.pattern or contract.pattern, entry.placement)


def _parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        raise ContractError(f"{function!r} must be a function whose parameters have names") from None
