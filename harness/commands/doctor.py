"""The verb doctor: what works on this machine, and what would help where something does not."""

from __future__ import annotations

import argparse
import contextlib
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness import __version__
from harness.backend.host import host_backend
from harness.backend.packages import CONTAINER
from harness.commands.tables import plain_table
from harness.errors import ExitCode
from harness.model import DEFAULT_COMPILERS, Compiler, Executor, Missing, Need, Project, Target
from harness.project import load_project
from harness.survey import make_surveyor

_PROCESSOR_AND_QEMU = 2


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness doctor`: every compiler and target with what runs it here, or why nothing does."""
    project = load_project(Path(parsed.config) if parsed.config else None, Path.cwd())
    needs = [need for target in project.targets.values() for need in _needs(project, target)]
    rungs = [rung for target in project.targets.values() for rung in _rungs(project, target)]
    needs += rungs
    cpp_isas = {kernel.isa for kernel in project.kernels if kernel.has_cpp}
    with contextlib.closing(host_backend()) as backend:
        capabilities = make_surveyor(backend).survey(project, needs, DEFAULT_COMPILERS, None, cpp_isas)
    print(f"harness {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}\n")
    compilers = [
        [triple, spec, found.version if isinstance(found, Compiler) else "missing", _means(found)]
        for (triple, spec), found in capabilities.compilers.items()
    ]
    compilers += [
        [compiler.triple, compiler.spec, f"no {isa}", str(missing)]
        for (isa, compiler), missing in capabilities.unfit.items()
    ]
    compilers += [
        [compiler.triple, compiler.spec, "no C++", str(missing)]
        for compiler, missing in capabilities.without_cpp.items()
    ]
    print(plain_table(compilers, ("triple", "compiler", "version", "program, or what to do")))
    print()
    rows = []
    for target in project.targets.values():
        for need in _needs(project, target):
            found = capabilities.executors[need]
            how = f"{found.how} {found.version}" if isinstance(found, Executor) else "not available"
            detail = _how_it_runs(found) if isinstance(found, Executor) else str(found)
            rows.append([target.name, need.isa, need.vector_bits or "-", how, detail])
    print(plain_table(rows, ("target", "ISA", "bits", "runs by", "CPU, or what to do")))
    print("\nWays to run in order of trust; the first that works is taken, --emulator names another:\n")
    ladder = [[rung.target, rung.how, *_how_it_stands(capabilities.executors[rung])] for rung in rungs]
    print(plain_table(ladder, ("target", "way", "version", "CPU, or what to do")))
    print(f"\n{CONTAINER}")
    return ExitCode.PASSED


def _how_it_stands(found: Executor | Missing) -> tuple[str, str]:
    """What doctor says about one way to run a target."""
    if isinstance(found, Missing):
        return "not available", str(found)
    wrong = ", ".join(sorted(found.wrong_instructions))
    forms = [form.rpartition(";")[2].split()[0] for form in found.overreaching]
    operands = f"those with memory operands of {', '.join(sorted(set(forms)))} and kin" if forms else ""
    faults = " or ".join(filter(None, (wrong, operands)))
    return found.version, _how_it_runs(found) + (f"; not for kernels that execute {faults}" if faults else "")


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
