"""Inputs of a case, drawn from raw Philox bits by exact arithmetic.

Only `random_raw` of numpy's generators is used: its stream is fixed by the algorithm (Salmon et al., *Parallel random
numbers: as easy as 1, 2, 3*, SC 2011), whereas the distributions may change between numpy versions. What is made of
the bits is integer arithmetic and scaling by powers of two, so the inputs are the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Case, Contract, Flow, Number, Pattern
from harness.prototype import ScalarType

Inputs = Mapping[str, NDArray[Any]]

_PAIRS = np.uint64(0x0000FFFF0000FFFF)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_SIXTEEN = np.uint64(16)
_THIRTY_TWO = np.uint64(32)
# The sum of four uniform 16-bit integers (Irwin-Hall) has this mean, and a standard deviation of 1.15 * 2**15.
_FOUR_UNIFORM_MEAN = 2 * 0xFFFF
_FOUR_UNIFORM_SCALE_EXPONENT = -15


class InputStream:
    """Draws the inputs of cases; keeps one generator, whose construction costs more than most cases."""

    def __init__(self) -> None:
        """Create the generator; every draw sets its key and counter first."""
        self._philox = np.random.Philox(key=0)
        self._state: Any = self._philox.state

    def inputs(self, contract: Contract, case: Case) -> Inputs:
        """Return the initial contents of every buffer that the kernel reads, in its own dtype."""
        sizes = dict(case.sizes)
        scale_exponent = _scale_exponent(case)
        drawn: dict[str, NDArray[Any]] = {}
        for number, parameter in enumerate(contract.prototype.buffers):
            if contract.flows[parameter.name] is not Flow.OUT:
                count = contract.extents[parameter.name].count(sizes)
                drawn[parameter.name] = self._draw(
                    parameter.type, case.pattern, scale_exponent, count, case.key, number
                )
        return drawn

    def _draw(
        self, element: ScalarType, pattern: Pattern, scale_exponent: int, count: int, key: int, stream: int
    ) -> NDArray[Any]:
        if pattern.kind == "zeros":
            return np.zeros(count, element.dtype)
        raw = self._raw(key, stream, count)
        if element.family == "float":
            values = _four_uniform(raw).astype(element.dtype)
            values *= np.asarray(2.0 ** (scale_exponent + _FOUR_UNIFORM_SCALE_EXPONENT), element.dtype)
            return values
        return raw.astype(element.dtype)

    def _raw(self, key: int, stream: int, count: int) -> NDArray[np.uint64]:
        state = self._state["state"]
        state["key"][:] = (key & (2**64 - 1), key >> 64)
        state["counter"][:] = (0, 0, 0, stream)
        self._state["buffer_pos"] = 4  # the block buffer is empty
        self._philox.state = self._state
        raw: NDArray[np.uint64] = self._philox.random_raw(count)
        return raw


def inputs_digest(inputs: Inputs, scalars: tuple[tuple[str, Number], ...]) -> str:
    """Digest of what a kernel is given, for the record."""
    digest = hashlib.blake2b(repr(scalars).encode(), digest_size=8)
    for name, values in inputs.items():
        digest.update(name.encode())
        digest.update(values.tobytes())
    return digest.hexdigest()


def _scale_exponent(case: Case) -> int:
    low, high = case.pattern.scale_exponents
    return low + case.key % (high - low + 1)


def _four_uniform(raw: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Sum the four 16-bit quarters of each word and centre them: bell-shaped, exact in float32."""
    halves = raw & _PAIRS
    raw >>= _SIXTEEN
    raw &= _PAIRS
    halves += raw
    total = halves & _LOW_HALF
    halves >>= _THIRTY_TWO
    total += halves
    centred = total.view(np.int64)
    centred -= _FOUR_UNIFORM_MEAN
    return centred
