"""What a kernel's own code shows that running it here cannot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.backend import Backend
from harness.build.code import Address, Code, Instruction, parse, source_lines
from harness.build.features import Need, needs_beyond, relied_on
from harness.build.locate import disassembly, disassembly_with_lines
from harness.build.probes import predefined_macros
from harness.build.streaming import outside_streaming_mode
from harness.features import memory_forms_of, table_of
from harness.launch.emulators import emulator_of
from harness.model import ASSEMBLY_SUFFIXES, Binary, Executor, FeatureTable, Job, Role

_SHOWN_INSTRUCTIONS = 3
_BEYOND_ISA = "beyond-isa"
_STREAMING_ONLY = "streaming-only"


@dataclass(frozen=True, slots=True)
class Objections:
    """What was found; all empty where nothing stands against a run and its verdict."""

    unavailable: str = ""
    """Why a verdict on this executor would be worth nothing."""
    faults_elsewhere: str = ""
    """Why it would fault on a processor that no emulator here has."""
    note: str = ""
    """What is excused, and to be said all the same."""


def audit(backend: Backend, job: Job, binary: Binary) -> Objections:
    """Disassemble a job's kernel where there is a question that only its code answers."""
    if job.role is Role.GATE:
        found = _streaming(backend, job, binary)
        if found.unavailable or found.faults_elsewhere:
            return found
        return replace(_beyond_isa(backend, job, binary), note=found.note)
    executor = job.executor
    triple = job.build.compiler.triple
    flattering = emulator_of(executor.how).flattering_instructions(triple)
    may_be_wrong = executor.wrong_instructions or executor.overreaching or flattering
    return Objections(unavailable=_cannot_judge(backend, job, binary) if may_be_wrong else "")


def with_judging_executor(backend: Backend, job: Job, binary: Binary) -> tuple[Job, Objections]:
    """Return a job on the first of its executors whose verdict is worth something, and what stands against that.

    Where there is none, it is the job as it was, and the reasons of all.
    """
    objections = audit(backend, job, binary)
    if not objections.unavailable:
        return job, objections
    reasons = [objections.unavailable]
    for executor in job.further_executors:
        other = replace(job, executor=executor)
        found = audit(backend, other, binary)
        if not found.unavailable:
            return other, found
        reasons.append(found.unavailable)
    return job, Objections(unavailable="; ".join(reasons))


def _cannot_judge(backend: Backend, job: Job, binary: Binary) -> str:
    """Why a kernel cannot be judged by this executor, which gets some of its instructions wrong."""
    code = parse(disassembly(backend, binary.kernel_objects, job.build.compiler.triple))
    how = f"{job.executor.how} {job.executor.version}"
    if not code.instructions:
        return f"no objdump, which tells whether it uses instructions that {how} has wrong; install binutils"
    return _estimates(job, code) or _wrong_instructions(job.executor, code) or _overreaching(job, code)


def _overreaching(job: Job, code: Code) -> str:
    """Why a kernel would be accused of accesses that it does not make."""
    executor = job.executor
    forms = [
        form
        for form in memory_forms_of(job.build.compiler.triple.partition("-")[0])
        if form.assembly in executor.overreaching
    ]
    found = dict.fromkeys(
        instruction.mnemonic
        for instruction in code.instructions.values()
        if any(form.fits(instruction.mnemonic, instruction.operands) for form in forms)
    )
    if not found:
        return ""
    what = f"accesses more than the memory operand of {' and '.join(sorted(found))}, as the survey saw at a page end"
    return (
        f"{executor.how} {executor.version} {what}, and would accuse a correct kernel; "
        "run it natively, under SDE or in Bochs"
    )


def _wrong_instructions(executor: Executor, code: Code) -> str:
    """Why a kernel's results would be wrong without its doing."""
    wrong = tuple(executor.wrong_instructions)
    found = sorted(name for name in _mnemonics(code) if wrong and name.startswith(wrong))
    how = f"{executor.how} {executor.version} computes {' and '.join(found)} wrongly, as its self-test shows"
    return f"{how}: run it natively or under SDE" if found else ""


def _mnemonics(code: Code) -> set[str]:
    return {instruction.mnemonic for instruction in code.instructions.values()}


def _estimates(job: Job, code: Code) -> str:
    """Why a kernel would pass that is wrong: it uses instructions that look better here than anywhere."""
    if "estimates" in job.kernel.conventions.waived:
        return ""
    flattering = emulator_of(job.executor.how).flattering_instructions(job.build.compiler.triple)
    found = sorted(flattering & _mnemonics(code))
    how = f"{job.executor.how} computes {' and '.join(found)} more precisely than any processor"
    return f"{how}: a missing Newton step would not show; run it natively" if found else ""


def _streaming(backend: Backend, job: Job, binary: Binary) -> Objections:
    """Why a kernel for streaming mode faults where there is no SVE outside it."""
    if not job.target.is_streaming or _STREAMING_ONLY in job.kernel.conventions.waived:
        return Objections()
    code = parse(disassembly(backend, binary.kernel_objects, job.build.compiler.triple))
    if not code.instructions:
        return Objections("no objdump, which tells whether SVE is used outside streaming mode; install binutils")
    found = outside_streaming_mode(code, job.kernel.symbol, assembled=_assembled(job, binary))
    if found.kernels:
        what = _some(found.kernels)
        return Objections("", f"outside streaming mode, where a processor with SME need not have SVE: {what}")
    if found.compilers:
        compiler = f"{job.build.compiler.spec} {job.build.compiler.version}"
        where = f"in front of SMSTART, to describe a frame to debuggers: {_some(found.compilers)}"
        why = "where a processor has SME and no SVE (Apple M4), its code faults"
        return Objections(note=f"{compiler} puts SVE instructions {where}; {why}")
    return Objections()


def _assembled(job: Job, binary: Binary) -> frozenset[int]:
    """Return which of a kernel's objects were assembled, counted from 1; none where the linker joined them."""
    sources = job.kernel.sources
    if len(sources) != len(binary.kernel_objects):
        return frozenset()
    return frozenset(number for number, source in enumerate(sources, 1) if source.suffix in ASSEMBLY_SUFFIXES)


def _beyond_isa(backend: Backend, job: Job, binary: Binary) -> Objections:
    """Why a kernel faults on a processor that has what is promised and nothing more."""
    kernel, triple = job.kernel, job.build.compiler.triple
    if _BEYOND_ISA in kernel.conventions.waived:
        return Objections()
    table = table_of(triple.partition("-")[0])
    code = parse(disassembly(backend, binary.kernel_objects, triple))
    needs = needs_beyond(code, kernel.symbol, table, relied_on(job, table))
    if not needs:
        return Objections()
    if job.promised is None:
        flags = " ".join((*job.isa_flags, *kernel.compilation.machine_flags))
        return Objections(f"whether it needs more than is promised cannot be found out: no compiler here takes {flags}")
    lines = source_lines(disassembly_with_lines(backend, binary.kernel_objects, triple))
    shown = ", ".join(_shown(need, lines) for need in needs[:_SHOWN_INSTRUCTIONS])
    more = f", and {len(needs) - _SHOWN_INSTRUCTIONS} more features" if len(needs) > _SHOWN_INSTRUCTIONS else ""
    remedy = f'{_remedy(backend, job, table, needs[0])}; waived = {{{_BEYOND_ISA} = "..."}} excuses it'
    only = "what is promised" if kernel.compilation.machine_flags or kernel.features else kernel.isa
    return Objections("", f"would fault on a processor with {only} alone: {shown}{more}; {remedy}")


def _remedy(backend: Backend, job: Job, table: FeatureTable, need: Need) -> str:
    """Say how to promise a feature: by a flag that this compiler takes, else by name."""
    name = need.features[0]
    by_name = f'features = ["{name}"]'
    flags = (*job.isa_flags, *job.kernel.compilation.machine_flags)
    flag = table.promising_flag(name, flags)
    macros = predefined_macros(backend, job.build.compiler, (*flags, flag))
    if job.kernel.is_prebuilt or macros is None or name not in table.of_macros(macros):
        return f"{by_name} promises it"
    return f'flags = ["{flag}"], or {by_name} without a flag, promises it'


def _shown(need: Need, lines: Mapping[Address, str]) -> str:
    at = f" at {lines[need.address]}" if lines.get(need.address) else ""
    instruction = " ".join(str(need.instruction).split())
    more = f" and {need.count - 1} more need" if need.count > 1 else " needs"
    return f"'{instruction}'{at}{more} {' or '.join(need.features)}"


def _some(instructions: tuple[Instruction, ...]) -> str:
    shown = [" ".join(text.split()) for text in dict.fromkeys(map(str, instructions))]
    more = f" and {len(shown) - _SHOWN_INSTRUCTIONS} more" if len(shown) > _SHOWN_INSTRUCTIONS else ""
    return ", ".join(f"'{text}'" for text in shown[:_SHOWN_INSTRUCTIONS]) + more
