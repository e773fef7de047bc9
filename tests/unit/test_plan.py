"""Selection and planning: pure, so every combination can be made up here."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.contract import exact, op
from harness.errors import UsageError
from harness.execution.caveats import gaps_of_executors, gaps_of_hostile_builds
from harness.model import (
    Capabilities,
    Compilation,
    Compiler,
    Conventions,
    Executor,
    Missing,
    Need,
    Outcome,
    Plan,
    Project,
    Promise,
    Role,
    Selection,
    Trial,
    Variant,
)
from harness.model.prototype import STREAMING_MODES, SmeInterface
from harness.plan import make_cases, make_plan, reproducer, select
from harness.plan.cases import gate_cases
from harness.project import load_project
from tests.unit.samples import bundled_project, rms_norm

GCC = Compiler("gcc", "gcc", "12.2.0", "aarch64-linux-gnu", ("gcc",), "id")
QEMU = Executor("qemu-user", "10.0", "max", ("qemu-aarch64", "-cpu", "max,sve{vector_bits}=on"), "id")


OPS = ("axpy_f32", "dot_f32", "gemm_f32", "rms_norm_f32", "sum_f16", "sum_f32")


@pytest.fixture(scope="module")
def project() -> Project:
    """The bundled project with some of its kernels: to plan all of them takes seconds."""
    whole = bundled_project()
    return replace(whole, kernels=tuple(kernel for kernel in whole.kernels if kernel.op in OPS))


def capabilities(needs: set[Need], missing: dict[str, Missing] | None = None) -> Capabilities:
    compilers: dict[tuple[str, str], Compiler | Missing] = {
        (triple, spec): replace(GCC, spec=spec, triple=triple)
        for triple in ("aarch64-linux-gnu", "riscv64-linux-gnu", "x86_64-linux-gnu")
        for spec in ("gcc", "clang")
    }
    return Capabilities("x86_64-linux-gnu", compilers, {need: (missing or {}).get(need.target, QEMU) for need in needs})


def planned(project: Project, selection: Selection, missing: dict[str, Missing] | None = None) -> Plan:
    points, absences = select(project, selection)
    return make_plan(project, selection, points, absences, capabilities({p.need for p in points}, missing))


def test_without_a_selection_every_kernel_runs_on_its_isa(project: Project) -> None:
    plan = planned(project, Selection(vector_bits=(128, 256)))
    assert {(job.kernel.id, job.vector_bits) for job in plan.jobs if job.kernel.op == "rms_norm_f32"} >= {
        ("rms_norm_f32/scalar", None),
        ("rms_norm_f32/neon", 128),
        ("rms_norm_f32/sve", 128),
        ("rms_norm_f32/sve", 256),
        ("rms_norm_f32/avx2", 256),
    }


def test_an_op_selects_its_kernels_without_naming_one(project: Project) -> None:
    points, _ = select(project, Selection(kernels=("dot_f32", "dot_f32/neon")))
    assert {point.kernel.id for point in points} == {k.id for k in project.kernels if k.op == "dot_f32"}
    assert {point.kernel.id for point in points if point.named} == {"dot_f32/neon"}


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("dto_f32", "unknown kernel 'dto_f32' (perhaps you meant 'dot_f32'); see 'harness list'"),
        ("dot_f32/nean", "unknown kernel 'dot_f32/nean' (perhaps you meant 'dot_f32/neon'); see 'harness list'"),
        ("nothing_*", "no kernel matches 'nothing_*'; see 'harness list'"),
        ("dot_f32/[n]", "no kernel matches 'dot_f32/[n]' (perhaps you meant 'dot_f32/neon'); see 'harness list'"),
    ],
)
def test_what_selects_nothing_is_refused(project: Project, pattern: str, message: str) -> None:
    for kernels in ((pattern,), ("sum_f32/*", pattern)):
        with pytest.raises(UsageError) as caught:
            select(project, Selection(kernels=kernels))
        assert str(caught.value) == message


def test_only_the_contracts_of_selected_ops_are_loaded(tmp_path: Path) -> None:
    assert set(load_project(None, tmp_path, ("dot_f32", "sum_f32/*")).contracts) == {"dot_f32", "sum_f32"}


def test_scalar_jobs_come_first(project: Project) -> None:
    jobs = [(job.kernel.op, job.kernel.isa) for job in planned(project, Selection()).jobs]
    ops = list(dict.fromkeys(op for op, _ in jobs))
    assert jobs == sorted(jobs, key=lambda job: (ops.index(job[0]), job[1] != "scalar"))


def test_all_widths_are_the_powers_of_two(project: Project) -> None:
    plan = planned(
        project, Selection(kernels=("rms_norm_f32/sve",), targets=("sve",), opts=("O2",), variants=(Variant.PLAIN,))
    )
    widths = [job.vector_bits for job in plan.jobs if job.role is Role.MAIN and job.build.compiler.spec == "gcc"]
    assert widths == [128, 256, 512, 1024, 2048]


def test_a_width_that_a_core_does_not_have_is_not_applicable(project: Project) -> None:
    selection = Selection(
        kernels=("rms_norm_f32/sve",), targets=("a64fx",), vector_bits=(256, 512), vector_bits_named=True
    )
    plan = planned(project, selection)
    assert {job.vector_bits for job in plan.jobs} == {512}
    assert [(a.outcome, a.vector_bits) for a in plan.absences] == [(Outcome.NOT_APPLICABLE, 256)]


def test_a_core_runs_at_its_own_width_where_none_is_named(project: Project) -> None:
    plan = planned(project, Selection(kernels=("*/sve",), targets=("neoverse-v1",), vector_bits=(128, 512)))
    assert {job.vector_bits for job in plan.jobs} == {256}


def test_code_of_another_isa_is_not_applicable(project: Project) -> None:
    plan = planned(project, Selection(kernels=("rms_norm_f32/sve",), targets=("neoverse-n1",)))
    assert not plan.jobs
    assert plan.absences[0].outcome is Outcome.NOT_APPLICABLE
    assert "neoverse-n1" in plan.absences[0].reason


@pytest.mark.parametrize(
    ("selection", "named"),
    [
        (Selection(), False),
        (Selection(kernels=("rms_norm_f32/*",)), False),
        (Selection(kernels=("rms_norm_f32/sve",)), True),
        (Selection(targets=("sve",)), True),
        (Selection(vector_bits=(256,), vector_bits_named=True), True),
        (Selection(vector_bits=(256,)), False),
        (Selection(emulator="qemu-user"), True),
        (Selection(required=("sve",)), True),
    ],
)
def test_what_was_named_literally_is_an_error_when_missing(project: Project, selection: Selection, named: bool) -> None:
    plan = planned(project, selection, {"sve": Missing("no qemu-aarch64", "install it")})
    absent = [
        absence
        for absence in plan.absences
        if absence.target == "sve" and absence.outcome is not Outcome.NOT_APPLICABLE and "faults" not in absence.reason
    ]
    assert absent
    assert all(absence.outcome is Outcome.UNAVAILABLE for absence in absent)
    assert {absence.named for absence in absent} == {named}
    assert "install it" in absent[0].reason


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(kernels=("rms_norm_f32/svee",)), "perhaps you meant 'rms_norm_f32/sve'"),
        (Selection(targets=("a64fy",)), "perhaps you meant 'a64fx'"),
        (Selection(vector_bits=(100,), vector_bits_named=True), "no scalable vector has 100 bits"),
        (Selection(required=("neoverse-n22",)), "perhaps you meant 'neoverse-n2'"),
        (Selection(suites=("bundary",)), "perhaps you meant 'boundary'"),
        (Selection(cases=("boundary/len34x",)), "no case 'boundary/len34x'"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(project: Project, selection: Selection, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        planned(project, selection)


GCC_LACKS_SME = {("sme", GCC): Missing("gcc 12.2.0 cannot compile for sme", "needs gcc 14 or clang 18")}


@pytest.mark.parametrize(
    ("selection", "compilers", "named"),
    [
        (Selection(kernels=("sum_f32/sme",)), {"clang"}, False),
        (Selection(kernels=("sum_f32/*",), compilers=("gcc",)), set(), False),
        (Selection(kernels=("sum_f32/sme",), compilers=("gcc",)), set(), True),
        (Selection(kernels=("sum_f32/sme",), compilers=("gcc", "clang")), {"clang"}, False),
    ],
)
def test_a_compiler_that_does_not_know_the_isa_is_told_and_the_others_build(
    project: Project, selection: Selection, compilers: set[str], named: bool
) -> None:
    points, absences = select(project, selection)
    found = replace(capabilities({p.need for p in points}), unfit=GCC_LACKS_SME)
    plan = make_plan(project, selection, points, absences, found)
    assert {job.build.compiler.spec for job in plan.jobs if job.kernel.isa == "sme"} == compilers
    absent = [a for a in plan.absences if a.kernel == "sum_f32/sme" and "whether it faults" not in a.reason]
    assert {absence.outcome for absence in absent} == {Outcome.UNAVAILABLE}
    assert {absence.named for absence in absent} == {named}
    assert all("needs gcc 14 or clang 18" in absence.reason for absence in absent)


def test_the_gate_is_built_by_a_compiler_that_knows_the_isa(project: Project) -> None:
    points, absences = select(project, Selection(kernels=("sum_f32/sme",)))
    found = replace(capabilities({p.need for p in points}), unfit=GCC_LACKS_SME)
    plan = make_plan(project, Selection(), points, absences, found)
    assert [job.build.compiler.spec for job in plan.jobs if job.role is Role.GATE] == ["clang"]


def test_a_core_model_without_what_is_promised_is_not_applicable(project: Project) -> None:
    """Named or not: it cannot be had anywhere, and so is nobody's fault."""
    lacks = Missing("a64fx has no dotprod", "", is_inherent=True)
    plan = planned(project, Selection(kernels=("sum_f32/neon",), targets=("a64fx",)), {"a64fx": lacks})
    assert [(a.outcome, a.reason, a.named) for a in plan.absences] == [
        (Outcome.NOT_APPLICABLE, "a64fx has no dotprod", False)
    ]
    plan = planned(
        project, Selection(kernels=("sum_f32/neon",), targets=("a64fx",)), {"a64fx": replace(lacks, is_inherent=False)}
    )
    assert [(a.outcome, a.named) for a in plan.absences] == [(Outcome.UNAVAILABLE, True)]


def test_what_is_promised_and_the_further_executors_reach_the_jobs(project: Project) -> None:
    selection = Selection(
        kernels=("sum_f32/rvv",), targets=("rvv",), vector_bits=(128,), compilers=("gcc",), opts=("O2",)
    )
    points, absences = select(project, selection)
    needs = {point.need for point in points}
    other = replace(QEMU, how="other", hostility=("x",))
    found = replace(
        capabilities(needs),
        promised=dict.fromkeys(needs, frozenset({"v"})),
        further={need: (other,) for need in needs if not need.is_gate},
    )
    jobs = make_plan(project, selection, points, absences, found).jobs
    assert {job.promised for job in jobs} == {frozenset({"v"})}
    further = {job.build.variant: job.further_executors for job in jobs if job.role is Role.MAIN}
    assert further == {"plain": (other,), "hostile": (other.made_hostile(),)}


def test_a_kernels_own_promise_is_part_of_what_it_needs(project: Project) -> None:
    (kernel,) = (kernel for kernel in project.kernels if kernel.id == "sum_f32/neon")
    flags = Compilation(flags=("-march=armv8.2-a+dotprod", "-ffast-math"))
    whole = replace(project, kernels=(replace(kernel, compilation=flags, features=("bf16",)),))
    points, _ = select(whole, Selection(kernels=("sum_f32/neon",), targets=("neon",)))
    assert {point.need.promise for point in points} == {Promise(("-march=armv8.2-a+dotprod",), ("bf16",))}


def test_the_gate_tries_long_rows_and_those_of_the_suites(project: Project) -> None:
    (gate,) = (job for job in planned(project, Selection(kernels=("sum_f32/sve",))).jobs if job.role is Role.GATE)
    sizes = [case.sizes[0][1] for case in gate.cases]
    assert sizes[:2] == [1000, 65_536]
    assert len(sizes) == len(set(sizes))
    assert max(sizes) == 65_537
    assert min(sizes) < 8


def test_the_gate_of_an_op_of_quadratic_size_stays_small() -> None:
    square = op(
        "void square(float *a, size_t n)",
        inout="a[n, n]",
        reference=lambda a: a,
        tolerance=exact(),
        suites={"s": [1, 100, 2000]},
    )
    assert {case.sizes[0][1] for case in gate_cases(square, square.conventions, Selection())} == {1, 100, 1000}


@pytest.mark.parametrize(("suffix", "without"), [(".cpp", True), (".c", False)])
def test_a_compiler_without_cpp_is_told_where_there_is_cpp(project: Project, suffix: str, without: bool) -> None:
    (kernel,) = (one for one in project.kernels if one.id == "sum_f32/neon")
    project = replace(project, kernels=(replace(kernel, sources=(Path(f"k{suffix}"),)),))
    points, absences = select(project, Selection(kernels=("*",)))
    gcc = replace(GCC, triple="aarch64-linux-gnu")
    lacks = {gcc: Missing("gcc 12.2.0 cannot compile and link C++", "apt-get install g++")}
    found = replace(capabilities({p.need for p in points}), without_cpp=lacks)
    plan = make_plan(project, Selection(kernels=("*",)), points, absences, found)
    specs = {job.build.compiler.spec for job in plan.jobs if job.role is Role.MAIN}
    assert specs == ({"clang"} if without else {"gcc", "clang"})
    listed = [absence for absence in plan.absences if absence.outcome is Outcome.UNAVAILABLE]
    assert [absence.reason for absence in listed] == [str(lacks[gcc])] * without
    named = Selection(kernels=("sum_f32/neon",), compilers=("gcc",))
    points, absences = select(project, named)
    plan = make_plan(project, named, points, absences, replace(found, executors={p.need: QEMU for p in points}))
    assert bool(plan.jobs) is not without
    assert any(absence.named for absence in plan.absences) is without, (
        "the kernel was named, and nothing else builds it"
    )


@pytest.mark.parametrize(("op", "largest"), [("sum_f32", 67108864), ("sum_f16", 134217728), ("gemm_f32", 4729)])
def test_sizes_whose_rows_cannot_be_drawn_are_refused_with_the_limit(project: Project, op: str, largest: int) -> None:
    kernels = (f"{op}/scalar",)
    assert planned(project, Selection(kernels=kernels, sizes=(3, largest))).jobs
    for size in (largest + 1, 999_999_999_999, 2**63 - 1):
        with pytest.raises(UsageError, match=rf"^--size {size}: .* the limit is 256 MiB, which is --size {largest}\b"):
            select(project, Selection(kernels=kernels, sizes=(3, size)))


def test_builds_multiply(project: Project) -> None:
    plan = planned(
        project,
        Selection(kernels=("rms_norm_f32/neon",), targets=("neon",), compilers=("gcc", "clang"), opts=("O0", "O2")),
    )
    assert {job.build.label for job in plan.jobs} == {
        f"{cc} {opt} {variant}" for cc in ("gcc", "clang") for opt in ("O0", "O2") for variant in ("plain", "hostile")
    }


def test_one_build_of_each_width_has_the_long_rows(project: Project) -> None:
    selection = Selection(kernels=("rms_norm_f32/sve",), targets=("sve",), vector_bits=(128, 512))
    with_long = [job for job in planned(project, selection).jobs if "long" in {case.suite for case in job.cases}]
    assert [(job.vector_bits, job.build.label) for job in with_long] == [(128, "gcc O2 plain"), (512, "gcc O2 plain")]
    for job in with_long:
        calls = zip(job.cases, job.trial_counts, strict=True)
        assert {count for case, count in calls if case.suite == "long"} == {1}


def test_long_rows_alone_are_one_job_per_width(project: Project) -> None:
    selection = Selection(kernels=("rms_norm_f32/sve",), targets=("sve",), vector_bits=(128,), suites=("long",))
    plan = planned(project, replace(selection, is_narrowed=True))
    assert [job.build.label for job in plan.jobs] == ["gcc O2 plain"]
    assert not plan.absences


# ---- cases ---------------------------------------------------------------------------------------------------------


def test_the_boundary_suite_is_the_pull_requests_hundred() -> None:
    cases = make_cases(rms_norm(), Conventions(), Selection(suites=("boundary",)), 256)
    sizes = [dict(case.sizes)["len"] for case in cases]
    assert len(cases) == 100
    assert sizes[:33] == list(range(1, 34))
    assert len([size for size in sizes[33:96] if 764 <= size <= 8196]) == 63
    assert sizes[96:99] == [8192, 16384, 32768]
    assert (sizes[99], cases[99].pattern.kind) == (1024, "zeros")
    assert len({case.id for case in cases}) == 100
    assert len({case.key for case in cases}) == 100


@pytest.mark.parametrize(("vector_bits", "lanes"), [(128, 4), (512, 16), (2048, 64), (None, 1)])
def test_the_residues_follow_the_width(vector_bits: int | None, lanes: int) -> None:
    cases = make_cases(rms_norm(), Conventions(), Selection(suites=("residues",)), vector_bits)
    expected = {multiple * lanes + delta for multiple in (1, 2, 4, 8) for delta in (-1, 0, 1)}
    assert {dict(case.sizes)["len"] for case in cases} == expected


def test_equal_cases_have_equal_keys_at_every_width() -> None:
    first, second = (
        make_cases(rms_norm(), Conventions(), Selection(suites=("boundary",)), bits) for bits in (128, 2048)
    )
    assert first == second


def test_the_seed_changes_every_key() -> None:
    first, second = (make_cases(rms_norm(), Conventions(), Selection(seed=seed), 128) for seed in (0, 1))
    assert not {case.key for case in first} & {case.key for case in second}


def test_any_size_can_be_asked_for() -> None:
    (case,) = make_cases(rms_norm(), Conventions(), Selection(sizes=(12345,)), 128)
    assert case.sizes == (("len", 12345),)


def test_a_case_is_reproduced_by_what_names_it(project: Project) -> None:
    plan = planned(project, Selection(kernels=("rms_norm_f32/sve",), vector_bits=(256,), seed=7))
    line = reproducer("harness", plan.jobs[0], 7, Path("x y.toml"), "host")(plan.jobs[0].cases[5])
    assert line == (
        "harness run rms_norm_f32/sve --target sve --svl 256 --cc gcc --opt O0 --build plain "
        "--case boundary/len6 --seed 7 --config 'x y.toml'"
    )


# ---- the state that SME kernels are called in ----------------------------------------------------------------------


def trials_of(project: Project, sme: SmeInterface, variant: str) -> tuple[Trial, ...]:
    kernel = next(kernel for kernel in project.kernels if kernel.id == "sum_f32/sme")
    kernel = replace(kernel, prototype=replace(kernel.prototype, sme=sme))
    plan = planned(
        replace(project, kernels=(kernel,)),
        Selection(vector_bits=(256,), variants=(Variant(variant),), suites=("boundary",)),
    )
    (trials,) = {job.trials for job in plan.jobs if job.role is Role.MAIN}
    return trials


def test_a_private_za_is_called_once_while_a_callers_waits_in_it(project: Project) -> None:
    for mode in ("", *STREAMING_MODES):
        trials = trials_of(project, SmeInterface(mode), "hostile")
        assert [trial.za_dormant for trial in trials] == [False] * (len(trials) - 1) + [True]
        assert not any(trial.za_dormant for trial in trials_of(project, SmeInterface(mode), "plain"))
    shared = SmeInterface(shared=(("za", "__arm_inout"),))
    assert not any(trial.za_dormant for trial in trials_of(project, shared, "hostile"))


def test_a_streaming_compatible_kernel_is_called_in_both_modes(project: Project) -> None:
    compatible = SmeInterface("__arm_streaming_compatible")
    assert [trial.streaming for trial in trials_of(project, compatible, "plain")] == [False, True]
    hostile = trials_of(project, compatible, "hostile")
    assert [trial.streaming for trial in hostile] == [False, False, False, True, True, False]
    assert len({trial.fill for trial in hostile if trial.streaming}) == 2, "so that what depends on the fill shows"
    assert not any(trial.streaming for trial in trials_of(project, SmeInterface("__arm_streaming"), "hostile"))


# ---- what hostile builds leave out ---------------------------------------------------------------------------------


def test_what_hostile_builds_leave_out_is_said_once_per_reason(project: Project) -> None:
    plan = planned(project, Selection(kernels=("rms_norm_f32/*",)))
    assert gaps_of_hostile_builds(plan) == [], "C with shims, and C in which nothing can be undefined"
    in_assembly = [replace(job, kernel=replace(job.kernel, sources=(Path("k.S"),))) for job in plan.jobs]
    (note,) = gaps_of_hostile_builds(replace(plan, jobs=tuple(in_assembly)))
    kernels = list(dict.fromkeys(job.kernel.id for job in plan.jobs))
    assert "no shims for assembly" in note
    assert f"({', '.join(kernels[:3])} and {len(kernels) - 3} more)" in note
    plain = planned(project, Selection(kernels=("rms_norm_f32/*",), variants=(Variant.PLAIN,)))
    in_assembly = [replace(job, kernel=replace(job.kernel, sources=(Path("k.S"),))) for job in plain.jobs]
    assert gaps_of_hostile_builds(replace(plan, jobs=tuple(in_assembly))) == []


RISCV = Executor(
    "qemu-user", "7.2", "rv64", ("qemu-riscv64", "-cpu", "rv64"), "id", ("rvv_ta_all_1s", "rvv_ma_all_1s"), ("half",)
)


def test_hostile_builds_run_on_a_hostile_processor_and_what_it_lacks_is_said_once(project: Project) -> None:
    points, absences = select(project, Selection(kernels=("sum_f32/rvv",), vector_bits=(128, 256)))
    found = replace(capabilities(set()), executors={point.need: RISCV for point in points})
    plan = make_plan(project, Selection(), points, absences, found)
    cpus = {(job.build.variant, job.executor.argv(job.vector_bits)[-1]) for job in plan.jobs}
    assert cpus == {("plain", "rv64"), ("hostile", "rv64,rvv_ta_all_1s=true,rvv_ma_all_1s=true")}
    assert gaps_of_executors(plan) == ["Hostile builds on rvv run without half, which qemu-user 7.2 lacks"]


def test_a_real_processor_is_as_hostile_as_it_is() -> None:
    native = replace(RISCV, command=())
    assert native.made_hostile() == native


@pytest.mark.parametrize(
    ("spec", "opt", "sources", "is_asked"),
    [
        ("gcc", "O2", "k.c", True),
        ("gcc", "O0", "k.c", False),
        ("gcc", "Os", "k.cpp", False),
        ("clang", "O0", "k.c", True),
        ("gcc", "O0", "k.S", True),
    ],
)
def test_upper_halves_are_asked_for_where_the_kernel_answers_for_them(
    project: Project, spec: str, opt: str, sources: str, is_asked: bool
) -> None:
    selection = Selection(
        kernels=("sum_f32/avx2",), compilers=(spec,), opts=(opt,), variants=(Variant.HOSTILE,), is_narrowed=True
    )
    points, absences = select(project, selection)
    found = capabilities({point.need for point in points})
    families: dict[tuple[str, str], Compiler | Missing] = {
        key: replace(compiler, family=key[1])
        for key, compiler in found.compilers.items()
        if isinstance(compiler, Compiler)
    }
    points = tuple(replace(point, kernel=replace(point.kernel, sources=(Path(sources),))) for point in points)
    (job,) = make_plan(project, selection, points, absences, replace(found, compilers=families)).jobs
    assert any(trial.clean_uppers for trial in job.trials) == is_asked


def test_no_process_begins_with_an_empty_row(project: Project) -> None:
    contract = project.contracts["sum_f32"]
    cases = make_cases(contract, contract.conventions, Selection(), 128)
    sizes = [dict(case.sizes)["len"] for case in cases]
    assert sizes[0] > 0
    assert sizes[1] == 0


@pytest.mark.parametrize("lanes", [1, 4, 8, 64])
def test_each_number_of_vectors_that_a_wide_iteration_leaves_comes_up(project: Project, lanes: int) -> None:
    contract = project.contracts["sum_f32"]
    left = {dict(spec.sizes)["len"] // lanes % 32 for spec in contract.suites["residues"](lanes)}
    assert left == set(range(32))


@pytest.mark.parametrize("aligned", [4, 8, 16])
def test_rows_end_short_of_the_next_aligned_address(project: Project, aligned: int) -> None:
    placed = project.contracts["axpy_f32"].suites["placement"](8)
    short = {
        spec.placement.offsets[0] % aligned
        for spec in placed
        if dict(spec.sizes)["len"] == -spec.placement.offsets[0] % aligned - 1
    }
    assert short >= set(range(1, aligned - 1))
