"""Inputs of a case, drawn from raw Philox bits by exact arithmetic.

Only `random_raw` of numpy's generators is used: its stream is fixed by the algorithm (Salmon et al., *Parallel random
numbers: as easy as 1, 2, 3*, SC 2011), whereas the distributions may change between numpy versions. What is made of
the bits is integer arithmetic and scaling by powers of two, so the inputs are the same on every machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Case, Contract, Flow, Layout, Pattern
from harness.model.patterns import (
    HIGHEST_PEAK,
    SPECIAL_FLOATS,
    SPECIAL_INTEGERS,
    Alternating,
    Constant,
    Descending,
    Dominant,
    ExtremeIntegers,
    Normal,
    Peak,
    Sparse,
    Special,
    UniformIntegers,
    Zeros,
)
from harness.model.prototype import Parameter, ScalarType
from harness.numerics.formats import limits, places, rounded

Inputs = Mapping[str, NDArray[Any]]

_PAIRS = np.uint64(0x0000FFFF0000FFFF)
_LOW_HALF = np.uint64(0xFFFFFFFF)
_SIXTEEN = np.uint64(16)
_THIRTY_TWO = np.uint64(32)
# The sum of four uniform 16-bit integers (Irwin-Hall) has this mean, and a standard deviation of 1.15 * 2**15.
_FOUR_UNIFORM_MEAN = 2 * 0xFFFF
_FOUR_UNIFORM_SCALE_EXPONENT = -15
LARGEST_OF_BELL = _FOUR_UNIFORM_MEAN * 2.0**_FOUR_UNIFORM_SCALE_EXPONENT
"""What all bits of the four make, before it is scaled; with the other sign, none."""


class InputStream:
    """Draws the inputs of cases; keeps one generator, whose construction costs more than most cases."""

    def __init__(self) -> None:
        """Create the generator; every draw sets its key and counter first."""
        self._philox = np.random.Philox(key=0)
        self._state: Any = self._philox.state

    def inputs(self, contract: Contract, case: Case) -> Inputs:
        """Return the initial contents of every buffer that the kernel reads, in its own dtype.

        Where rows are apart, the gaps between them hold poison, and so do the elements of a buffer that is only
        written, whose gaps the judge looks at: that one is in what is returned, too.
        """
        sizes = dict(case.sizes)
        drawn: dict[str, NDArray[Any]] = {}
        for number, parameter in enumerate(contract.prototype.buffers):
            if contract.flows[parameter.name] is not Flow.OUT:
                extent = contract.extents[parameter.name]
                count = prod(extent.shape(sizes)) if extent.layout else case.array_length(extent.count(sizes))
                drawn[parameter.name] = self._draw(parameter, case, count, number)
        for number, parameter in enumerate(contract.prototype.buffers):
            layout = contract.layout(parameter.name, sizes)
            if layout and layout.has_gaps and number not in dict(case.placement.alias):
                drawn[parameter.name] = _apart(drawn.get(parameter.name), layout, poison(parameter.type, case, number))
        for mine, theirs in case.placement.alias:
            buffers = contract.prototype.buffers
            assert drawn.get(buffers[mine].name) is None, "an aliased buffer has no contents of its own"
            assert buffers[theirs].name in drawn
        return drawn

    def _draw(self, parameter: Parameter, case: Case, count: int, stream: int) -> NDArray[Any]:
        pattern, element, name = case.pattern, parameter.type, parameter.name
        if isinstance(pattern, Zeros):
            return np.zeros(count, element.dtype)
        raw = self._raw(case.key, stream, count)
        if element.family != "float":
            return self._integers(parameter, raw, case, count)
        if isinstance(pattern, Dominant | Sparse):
            values = self._dominant(pattern, raw, case, name)
        else:
            values = _four_uniform(raw).astype(np.float64)
            values *= 2.0**_FOUR_UNIFORM_SCALE_EXPONENT
        if isinstance(pattern, Normal | Dominant | Sparse):
            values *= 2.0 ** _scale_exponent(pattern.scale_exponents, case.key)
        return _shaped(values, pattern, element.number_format)

    def _integers(self, parameter: Parameter, raw: NDArray[np.uint64], case: Case, count: int) -> NDArray[Any]:
        """All bits at random, unless the pattern says which integers; those that fit the type."""
        pattern, element = case.pattern, parameter.type
        drawn: NDArray[Any]
        ends = np.iinfo(element.dtype)
        match pattern:
            case UniformIntegers():
                low, high = (min(max(bound, int(ends.min)), int(ends.max)) for bound in (pattern.low, pattern.high))
                drawn = low + (raw % np.uint64(high - low + 1)).astype(np.int64)
            case ExtremeIntegers():
                drawn = np.array([ends.min, ends.max, 0, 1, ends.max // 2 if ends.min == 0 else -1], element.dtype)[
                    (raw % np.uint64(5)).astype(np.int64)
                ]
            case Dominant() | Sparse():
                dominant = self._dominant(pattern, raw, case, parameter.name)
                drawn = dominant.clip(int(ends.min), float(2**62)).astype(np.int64)
            case Peak():
                drawn = raw.astype(element.dtype) // 4
                drawn[_elements(pattern)] = ends.min if pattern.is_lowest else ends.max
            case Constant():
                drawn = np.full(count, raw[:1].sum(), np.uint64)
            case Special():
                drawn = raw.astype(element.dtype)
                if pattern.value in SPECIAL_INTEGERS:  # else a value of the op's floats
                    special = {"lowest": ends.min, "highest": ends.max, "zero": 0, "one": 1}[pattern.value]
                    drawn[_elements(pattern)] = special
            case _:
                drawn = raw
        return np.asarray(drawn).astype(element.dtype)

    def _dominant(
        self, pattern: Dominant | Sparse, raw: NDArray[np.uint64], case: Case, buffer: str
    ) -> NDArray[np.float64]:
        """Dominant values on one part of the row. The parts of one size are the same for all its cases."""
        low, high = pattern.low, pattern.high
        values = low + (high - low) * ((raw >> _DOMINANT_SHIFT).astype(np.float64) * 2.0**-_DOMINANT_BITS)
        if pattern.is_signed:
            values *= 1.0 - 2.0 * (raw & np.uint64(1)).astype(np.float64)
        if isinstance(pattern, Sparse):
            values[-1] = 0
        elif not pattern.buffers or buffer in pattern.buffers:
            values[self._parts(case, pattern.parts, raw.size) != pattern.part] = pattern.background
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


# Dominant values are low + (high - low) * k / 2**20: exact in float32 for bounds of few bits.
_DOMINANT_BITS = 20
_DOMINANT_SHIFT = np.uint64(64 - _DOMINANT_BITS)
_NEGATIVE_PEAK = -0.5
"""Above every value of a row whose values are the bell's magnitudes, taken from -1."""


def _shaped(values: NDArray[np.float64], pattern: Pattern, dtype: str) -> NDArray[Any]:
    """Return drawn values as a pattern has them, rounded to a format."""
    match pattern:
        case Constant():
            return rounded(np.full(values.size, np.abs(values[:1]).sum()), dtype)
        case Alternating():
            signs = 1.0 - 2.0 * (np.arange(values.size) % 2)
            return rounded(np.abs(values[:1]).sum() * signs, dtype)
        case Descending():
            return rounded(np.sort(np.abs(values))[::-1], dtype)
        case Peak():
            highest = values if pattern.is_signed else -1 - np.abs(values)
            highest[_elements(pattern)] = HIGHEST_PEAK if pattern.is_signed else _NEGATIVE_PEAK
            return rounded(-highest if pattern.is_lowest else highest, dtype)
        case Special():
            drawn = rounded(values, dtype)
            if pattern.value in SPECIAL_FLOATS:  # else a value of the op's integers
                drawn.view(f"<u{drawn.itemsize}")[_elements(pattern)] = special_bits(pattern.value, dtype)
            return drawn
        case _:
            return rounded(values, dtype)


def _elements(pattern: Peak | Special) -> slice:
    """Return which elements the pattern is about: none of a buffer that is shorter."""
    return slice(None) if pattern.position is None else slice(pattern.position, pattern.position + 1)


def special_bits(name: str, dtype: str) -> int:
    """Return the bits of a special value in a float format; a signalling NaN has no other spelling."""
    info = limits(dtype)
    exponent_mask = (1 << (info.bits - 1)) - (1 << info.mantissa_bits)
    quiet_bit = 1 << (info.mantissa_bits - 1)
    values: dict[str, float] = {
        "inf": np.inf,
        "zero": 0.0,
        "subnormal": info.smallest_subnormal * 3,
        "largest-subnormal": info.smallest_normal - info.smallest_subnormal,
        "smallest": info.smallest_normal,
        "largest": info.largest,
        "square-overflows": 2.0 ** (info.max_exponent // 2 + 2),
        "square-underflows": 2.0 ** (info.min_exponent // 2 - info.mantissa_bits),
    }
    sign = 1 << (info.bits - 1) if name.startswith("-") else 0
    plain = name.removeprefix("-")
    if plain == "nan":
        return exponent_mask | quiet_bit | sign
    if plain == "snan":
        return exponent_mask | 1
    return int(rounded(np.array(values[plain]), dtype).view(f"<u{info.bits // 8}")) | sign


_POISON_NAMES = ("nan", "largest", "-largest")


def poison(element: ScalarType, case: Case, buffer: int) -> NDArray[Any]:
    """Return what stands between rows, by case: NaN, or the largest number of either sign, which maxima do not drop.

    Integers are the largest of their type, all bits but the lowest, or the smallest.
    """
    turn = (case.key + buffer) % len(_POISON_NAMES)
    if element.family == "float":
        bits = special_bits(_POISON_NAMES[turn], element.number_format)
        return np.array(bits, f"<u{element.size_bytes}").view(element.dtype)
    ends = np.iinfo(element.dtype)
    return np.array((ends.max, ends.max - 1, ends.min)[turn], element.dtype)


def _apart(dense: NDArray[Any] | None, layout: Layout, filling: NDArray[Any]) -> NDArray[Any]:
    spread = np.full(layout.count, filling)
    if dense is not None:
        spread[places(layout)] = dense
    return spread


def _scale_exponent(exponents: tuple[int, int], key: int) -> int:
    low, high = exponents
    return low + key % (high - low + 1)


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
