"""The verb check: what can be said of a project without running a kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from harness.build import Builder, header_complaint
from harness.build.store import cache_directory
from harness.build.toolchain import find_compiler
from harness.errors import BuildError, ContractError, ExitCode, UnavailableError, counted
from harness.inputs import InputStream
from harness.judge.reference import Oracle
from harness.machine import resolve_triple
from harness.model import (
    DEFAULT_COMPILERS,
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
from harness.place.host import HostPlace
from harness.plan import make_cases
from harness.project import load_project
from harness.report.text import visible
from harness.resources import bundled_root
from harness.verdicts import REFERENCE_TIMEOUT_S, within

_VECTOR_BITS = 128
_OPT = "O2"


def show_check(config: str | None) -> ExitCode:
    """Read the manifest, hold contracts' references against their passes, build and link every kernel once."""
    project = load_project(Path(config) if config else None, Path.cwd())
    print(visible(f"{project.manifest or 'the bundled project'}: {counted(len(project.kernels), 'kernel')}") + "\n")
    faults = 0
    for line, is_fault in (*_contracts(project), *_Kernels(project).lines()):
        print(visible(f"{'FAULT' if is_fault else 'ok':5}  {line}"))
        faults += is_fault
    print(f"\n{counted(faults, 'fault')}; no kernel was run")
    return ExitCode.USAGE if faults else ExitCode.PASSED


Line = tuple[str, bool]
"""What was found, and whether it is a fault."""


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
            yield f"contract {op}: {error}", True
            continue
        held = ", ".join(case.id for case in cases)
        yield f"contract {op}: reference and passes agree ({held or 'it has no case to try'})", False


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
    """Builds every kernel with the first compiler that knows its ISA."""

    project: Project
    _builder: Builder = field(init=False)

    def __post_init__(self) -> None:
        self._builder = Builder(HostPlace(), cache_directory(), bundled_root() / "csrc" / "guest")

    def lines(self) -> Iterator[Line]:
        isas = {kernel.isa: self.project.isa_target(kernel.isa) for kernel in self.project.kernels}
        compilers = {name: self._compiler(isa) for name, isa in isas.items()}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from pool.map(lambda kernel: self._line(kernel, compilers[kernel.isa]), self.project.kernels)

    def _line(self, kernel: Kernel, compiler: Compiler | Missing) -> Line:
        what = f"kernel {kernel.id}: {kernel.symbol}"
        if isinstance(compiler, Missing):
            return f"{what}, not built: {compiler}", False
        build = Build(compiler, "" if kernel.is_prebuilt else _OPT, "plain")
        isa = self.project.isa_target(kernel.isa)
        try:
            self._builder.build(kernel, self.project.contracts[kernel.op], build, isa.flags)
        except BuildError as error:
            return f"{what}: {error}", True
        except UnavailableError as error:
            return f"{what}, not built: {error}", False
        how = "linked" if kernel.is_prebuilt else f"compiled at -{_OPT} and linked"
        return f"{what}, {how} by {compiler.spec} {compiler.version} for {compiler.triple}", False

    def _compiler(self, isa: Target) -> Compiler | Missing:
        place = self._builder.place
        triple = resolve_triple(isa.triple, place.native_triple)
        missing: list[Missing] = []
        for spec in DEFAULT_COMPILERS:
            found = find_compiler(spec, triple, place)
            if isinstance(found, Compiler):
                complaint = header_complaint(place, found, isa.flags, isa.header) if isa.header else ""
                if not complaint:
                    return found
                found = Missing(f"{spec} {found.version}: {complaint}", f"needs {isa.header_since}")
            missing.append(found)
        return missing[0]
