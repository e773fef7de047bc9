"""What a kernel's own code tells that running it here cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.build.code import Instruction, parse, source_lines
from harness.build.code import Place as InstructionPlace
from harness.build.features import Need, needs_beyond, promising
from harness.build.locate import disassembly, disassembly_with_lines
from harness.build.probes import predefined_macros
from harness.build.streaming import outside_streaming_mode
from harness.launch.emulators import flattering_instructions, overreaching_instructions
from harness.model import Binary, Job, Role
from harness.place import Place

_SHOWN_INSTRUCTIONS = 3
_BEYOND_ISA = "beyond-isa"


@dataclass(frozen=True, slots=True)
class Objections:
    """What was found; both empty where nothing stands against a run and its verdict."""

    unavailable: str = ""
    """Why a verdict on this executor would be worth nothing."""
    faults_elsewhere: str = ""
    """Why it would fault on a processor that no emulator here has."""


def audit(place: Place, job: Job, binary: Binary) -> Objections:
    """Disassemble a job's kernel where there is a question that only its code answers."""
    if job.role is Role.GATE:
        found = _streaming(place, job, binary)
        return found if found.unavailable or found.faults_elsewhere else _beyond_isa(place, job, binary)
    reason = _estimates(place, job, binary) or _wrong_instructions(place, job, binary)
    return Objections(unavailable=reason or _overreaching(place, job, binary))


def _overreaching(place: Place, job: Job, binary: Binary) -> str:
    """Why a kernel cannot be judged by this executor: it would be accused of accesses that it does not make."""
    beginnings = overreaching_instructions(job.executor, job.build.compiler.triple)
    if not beginnings:
        return ""
    code = disassembly(place, binary.kernel_objects, job.build.compiler.triple)
    found = sorted(name for name in _mnemonics(code) if name.startswith(beginnings))
    how = f"{job.executor.how} accesses lanes that {' and '.join(found)} mask off"
    return f"{how}, and would accuse a correct kernel; run it natively or in Bochs" if found else ""


def _wrong_instructions(place: Place, job: Job, binary: Binary) -> str:
    """Why a kernel cannot be judged by this executor: it uses instructions whose results are wrong here."""
    executor = job.executor
    if not executor.wrong_instructions:
        return ""
    code = disassembly(place, binary.kernel_objects, job.build.compiler.triple)
    if not code:
        wrong = ", ".join(sorted(executor.wrong_instructions))
        return f"no objdump, which tells whether it uses {wrong}; install binutils"
    found = sorted(name for name in _mnemonics(code) if name.startswith(tuple(executor.wrong_instructions)))
    how = f"{executor.how} {executor.version} computes {' and '.join(found)} wrongly, as its self-test shows"
    return f"{how}: run it natively or under SDE" if found else ""


def _mnemonics(code: str) -> set[str]:
    return set(re.findall(r"(?m)^\s*[0-9a-f]+:\s+([a-z]\w*)", code))


def _estimates(place: Place, job: Job, binary: Binary) -> str:
    """Why a kernel cannot be judged by this executor: it uses instructions that look better here than anywhere."""
    triple = job.build.compiler.triple
    flattering = flattering_instructions(job.executor, triple)
    if not flattering or "estimates" in job.kernel.conventions.waived:
        return ""
    code = disassembly(place, binary.kernel_objects, triple)
    if not code:
        return f"no objdump, which tells whether it uses {', '.join(sorted(flattering))}; install binutils"
    found = sorted(flattering & _mnemonics(code))
    how = f"{job.executor.how} computes {' and '.join(found)} more precisely than any processor"
    return f"{how}: a missing Newton step would not show; run it natively" if found else ""


def _streaming(place: Place, job: Job, binary: Binary) -> Objections:
    """Why a kernel for streaming mode faults where there is no SVE outside it."""
    if not job.target.is_streaming or "streaming-only" in job.kernel.conventions.waived:
        return Objections()
    code = parse(disassembly(place, binary.kernel_objects, job.build.compiler.triple))
    if not code.instructions:
        return Objections("no objdump, which tells whether SVE is used outside streaming mode; install binutils")
    found = outside_streaming_mode(code, job.kernel.symbol)
    if not found:
        return Objections()
    return Objections("", f"outside streaming mode, where a processor with SME need not have SVE: {_some(found)}")


def _beyond_isa(place: Place, job: Job, binary: Binary) -> Objections:
    """Why a kernel faults on a processor that has its ISA and nothing more."""
    kernel, compiler = job.kernel, job.build.compiler
    if _BEYOND_ISA in kernel.conventions.waived:
        return Objections()
    flags = (*job.isa_flags, *promising(kernel.compilation.flags))
    needs = needs_beyond(
        parse(disassembly(place, binary.kernel_objects, compiler.triple)),
        kernel.symbol,
        compiler.triple.split("-")[0],
        lambda: predefined_macros(place, compiler, flags),
    )
    if not needs:
        return Objections()
    lines = source_lines(disassembly_with_lines(place, binary.kernel_objects, compiler.triple))
    told = ", ".join(_told(need, lines) for need in needs[:_SHOWN_INSTRUCTIONS])
    more = f", and {len(needs) - _SHOWN_INSTRUCTIONS} more features" if len(needs) > _SHOWN_INSTRUCTIONS else ""
    remedy = f'flags = ["{needs[0].feature.flag}"] promises it, waived = {{{_BEYOND_ISA} = "..."}} excuses it'
    return Objections("", f"would fault on a processor with {kernel.isa} alone: {told}{more}; {remedy}")


def _told(need: Need, lines: Mapping[InstructionPlace, str]) -> str:
    at = f" at {lines[need.place]}" if lines.get(need.place) else ""
    instruction = " ".join(str(need.instruction).split())
    more = f" and {need.count - 1} more need" if need.count > 1 else " needs"
    return f"'{instruction}'{at}{more} {need.feature.name}"


def _some(instructions: list[Instruction]) -> str:
    shown = list(dict.fromkeys(map(str, instructions)))
    more = f" and {len(shown) - _SHOWN_INSTRUCTIONS} more" if len(shown) > _SHOWN_INSTRUCTIONS else ""
    return ", ".join(f"'{text}'" for text in shown[:_SHOWN_INSTRUCTIONS]) + more
