"""Whether a kernel is called as it is defined: found in the debug information of what was built."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from harness.discovery import agreement, debug_info, definition
from harness.discovery.agreement import compare, exchanged, has_same_names
from harness.discovery.debug_info import definition_of
from harness.discovery.definition import Definition, definition_from, prototype_of
from harness.discovery.ops import fitted
from harness.errors import ConfigurationError, ContractError
from harness.judge.reference import Oracle
from harness.model import PREBUILT_SUFFIXES, Binary, Contract, Flow, Kernel, Selection
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.storage.cache import key_of

_WAIVER = "prototype"
_VECTOR_BITS = 128
_SHOWN_DISAGREEMENTS = 2


@dataclass(frozen=True, slots=True)
class Interface:
    """What stands against calling a kernel by its prototype; both empty where nothing does."""

    fault: str = ""
    """Why no such call can work: file and line of the prototype and of the definition, what differs, what to do."""
    doubt: str = ""
    """What differs and may be meant: worth saying where the kernel fails."""
    source_line: str = ""
    """Of the definition, such as "dot.c:12"."""


def interface_of(binary: Binary, kernel: Kernel, contract: Contract, cache: Path) -> Interface:
    """Hold the prototype that a kernel is called by against its definition.

    Nothing stands against a kernel without debug information, nor against one that a user's adapter calls.

    Args:
        binary: the kernel linked with its caller.
        kernel: with the prototype of its manifest, or the contract's.
        contract: of its op.
        cache: the directory that remembers what was read of a binary.
    """
    if kernel.adapter or _WAIVER in kernel.conventions.waived:
        return Interface()
    found = _remembered(binary, kernel.symbol, cache / "definitions")
    if found is None or (not found.parameters and _is_naked(kernel)):
        return Interface()
    return judged(kernel, contract, found)


def judged(kernel: Kernel, contract: Contract, found: Definition) -> Interface:
    """Say what stands against a kernel's prototype, given its definition."""
    flows = [contract.flows.get(name) for name in kernel.argument_names]
    written = [position for position, flow in enumerate(flows) if flow not in (None, Flow.IN)]
    sizes = [position for position, name in enumerate(kernel.argument_names) if name in contract.size_names]
    agreed = compare(kernel.prototype, found, written, sizes)
    declared_at = kernel.declared_at or _line_of(contract)
    both = f"{declared_at} declares '{kernel.prototype}', and {_line_of_definition(kernel, found)} defines '{found}'"
    if agreed.disagreements:
        shown = "; ".join(agreed.disagreements[:_SHOWN_DISAGREEMENTS])
        more = len(agreed.disagreements) - _SHOWN_DISAGREEMENTS
        shown += f", and {more} more" if more > 0 else ""
        return Interface(f"{both}: {shown}; {_remedy(kernel, contract, found)}", "", found.where)
    doubts = agreed.doubts
    if _order_matters(kernel, contract, exchanged(kernel.prototype, found)):
        order = f"it names its parameters {', '.join(name for name, _ in found.parameters)}"
        if not kernel.declared_at and has_same_names(kernel.prototype, found):
            remedy = "write a prototype: parameters match by name where all names are the contract's, else by position"
            return Interface(f"{both}: {order}; {remedy}", "", found.where)
        doubts = [*doubts, order]
    return Interface("", f"{both}: {'; '.join(doubts)}" if doubts else "", found.where)


def _order_matters(kernel: Kernel, contract: Contract, moved: Mapping[str, str]) -> bool:
    """True unless the op is the same with these parameters exchanged, as a dot product is with its rows."""
    parameters = kernel.prototype.parameters
    meanings = {one.name: name for one, name in zip(parameters, kernel.argument_names, strict=True)}
    others = {meanings[its]: meanings[other] for its, other in moved.items()}
    if not others:
        return False
    types = {parameter.name: parameter.type for parameter in contract.prototype.buffers}
    for its, other in others.items():
        is_input = contract.flows.get(its) is Flow.IN and contract.flows.get(other) is Flow.IN
        if not is_input or contract.extents[its].text != contract.extents[other].text or types[its] != types[other]:
            return True
    cases = make_cases(contract, contract.conventions, Selection(), _VECTOR_BITS)
    case = next((case for case in cases if all(size for _, size in case.sizes)), None)
    if case is None:
        return False
    oracle = Oracle(contract)
    values = oracle.values(case, InputStream().inputs(contract, case))
    try:
        with np.errstate(all="ignore"):
            one = oracle.outputs(values, case)
            other_one = oracle.outputs({**values, **{its: values[other] for its, other in others.items()}}, case)
    except ContractError:  # which the judge reports
        return False
    return not all(np.array_equal(one[name], other_one[name], equal_nan=True) for name in one)


def _remedy(kernel: Kernel, contract: Contract, found: Definition) -> str:
    """Say what makes the prototype right, as far as that is known."""
    try:
        right = fitted(prototype_of(found), contract)
    except ConfigurationError:
        return (
            "an adapter can call what has no such form (docs/signatures.md), 'harness init' drafts a contract for "
            f'another op, and waived = {{{_WAIVER} = "..."}} says why this one is meant'
        )
    where = "" if kernel.declared_at else " beside its symbol"
    return f'write prototype = "{right}"{where}'


def _line_of(contract: Contract) -> str:
    """Return the file and line of a contract's prototype."""
    with contextlib.suppress(OSError):
        lines = contract.origin.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            if re.search(rf"\b{re.escape(contract.op)}\s*\(", line):
                return f"{contract.origin}:{number}"
    return str(contract.origin)


def _line_of_definition(kernel: Kernel, found: Definition) -> str:
    """Return the file and line of a definition, by the path that the manifest has for it."""
    name, _, line = found.where.rpartition(":")
    path = next((str(source) for source in kernel.sources if source.name == name), name)
    return f"{path}:{line}" if name else kernel.symbol


def _is_naked(kernel: Kernel) -> bool:
    """True if assembly may fetch arguments that a function does not declare."""
    return any(
        re.search(r"\bnaked\b", source.read_text(encoding="utf-8", errors="replace"))
        for source in kernel.sources
        if source.suffix not in PREBUILT_SUFFIXES
    )


# ---- what was read before ------------------------------------------------------------------------------------------


def _remembered(binary: Binary, symbol: str, memory: Path) -> Definition | None:
    """Return the definition of a symbol in a binary, from `memory` where it was read before."""
    file = memory / f"{key_of([binary.digest, symbol, _code_digest()])}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(file.read_text(encoding="utf-8"))
        return definition_from(known) if known else None
    found = definition_of(binary.path.read_bytes(), symbol)
    with contextlib.suppress(OSError):  # without a writable cache it is read again
        memory.mkdir(parents=True, exist_ok=True)
        aside = file.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps(asdict(found) if found else None), encoding="utf-8")
        aside.replace(file)
    return found


@cache
def _code_digest() -> str:
    """Digest what a remembered definition depends on besides its binary."""
    return key_of(Path(module.__file__ or "").read_bytes() for module in (agreement, debug_info, definition))
