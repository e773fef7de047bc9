"""What to run: project x selection x capabilities -> jobs, and what will not run and why. Pure."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from harness.errors import UsageError, perhaps
from harness.machine import resolve_triple
from harness.model import (
    DEFAULT_COMPILERS,
    SCALAR_ISA,
    Absence,
    Build,
    Capabilities,
    Case,
    CaseSpec,
    Compiler,
    Contract,
    Executor,
    Fill,
    Job,
    Kernel,
    Missing,
    Number,
    Outcome,
    Plan,
    Point,
    Project,
    Role,
    Selection,
    Side,
    Target,
    Trial,
)

SIZE_SUITE = "size"
"""The suite that --size makes up."""
TRIALS = {
    "plain": (Trial(Fill.BENIGN, Side.END), Trial(Fill.BENIGN, Side.START)),
    "hostile": (
        Trial(Fill.NAN, Side.END),
        Trial(Fill.HUGE_NEGATIVE, Side.END),
        Trial(Fill.HUGE_POSITIVE, Side.START),
    ),
}
"""Calls per case, by build variant: every buffer touches the guard page behind it, then the one in front of it.

Calls that differ in nothing but the fill must give the same bits."""
VISIBLE_TRIALS = {"plain": 1, "hostile": 2}
"""Of these, how many the suite "visible" has: it is about arithmetic, and long."""
CLEAN_UPPERS_TRIAL = Trial(Fill.BENIGN, Side.START, clean_uppers=True)
"""One more call on x86, in the hostile build: poisoned upper halves and correct SSE code would read as dirty."""
GATE_SUITE = "gate"
SCALABLE_FACTS = ("sve_bits", "sme_bits", "rvv_bits")
"""What guests attest about lengths that --svl selects."""
_GATE_SIZE = 1000

_GLOB_CHARACTERS = frozenset("*?[")


# ---- points: which kernels on which targets at which widths ---------------------------------------------------------


def select(project: Project, selection: Selection) -> tuple[tuple[Point, ...], tuple[Absence, ...]]:
    """Expand the selection to points, and to the combinations that cannot be.

    Without --target a kernel runs on the target of its ISA. Widths apply to scalable ISAs; others run once.

    Raises:
        UsageError: a literal name that the project does not have, or an impossible width.
    """
    kernels = _select_kernels(project, selection.kernels)
    targets = _select_targets(project, selection.targets)
    _check_widths(project, selection)
    _check_required(project, selection)
    points: list[Point] = []
    absences: list[Absence] = []
    for kernel, kernel_named in kernels:
        points += _further_points(project, kernel, targets, selection)
        for target in targets or [project.isa_target(kernel.isa)]:
            if kernel.isa not in target.isas:
                absences.append(_not_applicable(kernel, target, None, f"{target.name} does not run {kernel.isa} code"))
                continue
            required = _is_required(selection, target)
            named = kernel_named or bool(selection.targets) or selection.emulator is not None or required
            for vector_bits, reason in _widths(project, kernel, target, selection):
                if reason:
                    absences.append(_not_applicable(kernel, target, vector_bits, reason))
                else:
                    named_width = selection.vector_bits_named and project.isa_target(kernel.isa).is_scalable
                    points.append(Point(kernel, target, vector_bits, named or named_width))
    # Op by op, so that what belongs to one can be dropped when the next begins; the scalar kernel first, since the
    # others are compared with it.
    ops = list(dict.fromkeys(point.kernel.op for point in points))
    points.sort(key=lambda p: (ops.index(p.kernel.op), p.kernel.isa != SCALAR_ISA, _ROLE_ORDER[p.role]))
    return tuple(points), tuple(absences)


_ROLE_ORDER = {role: rank for rank, role in enumerate(Role)}


def _further_points(project: Project, kernel: Kernel, targets: Sequence[Target], selection: Selection) -> list[Point]:
    """The core models that a kernel's ISA promises to run on, and its gate, unless the selection is narrowed."""
    found: list[Point] = []
    isa = project.isa_target(kernel.isa)
    for target in project.targets.values():
        required = _is_required(selection, target)
        wants_core = required or not (targets or selection.is_narrowed)
        if target.is_core and kernel.isa in target.isas and target not in targets and wants_core:
            widths = target.vector_bits if isa.is_scalable else isa.vector_bits
            chosen = selection.vector_bits if isa.is_scalable and selection.vector_bits_named else widths
            found += [Point(kernel, target, bits, required, Role.CORE) for bits in widths if bits in chosen]
    wants_gate = GATE_SUITE in selection.suites or not selection.is_narrowed
    is_waived = "gate" in project.contracts[kernel.op].waived
    if isa.gate and wants_gate and (not targets or isa in targets) and not is_waived:
        found.append(Point(kernel, isa, None, False, Role.GATE))
    return found


def _select_kernels(project: Project, patterns: Sequence[str]) -> list[tuple[Kernel, bool]]:
    if not patterns:
        return [(kernel, False) for kernel in project.kernels]
    chosen: dict[str, tuple[Kernel, bool]] = {}
    known = [kernel.id for kernel in project.kernels]
    for pattern in patterns:
        is_glob = bool(_GLOB_CHARACTERS & set(pattern))
        matches = [kernel for kernel in project.kernels if fnmatchcase(kernel.id, pattern)]
        if not matches and not is_glob:
            raise UsageError(f"unknown kernel {pattern!r}{perhaps(pattern, known)}; see 'harness list'")
        for kernel in matches:
            already = kernel.id in chosen and chosen[kernel.id][1]
            chosen[kernel.id] = (kernel, already or not is_glob)
    return list(chosen.values())


def _select_targets(project: Project, names: Sequence[str]) -> list[Target]:
    for name in names:
        if name not in project.targets:
            raise UsageError(f"unknown target {name!r}{perhaps(name, project.targets)}; see 'harness list'")
    return [project.targets[name] for name in dict.fromkeys(names)]


def _check_widths(project: Project, selection: Selection) -> None:
    known = {
        bits
        for target in project.targets.values()
        if target.is_scalable and not target.is_core
        for bits in (*target.vector_bits, *target.vector_bits_on_request)
    }
    for bits in selection.vector_bits:
        if bits not in known:
            nearest = min(known, key=lambda width: (abs(width - bits), width))
            raise UsageError(f"--svl {bits}: no scalable vector has {bits} bits (nearest: {nearest})")


def _check_required(project: Project, selection: Selection) -> None:
    known = {*project.targets, *(k.id for k in project.kernels)}
    for name in selection.required:
        if name not in known:
            raise UsageError(f"--require {name}: no target or kernel of that name{perhaps(name, known)}")


def _is_required(selection: Selection, target: Target) -> bool:
    return target.name in selection.required


def _widths(project: Project, kernel: Kernel, target: Target, selection: Selection) -> list[tuple[int | None, str]]:
    """Return widths in bits with the reason why the target cannot have one, or ""."""
    isa = project.isa_target(kernel.isa)
    if not isa.is_scalable:
        return [(isa.vector_bits[0] if isa.vector_bits else None, "")]
    offered = target.vector_bits
    if not selection.vector_bits:
        return [(bits, "") for bits in offered]
    possible = {*offered, *target.vector_bits_on_request}
    if target.is_core and not possible & set(selection.vector_bits) and not selection.vector_bits_named:
        return [(bits, "") for bits in offered]
    return [
        (bits, "" if bits in possible else f"{target.name} has no vectors of {bits} bits")
        for bits in dict.fromkeys(selection.vector_bits)
    ]


def _not_applicable(kernel: Kernel, target: Target, vector_bits: int | None, reason: str) -> Absence:
    return Absence(kernel.id, target.name, vector_bits, None, Outcome.NOT_APPLICABLE, reason, named=False)


# ---- jobs ----------------------------------------------------------------------------------------------------------


def make_plan(
    project: Project,
    selection: Selection,
    points: Sequence[Point],
    absences: Sequence[Absence],
    capabilities: Capabilities,
) -> Plan:
    """Turn points into jobs where the machine can do it, and into absences where it cannot.

    Raises:
        UsageError: a suite or case that no selected op has.
    """
    _check_suites(project, selection, points)
    _check_cases(project, selection, points)
    jobs: list[Job] = []
    missing = list(absences)
    for point in points:
        executor = capabilities.executors[point.need]
        if isinstance(executor, Missing):
            missing.append(_unavailable(point, str(executor)))
            continue
        for compiler in _compilers(project, selection, point, capabilities):
            if isinstance(compiler, Missing):
                missing.append(_unavailable(point, str(compiler), named=bool(selection.compilers)))
                continue
            jobs += _jobs(project, selection, point, compiler, executor)
    return Plan(tuple(jobs), tuple(missing))


def _unavailable(point: Point, reason: str, *, named: bool = False) -> Absence:
    if point.role is Role.GATE:
        reason = f"whether it faults without {point.kernel.isa}: {reason}"
    return Absence(
        point.kernel.id,
        point.target.name,
        point.vector_bits,
        None,
        Outcome.UNAVAILABLE,
        reason,
        named=named or point.named,
    )


def _compilers(
    project: Project, selection: Selection, point: Point, capabilities: Capabilities
) -> list[Compiler | Missing]:
    triple = resolve_triple(project.isa_target(point.kernel.isa).triple)
    if selection.compilers:
        return [capabilities.compilers[(triple, spec)] for spec in dict.fromkeys(selection.compilers)]
    found = [capabilities.compilers[(triple, spec)] for spec in DEFAULT_COMPILERS]
    present: list[Compiler | Missing] = [compiler for compiler in found if isinstance(compiler, Compiler)]
    if point.role is not Role.MAIN:
        present = present[:1]
    return present or [found[0]]


def _jobs(project: Project, selection: Selection, point: Point, compiler: Compiler, executor: Executor) -> list[Job]:
    contract = project.contracts[point.kernel.op]
    if point.role is Role.GATE:
        cases = _gate_case(contract, selection)
        builds = [(opt, variant) for opt in selection.opts[-1:] for variant in selection.variants[:1]]
    else:
        cases = make_cases(contract, selection, point.vector_bits)
        builds = [
            (opt, variant) for opt in dict.fromkeys(selection.opts) for variant in dict.fromkeys(selection.variants)
        ]
        if point.role is Role.CORE:
            builds = builds[-1:]
    isa = project.isa_target(point.kernel.isa)
    if not cases:
        return []
    return [
        Job(
            kernel=point.kernel,
            contract=contract,
            target=point.target,
            isa_flags=isa.flags,
            width_fact=isa.width_fact,
            build=Build(compiler, opt, variant),
            executor=executor,
            vector_bits=point.vector_bits,
            role=point.role,
            cases=cases,
            trials=_trials(point, compiler, variant, contract),
            visible_trials=VISIBLE_TRIALS[variant],
            cpu_timeout_ms=max(1, round(1000 * selection.cpu_timeout_s)),
        )
        for opt, variant in builds
    ]


def _trials(point: Point, compiler: Compiler, variant: str, contract: Contract) -> tuple[Trial, ...]:
    if point.role is Role.GATE:
        return TRIALS["plain"][:1]
    trials = TRIALS[variant]
    if variant == "hostile" and compiler.triple.startswith("x86_64") and "dirty-uppers" not in contract.waived:
        trials = (*trials, CLEAN_UPPERS_TRIAL)
    return trials


def _gate_case(contract: Contract, selection: Selection) -> tuple[Case, ...]:
    """One case, long enough to reach every loop of a kernel."""
    spec = CaseSpec(tuple((name, _GATE_SIZE) for name in contract.size_names), contract.pattern)
    return _number(contract, GATE_SUITE, [spec], selection.seed)


# ---- cases ---------------------------------------------------------------------------------------------------------


def make_cases(contract: Contract, selection: Selection, vector_bits: int | None) -> tuple[Case, ...]:
    """Return the cases of an op at a width, in suite order."""
    lanes = vector_bits // contract.element_bits if vector_bits else 1
    if selection.sizes:
        specs = [
            CaseSpec(tuple((name, size) for name in contract.size_names), contract.pattern)
            for size in dict.fromkeys(selection.sizes)
        ]
        return _number(contract, SIZE_SUITE, specs, selection.seed)
    cases: list[Case] = []
    for suite, specs_at in contract.suites.items():
        if not selection.suites or suite in selection.suites:
            cases += _number(contract, suite, specs_at(lanes), selection.seed)
    if selection.cases:
        cases = [case for case in cases if case.id in selection.cases]
    return tuple(cases)


def _number(contract: Contract, suite: str, specs: Iterable[CaseSpec], seed: int) -> tuple[Case, ...]:
    taken: dict[str, int] = {}
    cases: list[Case] = []
    for index, spec in enumerate(specs):
        label = "-".join(f"{name}{size}" for name, size in spec.sizes)
        if spec.pattern is not contract.pattern:
            label += f"-{spec.pattern.label}"
        taken[label] = taken.get(label, 0) + 1
        if taken[label] > 1:
            label += f"-{taken[label]}"
        scalars = _scalars(contract, index)
        key = case_key(contract.op, suite, label, spec.sizes, scalars, seed)
        cases.append(Case(contract.op, suite, label, spec.sizes, scalars, spec.pattern, spec.placement, key))
    return tuple(cases)


def case_key(*parts: object) -> int:
    """Return the 128-bit Philox key that belongs to the given parts."""
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=16).digest(), "little")


def _scalars(contract: Contract, index: int) -> tuple[tuple[str, Number], ...]:
    """Take the values in turn, the first name fastest, so that every combination comes up."""
    chosen: list[tuple[str, Number]] = []
    for name, values in contract.scalars.items():
        chosen.append((name, values[index % len(values)]))
        index //= len(values)
    return tuple(chosen)


def _check_suites(project: Project, selection: Selection, points: Sequence[Point]) -> None:
    known = {suite for point in points for suite in project.contracts[point.kernel.op].suites} | {GATE_SUITE}
    for suite in selection.suites:
        if points and suite not in known:
            raise UsageError(f"unknown suite {suite!r}{perhaps(suite, known)}; known: {', '.join(sorted(known))}")


def _check_cases(project: Project, selection: Selection, points: Sequence[Point]) -> None:
    unfiltered = replace(selection, cases=())
    needed = {(point.kernel.op, point.vector_bits) for point in points} if selection.cases else set()
    known = {case.id for op, bits in needed for case in make_cases(project.contracts[op], unfiltered, bits)}
    for wanted in selection.cases:
        if points and wanted not in known:
            raise UsageError(f"no case {wanted!r} in the selected suites and widths{perhaps(wanted, known)}")


# ---- reproduction --------------------------------------------------------------------------------------------------


def reproducer(program: str, job: Job, seed: int, config: Path | None) -> Callable[[Case | None], str]:
    """Return a function that writes the shell command which runs one case of a job again (None: all of them)."""
    scalable = job.width_fact in SCALABLE_FACTS
    width = [f"--svl {job.vector_bits}"] if job.vector_bits and scalable else []
    build = f"--cc {shlex.quote(job.build.compiler.spec)} --opt {job.build.opt} --build {job.build.variant}"
    start = " ".join(
        (program, "run", shlex.quote(job.kernel.id), "--target", shlex.quote(job.target.name), *width, build)
    )
    end = f" --seed {seed}" if seed else ""
    end += f" --config {shlex.quote(str(config))}" if config else ""

    def line(case: Case | None) -> str:
        if case is None:
            return start + end
        if case.suite == GATE_SUITE:
            return f"{start} --suite {GATE_SUITE}{end}"
        if case.suite == SIZE_SUITE:
            return f"{start} --size {case.sizes[0][1]}{end}"
        return f"{start} --case {shlex.quote(case.id)}{end}"

    return line
