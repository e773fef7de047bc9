"""The vocabulary of contracts: what an op promises, written as data in one Python file.

A contract file is read top to bottom and assigns what `op` returns to a name::

    from harness.contract import each, op, sum_of

    scale_sum_f32 = op(
        "void scale_sum_f32(float *row, size_t len, float a)",
        inout="row[len]",
        scalars={"a": [0.5, 3.0]},
        reference=lambda row, a: a * row / row.sum(),
        passes=[sum_of("total", lambda row: row), each("row", lambda row, total, a: a * row / total, roundings=2)],
    )

`reference` is the oracle: numpy in float64, called with those of the prototype's parameters that it names. `passes`
is the error model: how a correct implementation gets there, step by step, in float32 terms. The judge derives each
element's tolerance from it (harness.judge.tolerance has the formulas and their source) and holds it against the
reference, so the two cannot drift apart.
"""

from harness.contract.circumstances import placements, special_values
from harness.contract.definition import op
from harness.contract.entries import (
    around,
    around_lanes,
    every,
    every_residue,
    rows,
    sizes,
    structured,
    zeros,
)
from harness.contract.matrices import pairwise
from harness.contract.passes import each, max_of, min_of, sum_of
from harness.contract.patterns import dominant, extremes, integers, normal
from harness.contract.sensitive import (
    dominant_subsets,
    peaks,
    peaks_by_lanes,
    single_dominant,
    sparse,
)
from harness.contract.standard import BEYOND_16_BITS, MORE_SIZES, SIZES, standard
from harness.contract.suites import suite
from harness.contract.tolerances import absolute, exact, sqrt_n, ulp
from harness.errors import ContractError

__all__ = [
    "BEYOND_16_BITS",
    "MORE_SIZES",
    "SIZES",
    "absolute",
    "around",
    "around_lanes",
    "dominant",
    "dominant_subsets",
    "each",
    "every",
    "every_residue",
    "exact",
    "extremes",
    "integers",
    "max_of",
    "min_of",
    "normal",
    "op",
    "pairwise",
    "peaks",
    "peaks_by_lanes",
    "placements",
    "rows",
    "single_dominant",
    "sizes",
    "sparse",
    "special_values",
    "sqrt_n",
    "standard",
    "structured",
    "suite",
    "sum_of",
    "ulp",
    "zeros",
]


_RENAMED = {"loud": "dominant", "loud_subsets": "dominant_subsets", "single_loud": "single_dominant"}


def __getattr__(name: str) -> object:
    """Say what a name of earlier versions is called now."""
    if name in _RENAMED:
        raise ContractError(f"harness.contract: {name!r} is called {_RENAMED[name]!r} now")
    raise AttributeError(f"module 'harness.contract' has no attribute {name!r}")
