"""From observations to findings: each thing a guest can tell gets its outcome and a line that says where."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from harness.errors import ContractError
from harness.judge import Judge, gate_finding
from harness.judge.compare import compare, wrong_among
from harness.judge.reference import Expected, Oracle
from harness.model import (
    Axis,
    CaseObservation,
    Contract,
    Damage,
    DamageKind,
    Death,
    Fault,
    Fill,
    Finding,
    Observation,
    Outcome,
    Side,
    Trial,
    TrialObservation,
    TrialStatus,
    Violation,
)
from harness.numerics.ulp import ulp_of
from tests.unit.samples import boundary_cases, function_of, inputs_of, rms_norm

CONTRACT = rms_norm()
CASES = boundary_cases(CONTRACT)[8:9]  # 9 elements
INPUTS = inputs_of(CONTRACT, CASES)
ROW: NDArray[Any] = INPUTS[CASES[0].key]["row"]
EPS = float(np.float32(dict(CASES[0].scalars)["eps"]))
RIGHT = (ROW / np.sqrt(np.mean(np.square(ROW.astype(np.float64))) + EPS)).astype(np.float32)


TRIALS = (Trial(Fill.BENIGN, Side.END), Trial(Fill.BENIGN, Side.START))


def trial(output: NDArray[Any] = RIGHT, **changes: Any) -> TrialObservation:
    fine = TrialObservation(TrialStatus.RETURNED, None, 1000, bytes(16), (), (), (output.tobytes(),))
    return replace(fine, **changes)


def seen(*trials: TrialObservation, **changes: Any) -> Observation:
    cases = {0: CaseObservation(0, trials)} if trials else {}
    return replace(Observation({"sve_bits": 256}, cases, {}, {}, None, ()), **changes)


def judged(observation: Observation) -> Finding:
    count = len(observation.cases[0].trials) if observation.cases else 1
    return Judge(CONTRACT).findings(observation, CASES, TRIALS[:count], INPUTS)[0]


def test_the_right_result_passes_with_its_numbers() -> None:
    finding = judged(seen(trial(), trial()))
    assert finding.outcome is Outcome.PASS
    assert finding.max_ulp is not None
    assert 0 < finding.max_ulp <= 0.5
    assert finding.headroom is not None
    assert 0.9 < finding.headroom < 1
    assert finding.scalar_ulp is None


def test_a_wrong_element_in_any_trial_is_a_mismatch() -> None:
    wrong = RIGHT.copy()
    wrong[7] *= 1.001
    finding = judged(seen(trial(), trial(wrong)))
    assert finding.outcome is Outcome.MISMATCH
    assert finding.worst is not None
    assert (finding.worst.output, finding.worst.element) == ("row", 7)
    assert finding.detail == "1 of 9 elements beyond tolerance"
    assert finding.headroom is not None
    assert finding.headroom < 0


def test_the_distance_to_the_scalar_kernel_is_told() -> None:
    judge = Judge(CONTRACT)
    judge.keep_scalar(seen(trial()), CASES)
    apart = np.nextafter(RIGHT, np.float32(np.inf))
    assert judge.findings(seen(trial(apart)), CASES, TRIALS[:1], INPUTS)[0].scalar_ulp == pytest.approx(1)


@pytest.mark.parametrize(
    ("observation", "outcome", "detail"),
    [
        (
            seen(trial(status=TrialStatus.SIGNAL, fault=Fault(11, 4096, 0, 0, 36, is_write=False))),
            Outcome.OUT_OF_BOUNDS,
            "read row[9], past the end of its 9 elements",
        ),
        (
            seen(trial(status=TrialStatus.SIGNAL, fault=Fault(11, 4096, 0, 0, -4, is_write=None))),
            Outcome.OUT_OF_BOUNDS,
            "touched row[-1], before the start of its 9 elements",
        ),
        (
            seen(trial(status=TrialStatus.SIGNAL, fault=Fault(11, 0, 0, None, 0, is_write=True))),
            Outcome.CRASH,
            "SIGSEGV at address 0x0",
        ),
        (
            seen(trial(damages=(Damage(0, DamageKind.CANARY, 36, 4),))),
            Outcome.OUT_OF_BOUNDS,
            "wrote row[9], past the end of its 9 elements (4 bytes changed)",
        ),
        (
            seen(trial(damages=(Damage(0, DamageKind.INPUT, 8, 1),))),
            Outcome.STATE,
            "changed the input row[2] (1 byte changed)",
        ),
        (
            seen(trial(), trial(violations=(Violation("d8", "AAPCS64 6.1.2", 1, 2),))),
            Outcome.STATE,
            "d8 changed from 0x1 to 0x2 (AAPCS64 6.1.2)",
        ),
        (seen(trial(status=TrialStatus.TIMEOUT, cpu_nanoseconds=2 * 10**9)), Outcome.TIMEOUT, "no return after 2.0 s"),
        (seen(deaths={0: Death(0, "")}), Outcome.CRASH, "the process exited with status 0 during the call"),
        (seen(deaths={0: Death(-9, "qemu: oh\n")}), Outcome.CRASH, "died of SIGKILL during the call ('qemu: oh')"),
        (seen(deaths={0: Death(122, "")}), Outcome.CRASH, "the kernel overwrote its stack or memory"),
        (seen(deaths={0: Death(None, "")}), Outcome.TIMEOUT, "ended by the host's deadline"),
        (
            seen(trial(status=TrialStatus.SIGNAL, fault=Fault(4, 64, 64, None, 0, None, in_streaming_mode=True))),
            Outcome.CRASH,
            "SIGILL, in streaming mode",
        ),
        (seen(unstarted=Death(-4, ""), harness_fault="did not start"), Outcome.CRASH, "SIGILL before main"),
        (seen(unstarted=Death(-9, ""), harness_fault="did not start"), Outcome.HARNESS_ERROR, "did not start"),
        (seen(unstarted=Death(1, ""), harness_fault="did not start"), Outcome.HARNESS_ERROR, "did not start"),
        (seen(not_run={0: "not run: why"}), Outcome.UNAVAILABLE, "not run: why"),
        (seen(), Outcome.HARNESS_ERROR, "returned no result"),
        (seen(harness_fault="record 3 fails its checksum"), Outcome.HARNESS_ERROR, "record 3"),
    ],
)
def test_everything_a_guest_can_tell_has_its_outcome(observation: Observation, outcome: Outcome, detail: str) -> None:
    finding = judged(observation)
    assert finding.outcome is outcome
    assert detail in finding.detail


WRONG = RIGHT.copy()
WRONG[7] *= 1.001
BESIDE = Damage(0, DamageKind.CANARY, 36, 4)
INPUT_CHANGED = Damage(0, DamageKind.INPUT, 8, 1)
D8 = Violation("d8", "AAPCS64 6.1.2", 1, 2)
CRASHED = trial(status=TrialStatus.SIGNAL, fault=Fault(11, 0, 0, None, 0, is_write=True))


@pytest.mark.parametrize(
    ("observation", "outcome", "detail"),
    [
        (
            seen(trial(WRONG, violations=(D8,))),
            Outcome.STATE,
            "d8 changed from 0x1 to 0x2 (AAPCS64 6.1.2); also MISMATCH: 1 of 9 elements beyond tolerance",
        ),
        (
            seen(trial(WRONG), trial(damages=(BESIDE, INPUT_CHANGED), violations=(D8,))),
            Outcome.OUT_OF_BOUNDS,
            "wrote row[9], past the end of its 9 elements (4 bytes changed); "
            "also STATE: changed the input row[2] (1 byte changed); also STATE: d8 changed from 0x1 to 0x2 "
            "(AAPCS64 6.1.2); also MISMATCH: ",
        ),
        (
            seen(trial(violations=(D8,)), CRASHED),
            Outcome.CRASH,
            "SIGSEGV at address 0x0; also STATE: d8 changed from 0x1 to 0x2 (AAPCS64 6.1.2)",
        ),
        (seen(trial(WRONG), CRASHED), Outcome.CRASH, "also MISMATCH: 1 of 9 elements beyond tolerance"),
    ],
)
def test_a_case_with_several_faults_tells_them_all_the_gravest_first(
    observation: Observation, outcome: Outcome, detail: str
) -> None:
    finding = judged(observation)
    assert finding.outcome is outcome
    assert detail in "; ".join((finding.detail, *finding.also))
    assert bool(finding.worst) == ("MISMATCH" in detail), "numbers are those of a wrong result"


def test_what_a_call_that_never_came_back_left_changed_is_no_fault() -> None:
    ended = replace(CRASHED, violations=(D8,))
    assert judged(seen(trial(), ended)).detail == judged(seen(trial(), CRASHED)).detail


UPPER = "SDM volume 1, 14.1.2: upper half left dirty"


@pytest.mark.parametrize(
    ("violations", "detail"),
    [
        ((Violation("xinuse", UPPER, 0, 0x2A7),), "(XINUSE has AVX, SDM volume 1, 14.1.2)"),
        ((Violation("xinuse", UPPER, 0, 0x2E7),), "(XINUSE has AVX and ZMM_Hi256, SDM volume 1, 14.1.2)"),
        ((Violation("ymm0", UPPER, 0, 7), Violation("ymm15", UPPER, 0, 7)), "(values above xmm0, xmm15, SDM"),
        (tuple(Violation(f"ymm{n}", UPPER, 0, 7) for n in range(16)), "(values above 16 registers, SDM"),
        ((Violation("ymm0", UPPER, 0, 7), Violation("xinuse", UPPER, 0, 4)), "above xmm0, XINUSE has AVX, SDM"),
        (
            (Violation("rbx", "psABI", 0, 7), Violation("xinuse", UPPER, 0, 4)),
            "rbx changed from 0x0 to 0x7 (psABI); left",
        ),
    ],
)
def test_dirty_upper_halves_are_told_by_what_they_mean(violations: tuple[Violation, ...], detail: str) -> None:
    finding = judged(seen(trial(violations=violations)))
    assert finding.outcome is Outcome.STATE
    assert "no VZEROUPPER behind the last 256-bit or 512-bit instruction" in finding.detail
    assert detail in finding.detail
    assert "0x2" not in finding.detail


def test_a_fault_counts_more_than_a_right_result() -> None:
    assert judged(seen(trial(), trial(damages=(Damage(0, DamageKind.CANARY, -4, 4),)))).outcome is not Outcome.PASS


# ---- comparison ----------------------------------------------------------------------------------------------------

F32 = np.float32


def against(want: list[float], got: list[float], tolerance: float = 1e-6) -> bool:
    wanted = np.array(want)
    with np.errstate(all="ignore"):
        expected = Expected(wanted, np.full(len(want), tolerance), ulp_of(wanted, "<f4"), "<f4")
        return compare("x", np.array(got, F32).tobytes(), expected).within


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("want", "got", "within"),
    [
        ([NAN], [NAN], True),
        ([NAN], [1.0], False),
        ([1.0], [NAN], False),
        ([INF], [INF], True),
        ([INF], [-INF], False),
        ([INF], [3.4e38], False),
        ([3.4e38], [INF], False),
        ([1.0, NAN, -INF], [1.0, NAN, -INF], True),
        ([0.0], [-0.0], True),
        ([1.0], [1.0000005], True),
        ([1.0], [1.00001], False),
        ([], [], True),
    ],
)
def test_nan_and_infinity_are_compared_by_class(want: list[float], got: list[float], within: bool) -> None:
    assert against(want, got) is within


@pytest.mark.parametrize("tolerance", [NAN, INF, 0.0])
def test_a_wrong_class_fails_whatever_the_tolerance(tolerance: float) -> None:
    assert not against([NAN], [1.0], tolerance)
    assert not against([1.0, INF], [1.0, 1.0], tolerance)
    assert against([NAN, INF], [NAN, INF], tolerance)


def test_a_result_within_tolerance_of_overflow_may_be_infinite() -> None:
    largest = float(np.finfo(F32).max)
    assert against([largest], [INF], tolerance=1e32)
    assert not against([-largest], [INF], tolerance=1e32)


@pytest.mark.parametrize(("value", "ulp"), [(1.0, 2.0**-23), (0.0, 2.0**-149), (-3.0, 2.0**-22), (1e300, 2.0**104)])
def test_the_ulp_is_the_spacing_of_the_format(value: float, ulp: float) -> None:
    with np.errstate(over="ignore"):
        assert ulp_of(np.array([value]), "<f4")[0] == ulp


# ---- contracts that misbehave --------------------------------------------------------------------------------------


def misbehaving(**changes: Any) -> Contract:
    return replace(CONTRACT, **changes)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (lambda row, eps: row[:-1], "yields shape (8,)"),
        (lambda row, eps: {"rows": row}, "must return row, not rows"),
        (lambda row, eps: 1 // 0, "raised ZeroDivisionError"),
        (lambda row, eps: row, "reference and passes"),
        (lambda row, eps: "text", "returned str 'text', where numbers are due"),
    ],
)
def test_a_contract_that_misbehaves_is_to_blame(reference: Any, message: str) -> None:
    with pytest.raises(ContractError) as caught:
        Oracle(misbehaving(reference=function_of(CONTRACT, reference))).expect(CASES[0], INPUTS[CASES[0].key])
    assert message in str(caught.value)


ILLEGAL = trial(status=TrialStatus.SIGNAL, fault=Fault(4, 64, 64, None, 0, None))
FAULT = trial(status=TrialStatus.SIGNAL, fault=Fault(11, 0, 64, None, 0, None))


@pytest.mark.parametrize(
    ("observation", "elsewhere", "outcome", "detail"),
    [
        (seen(ILLEGAL), "", Outcome.PASS, "faults without sve, as it must"),
        (seen(unstarted=Death(-4, ""), harness_fault="x"), "", Outcome.PASS, "before main, in an initialiser"),
        (seen(unstarted=Death(-11, ""), harness_fault="did not start"), "", Outcome.HARNESS_ERROR, "did not start"),
        (seen(unstarted=Death(None, ""), harness_fault="did not start"), "", Outcome.HARNESS_ERROR, "did not start"),
        (seen(trial()), "", Outcome.MISMATCH, "still works with sve switched off, at all sizes tried"),
        (seen(FAULT), "", Outcome.CRASH, "SIGSEGV instead of an illegal instruction"),
        (seen(deaths={0: Death(3, "")}), "", Outcome.CRASH, "exited with status 3"),
        (seen(ILLEGAL), "would fault on M4", Outcome.CRASH, "would fault on M4"),
    ],
)
def test_a_gate_passes_by_an_illegal_instruction_alone(
    observation: Observation, elsewhere: str, outcome: Outcome, detail: str
) -> None:
    finding = gate_finding(observation, "sve", elsewhere)
    assert finding.outcome is outcome
    assert detail in finding.detail


# ---- where elements are wrong --------------------------------------------------------------------------------------


def test_wrong_elements_are_known_over_all_calls() -> None:
    first, second = RIGHT.copy(), RIGHT.copy()
    first[2], second[[3, 8]] = 99, 99
    (wrong,) = judged(seen(trial(first), trial(second))).wrong
    assert (wrong.output, wrong.count) == ("row", 2)
    assert wrong.axes == (Axis(9, 2, 8, 1 << 2 | 1 << 3 | 1 << 8),)
    assert judged(seen(trial(), trial())).wrong == ()


def test_elements_that_differ_between_fills_are_wrong_too() -> None:
    apart = RIGHT.copy()
    apart[4] = np.nextafter(apart[4], np.float32(9))
    trials = (Trial(Fill.NAN, Side.END), Trial(Fill.HUGE_NEGATIVE, Side.END))
    (finding,) = Judge(CONTRACT).findings(seen(trial(), trial(apart)), CASES, trials, INPUTS)
    assert finding.depends_on_fill
    assert [wrong.axes for wrong in finding.wrong] == [(Axis(9, 4, 4, 1 << 4),)]


def test_rows_and_columns_of_a_matrix() -> None:
    is_wrong = np.zeros((5, 7), bool)
    is_wrong[1:3, 6] = True
    wrong = wrong_among("c", is_wrong.ravel(), columns=7)
    assert wrong.axes == (Axis(5, 1, 2, 0b110), Axis(7, 6, 6, 1 << 6))
    assert (wrong | wrong_among("c", ~is_wrong.ravel(), columns=7)).axes[1] == Axis(7, 0, 6, 0b1111111)


def test_exact_comparisons_have_no_ulps() -> None:
    integers = Expected(np.array([4294967295, 1], "<u4"), np.zeros(2), np.ones(2), "<u4")
    with np.errstate(all="ignore"):
        found = compare("y", np.array([0, 1], "<u4").tobytes(), integers)
    assert found.is_exact
    assert found.worst
    assert (found.worst.got, found.worst.want, found.worst.ulp) == (0, 4294967295, None)
    assert isinstance(found.worst.want, int)
    exact = Expected(np.array([1.5]), np.zeros(1), ulp_of(np.array([1.5]), "<f4"), "<f4")
    with np.errstate(all="ignore"):
        assert compare("y", np.array([1.25], "<f4").tobytes(), exact).is_exact
    rounded = Expected(np.array([1.5]), np.array([1e-6]), ulp_of(np.array([1.5]), "<f4"), "<f4")
    assert not compare("y", np.array([1.25], "<f4").tobytes(), rounded).is_exact
