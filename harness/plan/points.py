"""Points: which kernels on which targets at which widths, and the combinations that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harness.errors import UsageError, perhaps
from harness.model import (
    ALL_EMULATORS,
    SCALAR_ISA,
    Absence,
    Kernel,
    Outcome,
    Point,
    Project,
    Role,
    Selection,
    Target,
    is_selected,
)
from harness.plan.cases import GATE_SUITE, check_sizes

_GLOB_CHARACTERS = frozenset("*?[")


def select(project: Project, selection: Selection) -> tuple[tuple[Point, ...], tuple[Absence, ...]]:
    """Expand the selection to points, and to the combinations that cannot be.

    Without --target a kernel runs on the target of its ISA. Widths apply to scalable ISAs; others run once.

    Raises:
        UsageError: a literal name that the project does not have, or an impossible width or size.
    """
    kernels = select_kernels(project, selection.kernels)
    targets = select_targets(project, selection.targets)
    _check_widths(project, selection)
    _check_required(project, selection)
    points: list[Point] = []
    absences: list[Absence] = []
    for kernel, kernel_named in kernels:
        points += further_points(project, kernel, targets, selection)
        for target in targets or _own_targets(project, kernel):
            if reason := _why_not(kernel, target):
                absences.append(_not_applicable(kernel, target, None, reason))
                continue
            required = _is_required(selection, target)
            named = kernel_named or bool(selection.targets) or selection.emulator is not None or required
            for vector_bits, reason in _widths(project, kernel, target, selection):
                if reason:
                    absences.append(_not_applicable(kernel, target, vector_bits, reason))
                else:
                    named_width = selection.vector_bits_named and project.isa_target(kernel.isa).is_scalable
                    point = Point(kernel, target, vector_bits, named or named_width)
                    points += _every_way(point) if selection.emulator == ALL_EMULATORS else [point]
    check_sizes(project, selection, points)
    # Op by op, so that what belongs to one can be dropped when the next begins; the scalar kernel first, since the
    # others are compared with it.
    ops = list(dict.fromkeys(point.kernel.op for point in points))
    points.sort(key=lambda p: (ops.index(p.kernel.op), p.kernel.isa != SCALAR_ISA, _ROLE_ORDER[p.role]))
    return tuple(points), tuple(absences)


def _every_way(point: Point) -> list[Point]:
    """One point for each way that the target lists; what is not here is reported, and no error."""
    return [replace(point, how=way.how, named=False) for way in point.target.emulations]


def _own_targets(project: Project, kernel: Kernel) -> list[Target]:
    names = kernel.targets or (kernel.isa,)
    return [project.targets[name] for name in names]


def _why_not(kernel: Kernel, target: Target) -> str:
    if kernel.isa not in target.isas:
        return f"{target.name} does not run {kernel.isa} code"
    if kernel.targets and target.name not in kernel.targets:
        return f"its manifest says targets = {list(kernel.targets)}"
    return ""


_ROLE_ORDER = {role: rank for rank, role in enumerate(Role)}


def further_points(project: Project, kernel: Kernel, targets: Sequence[Target], selection: Selection) -> list[Point]:
    """Return the core models that a kernel's ISA promises to run on, and its gate, as far as they are selected."""
    found: list[Point] = []
    isa = project.isa_target(kernel.isa)
    for target in project.targets.values():
        required = _is_required(selection, target)
        wants_core = required or (selection.has_core_models and not kernel.targets)
        if target.is_core and kernel.isa in target.isas and target not in targets and wants_core:
            widths = target.vector_bits if isa.is_scalable else isa.vector_bits
            chosen = selection.vector_bits if isa.is_scalable and selection.vector_bits_named else widths
            found += [Point(kernel, target, bits, required, Role.CORE) for bits in widths if bits in chosen]
    wants_gate = GATE_SUITE in selection.suites or not selection.is_narrowed
    is_waived = "gate" in kernel.conventions.waived
    if isa.gate and wants_gate and (not targets or isa in targets) and not is_waived:
        found.append(Point(kernel, isa, None, False, Role.GATE))
    return found


def select_kernels(project: Project, patterns: Sequence[str]) -> list[tuple[Kernel, bool]]:
    """Return the kernels that ids, globs and ops select, each with whether it was named literally; without any, all.

    Raises:
        UsageError: one of them selects nothing.
    """
    if not patterns:
        return [(kernel, False) for kernel in project.kernels]
    chosen: dict[str, tuple[Kernel, bool]] = {}
    known = [kernel.id for kernel in project.kernels]
    for pattern in patterns:
        matches = [kernel for kernel in project.kernels if is_selected(kernel.id, pattern)]
        if not matches:
            what = "no kernel matches" if _GLOB_CHARACTERS & set(pattern) else "unknown kernel"
            ops = (kernel.op for kernel in project.kernels)
            raise UsageError(f"{what} {pattern!r}{perhaps(pattern, [*known, *ops])}; see 'harness list'")
        for kernel in matches:
            already = kernel.id in chosen and chosen[kernel.id][1]
            chosen[kernel.id] = (kernel, already or kernel.id == pattern)
    return list(chosen.values())


def select_targets(project: Project, names: Sequence[str]) -> list[Target]:
    """Return the targets of these names.

    Raises:
        UsageError: the project does not have one.
    """
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
