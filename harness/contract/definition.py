"""`op`, which puts a contract together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.contract.arguments import in_place_of, ranges_of, scalar_values
from harness.contract.buffers import buffers_of
from harness.contract.checks import check
from harness.contract.conventions import conventions_of
from harness.contract.derivation import standard_suites
from harness.contract.entries import Entry
from harness.contract.functions import bound, calling_line, formula_of
from harness.contract.passes import bound_passes
from harness.contract.patterns import normal
from harness.contract.standard import Standard, standard
from harness.contract.suites import Matrix, expanded, matrices_of
from harness.contract.tolerances import Chosen, tolerances_of
from harness.errors import ConfigurationError, ContractError, perhaps
from harness.model import Contract, Flow, Number, Pass, Pattern, Rounding
from harness.model.prototype import parse_prototype


def op(
    prototype: str,
    *,
    reference: Callable[..., Any],
    passes: Sequence[Pass] | None = None,
    tolerance: Chosen | Mapping[str, Chosen] | None = None,
    suites: Standard | Mapping[str, Iterable[Entry] | Matrix] | None = None,
    inputs: str = "",
    outputs: str = "",
    inout: str = "",
    scalars: Mapping[str, Number | Sequence[Number]] | None = None,
    pattern: Pattern | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    in_place: Sequence[tuple[str, str]] = (),
    rounding: str = "nearest",
    requires: Sequence[str] = (),
    over_read: Mapping[str, int] | None = None,
    alignment: Mapping[str, int] | None = None,
    waived: Mapping[str, str] | None = None,
) -> Contract:
    """Define an op.

    Args:
        prototype: the C declaration; its name is the op's name.
        reference: numpy; takes parameters by name, floats as float64 and integers as int64 (uint64_t as uint64);
            returns the one output, or a dict by output name. Integer results wrap around to the output's type.
            Functions of numpy itself, such as `np.exp`, get all buffers and scalars that the op reads, in order.
        passes: the error model, see `sum_of` and `each`.
        tolerance: in the place of passes: `exact()`, `ulp(n)`, `sqrt_n(c, "len")`, `absolute(a, relative=r)`, a
            function of parameters and `want` (the reference's result) that returns a number or an array, or such by
            output name.
        suites: the cases; by default the standard ones, which follow from all the rest. `standard(...) | {...}` adds to
            them and replaces, `standard().without(...)` takes away. A mapping alone is all there is: named case
            matrices, whose entries are sizes, `zeros(...)`, `sizes(...)`, `around_lanes(...)` and others.
        inputs: buffers that are only read, as "x[len], y[len]"; lengths are expressions of the size parameters. An
            array of several dimensions is "image[h, w]", one whose rows are lda elements apart "a[m, k : lda]".
        outputs: buffers that are only written.
        inout: buffers that are read and written.
        scalars: values for the arguments that are not sizes, used in turn over the cases of a suite.
        pattern: how inputs are drawn unless an entry says otherwise; default `normal()`.
        ranges: bounds that every element of an output keeps exactly, NaN excepted: {"out": (0, 1)}.
        in_place: pairs (output, input) that a caller may pass the same buffer for.
        rounding: "nearest", or "directed" for kernels that truncate: one rounding is a whole unit then, to one side.
        requires: what callers promise of sizes or of the vector length: "len % 4 == 0", "len >= 16",
            "is_power_of_two(vector_bits)". Cases that break the promise are left out, or get another size where theirs
            is incidental.
        over_read: elements behind a buffer's end that a kernel may read, by buffer.
        alignment: bytes that a buffer's address is always a multiple of, by buffer; default: its element's size.
        waived: checks to leave out, with the reason, see harness.model.WAIVABLE.

    Every report prints what `requires`, `over_read`, `alignment` and `waived` say. A kernel's manifest may add to them.

    Raises:
        ContractError: a part contradicts another; the message names it.
    """
    try:
        parsed = parse_prototype(prototype)
    except ConfigurationError as error:
        raise ContractError(str(error)) from None
    interface = parsed.calling_convention or str(parsed.sme)
    if interface:
        raise ContractError(f"{interface} in {prototype!r} belongs into the prototype of a kernel")
    if parsed.vectors:
        raise ContractError(
            f"vectors in {prototype!r} belong into the prototype of a kernel; a contract speaks of rows"
        )
    flows, extents = buffers_of(parsed, {Flow.IN: inputs, Flow.OUT: outputs, Flow.INOUT: inout})
    values = {name: scalar_values(parsed, name, value) for name, value in (scalars or {}).items()}
    contract = Contract(
        op=parsed.name,
        prototype=parsed,
        flows=flows,
        extents=extents,
        reference=formula_of(reference, "the reference"),
        passes=tuple(passes or ()),
        scalars=values,
        suites={},
        pattern=normal() if pattern is None else pattern,
        ranges=ranges_of(parsed, ranges or {}),
        in_place=in_place_of(flows, in_place),
        rounding=_as_rounding(rounding),
        conventions=conventions_of(parsed, requires, over_read or {}, alignment or {}, waived or {}),
        origin=Path(),
        line=calling_line(),
        source_digest="",
    )
    if (passes is None) == (tolerance is None):
        raise ContractError("a contract has passes (an error model) or a tolerance, and not both")
    contract = _bound(contract, tolerance)
    chosen = standard() if suites is None else suites
    if isinstance(chosen, Standard):
        conventions = replace(contract.conventions, left_out=chosen.left_out)
        contract = replace(contract, conventions=conventions)
        chosen = standard_suites(contract, chosen)
    matrices = matrices_of(chosen)
    check(contract, matrices)
    return replace(contract, suites={name: expanded(contract, matrix) for name, matrix in matrices.items()})


def _bound(contract: Contract, tolerance: Chosen | Mapping[str, Chosen] | None) -> Contract:
    """Bind the functions of a contract to the names of what they get."""
    inputs = [
        p.name
        for p in contract.prototype.parameters
        if p.name in contract.scalars or (p.is_pointer and contract.flows[p.name] is not Flow.OUT)
    ]
    known = [*inputs, *contract.size_names]
    return replace(
        contract,
        reference=replace(bound(contract.reference, known, [inputs]), what=f"the reference of {contract.op}"),
        passes=bound_passes(contract.passes, contract.op, inputs, contract.size_names),
        tolerances=tolerances_of(contract, tolerance, inputs),
    )


def _as_rounding(name: str) -> Rounding:
    try:
        return Rounding(name)
    except ValueError:
        known = [rounding.value for rounding in Rounding]
        raise ContractError(
            f"rounding: unknown value {name!r}{perhaps(name, known)}; expected one of {', '.join(known)}"
        ) from None
