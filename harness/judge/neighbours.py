"""The numbers of a format on either side of a number, for contracts that ask for the rounded result itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import Array
from harness.numerics.formats import is_float, limits


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What numbers become in a format, as float64."""

    nearest: Array
    """Rounded to nearest, ties to even; infinite beyond the largest number."""
    other: Array
    """The neighbour on the other side of the number; the same where the format holds the number."""
    is_tie: NDArray[np.bool_]
    """Where both are equally near."""


def neighbours(numbers: NDArray[Any], number_format: str) -> Neighbours:
    """Return the neighbours of numbers in a float or an integer format, rounding once.

    Scaling by powers of two is exact, and so is what is left behind the integer part: numpy's own conversion to half
    precision or, here, to bfloat16 would round wider numbers than float64 twice. Integers are not bounded.
    """
    exponents = np.zeros(numbers.shape, np.int64)
    if is_float(number_format):
        its = limits(number_format)
        exponents = np.maximum(np.frexp(numbers)[1].astype(np.int64) - 1, its.min_exponent) - its.mantissa_bits
    scaled = np.ldexp(numbers, -exponents)
    below, above, nearest = np.floor(scaled), np.ceil(scaled), np.rint(scaled)
    other = np.where(nearest == below, above, below)
    found = [np.ldexp(one, exponents).astype(np.float64) for one in (nearest, np.where(below == above, nearest, other))]
    if is_float(number_format):
        found = [np.where(np.abs(one) > its.largest, np.copysign(np.inf, one), one) for one in found]
    return Neighbours(found[0], found[1], (below != above) & (scaled - below == above - scaled))
