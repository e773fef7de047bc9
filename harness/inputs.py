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

from harness.model import Case, Contract, Flow, Pattern
from harness.prototype import ScalarType

Inputs = Mapping[str, NDArray[Any]]

_PAIRS = np.uint64(0x0000FFFF0000FFFF)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_SIXTEEN = np.uint64(16)
_THIRTY_TWO = np.uint64(32)
# The sum of four uniform 16-bit integers (Irwin-Hall) has this mean, and a standard deviation of 1.15 * 2**15.
_FOUR_UNIFORM_MEAN = 2 * 0xFFFF
_FOUR_UNIFORM_SCALE_EXPONENT = -15


SPECIAL_VALUES = (
    "nan",
    "-nan",
    "snan",
    "inf",
    "-inf",
    "zero",
    "-zero",
    "subnormal",
    "-subnormal",
    "smallest",
    "largest",
    "-largest",
    "square-overflows",
    "square-underflows",
)
"""Names of the values that the special pattern knows, for float formats."""


class InputStream:
    """Draws the inputs of cases; keeps one generator, whose construction costs more than most cases."""

    def __init__(self) -> None:
        """Create the generator; every draw sets its key and counter first."""
        self._philox = np.random.Philox(key=0)
        self._state: Any = self._philox.state

    def inputs(self, contract: Contract, case: Case) -> Inputs:
        """Return the initial contents of every buffer that the kernel reads, in its own dtype."""
        sizes = dict(case.sizes)
        drawn: dict[str, NDArray[Any]] = {}
        for number, parameter in enumerate(contract.prototype.buffers):
            if contract.flows[parameter.name] is not Flow.OUT:
                count = case.array_length(contract.extents[parameter.name].count(sizes))
                drawn[parameter.name] = self._draw(parameter.type, case, count, number)
        for mine, theirs in case.placement.alias:
            buffers = contract.prototype.buffers
            assert drawn.get(buffers[mine].name) is None, "an aliased buffer has no contents of its own"
            assert buffers[theirs].name in drawn
        return drawn

    def _draw(self, element: ScalarType, case: Case, count: int, stream: int) -> NDArray[Any]:
        pattern = case.pattern
        if pattern.kind == "zeros":
            return np.zeros(count, element.dtype)
        raw = self._raw(case.key, stream, count)
        if element.family != "float":
            return raw.astype(element.dtype)
        if pattern.kind in ("loud", "sparse"):
            values = self._loud(pattern, raw, case, count)
        else:
            values = _four_uniform(raw).astype(np.float64)
            values *= 2.0**_FOUR_UNIFORM_SCALE_EXPONENT
        values *= 2.0 ** _scale_exponent(case) if pattern.kind != "peak" else 1.0
        return _SHAPES.get(pattern.kind, _as_drawn)(values, pattern, element.dtype)

    def _loud(self, pattern: Pattern, raw: NDArray[np.uint64], case: Case, count: int) -> NDArray[np.float64]:
        """Loud values on one part of the row. The parts of one size are the same for all its cases."""
        low, high = pattern.bounds
        values = low + (high - low) * ((raw >> _LOUD_SHIFT).astype(np.float64) * 2.0**-_LOUD_BITS)
        if pattern.is_signed:
            values *= 1.0 - 2.0 * (raw & np.uint64(1)).astype(np.float64)
        if pattern.kind == "sparse":
            values[-1] = 0
        else:
            values[self._parts(case, pattern.parts, count) != pattern.part] = pattern.quiet
        return values

    def _parts(self, case: Case, parts: int, count: int) -> NDArray[np.int64]:
        """Assign each position to a part: neighbours to different ones, otherwise at random, all of one size."""
        if parts <= 1:
            return np.zeros(count, np.int64)
        if parts >= count:
            return np.arange(count, dtype=np.int64)
        key = int.from_bytes(hashlib.blake2b(repr((case.op, case.sizes)).encode(), digest_size=16).digest(), "little")
        rank = np.empty(count, np.int64)
        for parity in (0, 1):
            order = np.argsort(self._raw(key, parity, len(range(parity, count, 2))), kind="stable")
            rank[parity::2][order] = np.arange(order.size)
        part: NDArray[np.int64] = 2 * (rank % (parts // 2)) + np.arange(count) % 2
        return part

    def _raw(self, key: int, stream: int, count: int) -> NDArray[np.uint64]:
        state = self._state["state"]
        state["key"][:] = (key & (2**64 - 1), key >> 64)
        state["counter"][:] = (0, 0, 0, stream)
        self._state["buffer_pos"] = 4  # the block buffer is empty
        self._philox.state = self._state
        raw: NDArray[np.uint64] = self._philox.random_raw(count)
        return raw


# Loud values are low + (high - low) * k / 2**20: exact in float32 for bounds of few bits.
_LOUD_BITS = 20
_LOUD_SHIFT = np.uint64(64 - _LOUD_BITS)
_PEAK = 5.0
"""Above every value of the bell, whose four uniforms end at 3.5 standard deviations, 4.0."""
_NEGATIVE_PEAK = -0.5
"""Above every value of a row whose values are the bell's magnitudes, taken from -1."""


def _as_drawn(values: NDArray[np.float64], _pattern: Pattern, dtype: str) -> NDArray[Any]:
    return values.astype(dtype)


def _constant(values: NDArray[np.float64], _pattern: Pattern, dtype: str) -> NDArray[Any]:
    return np.full(values.size, np.abs(values[:1]).sum(), dtype)


def _alternating(values: NDArray[np.float64], _pattern: Pattern, dtype: str) -> NDArray[Any]:
    magnitude = np.abs(values[:1]).sum()
    signs = 1.0 - 2.0 * (np.arange(values.size) % 2)
    alternating: NDArray[Any] = (magnitude * signs).astype(dtype)
    return alternating


def _descending(values: NDArray[np.float64], _pattern: Pattern, dtype: str) -> NDArray[Any]:
    return np.sort(np.abs(values))[::-1].astype(dtype)


def _peak(values: NDArray[np.float64], pattern: Pattern, dtype: str) -> NDArray[Any]:
    drawn = (values if pattern.is_signed else -1 - np.abs(values)).astype(dtype)
    drawn[pattern.position] = _PEAK if pattern.is_signed else _NEGATIVE_PEAK
    return drawn


def _special(values: NDArray[np.float64], pattern: Pattern, dtype: str) -> NDArray[Any]:
    drawn = values.astype(dtype)
    where = slice(None) if pattern.position is None else slice(pattern.position, pattern.position + 1)
    drawn.view(f"<u{drawn.itemsize}")[where] = special_bits(pattern.value, dtype)
    return drawn


_SHAPES = {
    "constant": _constant,
    "alternating": _alternating,
    "descending": _descending,
    "peak": _peak,
    "special": _special,
}


def special_bits(name: str, dtype: str) -> int:
    """Return the bits of a special value in a float format; a signalling NaN has no other spelling."""
    info = np.finfo(dtype)
    quiet_nan = int(np.array(np.nan, dtype).view(f"<u{info.bits // 8}")) & ~(1 << (info.bits - 1))
    values: dict[str, float] = {
        "inf": np.inf,
        "zero": 0.0,
        "subnormal": float(info.smallest_subnormal) * 3,
        "smallest": float(info.smallest_normal),
        "largest": float(info.max),
        "square-overflows": 2.0 ** (int(info.maxexp) // 2 + 2),
        "square-underflows": 2.0 ** (int(info.minexp) // 2 - int(info.nmant)),
    }
    sign = 1 << (info.bits - 1) if name.startswith("-") else 0
    plain = name.removeprefix("-")
    if plain == "nan":
        return quiet_nan | sign
    if plain == "snan":
        return (quiet_nan & ~(1 << (int(info.nmant) - 1))) | 1
    return int(np.array(values[plain], dtype).view(f"<u{info.bits // 8}")) | sign


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
