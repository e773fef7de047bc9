"""Sparse rows: few elements stand for a row that is too long to be held, and are judged as the whole row would be."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from harness import launch
from harness.backend import host, memory
from harness.backend.host import HostBackend
from harness.contract import dominant, each, op, sparse, sum_of
from harness.contract.entries import Entry
from harness.errors import ContractError
from harness.judge import Judge
from harness.judge.compare import compare
from harness.judge.reference import Oracle
from harness.judge.runs import abreast, compare_runs
from harness.model import (
    Binary,
    Case,
    CaseObservation,
    Contract,
    Conventions,
    Death,
    Executor,
    Fill,
    Observation,
    Outcome,
    Pattern,
    Runs,
    Selection,
    Side,
    Trial,
    TrialObservation,
    TrialStatus,
)
from harness.model.patterns import Chosen, Peak, Sparse
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.project import bundled_contract
from harness.sensitivity.gaps import MARGIN
from tests.unit.samples import bundled_project

ROOT = Path(__file__).parents[2]
CONTRACTS = [contract for contract in bundled_project().contracts.values() if "huge" in contract.suites]
OPS = [contract.op for contract in CONTRACTS]


def huge_cases(contract: Contract) -> tuple[Case, ...]:
    return make_cases(contract, Conventions(), Selection(suites=("huge",)), 256)


def sparse_of(pattern: Pattern | None) -> Sparse:
    assert isinstance(pattern, Sparse)
    return pattern


def shortened(case: Case, length: int) -> Case:
    """The same pattern on a row that can be held, with the dominant elements spread over it."""
    count = min(len(case.sites), length)
    sites = tuple(int(site) for site in np.linspace(0, length - 1, count).round())
    ((name, _),) = case.sizes
    return replace(
        case, sizes=((name, length),), pattern=replace(sparse_of(case.pattern), sites=tuple(sorted(set(sites))))
    )


def whole(case: Case, sparse_inputs: Mapping[str, NDArray[Any]]) -> tuple[Case, dict[str, NDArray[Any]]]:
    """The same row, every element of it."""
    sites = list(case.sites)
    rows = {}
    for name, array in sparse_inputs.items():
        rows[name] = np.zeros(case.sparse_elements, array.dtype)
        rows[name][sites] = array[:-1]
    return replace(case, pattern=Chosen(is_directed=case.pattern.is_directed)), rows


# ---- planning ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contract", CONTRACTS, ids=OPS)
def test_huge_rows_are_on_request_only(contract: Contract) -> None:
    by_default = make_cases(contract, Conventions(), Selection(), 256)
    huge = huge_cases(contract)
    assert "huge" not in {case.suite for case in by_default}
    assert {case.sparse_elements > 2**29 for case in huge} == {True}
    assert any(case.sparse_elements > 2**30 for case in huge)
    assert make_cases(contract, Conventions(), Selection(cases=(huge[0].id,)), 256) == huge[:1]
    assert len({case.id for case in huge}) == len(huge)


@pytest.mark.parametrize("lanes", [1, 4, 16, 64])
def test_peaks_stand_everywhere_in_eight_iterations_and_at_each_residue_beyond(lanes: int) -> None:
    specs = bundled_contract("max_f32").suites["long"](lanes)
    block = 4 * lanes
    at: dict[int, set[int]] = {}
    for spec in specs:
        assert isinstance(spec.pattern, Peak)
        at.setdefault(spec.sizes[0][1], set()).add(spec.pattern.position)
    positions = at[4097]
    assert at[8 * block] == set(range(8 * block))
    assert {position % block for position in positions} == set(range(block))
    assert set(range(4097 // block * block, 4097)) <= positions
    assert len({position // block for position in positions}) >= min(block, 4097 // block)


def test_the_usual_sites_are_where_counts_and_offsets_wrap() -> None:
    sites = sparse_of(sparse(dominant(), 2**31 + 7).pattern).sites
    for wrap in (2**29, 2**30, 2**31):
        assert {wrap - 1, wrap, wrap + 1} <= set(sites)
    assert {0, 2**31 + 6} <= set(sites)
    assert list(sites) == sorted(set(sites))


@pytest.mark.parametrize(
    ("suites", "inout", "complaint"),
    [
        ({"boundary": [5, sparse(dominant(), 2**30)]}, "x[n]", "need a suite of their own"),
        ({"huge": [sparse(dominant(), 2**30)]}, "x[2 * n]", "is not n elements long"),
    ],
)
def test_sparse_rows_are_refused_where_they_make_no_sense(
    suites: dict[str, list[Entry]], inout: str, complaint: str
) -> None:
    with pytest.raises(ContractError, match=complaint):
        op(
            "void f(float *x, size_t n)",
            inout=inout,
            reference=lambda x: x,
            passes=[each("x", lambda x: x, roundings=0)],
            suites=suites,
        )


# ---- what is expected ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contract", CONTRACTS, ids=OPS)
@pytest.mark.parametrize("length", [2, 19, 1000])
def test_a_sparse_row_is_expected_to_yield_what_the_whole_row_does(contract: Contract, length: int) -> None:
    case = shortened(huge_cases(contract)[0], length)
    inputs = InputStream().inputs(contract, case)
    (compressed, dense) = (Oracle(contract).expect(*pair) for pair in ((case, inputs), whole(case, inputs)))
    background = next((i for i in range(length) if i not in case.sites), None)
    for name, want in dense.items():
        places = [0] if name == "return" else [*case.sites, *([] if background is None else [background])]
        for part, relative in (("want", 1e-12), ("tolerance", 1e-6), ("ulp", 0)):
            ours, theirs = getattr(compressed[name], part)[: len(places)], getattr(want, part)[places]
            np.testing.assert_allclose(ours, theirs, rtol=relative, err_msg=part)


def test_a_reference_that_contradicts_the_passes_is_found_on_a_sparse_row() -> None:
    contract = op(
        "float f(const float *x, size_t n)",
        inputs="x[n]",
        reference=lambda x: 2 * x.sum(),
        passes=[sum_of("total", lambda x: x), each("return", lambda total: total, roundings=0)],
        suites={"huge": [sparse(dominant(), 2**31)]},
    )
    (case,) = huge_cases(contract)
    with pytest.raises(ContractError, match="disagree"):
        Oracle(contract).expect(case, InputStream().inputs(contract, case))


@pytest.mark.parametrize("contract", CONTRACTS, ids=OPS)
def test_every_dominant_element_shows(contract: Contract) -> None:
    """Left out, or read from where the previous dominant element is, it moves a result by at least 8 tolerances."""
    for case in huge_cases(contract):
        inputs = InputStream().inputs(contract, case)
        oracle = Oracle(contract)
        expected, (_, steps) = oracle.expect(case, inputs), oracle.steps(case, inputs)
        zero = len(case.sites)
        for site in range(zero):
            for other in (zero, site - 1 if site else zero):
                changed = {name: array.copy() for name, array in inputs.items()}
                for array in changed.values():
                    array[site] = array[other]
                moved = oracle.steps(case, changed)[1].values
                shown = [
                    (np.abs(moved[name] - steps.values[name]) >= MARGIN * one.tolerance) & (moved[name] != one.want)
                    for name, one in expected.items()
                ]
                assert any(multiples.any() for multiples in shown), (case.id, site, other)


# ---- comparison ----------------------------------------------------------------------------------------------------


def runs_of(row: NDArray[Any]) -> Runs:
    grouped = [(bits, len(list(group))) for bits, group in groupby(row.view("<u4").tolist())]
    return Runs(tuple(bits for bits, _ in grouped), tuple(count for _, count in grouped))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 60), st.lists(st.tuples(st.integers(0, 59), st.sampled_from([0.0, 1e-3, np.nan])), max_size=5))
def test_runs_are_judged_as_the_whole_output_is(length: int, changes: list[tuple[int, float]]) -> None:
    contract = bundled_contract("rms_norm_f32")
    case = shortened(huge_cases(contract)[0], length)
    inputs = InputStream().inputs(contract, case)
    compressed = Oracle(contract).expect(case, inputs)["row"]
    dense = Oracle(contract).expect(*whole(case, inputs))["row"]
    output = dense.want.astype(np.float32)
    for backend, wrong in changes:
        output[backend % length] = wrong
    with np.errstate(all="ignore"):
        judged = compare_runs("row", runs_of(output), compressed, case)
        due = compare("row", output.tobytes(), dense)
    assert (judged.wrong_elements, judged.elements, judged.max_ulp) == (due.wrong_elements, due.elements, due.max_ulp)
    assert judged.mean_ulp == pytest.approx(due.mean_ulp, rel=1e-9)
    assert judged.worst is not None
    assert due.worst is not None
    if not due.within:
        assert judged.worst.element == due.worst.element


def test_what_the_guest_did_not_tell_is_wrong() -> None:
    contract = bundled_contract("rms_norm_f32")
    case = shortened(huge_cases(contract)[0], 100)
    expected = Oracle(contract).expect(case, InputStream().inputs(contract, case))["row"]
    output = Oracle(contract).expect(*whole(case, InputStream().inputs(contract, case)))["row"].want.astype(np.float32)
    comparison = compare_runs("row", runs_of(output[:60]), expected, case)
    assert not comparison.within
    assert (comparison.wrong_elements, comparison.elements) == (40, 100)


def test_the_first_difference_of_two_outputs_in_runs() -> None:
    one, other = Runs((0, 5, 0), (10, 1, 10)), Runs((0, 6), (12, 9))
    first, second, places = abreast(one, other, "<u4")
    assert [int(backend) for backend in places[first != second]] == [10, 12]


def test_a_result_that_depends_on_the_fill_is_found_in_runs() -> None:
    contract = bundled_contract("rms_norm_f32")
    case = shortened(huge_cases(contract)[0], 100)
    inputs = InputStream().inputs(contract, case)
    output = Oracle(contract).expect(*whole(case, inputs))["row"].want.astype(np.float32)
    trials = []
    for wrong in (0.0, 1e-30):
        output[50] = wrong
        trials.append(TrialObservation(TrialStatus.RETURNED, None, 1, bytes(16), (), (), (runs_of(output),)))
    observation = Observation({}, {0: CaseObservation(0, tuple(trials))}, {}, {}, None, ())
    fills = (Trial(Fill.NAN, Side.END), Trial(Fill.HUGE_NEGATIVE, Side.END))
    (finding,) = Judge(contract).findings(observation, (case,), fills, {case.key: inputs})
    assert finding.outcome is Outcome.MISMATCH
    assert finding.depends_on_fill
    assert "row[50] is 0 " in finding.detail


# ---- memory --------------------------------------------------------------------------------------------------------


def test_only_what_is_written_takes_memory() -> None:
    needs = {contract.op: launch.needed_bytes(contract, huge_cases(contract)[-1]) / 2**30 for contract in CONTRACTS}
    assert needs["sum_f32"] == needs["dot_f32"] == needs["max_f32"] == 0
    assert 4 < needs["rms_norm_f32"] < 4.1
    assert 4 < needs["sigmoid_f32"] < 4.1
    rms_norm = bundled_contract("rms_norm_f32")
    assert launch.needed_bytes(rms_norm, make_cases(rms_norm, Conventions(), Selection(), 128)[0]) == 0


def test_memory_is_what_the_system_and_the_control_group_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable: 8388608 kB\n")
    (tmp_path / "max").write_text(f"{4 << 30}\n")
    (tmp_path / "current").write_text(f"{1 << 30}\n")
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "_CGROUP_LIMITS", ())
    assert memory.available_bytes() == (8 << 30) - memory._RESERVE_BYTES
    monkeypatch.setattr(memory, "_CGROUP_LIMITS", ((tmp_path / "max", tmp_path / "current"),))
    assert memory.available_bytes() == (3 << 30) - memory._RESERVE_BYTES
    (tmp_path / "max").write_text("max\n")
    assert memory.available_bytes() == (8 << 30) - memory._RESERVE_BYTES


def load_of_huge_rows(contract: Contract) -> launch.Load:
    cases = huge_cases(contract)
    inputs = {case.key: InputStream().inputs(contract, case) for case in cases}
    ones = (1,) * len(cases)
    return launch.Load(contract, Conventions(), cases, inputs, (Trial(Fill.NAN, Side.END),), ones, ones, None)


NO_BINARY = Binary(Path("/nonexistent"), "", (), ())
NATIVE = Executor("native", "", "", (), "")


def test_a_case_without_memory_is_unavailable_and_never_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "available_bytes", lambda: 2**30)
    load = load_of_huge_rows(bundled_contract("rms_norm_f32"))
    seen = launch.observe(HostBackend(), NO_BINARY, NATIVE, load)
    assert seen.not_run.keys() == {0, 1}
    assert "needs 4.0 GiB of memory, of which 1.0 GiB are available" in seen.not_run[1]
    findings = Judge(load.contract).findings(seen, load.cases, load.trials, load.inputs)
    assert {finding.outcome for finding in findings} == {Outcome.UNAVAILABLE}


@pytest.mark.parametrize(("status", "is_memory"), [(-9, True), (125, True), (-11, False), (1, False), (None, False)])
def test_a_process_that_got_no_memory_is_no_crash(status: int | None, is_memory: bool) -> None:
    load = load_of_huge_rows(bundled_contract("rms_norm_f32"))
    needs = [launch.needed_bytes(load.contract, case) for case in load.cases]
    stop = threading.Event()
    with HostBackend().open_slot(stop) as slot:
        session = launch._Session(slot, NO_BINARY, NATIVE, load, stop, needs)
        session._end_case(1, Death(status, ""))
    assert (1 in session.not_run, 1 in session.deaths) == (is_memory, not is_memory)
