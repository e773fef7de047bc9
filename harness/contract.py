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
from harness.model import CaseSpec, Contract, EachPass, Extent, Flow, Number, Pass, Pattern, SumPass
from harness.prototype import Prototype, parse_prototype

__all__ = ["around", "around_lanes", "each", "every", "normal", "op", "sizes", "sum_of", "zeros"]

# ---- patterns ------------------------------------------------------------------------------------------------------


def normal(scale_exponents: tuple[int, int] = (0, 0)) -> Pattern:
    """Bell-shaped values of random sign, times 2**e with e drawn per case from `scale_exponents` (inclusive)."""
    return Pattern("normal", scale_exponents)


_ZEROS = Pattern("zeros", directed=True)

# ---- suites --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sized:
    """A case entry before the contract's size names are known."""

    sizes: int | Mapping[str, int]
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True)
class _AroundLanes:
    """Entries that follow the vector length: multiple * lanes + delta."""

    multiples: tuple[int, ...]
    first_delta: int
    last_delta: int

    def sizes(self, lanes: int) -> list[int]:
        wanted = {
            multiple * lanes + delta
            for multiple in self.multiples
            for delta in range(self.first_delta, self.last_delta + 1)
        }
        return sorted(size for size in wanted if size >= 0)


_Entry = int | _Sized | _AroundLanes


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
    return [_AroundLanes(tuple(multiples), first_delta, last_delta)]


def zeros(size: int | Mapping[str, int]) -> _Sized:
    """A case whose inputs are all zero."""
    return _Sized(size, _ZEROS)


def sizes(pattern: Pattern | None = None, /, **by_name: int) -> _Sized:
    """A case of an op with several size parameters: `sizes(m=3, n=5, k=7)`."""
    return _Sized(by_name, pattern)


# ---- passes --------------------------------------------------------------------------------------------------------


def sum_of(name: str, terms: Callable[..., Any], *, roundings: float = 1.0) -> SumPass:
    """A reduction by addition, in any order, of `terms`, an array expression of inputs and earlier passes.

    `roundings` is how many unit roundoffs each term has behind it before it is added (1 for a product).
    """
    return SumPass(name, terms, roundings, _parameters_of(terms))


def each(name: str, formula: Callable[..., Any], *, roundings: float) -> EachPass:
    """An element-wise step that yields the output `name`.

    `roundings` is the number of unit roundoffs in evaluating `formula` once the results of earlier passes are given;
    approximate steps (reciprocal estimates, polynomials) are budgeted here.
    """
    return EachPass(name, formula, roundings, _parameters_of(formula))


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
        origin=Path(),
        source_digest="",
    )
    _check_scalars(contract)
    _check_passes(contract)
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


def _check_entries(contract: Contract, suite: str, entries: Sequence[_Entry]) -> None:
    names = contract.size_names
    for entry in entries:
        sized = entry.sizes if isinstance(entry, _Sized) else entry
        if isinstance(sized, Mapping):
            if set(sized) != set(names):
                raise ContractError(f"suite {suite!r}: sizes are {', '.join(names)}, not {', '.join(sized)}")
        elif not isinstance(sized, int | _AroundLanes):
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
            if isinstance(entry, _AroundLanes):
                found += [_spec(contract, _Sized(size)) for size in entry.sizes(lanes)]
            else:
                found.append(_spec(contract, entry if isinstance(entry, _Sized) else _Sized(entry)))
        return tuple(found)

    return specs


def _spec(contract: Contract, entry: _Sized) -> CaseSpec:
    by_name = {contract.size_names[0]: entry.sizes} if isinstance(entry.sizes, int) else dict(entry.sizes)
    return CaseSpec(tuple(by_name.items()), entry.pattern or contract.pattern)


def _parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        raise ContractError(f"{function!r} must be a function whose parameters have names") from None
