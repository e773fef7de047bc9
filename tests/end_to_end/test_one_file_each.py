"""A new kernel, target, emulator and report format are one file each: the registries find them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FILES = {
    "csrc/kernels/sum_f32/plainly.c": """\
#include <stddef.h>

float sum_f32_plainly(const float *x, size_t len) {
    float sum = 0;
    for (size_t i = 0; i < len; i++) {
        sum += x[i];
    }
    return sum;
}
""",
    "harness/targets/plainly.toml": """\
description = "this machine's code, by way of another program"
isas = ["plainly"]
triple = "host"
flags = []
features = []
[[run]]
how = "by-env"
""",
    "harness/launch/emulators/by_env.py": '''\
"""env(1), which runs a program as it is."""

from harness.launch.emulators import Emulator
from harness.model import Executor, Missing


class ByEnv(Emulator):
    def find(self, triple, cpu, tools):
        program = tools.backend.find("env")
        if program is None:
            return Missing("no env", "")
        return Executor("by-env", "1", "", (program.path, "--"), program.identity)


EMULATOR = ByEnv()
''',
    "harness/report/formats/count.py": '''\
"""The number of passes.

And nothing else.
"""

from harness.model import Outcome


def render(run):
    return f"{sum(verdict.outcome is Outcome.PASS for verdict in run.verdicts)} passed"
''',
}
HERE = ("harness", "csrc", "cases", "docker")


@pytest.fixture
def tree(tmp_path: Path, repository: Path) -> Path:
    """A copy of the sources with the four files, and no other change."""
    for name in HERE:
        shutil.copytree(repository / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = files_in(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert files_in(tmp_path) - before == set(FILES)
    return tmp_path


def files_in(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


def harness(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "harness", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=300)


def test_one_of_each_is_found_and_works(tree: Path) -> None:
    how = ("--emulator", "by-env", "--cc", "gcc", "--opt", "O2", "--build", "plain", "--suite", "boundary")
    done = harness(tree, "run", "sum_f32/plainly", *how, "--json", "r.json", "--count", "-")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tree / "r.json").read_text())
    (job,) = record["jobs"]
    assert (job["kernel"], job["target"]) == ("sum_f32/plainly", "plainly")
    assert job["emulator"]["name"] == "by-env"
    assert done.stdout == f"{record['summary']['PASS']} passed\n"


def test_help_and_errors_name_them(tree: Path) -> None:
    said = harness(tree, "run", "--help").stdout
    assert "--count F" in said
    assert "write the number of passes (- for standard output)" in " ".join(said.split())
    done = harness(tree, "run", "--emulator", "by-en")
    assert done.returncode == 2
    assert "perhaps you meant 'by-env'" in done.stderr


def test_a_target_of_an_emulator_that_there_is_not_is_refused(tree: Path) -> None:
    (tree / "harness/launch/emulators/by_env.py").unlink()
    done = harness(tree, "list")
    assert done.returncode == 2
    assert "plainly.toml" in done.stderr
    assert "'by-env'" in done.stderr
