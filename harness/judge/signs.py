"""Whether the inputs of a case have one sign: what a maximum that starts at zero gets wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from harness.model import Contract
from harness.model.prototype import BF16
from harness.numerics.formats import widened

_FIRST = 16


def signs_of(contract: Contract, inputs: Mapping[str, NDArray[Any]]) -> str:
    """Return "negative" or "positive" where all elements of all inputs are, "none" without elements, else ""."""
    formats = {parameter.name: parameter.type.number_format for parameter in contract.prototype.buffers}
    rows = [widened(row, BF16) if formats[name] == BF16 else row for name, row in inputs.items() if row.size]
    if not rows:
        return "none"
    # Most rows have both signs among their first few elements.
    begins = [row[:_FIRST] for row in rows]
    if all((begin < 0).all() for begin in begins):
        return "negative" if all(row.max() < 0 for row in rows) else ""
    if all((begin > 0).all() for begin in begins):
        return "positive" if all(row.min() > 0 for row in rows) else ""
    return ""
