"""What continuous integration does: the run steps are executed here, so that they cannot rot, and everything is pinned.

What only a runner has (an engine, SDE, packages, the expressions of GitHub) is replaced; the harness itself is real.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ManifestOf

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "validate.yml"
ACTION = ROOT / "action.yml"
GITLAB = ROOT / "docs" / "validate.gitlab-ci.yml"
STUBS = ("actionlint", "apt-get", "docker", "pip", "python3", "sphinx-build")
HERE = {
    "HARNESS_IN": "host",
    "HARNESS_OPT": "O2",
    "HARNESS_BUILD": "plain",
    "HARNESS_SUITE": "residues",
    "HARNESS_CC": "gcc",
    "HARNESS_SVL": "128",
    "HARNESS_EMULATOR": "",
    "KERNELS": "sum_f32/scalar max_f32/scalar",
}
"""Quick, and possible without an engine."""


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def jobs() -> dict[str, Any]:
    found: dict[str, Any] = load(WORKFLOW)["jobs"]
    return found


def steps() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every step of workflow and action, with where it is."""
    for name, job in jobs().items():
        yield from ((name, step) for step in job["steps"])
    yield from (("action", step) for step in load(ACTION)["runs"]["steps"])


class Runner:
    """A machine that runs scripts in one directory, with stubs for what it does not have."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.summary = directory / "summary.md"
        self.output = directory / "output"
        self.calls = directory / "calls"
        stubs = directory / "stubs"
        stubs.mkdir()
        for name in STUBS:
            (stubs / name).write_text(f'#!/bin/sh\necho "{name} $*" >>"{self.calls}"\n')
        (stubs / "harness").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m harness "$@"\n')
        (stubs / "python").symlink_to(sys.executable)
        for stub in stubs.iterdir():
            if not stub.is_symlink():
                stub.chmod(0o755)
        self.path = f"{stubs}:{os.environ['PATH']}"
        self.calls.write_text("")

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        files = {"GITHUB_STEP_SUMMARY": str(self.summary), "GITHUB_OUTPUT": str(self.output)}
        bare = {name: value for name, value in os.environ.items() if not name.startswith(("HARNESS_", "GITHUB_"))}
        given = {name: value for name, value in {**HERE, **variables}.items() if value or name == "KERNELS"}
        environment = {**bare, **files, "GITHUB_ACTION_PATH": str(ROOT), "PATH": self.path, **given}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]  # as GitHub calls it
        return subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture
def failing(manifest_of: ManifestOf) -> dict[str, str]:
    """The variables of a run of a known-bad kernel."""
    manifest = str(manifest_of("must_fail"))
    return {"HARNESS_CONFIG": manifest, "HARNESS_SUITE": "boundary", "KERNELS": "rms_norm_f32/sve_dropped_tail"}


def script(job: str, name: str) -> str:
    (found,) = [step["run"] for step in jobs()[job]["steps"] if step.get("name") == name]
    return str(found)


# ---- the workflow --------------------------------------------------------------------------------------------------


def test_every_run_step_succeeds(runner: Runner) -> None:
    scripts = {step["run"]: job for job, step in steps() if "run" in step and job != "action"}  # some jobs share theirs
    assert len(scripts) >= 7
    for text, job in scripts.items():
        assert "${{" not in text, "an expression in a script is an injection; pass it by env"
        done = runner.run(text, HARNESS_SHARD="1/1" if job == "shards" else "", SHARD="1")
        assert done.returncode == 0, f"{job}: {text}\n{done.stdout}{done.stderr}"
    assert "All cases passed" in runner.summary.read_text()
    calls = runner.calls.read_text()
    for expected in ("pip install .", "docker save", "docker load", "actionlint", "sphinx-build --fail-on-warning"):
        assert expected in calls


def test_avx512_is_validated_like_the_widths() -> None:
    assert script("sde", "Validate") == script("widths", "Validate")


@pytest.mark.parametrize("job", ["widths", "shards"])
def test_a_failing_kernel_fails_the_step_and_leaves_its_files(
    runner: Runner, failing: dict[str, str], job: str
) -> None:
    done = runner.run(script(job, "Validate"), **failing, SHARD="1")
    assert done.returncode == 1, done.stdout + done.stderr
    (record,) = (runner.directory / "out").glob("*.json")
    assert json.loads(record.read_text())["exit_code"] == 1
    if job != "shards":
        assert "::error file=" in done.stdout
        assert "Not all cases passed" in runner.summary.read_text()
        assert (runner.directory / "out" / "report.html").exists()


def test_the_matrix_has_every_length_and_both_compilers() -> None:
    matrix = jobs()["widths"]["strategy"]["matrix"]
    assert matrix == {"svl": [128, 256, 512, 1024, 2048], "cc": ["gcc", "clang"]}
    shards = jobs()["shards"]
    assert shards["strategy"]["matrix"]["shard"] == [1, 2, 3, 4]
    assert shards["env"]["HARNESS_SHARD"].endswith("/4")
    kernels = {path.stem for path in (ROOT / "csrc" / "kernels").rglob("*.c")}
    globs = [glob for job in ("widths", "shards", "sde") for glob in jobs()[job]["env"]["KERNELS"].split()]
    assert {glob.removeprefix("*/") for glob in globs} == kernels


def test_results_are_uploaded_also_of_what_failed() -> None:
    for job in ("widths", "shards", "together", "sde"):
        (upload,) = [step for step in jobs()[job]["steps"] if "upload-artifact" in step.get("uses", "")]
        assert upload["if"] == "always()"


def test_actions_are_pinned_by_digest_and_may_only_read() -> None:
    used = [step["uses"] for _, step in steps() if "uses" in step]
    assert len(used) > 10
    for text in (WORKFLOW.read_text(), ACTION.read_text()):
        for line in re.findall(r"uses: (.+)", text):
            assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40} # v\d+(\.\d+)+", line), line
    assert load(WORKFLOW)["permissions"] == {"contents": "read"}
    for _, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.skipif(shutil.which("actionlint") is None, reason="no actionlint on the path: the workflow was not linted")
def test_actionlint_finds_no_fault() -> None:
    done = subprocess.run(["actionlint", WORKFLOW], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", [WORKFLOW, ACTION, GITLAB], ids=lambda path: path.name)
def test_scripts_are_clean(path: Path, tmp_path: Path) -> None:
    if path == GITLAB:
        scripts = ["\n".join([*load(path)[".harness"]["before_script"], *load(path)[".harness"]["script"]])]
    else:
        scripts = [step["run"] for where, step in steps() if "run" in step and (where == "action") == (path == ACTION)]
    for number, text in enumerate(scripts):
        # Lists in a variable are split on purpose in GitLab's; its shell is sh, GitHub's bash.
        ignored = "# shellcheck disable=SC2086,SC1091\n" if path == GITLAB else ""
        file = tmp_path / f"{number}.sh"
        file.write_text(f"#!/bin/{'sh' if path == GITLAB else 'bash'}\n{ignored}{text}\n")
        done = subprocess.run([Path(sys.executable).parent / "shellcheck", file], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


# ---- the action and the template -----------------------------------------------------------------------------------


def validate() -> Mapping[str, Any]:
    (step,) = [step for step in load(ACTION)["runs"]["steps"] if step.get("id") == "validate"]
    found: Mapping[str, Any] = step
    return found


def test_the_actions_inputs_are_those_that_its_steps_take() -> None:
    action = load(ACTION)
    taken = re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", ACTION.read_text())
    assert set(taken) == set(action["inputs"])
    assert all(step.get("shell") == "bash" for step in action["runs"]["steps"] if "run" in step)


def test_the_action_runs_the_harness_and_leaves_its_files(runner: Runner, failing: dict[str, str]) -> None:
    done = runner.run(validate()["run"], FAIL_ON="failure", **failing)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "::error file=" in done.stdout
    assert "exit-code=1" in runner.output.read_text()
    assert "Not all cases passed" in runner.summary.read_text()
    for name in ("record.json", "report.html", "junit.xml"):
        assert (runner.directory / "harness-report" / name).exists()


@pytest.mark.parametrize(
    ("fail_on", "unavailable", "harness_code", "code"),
    [
        ("failure", 0, 0, 0),
        ("failure", 2, 0, 0),
        ("failure", 0, 1, 1),
        ("failure", 2, 4, 4),
        ("unavailable", 0, 0, 0),
        ("unavailable", 2, 0, 4),
        ("unavailable", 2, 1, 1),
        ("never", 0, 1, 0),
        ("never", 2, 4, 0),
        ("never", 0, 2, 2),
        ("never", 0, 5, 5),
    ],
)
def test_the_action_fails_on_what_it_was_told_to(
    runner: Runner, fail_on: str, unavailable: int, harness_code: int, code: int
) -> None:
    record = json.dumps({"summary": {"UNAVAILABLE": unavailable}})
    (runner.directory / "stubs" / "harness").write_text(
        f"#!/bin/sh\nmkdir -p harness-report; echo '{record}' >harness-report/record.json\nexit {harness_code}\n"
    )
    done = runner.run(validate()["run"], FAIL_ON=fail_on)
    assert done.returncode == code, done.stdout + done.stderr
    assert f"exit-code={harness_code}" in runner.output.read_text()
    assert ("::error::something could not run here" in done.stdout) == (fail_on == "unavailable" and code == 4)


def test_the_action_refuses_what_it_does_not_know(runner: Runner) -> None:
    done = runner.run(validate()["run"], FAIL_ON="sometimes")
    assert done.returncode == 2
    assert "expected failure, unavailable or never, not 'sometimes'" in done.stdout
    assert not runner.output.exists()


def test_gitlabs_template_runs(runner: Runner) -> None:
    job = load(GITLAB)[".harness"]
    (runner.directory / ".cache" / "venv" / "bin").mkdir(parents=True)
    (runner.directory / ".cache" / "venv" / "bin" / "activate").write_text("")
    done = runner.run("\n".join([*job["before_script"], *job["script"]]), PACKAGES="gcc", HARNESS_PACKAGE="harness")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (runner.directory / job["artifacts"]["reports"]["junit"]).exists()
    assert "pip install harness" in runner.calls.read_text()
