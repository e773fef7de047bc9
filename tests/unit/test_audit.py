"""What a kernel's code says against a run: read from disassemblies, on the executor that the job has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.backend.host import host_backend
from harness.execution import static_checks as audit
from harness.features import memory_forms_of
from harness.model import (
    Binary,
    Capabilities,
    Compilation,
    Compiler,
    Executor,
    Job,
    Role,
    Selection,
)
from harness.plan import make_plan, select
from tests.unit.samples import bundled_project

Show = Callable[..., None]

BINARY = Binary(Path("guest"), "digest", (), (Path("kernel0.o"),))
EMULATOR = Executor("qemu-user", "7.2", "max", ("qemu-x86_64", "-cpu", "max"), "id")
NATIVE = Executor("native", "", "x", (), "id")
SCALAR_FMA = tuple(form.assembly for form in memory_forms_of("x86_64") if form.assembly.startswith("vfmadd231ss"))


def job_of(kernel_id: str, role: Role = Role.MAIN, **changes: Any) -> Job:
    """The first job of a bundled kernel, with something else about the kernel."""
    project = bundled_project()
    changed = [replace(one, **changes) for one in project.kernels if one.id == kernel_id]
    project = replace(project, kernels=tuple(changed))
    points, absences = select(project, Selection())
    triple = next(project.isa_target(kernel.isa).triple for kernel in changed)
    gcc = Compiler("gcc", "gcc", "12.2.0", triple, ("gcc",), "id")
    compilers = {(gcc.triple, spec): gcc for spec in ("gcc", "clang")}
    needs = {point.need for point in points}
    found = Capabilities("x86_64-linux-gnu", compilers, dict.fromkeys(needs, EMULATOR))
    return next(job for job in make_plan(project, Selection(), points, absences, found).jobs if job.role is role)


@pytest.fixture
def shows(monkeypatch: pytest.MonkeyPatch) -> Show:
    """Makes the disassembler show some instructions."""

    def show(*instructions: str, symbol: str = "k") -> None:
        lines = [f"{4 * number:4x}:\t{text}" for number, text in enumerate(instructions)]
        head = ["k.o:     file format elf64", "", "Disassembly of section .text:", "", f"0000000000000000 <{symbol}>:"]
        for name in ("disassembly", "disassembly_with_lines"):
            monkeypatch.setattr(audit, name, lambda *_: "\n".join([*head, *lines]))

    return show


@pytest.mark.parametrize(
    ("instruction", "is_taken"),
    [
        ("vfmadd231ss (%rdi,%rax,4),%xmm1,%xmm0", False),
        ("vfnmsub132ss 0x8(%rsi),%xmm1,%xmm0", False),
        ("vfmadd231ss %xmm2,%xmm1,%xmm0", True),
        ("vfmadd231ss 0x0(%rip),%xmm1,%xmm0        # 8 <k+0x8>", True),
        ("vfmadd231ss 0x8(%rsp),%xmm1,%xmm0", True),
        ("vfmadd231sd (%rdi),%xmm1,%xmm0", True),
        ("vaddss (%rdi),%xmm1,%xmm0", True),
        ("vfmadd231ps (%rdi),%ymm1,%ymm0", True),
    ],
)
def test_an_emulator_that_reads_too_much_of_an_operand_judges_no_kernel_with_it(
    shows: Show, instruction: str, is_taken: bool
) -> None:
    job = replace(job_of("dot_f32/avx2"), executor=replace(EMULATOR, overreaching=SCALAR_FMA))
    shows(instruction, "ret")
    found, objections = audit.with_judging_executor(host_backend(), job, BINARY)
    assert found == job
    assert bool(objections.unavailable) != is_taken
    if not is_taken:
        assert "qemu-user 7.2 accesses more than the memory operand of vf" in objections.unavailable
        assert "natively" in objections.unavailable


def test_a_kernel_runs_on_the_next_executor_that_gets_it_right(shows: Show) -> None:
    wrong = replace(EMULATOR, overreaching=SCALAR_FMA)
    worse = replace(EMULATOR, how="bochs", wrong_instructions=frozenset({"vfmadd"}))
    shows("vfmadd231ss (%rdi),%xmm1,%xmm0", "ret")
    job = replace(job_of("dot_f32/avx2"), executor=wrong, further_executors=(worse, NATIVE))
    found, objections = audit.with_judging_executor(host_backend(), job, BINARY)
    assert (found.executor, objections.unavailable) == (NATIVE, "")
    none = replace(job, further_executors=(worse,))
    found, objections = audit.with_judging_executor(host_backend(), none, BINARY)
    assert found == none
    assert "memory operand" in objections.unavailable
    assert "bochs 7.2 computes vfmadd231ss wrongly" in objections.unavailable


# ---- beyond what is promised ---------------------------------------------------------------------------------------


def gate_of(promised: set[str] | None, *flags: str, features: tuple[str, ...] = ()) -> Job:
    job = job_of("sum_f32/avx2", Role.GATE, compilation=Compilation(flags=flags), features=features)
    return replace(job, promised=None if promised is None else frozenset(promised))


AVX2 = {"avx2", "fma", "avx", "sse4.2", "sse4.1", "ssse3", "sse3"}


def faults(job: Job, shows: Show, *instructions: str) -> str:
    shows(*instructions, "ret", symbol=job.kernel.symbol)
    return audit.audit(host_backend(), job, BINARY).faults_elsewhere


def test_what_nothing_promises_is_told_with_remedies_that_compile(shows: Show) -> None:
    said = faults(gate_of(AVX2), shows, "{vex} vpdpbusd %ymm0,%ymm1,%ymm2")
    assert said.startswith("would fault on a processor with avx2 alone: '{vex} vpdpbusd %ymm0,%ymm1,%ymm2' needs avx")
    assert 'flags = ["-mavxvnni"], or features = ["avx_vnni"] without a flag, promises it' in said
    unknown = faults(gate_of(AVX2), shows, "vpdpbuud %ymm0,%ymm1,%ymm2")  # to gcc 12
    assert '; features = ["avx_vnni_int8"] promises it' in unknown
    assert "-mavxvnniint8" not in unknown


def test_what_is_promised_is_not_told(shows: Show) -> None:
    code = "vgf2p8mulb %ymm0,%ymm1,%ymm2"
    assert faults(gate_of(AVX2), shows, code)
    assert not faults(gate_of(AVX2 | {"gfni"}, features=("gfni",)), shows, code)


def test_what_every_processor_with_the_isa_has_is_not_told(shows: Show) -> None:
    assert not faults(gate_of(AVX2), shows, "bzhi %rax,%rcx,%rdx", "vcvtph2ps (%rdi),%ymm0")
    assert "needs bmi2" in faults(gate_of(AVX2, "-mno-bmi2"), shows, "bzhi %rax,%rcx,%rdx")


def test_what_flags_take_back_is_told(shows: Show) -> None:
    job = gate_of(AVX2 - {"avx2"}, "-mno-avx2")
    assert "needs avx2" in faults(job, shows, "vpaddd %ymm0,%ymm1,%ymm2")
    assert not faults(job, shows, "vaddps %ymm0,%ymm1,%ymm2")


def test_flags_that_no_compiler_takes_are_no_accusation_and_no_pass(shows: Show) -> None:
    job = gate_of(None)
    shows("vpaddd %ymm0,%ymm1,%ymm2", symbol=job.kernel.symbol)
    found = audit.audit(host_backend(), job, BINARY)
    assert not found.faults_elsewhere
    assert "cannot be found out: no compiler here takes -mavx2 -mfma" in found.unavailable
