"""The verb check: what can be said of a project without running a kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod
from pathlib import Path

import numpy as np

from harness.build import Builder, header_complaint
from harness.build.store import cache_directory
from harness.build.toolchain import find_compiler
from harness.errors import BuildError, ContractError, ExitCode, UnavailableError, UsageError
from harness.extremes import extremes
from harness.finding import with_hidden
from harness.guarded import in_time
from harness.inputs import InputStream
from harness.interface import interface_of
from harness.judge.reference import Oracle
from harness.judge.visibility import find_gaps
from harness.machine import resolve_triple
from harness.model import (
    DEFAULT_COMPILERS,
    HUGE_SUITE,
    SOURCE_SUFFIXES,
    VISIBLE_SUITE,
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
from harness.plan import make_cases, select_kernels
from harness.project import load_project
from harness.report.text import visible
from harness.resources import bundled_root

_VECTOR_BITS = 128
_OPT = "O2"
_NAMED_CASES = 2
"""Cases that the line of a contract names."""


def show_check(config: str | None, patterns: Sequence[str] = ()) -> ExitCode:
    """Read the manifest, hold contracts' references against their passes, build and link every kernel once.

    With `patterns` only the kernels that they select, and their contracts.

    Raises:
        UsageError: a pattern selects nothing, or is a file.
    """
    for name in patterns:
        if Path(name).suffix in SOURCE_SUFFIXES:
            raise UsageError(
                f"{name}: check looks at kernels of a project, such as 'dot_f32/sve'; 'harness run {name} --dry-run' "
                "says what a file is taken for"
            )
    project = load_project(Path(config) if config else None, Path.cwd(), patterns)
    project = replace(project, kernels=tuple(kernel for kernel, _ in select_kernels(project, patterns)))
    print(visible(f"{project.manifest or 'the bundled project'}: {len(project.kernels)} kernels") + "\n")
    faults = 0
    for line, is_fault in (*_contracts(project), *_Kernels(project).lines()):
        print(visible(f"{'FAULT' if is_fault else 'ok':5}  {line}"))
        faults += is_fault
    print(f"\n{faults} faults; no kernel was run")
    return ExitCode.USAGE if faults else ExitCode.PASSED


Line = tuple[str, bool]
"""What was found, and whether it is a fault."""


def _contracts(project: Project) -> Iterator[Line]:
    for op, contract in project.contracts.items():
        cases = _some_cases(contract)
        try:
            in_time(partial(_evaluate, contract, cases))
        except ContractError as error:
            yield f"contract {op}: {error}", True
            continue
        held = ", ".join(case.id for case in cases[:_NAMED_CASES])
        more = f" and {len(cases) - _NAMED_CASES} more" if len(cases) > _NAMED_CASES else ""
        agree = "reference and passes agree" if contract.passes else "its reference yields numbers"
        yield f"contract {op}: {agree} ({held + more or 'it has no case to try'})", False


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
        proving = [case for case in cases if case.suite == VISIBLE_SUITE]
        find_gaps(contract, proving[:1], lambda case: stream.inputs(contract, case))


def _some_cases(contract: Contract) -> list[Case]:
    """Return a short case and one of middling length, then the shortest of each kind of rows in each suite."""
    found = make_cases(contract, contract.conventions, Selection(), _VECTOR_BITS)
    sized = [(prod(size for _, size in case.sizes), case) for case in found if case.suite != HUGE_SUITE]
    ordered = [case for elements, case in sorted(sized, key=lambda pair: pair[0]) if elements]
    kinds = {
        (case.suite, case.pattern.kind, case.pattern.value, case.pattern.bounds): case for case in reversed(ordered)
    }
    chosen = (*ordered[:1], *ordered[len(ordered) // 2 :][:1], *kinds.values())
    return list({case.key: case for case in chosen}.values())


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
        isa, contract = self.project.isa_target(kernel.isa), self.project.contracts[kernel.op]
        try:
            binary = self._builder.build(kernel, contract, build, isa.flags)
            interface = interface_of(binary, kernel, contract, self._builder.cache)
        except BuildError as error:
            return f"{what}: {with_hidden(str(error), kernel)}", True
        except UnavailableError as error:
            return f"{what}, not built: {error}", False
        if interface.fault:
            return f"{what}: {interface.fault}", True
        how = "linked" if kernel.is_prebuilt else f"compiled at -{_OPT} and linked"
        doubt = f"; but {interface.doubt}" if interface.doubt else ""
        return f"{what}, {how} by {compiler.spec} {compiler.version} for {compiler.triple}{doubt}", False

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
