"""Jobs: points with a compiler, an executor and their cases, where the machine can do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.model import (
    ASSEMBLY_SUFFIXES,
    CORE_BUILD,
    DEFAULT_COMPILERS,
    PREBUILT_SUFFIXES,
    Absence,
    Build,
    Capabilities,
    Case,
    Compiler,
    Contract,
    Executor,
    Fill,
    Job,
    Kernel,
    Missing,
    Outcome,
    Plan,
    Point,
    Project,
    Role,
    Selection,
    Side,
    Trial,
    Variant,
    all_missing,
    has_sme,
)
from harness.model.prototype import SmeInterface
from harness.model.triple import resolve_triple
from harness.plan.cases import CaseMatrices, check_cases, check_suites

TRIALS = {
    Variant.PLAIN: (Trial(Fill.BENIGN, Side.END), Trial(Fill.BENIGN, Side.START)),
    Variant.HOSTILE: (
        Trial(Fill.NAN, Side.END),
        Trial(Fill.HUGE_NEGATIVE, Side.END),
        Trial(Fill.HUGE_POSITIVE, Side.START),
    ),
}
"""Calls per case, by build variant: every buffer touches the guard page behind it, then the one in front of it.

Calls that differ in nothing but the fill must give the same bits."""
PROVING_TRIALS = {Variant.PLAIN: 1, Variant.HOSTILE: 2}
"""Of these, how many the proving suites have, which are about arithmetic, and long."""
CLEAN_UPPERS_TRIAL = Trial(Fill.BENIGN, Side.START, clean_uppers=True)
"""One more call on x86, in the hostile build: poisoned upper halves and correct SSE code would read as dirty."""

ZA_DORMANT_TRIAL = Trial(Fill.NAN, Side.START, za_dormant=True)
"""One more call of SME kernels, in the hostile build: a caller with something in ZA, which it may have to save.

NaNs, which show in a result that they get into."""


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
    check_suites(project, selection, points)
    check_cases(project, selection, points)
    jobs: list[Job] = []
    matrices = CaseMatrices(selection)
    missing = list(absences)
    for point in points:
        executor = capabilities.executors[point.need]
        if isinstance(executor, Missing):
            missing.append(_absent(point, executor))
            continue
        compilers = _compilers(project, selection, point, capabilities)
        has_none = all(isinstance(compiler, Missing) for compiler in compilers)
        for compiler in compilers:
            if isinstance(compiler, Missing):
                # A compiler that is there, and lacks what a glob reached, is no error.
                is_absent = bool(selection.compilers) and not capabilities.is_unfit(compiler)
                named = is_absent or (point.named and has_none)
                missing.append(_unavailable(point, str(compiler), named=named))
                continue
            is_first = compiler is next(one for one in compilers if isinstance(one, Compiler))
            found = _jobs(project, selection, matrices, point, compiler, capabilities, has_long=is_first)
            if is_first and not found and not selection.cases:
                missing.append(_without_cases(point))
            elif is_first and point.role is Role.MAIN:
                contract, conventions = project.contracts[point.kernel.op], point.kernel.conventions
                missing += _ruled_out(point, matrices.of(contract, conventions, point.vector_bits).ruled_out)
            jobs += found
    return Plan(tuple(jobs), tuple(missing))


def _without_cases(point: Point) -> Absence:
    promised = " and ".join(requirement.text for requirement in point.kernel.conventions.requires)
    reason = f"it may be called only where {promised}: no case is left" if promised else "no case is selected"
    if point.kernel.takes_vectors and not promised:
        reason = "no case is left: rows beyond 2 GiB are nothing to a kernel that sees one vector at a time"
    return Absence(
        point.kernel.id, point.target.name, point.vector_bits, None, Outcome.NOT_APPLICABLE, reason, named=False
    )


def _ruled_out(point: Point, ruled_out: Sequence[str]) -> list[Absence]:
    """Say what of a point's cases callers may not pass: nobody should take it for checked."""
    promised = " and ".join(requirement.text for requirement in point.kernel.conventions.requires)
    return [
        Absence(
            point.kernel.id,
            point.target.name,
            point.vector_bits,
            None,
            Outcome.NOT_APPLICABLE,
            f"{what}: it may be called only where {promised}, and none of these sizes is",
            named=False,
        )
        for what in ruled_out
    ]


def _absent(point: Point, missing: Missing) -> Absence:
    """What the processor itself lacks is a combination that cannot be; what is missing here could be had."""
    if not missing.is_inherent:
        return _unavailable(point, str(missing), named=point.named)
    outcome = Outcome.NOT_APPLICABLE
    return Absence(point.kernel.id, point.target.name, point.vector_bits, None, outcome, missing.reason, named=False)


def _unavailable(point: Point, reason: str, *, named: bool) -> Absence:
    if point.role is Role.GATE:
        reason = f"whether it faults without {point.kernel.isa}: {reason}"
    return Absence(
        point.kernel.id,
        point.target.name,
        point.vector_bits,
        None,
        Outcome.UNAVAILABLE,
        reason,
        named=named,
    )


def _compilers(
    project: Project, selection: Selection, point: Point, capabilities: Capabilities
) -> list[Compiler | Missing]:
    """The compilers to build a point with; those that are missing only where that must be reported."""
    isa = project.isa_target(point.kernel.isa)
    chosen = dict.fromkeys(selection.compilers or DEFAULT_COMPILERS)
    found = [capabilities.compilers[(resolve_triple(isa.triple, capabilities.native_triple), spec)] for spec in chosen]
    fit = [capabilities.fit(point.kernel, c) if isinstance(c, Compiler) else c for c in found]
    if point.kernel.is_prebuilt:  # the compiler only links it: one that is here, whatever ISAs it knows
        here = [compiler for compiler in found if isinstance(compiler, Compiler)]
        return [*here[:1]] or found[:1]
    if selection.compilers and point.role is not Role.CORE:
        return fit
    usable: list[Compiler | Missing] = [compiler for compiler in fit if isinstance(compiler, Compiler)]
    if not usable:
        lacking = [missing for missing in fit if isinstance(missing, Missing) and capabilities.is_unfit(missing)]
        return [all_missing(lacking)] if lacking else fit[:1]
    # What is not installed is not missed; what is, and lacks something, is listed.
    unfit = [now for now, before in zip(fit, found, strict=True) if now is not before]
    return usable + unfit if point.role is Role.MAIN else usable[:1]


def _jobs(
    project: Project,
    selection: Selection,
    matrices: CaseMatrices,
    point: Point,
    compiler: Compiler,
    capabilities: Capabilities,
    *,
    has_long: bool,
) -> list[Job]:
    """Return a job per build. With `has_long`, one of them has the cases that one build is enough for."""
    executor, *further = _executors(point, capabilities)
    contract = project.contracts[point.kernel.op]
    if point.role is Role.GATE:
        cases = matrices.gate(contract, point.kernel.conventions)
        builds = [(opt, variant) for opt in selection.opts[-1:] for variant in selection.variants[:1]]
    else:
        cases = matrices.of(contract, point.kernel.conventions, point.vector_bits).cases
        if point.kernel.takes_vectors:
            cases = tuple(case for case in cases if not _is_on_request(contract, case))
        builds = [
            (opt, variant) for opt in dict.fromkeys(selection.opts) for variant in dict.fromkeys(selection.variants)
        ]
        if point.role is Role.CORE:
            builds = [CORE_BUILD] if CORE_BUILD in builds else builds[-1:]
    if point.kernel.is_prebuilt:
        builds = list(dict.fromkeys(("", variant) for _, variant in builds))
    isa = project.isa_target(point.kernel.isa)
    cases_of = dict.fromkeys(builds, tuple(case for case in cases if not _is_in_one_build(contract, case)))
    if has_long and point.role is Role.MAIN:
        cases_of[builds[-1][0], selection.variants[0]] = cases
    return [
        Job(
            kernel=point.kernel,
            contract=contract,
            target=point.target,
            isa_flags=isa.flags,
            width_fact=isa.width_fact,
            build=Build(compiler, opt, variant, point.how),
            executor=_fit(executor, variant),
            vector_bits=point.vector_bits,
            role=point.role,
            named=point.named,
            cases=cases_of[opt, variant],
            trials=_trials(point, compiler, opt, variant),
            fewer_trials=_fewer_trials(contract, variant),
            cpu_timeout_ms=max(1, round(1000 * selection.cpu_timeout_s)),
            promised=capabilities.promised.get(point.need),
            further_executors=tuple(_fit(other, variant) for other in further),
        )
        for opt, variant in builds
        if cases_of[opt, variant]
    ]


def _executors(point: Point, capabilities: Capabilities) -> list[Executor]:
    first = capabilities.executors[point.need]
    assert isinstance(first, Executor)
    return [first, *capabilities.further.get(point.need, ())]


def _fit(executor: Executor, variant: Variant) -> Executor:
    return executor.made_hostile() if variant is Variant.HOSTILE else executor


def _is_on_request(contract: Contract, case: Case) -> bool:
    return case.suite in contract.suites and contract.suites[case.suite].is_on_request


def _is_in_one_build(contract: Contract, case: Case) -> bool:
    return case.suite in contract.suites and contract.suites[case.suite].is_in_one_build


def _fewer_trials(contract: Contract, variant: Variant) -> dict[str, int]:
    """Return the calls per case of the suites that have fewer: proving ones, and those of very long rows."""
    found = {name: PROVING_TRIALS[variant] for name, suite in contract.suites.items() if suite.is_proving}
    return found | {name: 1 for name, suite in contract.suites.items() if suite.is_in_one_build or suite.is_on_request}


def _trials(point: Point, compiler: Compiler, opt: str, variant: Variant) -> tuple[Trial, ...]:
    if point.role is Role.GATE:
        return TRIALS[Variant.PLAIN][:1]
    trials = TRIALS[variant]
    if point.kernel.takes_vectors and any(vector.is_predicate for vector in point.kernel.prototype.vectors):
        trials = (*trials[:-1], replace(trials[-1], alternate_lanes=True))
    if has_sme(point.kernel.isa):
        return _sme_trials(point.kernel.prototype.sme, variant, trials)
    if (
        variant is Variant.HOSTILE
        and compiler.triple.startswith("x86_64")
        and "dirty-uppers" not in point.kernel.conventions.waived
        and _answers_for_uppers(point.kernel, compiler, opt)
    ):
        trials = (*trials, CLEAN_UPPERS_TRIAL)
    return trials


_WITHOUT_VZEROUPPER = ("O0", "O1", "Os")
"""Levels at which gcc does not insert VZEROUPPER (gcc/config/i386/i386-features.cc, gate of pass_insert_vzeroupper)."""


def _answers_for_uppers(kernel: Kernel, compiler: Compiler, opt: str) -> bool:
    """Whether upper halves left dirty are the kernel's own doing: with intrinsics, cleaning is the compiler's job."""
    is_compiled = any(source.suffix not in (*ASSEMBLY_SUFFIXES, *PREBUILT_SUFFIXES) for source in kernel.sources)
    return not (is_compiled and compiler.family == "gcc" and opt in _WITHOUT_VZEROUPPER)


def _sme_trials(interface: SmeInterface, variant: Variant, trials: tuple[Trial, ...]) -> tuple[Trial, ...]:
    """Enter a streaming-compatible kernel in both modes, and one with a ZA of its own while a caller's waits in it."""
    if interface.mode == "__arm_streaming_compatible":
        in_streaming_mode = [replace(trial, streaming=True) for trial in trials]
        trials = (*trials, *in_streaming_mode[:2]) if variant is Variant.HOSTILE else (trials[0], in_streaming_mode[1])
    if variant is Variant.HOSTILE and not interface.shared:
        trials = (*trials, ZA_DORMANT_TRIAL)
    return trials
