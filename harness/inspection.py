"""The verbs that look around instead of running kernels: list, doctor, clean."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from harness import __version__
from harness.build.store import cache_directory
from harness.errors import ExitCode, StorageError
from harness.model import DEFAULT_COMPILERS, HUGE_SUITE, Compiler, Contract, Executor, Missing, Need, Project, Target
from harness.packages import CONTAINER
from harness.pipeline import host_place, make_surveyor, runs_root
from harness.place.host import sweep_scratch
from harness.project import load_project
from harness.report.record import REPLAY_DIRECTORY, RUNS_DIRECTORY
from harness.report.text import visible

_PROCESSOR_AND_QEMU = 2


def show_list(config: str | None) -> ExitCode:
    """Print the kernels of the project, the suites of their ops, and all targets."""
    project = _project(config)
    kernels = [[k.id, k.isa, k.symbol, _suites(project.contracts[k.op])] for k in project.kernels]
    print(_table(kernels, ("kernel", "ISA", "symbol", "suites")))
    print()
    targets = [[t.name, ", ".join(t.isas), _bits(t), t.description] for t in project.targets.values()]
    print(_table(targets, ("target", "runs", "bits", "description")))
    return ExitCode.PASSED


def _table(rows: Iterable[Iterable[object]], headers: Sequence[str]) -> str:
    """Return a table that is safe to look at: names of files and words of compilers are other people's."""
    return tabulate([[visible(str(cell)) for cell in row] for row in rows], headers, disable_numparse=True)


def _suites(contract: Contract) -> str:
    return ", ".join(f"{suite} (on request)" if suite == HUGE_SUITE else suite for suite in contract.suites)


def _project(config: str | None) -> Project:
    return load_project(Path(config) if config else None, Path.cwd())


def _bits(target: Target) -> str:
    on_request = (
        f" (on request: multiples of 128 up to {target.vector_bits[-1]})" if target.vector_bits_on_request else ""
    )
    return ", ".join(map(str, target.vector_bits)) + on_request if target.vector_bits else "-"


def show_doctor(config: str | None) -> ExitCode:
    """Print every compiler and every target with what runs it here, or why nothing does and what would help."""
    project = _project(config)
    needs = [need for target in project.targets.values() for need in _needs(project, target)]
    rungs = [rung for target in project.targets.values() for rung in _rungs(project, target)]
    needs += rungs
    capabilities = make_surveyor(host_place()).survey(project, needs, DEFAULT_COMPILERS, None)
    print(f"harness {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    compilers = [
        [triple, spec, found.version if isinstance(found, Compiler) else "missing", _means(found)]
        for (triple, spec), found in capabilities.compilers.items()
    ]
    compilers += [
        [compiler.triple, compiler.spec, f"no {isa}", str(missing)]
        for (isa, compiler), missing in capabilities.unfit.items()
    ]
    print(_table(compilers, ("triple", "compiler", "version", "program, or what to do")))
    print()
    rows = []
    for target in project.targets.values():
        for need in _needs(project, target):
            found = capabilities.executors[need]
            how = f"{found.how} {found.version}" if isinstance(found, Executor) else "not available"
            detail = _how_it_runs(found) if isinstance(found, Executor) else str(found)
            rows.append([target.name, need.isa, need.vector_bits or "-", how, detail])
    print(_table(rows, ("target", "ISA", "bits", "runs by", "CPU, or what to do")))
    print("\nWays to run in order of trust; the first that works is taken, --emulator names another:\n")
    ladder = [[rung.target, rung.how, *_how_it_stands(capabilities.executors[rung])] for rung in rungs]
    print(_table(ladder, ("target", "way", "version", "CPU, or what to do")))
    print(f"\n{CONTAINER}")
    return ExitCode.PASSED


def _how_it_stands(found: Executor | Missing) -> tuple[str, str]:
    """What doctor says about one way to run a target."""
    if isinstance(found, Missing):
        return "not available", str(found)
    wrong = ", ".join(sorted(found.wrong_instructions))
    return found.version, _how_it_runs(found) + (f"; not for kernels that execute {wrong}" if wrong else "")


def _how_it_runs(executor: Executor) -> str:
    lacks = f"; hostile builds without {', '.join(executor.lacks)}" if executor.lacks else ""
    return f"CPU {executor.cpu}{lacks}"


def _means(found: Compiler | Missing) -> str:
    return " ".join(found.command) if isinstance(found, Compiler) else str(found)


def _needs(project: Project, target: Target) -> list[Need]:
    """One need per ISA and width of a target."""
    needs = []
    for name in target.isas:
        isa = project.isa_target(name)
        widths: tuple[int | None, ...] = target.vector_bits if isa.is_scalable else isa.vector_bits or (None,)
        needs += [Need(target.name, name, bits) for bits in widths]
    return needs


def _rungs(project: Project, target: Target) -> list[Need]:
    """One need per way to run a target that has more to choose from than a processor and QEMU."""
    if len(target.emulations) <= _PROCESSOR_AND_QEMU:
        return []
    return [replace(need, how=way.how) for need in _needs(project, target) for way in target.emulations]


def clean() -> ExitCode:
    """Remove cached builds, what was learned about this machine, kept runs of this project, and what dead runs left.

    Raises:
        StorageError: something cannot be removed.
    """
    cache = cache_directory()
    root = runs_root(load_project(None, Path.cwd()))
    for place in (cache, root / RUNS_DIRECTORY, root / REPLAY_DIRECTORY):
        if place.is_dir():
            try:
                shutil.rmtree(place)
            except OSError as error:
                raise StorageError(f"{error.filename or place}: cannot remove it: {error.strerror}") from None
            print(f"removed {place}")
    for left in sweep_scratch():
        print(f"removed {left}")
    return ExitCode.PASSED
