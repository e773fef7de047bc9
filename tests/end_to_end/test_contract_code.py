"""Contract code that leaves, hangs or answers nonsense: exit code 2 and a line that says so, by every way in."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import harness as api
from harness.storage.cache import cache_directory
from tests.conftest import Harness

pytest_plugins = ["pytester"]

CACHE = cache_directory().parent
NARROW = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
CONTRACT = """import sys
import numpy as np
from harness.contract import *
AT_IMPORT

def reference(x):
    REFERENCE

twice = op(
    "void twice(float *out, const float *x, size_t n)",
    inputs="x[n]",
    outputs="out[n]",
    reference=reference,
    passes=[each("out", lambda x: 2 * x, roundings=1)],
    suites={"sensitivity": every(1, 9), "special": [*special_values(["nan", "largest"]), *structured([255])], MORE},
    requires=REQUIRES,
)
"""
KERNEL = """#include <stddef.h>
void twice(float *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        out[i] = 2 * x[i];
}
"""
MANIFEST = """contracts = ["contract.py"]
[[kernel]]
op = "twice"
isa = "scalar"
sources = ["twice.c"]
symbol = "twice"
"""


def write(folder: Path, at_import: str = "", reference: str = "return 2 * x", **changes: str) -> Path:
    parts = {"AT_IMPORT": at_import, "REFERENCE": reference, "MORE": "", "REQUIRES": "[]", **changes}
    text = CONTRACT
    for name, part in parts.items():
        text = text.replace(name, part)
    for name, content in (("harness.toml", MANIFEST), ("contract.py", text), ("twice.c", KERNEL)):
        (folder / name).write_text(content)
    return folder


LEAVES = {
    "exit at import": ({"at_import": "sys.exit(0)"}, ":4: the contract left the program by SystemExit(0)"),
    "interrupt at import": ({"at_import": "raise KeyboardInterrupt"}, ":4: the contract raised KeyboardInterrupt"),
    "exit": ({"reference": "sys.exit(0)"}, ":7: the reference of twice left the program by SystemExit(0)"),
    "interrupt": ({"reference": "raise KeyboardInterrupt"}, ":7: the reference of twice raised KeyboardInterrupt"),
    "recursion": ({"reference": "return reference(x)"}, ":7: the reference of twice raised RecursionError"),
    "memory": ({"reference": "return np.ones(2**60)"}, ":7: the reference of twice raised"),
    "generator": ({"reference": "yield 2 * x"}, ":6: the reference of twice for sensitivity/n1 returned a generator"),
    "nothing": (
        {"reference": "2 * x"},
        ":6: the reference of twice for sensitivity/n1 returned None: does it lack a return?",
    ),
    "no number": ({"reference": "return 2 * x * np.inf / np.inf"}, ":6: the reference of twice yields nan for out[0]"),
    "float32": ({"reference": "return np.float32(2) * np.float32(x)"}, "returned float32"),
}


@pytest.mark.parametrize("how", LEAVES)
def test_contract_code_that_leaves_is_a_contract_error_everywhere(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    changes, message = LEAVES[how]
    project = write(tmp_path, **changes)
    is_loaded = "import" not in how
    for command in (("check",), ("run", *NARROW, "--suite", "sensitivity")):
        done = harness(*command, cwd=project)
        assert done.returncode == 2, done.stdout + done.stderr
        said = done.stdout if is_loaded else done.stderr
        assert f"{project}/contract.py{message}" in said if message[0] == ":" else message in said
        assert "Traceback" not in done.stdout + done.stderr
        if is_loaded and command[0] == "run":
            assert "CONTRACT_ERROR  twice/scalar" in said
            assert said.endswith("\n0 of 9 cases passed\n")
    monkeypatch.chdir(project)
    options: dict[str, Any] = {"cc": "gcc", "opt": "O2", "build": "plain", "suite": "sensitivity"}
    if is_loaded:
        result = api.run(**options)
        assert result.exit_code is api.ExitCode.USAGE
        assert {verdict.outcome.value for verdict in result.verdicts} == {"CONTRACT_ERROR"}
    else:
        with pytest.raises(api.HarnessError) as caught:
            api.run(**options)
        assert message in str(caught.value)
        assert caught.value.exit_code is api.ExitCode.USAGE


@pytest.mark.parametrize("how", ["exit at import", "exit", "interrupt", "nothing"])
def test_pytest_goes_on_and_calls_it_an_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    changes, message = LEAVES[how]
    write(pytester.path, **changes)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))  # pytester has a home of its own
    narrow = ["--harness-cc=gcc", "--harness-opt=O2", "--harness-build=plain"]
    done = pytester.runpytest_subprocess("-p", "harness", *narrow)
    assert message in done.stdout.str()
    assert done.ret in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    if "import" not in how:
        done.assert_outcomes(errors=1)


def test_a_person_who_interrupts_a_reference_is_obeyed(tmp_path: Path) -> None:
    project = write(tmp_path, "import time, pathlib", "pathlib.Path('began').touch(); time.sleep(60)")
    command = [sys.executable, "-m", "harness", "run", *NARROW]
    with subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not (project / "began").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


def test_what_only_the_proof_shows_ends_with_the_verdicts_and_the_fault(harness: Harness, tmp_path: Path) -> None:
    """The proof changes the inputs; this reference takes them only as they are drawn."""
    project = write(tmp_path, REQUIRES="[]")
    text = (project / "contract.py").read_text()
    refusing = "tolerance=ulp(1)"
    text = text.replace('passes=[each("out", lambda x: 2 * x, roundings=1)]', refusing)
    text = text.replace("return 2 * x", "return 2 * x if (x != 0).all() else sys.exit(0)")
    (project / "contract.py").write_text(
        text.replace('"special": [*special_values(["nan", "largest"]), *structured([255])], ', "")
    )
    done = harness("run", *NARROW, cwd=project)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "9 of 9 cases passed" in done.stdout
    assert "CONTRACT_ERROR  twice/scalar on scalar\n" in done.stdout
    assert "the proof of its inputs: " in done.stdout
    assert f"{project}/contract.py:7: the reference of twice left the program by SystemExit(0)" in done.stdout
    assert harness("check", cwd=project).returncode == 2
    done = harness("report", "last", cwd=project)
    assert (done.returncode, "the proof of its inputs: " in done.stdout) == (2, True)


# ---- what did not run ----------------------------------------------------------------------------------------------


def test_a_suite_that_no_caller_may_reach_is_listed(harness: Harness, tmp_path: Path) -> None:
    project = write(tmp_path, MORE='"long": [4096], "placement": placements()', REQUIRES='["n <= 64"]')
    done = harness("run", *NARROW, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    not_checked = done.stdout.split("\nNot checked:\n")[1]
    reason = "it may be called only where n <= 64, and none of these sizes is"
    assert f"  NOT_APPLICABLE  twice/scalar on scalar: suite 'long': {reason}\n" in not_checked
    assert "special" not in not_checked
    table = done.stdout.split("Inputs of")[0]
    assert "  special  " in table
    assert "  placement  " in table


def test_a_bug_that_only_special_values_show_is_found_in_short_rows(harness: Harness, tmp_path: Path) -> None:
    project = write(tmp_path, REQUIRES='["n <= 64"]')
    (project / "twice.c").write_text(KERNEL.replace("2 * x[i]", "x[i] == x[i] ? 2 * x[i] : 0"))
    (project / "harness.toml").write_text(MANIFEST.replace("scalar", "avx2") + 'waived = { gate = "plain C" }\n')
    done = harness("run", *NARROW, cwd=project)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "special/n64-nan@" in done.stdout


@pytest.mark.parametrize(
    ("narrowing", "line"),
    [
        (
            ("--suite", "sensitivity"),
            "all suites but sensitivity, and the proof of what inputs show: without --suite they are run",
        ),
        (
            ("--case", "sensitivity/n3"),
            "all cases but 1, and the proof of what inputs show: without --case or --last-failed",
        ),
        (("--size", "7"), "all suites and the proof of what inputs show: --size has cases of its own"),
        (("--shard", "1/2"), "the jobs of the other shards of 2: `harness merge` puts the parts together"),
    ],
)
def test_what_a_narrowing_leaves_out_is_listed(
    harness: Harness, tmp_path: Path, narrowing: tuple[str, str], line: str
) -> None:
    project = write(tmp_path)
    markdown, page = tmp_path / "r.md", tmp_path / "r.html"
    reports = ("--markdown", markdown, "--html", page)
    done = harness("run", *NARROW, *narrowing, *reports, cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"  LEFT OUT  {line}" in done.stdout.split("\nNot checked:\n")[1]
    assert "LEFT OUT " in markdown.read_text()
    assert "LEFT OUT " in page.read_text()
    done = harness("report", "last", cwd=project)
    assert f"  LEFT OUT  {line}" in done.stdout
    assert "LEFT OUT" not in harness("run", *NARROW, cwd=project).stdout


# ---- what check alone can see --------------------------------------------------------------------------------------

SOFTMAX = """import numpy as np
from harness.contract import *

def naive(x):
    return np.exp(x) / np.exp(x).sum()

def stable(x):
    shifted = np.exp(x - x.max())
    return shifted / shifted.sum()

twice = op(
    "void twice(float *out, const float *x, size_t n)",
    inputs="x[n]",
    outputs="out[n]",
    reference=REFERENCE,
    tolerance=ulp(64),
    pattern=normal((-2, 8)),
    suites={"boundary": [3]},
)
"""


def test_check_finds_a_reference_that_overflows_at_the_ends_of_its_pattern(harness: Harness, tmp_path: Path) -> None:
    project = write(tmp_path)
    (project / "contract.py").write_text(SOFTMAX.replace("REFERENCE", "naive"))
    done = harness("check", cwd=project)
    assert done.returncode == 2, done.stdout
    (fault,) = [line for line in done.stdout.splitlines() if line.startswith("FAULT")]
    assert f"{project}/contract.py:4: the reference of twice yields nan for out[0] in extremes/n3-normal0-" in fault
    (project / "contract.py").write_text(SOFTMAX.replace("REFERENCE", "stable"))
    done = harness("check", cwd=project)
    assert done.returncode == 0, done.stdout
    assert "ok     contract twice: its reference yields numbers (boundary/n3)\n" in done.stdout
