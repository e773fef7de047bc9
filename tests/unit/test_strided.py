"""Arrays of several dimensions: what lies between their rows, their error model, and matrices of sizes."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest

from harness.contract import around_lanes, dominant, each, every, op, pairwise, sizes, sum_of
from harness.contract.matrices import cover
from harness.errors import ContractError
from harness.judge.compare import compare
from harness.judge.faults import gap_written
from harness.judge.reference import Oracle
from harness.model import Case, Contract, Layout, Outcome, Selection, TrialObservation, TrialStatus
from harness.numerics.formats import places
from harness.numerics.inputs import InputStream
from harness.plan import make_cases
from harness.sensitivity.gaps import find_gaps

STRIDES = {"lda": "k", "ldb": "n", "ldc": "n"}
PROTOTYPE = (
    "void gemm(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c, "
    "size_t ldc)"
)


def gemm(visible_k: tuple[int, ...] = (1, 2, 33)) -> Contract:
    return op(
        PROTOTYPE,
        inputs="a[m, k : lda], b[k, n : ldb]",
        outputs="c[m, n : ldc]",
        reference=lambda a, b: a @ b,
        passes=[
            sum_of("ab", lambda a, b: a[:, :, None] * b[None, :, :], axis=1),
            each("c", lambda ab: ab, roundings=0),
        ],
        suites={
            "boundary": pairwise(m=[0, 1, 5], n=[0, 1, *around_lanes([1, 2], -1, 1)], k=[0, 1, 9], strides=STRIDES),
            "sensitivity": [
                *pairwise(dominant(), m=[1, 5], n=[1, 7], k=visible_k, strides=STRIDES),
                *pairwise(dominant(), m=[1, 5], n=[1, 7], k=visible_k, strides=STRIDES),
            ],
        },
    )


CONTRACT = gemm()
CASES = make_cases(CONTRACT, CONTRACT.conventions, Selection(), 128)
STREAM = InputStream()


def computed(case: Case, **faults: bool) -> bytes:
    """C as a kernel leaves it, in its buffer; `faults` is what it does wrong."""
    inputs, s = STREAM.inputs(CONTRACT, case), dict(case.sizes)
    layouts = {name: CONTRACT.layout(name, s) for name in "abc"}
    assert all(layouts.values())
    if faults.get("ignores_ldb") and layouts["b"]:
        layouts["b"] = Layout(layouts["b"].shape, s["n"])
    a, b = (inputs[name][places(layouts[name])].reshape(layouts[name].shape) for name in "ab")  # type: ignore[arg-type, union-attr]
    depth = s["k"] - bool(faults.get("drops_the_tail"))
    c = np.zeros((s["m"], s["n"]), np.float32)
    for term in range(depth):
        c += np.outer(a[:, term], b[term])
    layout = layouts["c"]
    assert layout
    memory = inputs["c"].copy() if "c" in inputs else np.empty(layout.count, np.float32)
    memory[places(layout)] = c.ravel()
    if faults.get("writes_the_gap") and layout.has_gaps:
        memory[layout.columns] = 0.0
    return memory.tobytes()


def verdict(case: Case, raw: bytes) -> str:
    inputs = STREAM.inputs(CONTRACT, case)
    trial = TrialObservation(TrialStatus.RETURNED, None, 0, bytes(16), (), (), (None, None, raw))
    gap = gap_written(trial, CONTRACT, case, inputs)
    if gap:
        assert gap[0] is Outcome.OUT_OF_BOUNDS
        return gap[1]
    with np.errstate(all="ignore"):
        return "within" if compare("c", raw, Oracle(CONTRACT).expect(case, inputs)["c"]).within else "mismatch"


def test_a_right_kernel_passes_every_case() -> None:
    assert len(CASES) > 20
    for case in CASES:
        assert verdict(case, computed(case)) == "within", case.id


def test_what_is_written_between_rows_is_out_of_bounds() -> None:
    apart = [
        case for case in CASES if dict(case.sizes)["m"] > 1 and dict(case.sizes)["ldc"] > dict(case.sizes)["n"] > 0
    ]
    assert apart
    for case in apart:
        s = dict(case.sizes)
        said = verdict(case, computed(case, writes_the_gap=True))
        assert said.startswith(f"wrote c[{s['n']}], between rows 0 and 1"), said


@pytest.mark.parametrize("fault", ["ignores_ldb", "drops_the_tail"])
def test_a_wrong_kernel_fails_wherever_its_fault_matters(fault: str) -> None:
    for case in CASES:
        s = dict(case.sizes)
        matters = min(s["m"], s["n"], s["k"]) > 0 and (fault != "ignores_ldb" or (s["ldb"] > s["n"] and s["k"] > 1))
        assert (verdict(case, computed(case, **{fault: True})) == "mismatch") == matters, case.id


def test_every_term_of_every_output_is_proven_visible_and_so_are_distances_and_transposition() -> None:
    assert find_gaps(CONTRACT, CASES, lambda case: STREAM.inputs(CONTRACT, case))[1] == []


def test_terms_of_long_sums_are_sampled_and_that_is_said() -> None:
    contract = gemm((200,))
    cases = make_cases(contract, contract.conventions, Selection(suites=("sensitivity",)), 128)
    gaps = find_gaps(contract, cases, lambda case: STREAM.inputs(contract, case))[1]
    assert any("omission in ab not tried at" in str(gap) for gap in gaps)


def test_a_dense_array_has_its_dimensions_and_no_gaps() -> None:
    contract = op(
        "void f(float *out, const float *x, int rows, int columns)",
        inputs="x[rows, columns]",
        outputs="out[columns]",
        reference=lambda x: x.max(axis=0, initial=-9.0),
        passes=[each("out", lambda x: x.max(axis=0, initial=-9.0), roundings=0)],
        suites={"boundary": pairwise(rows=every(0, 3), columns=[1, 8])},
    )
    for case in make_cases(contract, contract.conventions, Selection(), 128):
        inputs = STREAM.inputs(contract, case)
        s = dict(case.sizes)
        assert inputs["x"].size == s["rows"] * s["columns"]
        assert Oracle(contract).expect(case, inputs)["out"].want.shape == (s["columns"],)


@pytest.mark.parametrize(
    ("inputs", "entries", "message"),
    [
        ("a[m, k : lad], b[k, n : ldb]", [], "'lad' is no size"),
        ("a[m : lda], b[k, n : ldb]", [], "a distance of rows belongs to dimensions"),
        (
            "a[m, k : lda], b[k, n : ldb]",
            [sizes(m=2, n=2, k=5, lda=4, ldb=2, ldc=2)],
            "lda is 4, less than the 5 elements of a row",
        ),
    ],
)
def test_a_wrong_array_is_told(inputs: str, entries: list[object], message: str) -> None:
    def cases() -> object:
        contract = op(
            PROTOTYPE,
            inputs=inputs,
            outputs="c[m, n : ldc]",
            reference=lambda a, b: a @ b,
            passes=[each("c", lambda a, b: a @ b, roundings=1)],
            suites={"boundary": entries},  # type: ignore[dict-item]
        )
        return make_cases(contract, contract.conventions, Selection(), 128)

    with pytest.raises(ContractError, match=message):
        cases()


def test_a_cover_has_every_pair_in_far_fewer_rows_than_the_product() -> None:
    axes = [list(range(9)), list(range(7)), list(range(8)), [0, 1, 5], [0, 1, 5]]
    rows = cover(axes)
    for first, second in combinations(range(len(axes)), 2):
        met = {(row[first], row[second]) for row in rows}
        assert met == set(product(axes[first], axes[second]))
    assert len(rows) <= 1.5 * 9 * 8
    assert rows == cover(axes)
