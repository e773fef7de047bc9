"""What a narrowed run leaves out is said in a line, with the option that brings it back; core models stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.model import Project, Role, Selection
from harness.plan import points_left_out
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


ALL = "core models a64fx, cortex-a710, neoverse-n2, neoverse-v1"
GATE = "the gate (--suite gate)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((SVE,), ""),
        ((SVE, "--seed", "3", "-j", "1"), ""),
        ((SVE, "--cc", "gcc", "--opt", "O2"), f"{GATE}: narrowed by --cc, --opt"),
        ((NEON, "--cc", "gcc", "--opt", "O2"), ""),
        ((SCALAR, "--cc", "gcc", "--suite", "boundary"), ""),
        ((SVE, "--svl", "128,256"), "core model a64fx (--svl 512): narrowed by --svl"),
        ((SVE, "--build", "plain"), f"{ALL} (add --build hostile), {GATE}: narrowed by --build"),
        (
            (SVE, "--opt", "O0", "--build", "plain"),
            f"{ALL} (add --opt O2 --build hostile), {GATE}: narrowed by --opt, --build",
        ),
        (
            (SVE, "--target", "sve", "--case", "boundary/len1"),
            f"{ALL} (--target NAME), {GATE}: narrowed by --target, --case",
        ),
        (
            (SVE, "--target", "a64fx", "--suite", "boundary,gate"),
            f"core models cortex-a710, neoverse-n2, neoverse-v1 (--target NAME), {GATE}: narrowed by --target, --suite",
        ),
        ((SVE, "--suite", "boundary,gate"), f"{ALL} (--target NAME): narrowed by --suite"),
    ],
)
def test_what_is_left_out_is_one_line(project: Project, arguments: tuple[str, ...], said: str) -> None:
    assert "; ".join(points_left_out(project, selection(*arguments))) == said


def test_what_failed_last_is_a_narrowing(project: Project) -> None:
    chosen = Selection(kernels=(SVE,), targets=("sve",), cases=("boundary/len1",))
    (line,) = points_left_out(project, chosen, is_last_failed=True)
    assert line == f"{ALL} (--target NAME): narrowed by --last-failed"


def test_the_option_brings_it_back(project: Project, tmp_path: Path) -> None:
    assert any("a64fx" in name for name in cores(project, SVE, "--opt", "O0,O2", "--build", "plain,hostile"))
    assert any("a64fx" in name for name in cores(project, SVE, "--svl", "128,512"))
    plan = planned(project, selection(SVE, "--cc", "gcc", "--suite", "boundary,gate"))
    assert [job.role for job in plan.jobs].count(Role.GATE) == 1
