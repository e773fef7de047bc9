"""The verb check: what can be said of a project without running a kernel."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from harness.backend.host import host_backend
from harness.discovery.files import with_hidden
from harness.errors import BuildError, ContractError, ExitCode, UsageError, counted
from harness.execution.interface import interface_of
from harness.judge.reference import Oracle
from harness.model import (
    SOURCE_SUFFIXES,
    Build,
    Case,
    Compiler,
    Contract,
    Kernel,
    Missing,
    Project,
    Selection,
    Target,
    Variant,
)
from harness.model.guarded import in_time
from harness.model.patterns import without_positions
from harness.numerics.inputs import InputStream
from harness.plan import make_cases, select_kernels
from harness.project import load_project
from harness.report.text import visible
from harness.sensitivity.extremes import extremes
from harness.sensitivity.gaps import find_gaps
from harness.survey import Surveyor, make_surveyor

_VECTOR_BITS = 128
_OPT = "O2"
_NAMED_CASES = 2
"""Cases that the line of a contract names."""


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Read the manifest, hold contracts' references against their passes, build and link every kernel once.

    With names of kernels only the kernels that they select, and their contracts.

    Raises:
        UsageError: a pattern selects nothing, or is a file.
    """
    config, patterns = parsed.config, parsed.kernel
    for name in patterns:
        if Path(name).suffix in SOURCE_SUFFIXES:
            raise UsageError(
                f"{name}: check looks at kernels of a project, such as 'dot_f32/sve'; 'harness run {name} --dry-run' "
                "says what a file is taken for"
            )
    project = load_project(Path(config) if config else None, Path.cwd(), patterns)
    project = replace(project, kernels=tuple(kernel for kernel, _ in select_kernels(project, patterns)))
    print(visible(f"{project.manifest or 'the bundled project'}: {counted(len(project.kernels), 'kernel')}") + "\n")
    marks: Counter[Mark] = Counter()
    for line, mark in (*_contracts(project), *_Kernels(project, make_surveyor(host_backend())).lines()):
        print(visible(f"{mark.value:5}  {line}"))
        marks[mark] += 1
    skipped = f"; {counted(marks[Mark.SKIPPED], 'kernel')} not built" if marks[Mark.SKIPPED] else ""
    print(f"\n{counted(marks[Mark.FAULT], 'fault')}{skipped}; no kernel was run")
    return ExitCode.USAGE if marks[Mark.FAULT] else ExitCode.PASSED


class Mark(Enum):
    """What a line says of its subject."""

    OK = "ok"
    FAULT = "FAULT"
    SKIPPED = "skip"


Line = tuple[str, Mark]
"""What was found, and what it is."""


def _contracts(project: Project) -> Iterator[Line]:
    for op, contract in project.contracts.items():
        cases = _some_cases(contract)
        try:
            in_time(partial(_evaluate, contract, cases))
        except ContractError as error:
            yield f"contract {op}: {error}", Mark.FAULT
            continue
        held = ", ".join(case.id for case in cases[:_NAMED_CASES])
        more = f" and {len(cases) - _NAMED_CASES} more" if len(cases) > _NAMED_CASES else ""
        agree = "reference and passes agree" if contract.passes else "its reference yields numbers"
        yield f"contract {op}: {agree} ({held + more or 'it has no case to try'})", Mark.OK


def _evaluate(contract: Contract, cases: Sequence[Case]) -> None:
    """Hold the reference against the passes, on the ends of what patterns draw, too; plant defects in short rows."""
    oracle, stream = Oracle(contract), InputStream()
    with np.errstate(all="ignore"):  # of the thread that this runs in: infinities and NaN are cases like others
        for case in cases:
            oracle.expect(case, stream.inputs(contract, case))
        for case in cases[:2]:
            patterns = [contract.pattern, *(other.pattern for other in cases)]
            for extreme, inputs in extremes(contract, case, list(dict.fromkeys(patterns))):
                oracle.expect(extreme, inputs)
        proving = [case for case in cases if contract.suites[case.suite].is_proving]
        find_gaps(contract, proving[:1], lambda case: stream.inputs(contract, case))


def _some_cases(contract: Contract) -> list[Case]:
    """Return a short case and one of middling length, then the shortest of each kind of rows in each suite."""
    found = make_cases(contract, contract.conventions, Selection(), _VECTOR_BITS)
    sized = [(prod(size for _, size in case.sizes), case) for case in found]
    ordered = [case for elements, case in sorted(sized, key=lambda pair: pair[0]) if elements]
    kinds = {(case.suite, without_positions(case.pattern)): case for case in reversed(ordered)}
    chosen = (*ordered[:1], *ordered[len(ordered) // 2 :][:1], *kinds.values())
    return list({case.key: case for case in chosen}.values())


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
        build = Build(compiler, "" if kernel.is_prebuilt else _OPT, Variant.PLAIN)
        contract = self.project.contracts[kernel.op]
        builder = self.surveyor.builder
        try:
            binary = builder.build(kernel, contract, build, self._isa(kernel).flags)
            interface = interface_of(binary, kernel, contract, builder.cache)
        except BuildError as error:
            return f"{what}: {with_hidden(str(error), kernel)}", Mark.FAULT
        if interface.fault:
            return f"{what}: {interface.fault}", Mark.FAULT
        how = "linked" if kernel.is_prebuilt else f"compiled at -{_OPT} and linked"
        doubt = f"; but {interface.doubt}" if interface.doubt else ""
        return f"{what}, {how} by {compiler.spec} {compiler.version} for {compiler.triple}{doubt}", Mark.OK
