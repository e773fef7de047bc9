"""What a narrowed selection leaves out that a run without options has: core models and gates. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from harness.model import CORE_BUILD, Point, Project, Role, Selection
from harness.plan.points import further_points, select_kernels, select_targets

_OPTIONS = ("--target", "--svl", "--emulator", "--cc", "--opt", "--build", "--suite", "--case", "--size")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that a selection leaves out."""

    what: str
    by: tuple[str, ...]
    """The options that leave it out."""
    remedy: str
    """What brings it back."""


def points_left_out(project: Project, selection: Selection, *, is_last_failed: bool = False) -> list[str]:
    """Return one line: which core models and gates are left out, what brings them back, by which options; or none.

    Raises:
        UsageError: a literal name that the project does not have.
    """
    found = [*_core_models(project, selection), *_gates(project, selection)]
    if not found:
        return []
    named = {name for one in found for name in one.by}
    options = ["--last-failed"] if is_last_failed else [name for name in _OPTIONS if name in named]
    what = ", ".join(f"{one.what} ({one.remedy})" for one in found)
    return [f"{what}: narrowed by {', '.join(options)}"]


def _about_cases(selection: Selection) -> tuple[str, ...]:
    named = {"--suite": selection.suites, "--case": selection.cases, "--size": selection.sizes}
    return tuple(option for option, values in named.items() if values)


def _about_builds(selection: Selection) -> tuple[str, ...]:
    unnamed = Selection()
    named = {
        "--cc": bool(selection.compilers),
        "--opt": selection.opts != unnamed.opts,
        "--build": selection.variants != unnamed.variants,
    }
    return tuple(option for option, has in named.items() if has)


def _named(selection: Selection) -> tuple[str, ...]:
    return ("--target",) * bool(selection.targets) + ("--emulator",) * bool(selection.emulator)


def _points(project: Project, selection: Selection, role: Role) -> list[Point]:
    targets = select_targets(project, selection.targets)
    kernels = [kernel for kernel, _ in select_kernels(project, selection.kernels)]
    found = [point for kernel in kernels for point in further_points(project, kernel, targets, selection)]
    return [point for point in found if point.role is role]


def _whole(selection: Selection) -> Selection:
    """Return the same kernels without any narrowing."""
    return Selection(kernels=selection.kernels, vector_bits=selection.vector_bits, required=selection.required)


def _key(point: Point) -> tuple[str, str, int | None]:
    return point.kernel.id, point.target.name, point.vector_bits


def _core_models(project: Project, selection: Selection) -> Iterable[LeftOut]:
    there = {_key(point) for point in _points(project, selection, Role.CORE)}
    missing = [point for point in _points(project, _whole(selection), Role.CORE) if _key(point) not in there]
    missing = [point for point in missing if point.target.name not in selection.targets]
    if not missing:
        return
    names = list(dict.fromkeys(point.target.name for point in missing))
    what = f"core model{'s' if len(names) > 1 else ''} {', '.join(names)}"
    opt, variant = CORE_BUILD
    needed = {"--opt": (opt, selection.opts), "--build": (variant, selection.variants)}
    lacking = {option: value for option, (value, chosen) in needed.items() if value not in chosen}
    if about := (*_about_cases(selection), *_named(selection)):
        yield LeftOut(what, about, "--target NAME")
    elif lacking:
        yield LeftOut(what, tuple(lacking), f"add {' '.join(f'{option} {value}' for option, value in lacking.items())}")
    else:
        widths = sorted({point.vector_bits for point in missing if point.vector_bits})
        yield LeftOut(what, ("--svl",), f"--svl {','.join(map(str, widths))}")


def _gates(project: Project, selection: Selection) -> Iterable[LeftOut]:
    there = {point.kernel.id for point in _points(project, selection, Role.GATE)}
    missing = [point for point in _points(project, _whole(selection), Role.GATE) if point.kernel.id not in there]
    if missing:
        by = (*_about_builds(selection), *_about_cases(selection), *_named(selection))
        yield LeftOut("the gate", by, "--suite gate")
