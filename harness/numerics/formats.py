"""Number formats as arrays hold them, bfloat16 included, which numpy lacks: it is the upper half of a float32.

A format is named by its numpy dtype, or BF16, whose arrays have the dtype "<u2".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Layout
from harness.model.prototype import BF16


@dataclass(frozen=True, slots=True)
class Limits:
    """A float format's parameters, in numpy's terms: its largest number is below 2**max_exponent."""

    bits: int
    mantissa_bits: int
    max_exponent: int
    min_exponent: int

    @property
    def epsilon(self) -> float:
        """Distance between 1 and the next number."""
        return float(2.0**-self.mantissa_bits)

    @property
    def largest(self) -> float:
        """The largest finite number."""
        return float((2.0 - self.epsilon) * 2.0 ** (self.max_exponent - 1))

    @property
    def smallest_normal(self) -> float:
        """The smallest number of full precision."""
        return float(2.0**self.min_exponent)

    @property
    def smallest_subnormal(self) -> float:
        """The smallest number above 0."""
        return float(2.0 ** (self.min_exponent - self.mantissa_bits))


@cache
def limits(name: str) -> Limits:
    """Return the parameters of a float format."""
    if name == BF16:
        return Limits(16, 7, 128, -126)
    info = np.finfo(name)
    return Limits(int(info.bits), int(info.nmant), int(info.maxexp), int(info.minexp))


def is_float(name: str) -> bool:
    """True if the format has infinities and NaN."""
    return name == BF16 or np.dtype(name).kind == "f"


def storage(name: str) -> str:
    """Return the numpy dtype of arrays in a format."""
    return "<u2" if name == BF16 else name


def widened(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Return numbers as references get them: floats as float64, integers as int64, of which uint64 is the exception."""
    if name == BF16:
        return (array.astype("<u4") << np.uint32(16)).view("<f4").astype(np.float64)
    if is_float(name):
        return array.astype(np.float64)
    return array.astype(np.uint64 if array.dtype == np.uint64 else np.int64)


def rounded(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Return numbers in a format, rounded to nearest; bfloat16 by way of float32."""
    if name != BF16:
        return values.astype(name)
    single = np.asarray(values, "<f4")
    bits = single.view("<u4")
    to_even = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    quiet_nan = (bits >> np.uint32(16)) | np.uint32(0x40)
    return np.where(np.isnan(single), quiet_nan, to_even).astype("<u2")


def places(layout: Layout) -> NDArray[np.int64]:
    """Return where in its buffer each element of an array lies, row by row."""
    first = np.arange(layout.rows, dtype=np.int64) * layout.stride
    return (first[:, None] + np.arange(layout.columns, dtype=np.int64)).ravel()
