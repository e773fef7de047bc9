"""The verb check: what can be said of a project without running a kernel."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from harness.errors import BuildError, ContractError, ExitCode
from harness.inputs import InputStream
from harness.judge.reference import Oracle
from harness.model import (
    HUGE_SUITE,
    Build,
    Case,
    Compiler,
    Contract,
    Kernel,
    Missing,
    Project,
    Selection,
    Target,
)
from harness.pipeline import host_place, make_surveyor
from harness.plan import make_cases
from harness.project import load_project
from harness.report.text import visible
from harness.survey import Surveyor
from harness.verdicts import REFERENCE_TIMEOUT_S, within

_VECTOR_BITS = 128
_OPT = "O2"


def show_check(config: str | None) -> ExitCode:
    """Read the manifest, hold contracts' references against their passes, build and link every kernel once."""
    project = load_project(Path(config) if config else None, Path.cwd())
    print(visible(f"{project.manifest or 'the bundled project'}: {len(project.kernels)} kernels") + "\n")
    marks: Counter[Mark] = Counter()
    for line, mark in (*_contracts(project), *_Kernels(project, make_surveyor(host_place())).lines()):
        print(visible(f"{mark.value:5}  {line}"))
        marks[mark] += 1
    plural = "s" if marks[Mark.SKIPPED] != 1 else ""
    skipped = f"; {marks[Mark.SKIPPED]} kernel{plural} not built" if marks[Mark.SKIPPED] else ""
    print(f"\n{marks[Mark.FAULT]} faults{skipped}; no kernel was run")
    return ExitCode.USAGE if marks[Mark.FAULT] else ExitCode.PASSED


class Mark(Enum):
    """What a line says of its subject."""

    OK = "ok"
    FAULT = "FAULT"
    SKIPPED = "skip"


Line = tuple[str, Mark]
"""What was found, and what it is."""


def _contracts(project: Project) -> Iterator[Line]:
    for op in dict.fromkeys(kernel.op for kernel in project.kernels):
        contract = project.contracts[op]
        cases = _few_cases(contract)
        try:
            within(
                REFERENCE_TIMEOUT_S,
                f"{contract.origin}: the reference of {op} hangs",
                partial(_hold_against_passes, contract, cases),
            )
        except ContractError as error:
            yield f"contract {op}: {error}", Mark.FAULT
            continue
        held = ", ".join(case.id for case in cases)
        yield f"contract {op}: reference and passes agree ({held or 'it has no case to try'})", Mark.OK


def _hold_against_passes(contract: Contract, cases: Sequence[Case]) -> None:
    oracle, stream = Oracle(contract), InputStream()
    with np.errstate(all="ignore"):  # of the thread that this runs in: infinities and NaN are cases like others
        for case in cases:
            oracle.expect(case, stream.inputs(contract, case))


def _few_cases(contract: Contract) -> list[Case]:
    """Return a short case and one of middling length."""
    found = make_cases(contract, contract.conventions, Selection(), _VECTOR_BITS)
    sized = [(prod(size for _, size in case.sizes), case) for case in found if case.suite != HUGE_SUITE]
    ordered = [case for elements, case in sorted(sized, key=lambda pair: pair[0]) if elements]
    return list({case.key: case for case in (ordered[:1] + ordered[len(ordered) // 2 :][:1])}.values())


@dataclass(slots=True)
class _Kernels:
    """Builds every kernel with the first compiler that is fit for it."""

    project: Project
    surveyor: Surveyor

    def lines(self) -> Iterator[Line]:
        compilers = [self.surveyor.compiler_for(kernel, self._isa(kernel)) for kernel in self.project.kernels]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from pool.map(self._line, self.project.kernels, compilers)

    def _isa(self, kernel: Kernel) -> Target:
        return self.project.isa_target(kernel.isa)

    def _line(self, kernel: Kernel, compiler: Compiler | Missing) -> Line:
        what = f"kernel {kernel.id}: {kernel.symbol}"
        if isinstance(compiler, Missing):
            return f"{what}, not built: {compiler}", Mark.SKIPPED
        build = Build(compiler, "" if kernel.is_prebuilt else _OPT, "plain")
        contract = self.project.contracts[kernel.op]
        try:
            self.surveyor.builder.build(kernel, contract, build, self._isa(kernel).flags)
        except BuildError as error:
            return f"{what}: {error}", Mark.FAULT
        how = "linked" if kernel.is_prebuilt else f"compiled at -{_OPT} and linked"
        return f"{what}, {how} by {compiler.spec} {compiler.version} for {compiler.triple}", Mark.OK
