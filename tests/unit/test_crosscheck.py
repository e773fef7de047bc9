"""Executors that disagree are found, and nobody else is accused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from harness.backend import Backend
from harness.execution import cross_check as crosscheck
from harness.execution.cross_check import CrossCheck
from harness.execution.worker import JobResult
from harness.model import Binary, CaseObservation, Job, Observation, Outcome, TrialObservation, TrialStatus, Verdict
from tests.unit.sample_runs import passed

CODE = "   0:\tvfmadd213ps %zmm0,%zmm1,%zmm2\n   6:\tvmovups %zmm0,(%rdi)\n  12:\tmov %rdi,%rax\n"


class _Case:
    key = 1


class _Build:
    class compiler:  # noqa: N801 (stands for an attribute)
        triple = "x86_64-linux-gnu"

    def __init__(self, how: str | None) -> None:
        self.how = how


class _Job:
    class kernel:  # noqa: N801
        id = "sum_f32/avx512"

    class target:  # noqa: N801
        name = "avx512"

    vector_bits = 512
    cases = (_Case(),)

    def __init__(self, how: str | None) -> None:
        self.build = _Build(how)


def ran(output: bytes, status: TrialStatus = TrialStatus.RETURNED) -> JobResult:
    trial = TrialObservation(status, None, 0, b"", (), (), (output,))
    seen = Observation({}, {0: CaseObservation(0, (trial,))}, {}, {}, None, ())
    return JobResult(Binary(Path("guest"), "digest", (), ()), seen)


def verdicts(monkeypatch: pytest.MonkeyPatch, code: str, *runs: tuple[str | None, JobResult]) -> list[Verdict]:
    monkeypatch.setattr(crosscheck, "disassembly", lambda *_: code)
    check = CrossCheck(cast(Backend, None))
    found: list[Any] = []
    for how, one in runs:
        found += check.checked(cast(Job, _Job(how)), one, [replace(passed(), case="len33")])
    return found


def test_other_bits_are_a_harness_error_that_names_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = verdicts(monkeypatch, CODE, ("native", ran(b"\1")), ("bochs", ran(b"\2")))
    assert first.outcome is Outcome.PASS
    assert second.outcome is Outcome.HARNESS_ERROR
    assert "other results than by native" in second.finding.detail
    assert "1 vfmadd213ps, 1 vmovups" in second.finding.detail
    assert "mov," not in second.finding.detail


def test_a_fault_in_one_of_them_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    _, second = verdicts(monkeypatch, CODE, ("native", ran(b"\1")), ("qemu-user", ran(b"\1", TrialStatus.SIGNAL)))
    assert second.outcome is Outcome.HARNESS_ERROR


@pytest.mark.parametrize(
    ("code", "how", "other"),
    [
        (CODE, "bochs", ran(b"\1")),
        (CODE, "bochs", ran(b"\1", TrialStatus.TIMEOUT)),
        ("   0:\tvrcp14ps %zmm0,%zmm1\n", "bochs", ran(b"\2")),
        (CODE, None, ran(b"\2")),
    ],
    ids=["equal bits", "a time limit", "estimates", "one emulator only"],
)
def test_what_is_no_difference(monkeypatch: pytest.MonkeyPatch, code: str, how: str | None, other: JobResult) -> None:
    found = verdicts(monkeypatch, code, ("native" if how else None, ran(b"\1")), (how, other))
    assert {verdict.outcome for verdict in found} == {Outcome.PASS}
