"""What the unit tests build on: the bundled contract, and cases made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from harness.contract.functions import bound, formula_of
from harness.model import Case, Contract, Formula, Project, Selection
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.project import bundled_contract, load_project


@cache
def bundled_project() -> Project:
    """The bundled project, which no test changes."""
    return load_project(None, Path("/"))


def rms_norm() -> Contract:
    return bundled_contract("rms_norm_f32")


def function_of(contract: Contract, function: Callable[..., Any]) -> Formula:
    """A function in the place of a contract's reference."""
    known = [parameter.name for parameter in contract.prototype.parameters]
    return bound(formula_of(function, contract.reference.what), known, [])


def boundary_cases(contract: Contract) -> tuple[Case, ...]:
    return make_cases(contract, contract.conventions, Selection(suites=("boundary",)), 128)


def inputs_of(contract: Contract, cases: tuple[Case, ...]) -> dict[int, Mapping[str, NDArray[Any]]]:
    stream = InputStream()
    return {case.key: stream.inputs(contract, case) for case in cases}
