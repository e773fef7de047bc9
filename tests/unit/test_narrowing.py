"""What a narrowed run leaves out is said in a line, with the option that brings it back; core models stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import Project, Role, Selection
from harness.plan import left_out
from harness.project import load_project
from tests.unit.test_plan import planned
from tests.unit.test_settings import settings

SVE, NEON, SCALAR = "rms_norm_f32/sve", "rms_norm_f32/neon", "rms_norm_f32/scalar"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load_project(None, tmp_path_factory.mktemp("nothing"))


def selection(*arguments: str) -> Selection:
    return settings(*arguments).selection


def cores(project: Project, *arguments: str) -> set[str]:
    plan = planned(project, selection(*arguments))
    return {f"{job.target.name} {job.build.label}" for job in plan.jobs if job.role is Role.CORE}


def test_the_core_models_stay_while_their_build_is_selected(project: Project) -> None:
    whole = cores(project, NEON)
    assert {name.split()[0] for name in whole} >= {"cortex-a72", "a64fx", "neoverse-n1"}
    assert all(name.endswith("gcc O2 hostile") for name in whole)
    assert cores(project, NEON, "--cc", "gcc", "--opt", "O2") == whole
    assert cores(project, NEON, "--opt", "O2,O0") == whole
    assert cores(project, NEON, "--opt", "O2,O3") == whole
    assert cores(project, NEON, "--build", "hostile") == whole
    by_clang = {name.replace("gcc", "clang") for name in whole}
    assert cores(project, NEON, "--cc", "clang") == by_clang
    assert cores(project, NEON, "--cc", "clang,gcc") == by_clang, "one build each"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--build", "plain"),
        ("--opt", "O0"),
        ("--opt", "O3"),
        ("--suite", "boundary"),
        ("--target", "neon"),
        ("--size", "9"),
    ],
)
def test_the_core_models_go_with_their_build_and_where_more_is_named(
    project: Project, arguments: tuple[str, ...]
) -> None:
    assert not cores(project, NEON, *arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((SVE,), ""),
        ((SVE, "--seed", "3", "-j", "1"), ""),
        ((SVE, "--cc", "gcc", "--opt", "O2"), "left out by --cc, --opt: the gate (--suite gate)"),
        ((NEON, "--cc", "gcc", "--opt", "O2"), ""),
        ((SCALAR, "--cc", "gcc"), ""),
        (
            (SCALAR, "--suite", "boundary"),
            "left out by --suite: the proof of what inputs show (without --suite)",
        ),
        ((SVE, "--svl", "128,256"), "left out by --svl: core model a64fx (--svl 512)"),
        (
            (SVE, "--build", "plain"),
            "left out by --build: core models a64fx, cortex-a710, neoverse-n2, neoverse-v1 (add --build hostile); "
            "the gate (--suite gate)",
        ),
        (
            (SVE, "--opt", "O0", "--build", "plain"),
            "left out by --opt, --build: core models a64fx, cortex-a710, neoverse-n2, neoverse-v1 "
            "(add --opt O2 --build hostile); the gate (--suite gate)",
        ),
        (
            (SVE, "--target", "sve", "--case", "boundary/len1"),
            "left out by --target, --case: core models a64fx, cortex-a710, neoverse-n2, neoverse-v1 (--target NAME); "
            "the gate (--suite gate); the proof of what inputs show (without --case)",
        ),
        (
            (SVE, "--target", "a64fx", "--suite", "boundary,gate"),
            "left out by --target, --suite: core models cortex-a710, neoverse-n2, neoverse-v1 (--target NAME); "
            "the gate (--suite gate); the proof of what inputs show (without --suite)",
        ),
        (
            (SVE, "--suite", "boundary,gate"),
            "left out by --suite: core models a64fx, cortex-a710, neoverse-n2, neoverse-v1 (--target NAME); "
            "the proof of what inputs show (without --suite)",
        ),
    ],
)
def test_what_is_left_out_is_one_line(project: Project, arguments: tuple[str, ...], said: str) -> None:
    assert "; ".join(left_out(project, selection(*arguments))) == said


def test_what_failed_last_is_a_narrowing(project: Project) -> None:
    chosen = Selection(kernels=(SVE,), targets=("sve",), cases=("boundary/len1",))
    (line,) = left_out(project, chosen, is_last_failed=True)
    assert line.startswith("left out by --last-failed: core models a64fx")


def test_the_option_brings_it_back(project: Project, tmp_path: Path) -> None:
    assert any("a64fx" in name for name in cores(project, SVE, "--opt", "O0,O2", "--build", "plain,hostile"))
    assert any("a64fx" in name for name in cores(project, SVE, "--svl", "128,512"))
    plan = planned(project, selection(SVE, "--cc", "gcc", "--suite", "boundary,gate"))
    assert [job.role for job in plan.jobs].count(Role.GATE) == 1
