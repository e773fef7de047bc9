"""Upper halves of AVX registers that calls left in use: by which way through the code, and by whose doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.build import Builder
from harness.build.code import Address, Code, parse, source_lines
from harness.build.locate import disassembly, disassembly_with_lines
from harness.build.uppers import Way, dirty_ways, function_of
from harness.model import ASSEMBLY_SUFFIXES, PREBUILT_SUFFIXES, Binary, Job, Observation

_SHOWN_WAYS = 2
_ASKED_FOR = "-mno-vzeroupper"


@dataclass(frozen=True, slots=True)
class UpperHalves:
    """What the code tells; all parts are empty where nothing was left in use, or no disassembler is here."""

    text: str = ""
    """The ways that leave them so."""
    source_line: str = ""
    excuse: str = ""
    """Why that is no fault of the kernel."""


def examined(builder: Builder, job: Job, binary: Binary, observation: Observation) -> UpperHalves:
    """Look into a kernel's code where a call left upper halves in use."""
    if not any(v.is_of_uppers for case in observation.cases.values() for t in case.trials for v in t.violations):
        return UpperHalves()
    backend, triple = builder.backend, job.build.compiler.triple
    code = parse(disassembly(backend, binary.kernel_objects, triple))
    ways = dirty_ways(code, job.kernel.symbol)
    if not ways:
        return UpperHalves()
    excuse = _excuse(builder, job, [function_of(code, way.used_at) for way in ways])
    lines = source_lines(disassembly_with_lines(backend, binary.kernel_objects, triple))
    text = " or ".join(_described(code, lines, way) for way in _last_uses(ways)[:_SHOWN_WAYS])
    return UpperHalves(f"from {text}, without VZEROUPPER on the way", lines.get(ways[0].used_at, ""), excuse)


def without_uppers(observation: Observation) -> Observation:
    """Return an observation that says nothing of upper halves."""
    cases = {
        index: replace(
            case,
            trials=tuple(
                replace(trial, violations=tuple(v for v in trial.violations if not v.is_of_uppers))
                for trial in case.trials
            ),
        )
        for index, case in observation.cases.items()
    }
    return replace(observation, cases=cases)


def _last_uses(ways: Sequence[Way]) -> list[Way]:
    """Keep of each return the way whose last use is nearest in front of it, in the order of returns."""
    by_return: dict[Address, Way] = {}
    for way in ways:
        if way.returns_at not in by_return or way.used_at < way.returns_at:
            by_return[way.returns_at] = way
    return list(by_return.values())


def _described(code: Code, lines: dict[Address, str], way: Way) -> str:
    return f"{_instruction(code, lines, way.used_at)} to the return{_at(lines, way.returns_at)}"


def _instruction(code: Code, lines: dict[Address, str], address: Address) -> str:
    return f"'{' '.join(str(code.instructions[address]).split())}'{_at(lines, address)}"


def _at(lines: dict[Address, str], address: Address) -> str:
    return f" at {lines[address]}" if lines.get(address) else ""


def _excuse(builder: Builder, job: Job, functions: Sequence[str]) -> str:
    """Say why the compiler is to answer for it: it puts no VZEROUPPER into any of the functions that use them last.

    gcc does where it optimises for size or not at all, be it by a pragma or an attribute of one function. What is
    assembly, or asks for it by a flag, has decided that itself.
    """
    kernel, compiler = job.kernel, job.build.compiler
    own_words = (*ASSEMBLY_SUFFIXES, *PREBUILT_SUFFIXES)
    if compiler.family != "gcc" or _ASKED_FOR in kernel.compilation.flags:
        return ""
    if any(source.suffix in own_words for source in kernel.sources):
        return ""
    cleaned = builder.functions_with_vzeroupper(kernel, job.build, job.isa_flags)
    if cleaned is None or cleaned & set(functions):
        return ""
    names = ", ".join(dict.fromkeys(functions))
    why = f"{compiler.spec} inserts no VZEROUPPER into {names}, as where it optimises for size or not at all"
    return f"Upper halves of AVX registers behind {kernel.id} ({job.build.label}): not checked, since {why}"
