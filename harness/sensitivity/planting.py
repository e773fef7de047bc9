"""What both kinds of proof share: what has been seen of a planted defect, and where defects are planted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Array, Case, Contract
from harness.model.prototype import ScalarType
from harness.numerics.formats import widened


@dataclass(slots=True)
class Shown:
    """By defect, the largest multiple of the tolerance seen so far for each element of one size."""

    by_defect: dict[str, Array] = field(default_factory=dict)
    """NaN where a defect was not tried."""

    def add(self, defect: str, multiples: Array) -> None:
        """Take in one case. NaN stands for a result of another class, which always shows."""
        self.add_tried(defect, np.where(np.isnan(multiples), np.inf, multiples))

    def add_tried(self, defect: str, multiples: Array) -> None:
        """Take in one case in which not all was tried: NaN is where nothing was."""
        before = self.by_defect.get(defect)
        self.by_defect[defect] = multiples if before is None else np.fmax(before, multiples)


def multiples_of(error: Any, tolerance: Any) -> Array:
    """Return errors as multiples of their tolerances; no error is none of any tolerance."""
    size = np.abs(error)
    return np.asarray(np.where(size == 0, 0.0, size / tolerance), np.float64)


TERMS_TRIED = 64
"""Positions that are tried of a long dimension: its ends, and the others spread over it."""


def tried_positions(count: int, most: int = TERMS_TRIED) -> NDArray[np.int64]:
    """Return the positions of `count` that are tried: all of few, else both ends and some in between."""
    if count <= most:
        return np.arange(count)
    ends = most // 4
    between = np.linspace(ends, count - ends, most - 2 * ends, endpoint=False).astype(np.int64)
    return np.unique(np.concatenate([np.arange(ends), between, np.arange(count - ends, count)]))


def misread(
    contract: Contract, case: Case, inputs: Mapping[str, NDArray[Any]], values: Mapping[str, Any]
) -> Iterable[tuple[str, str, Array]]:
    """Yield arrays as a kernel reads them that ignores their distance of rows, or takes rows for columns."""
    for name, array in values.items():
        layout = contract.layout(name, dict(case.sizes)) if name in contract.flows else None
        if layout is None or len(layout.shape) < 2 or min(layout.shape) < 2:
            continue
        if layout.has_gaps:
            flat = widened(inputs[name], type_of(contract, name).number_format)
            yield name, "the ignored distance of rows", flat[: layout.elements].reshape(layout.shape)
        transposed = np.reshape(array, layout.shape[::-1][:1] + layout.shape[:-1][::-1])
        yield name, "rows taken for columns", np.ascontiguousarray(np.transpose(transposed))


def type_of(contract: Contract, name: str) -> ScalarType:
    """Return a buffer's element type."""
    return next(parameter.type for parameter in contract.prototype.buffers if parameter.name == name)
