"""The pytest plugin in projects of its own, in processes of its own."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from harness.storage.cache import cache_directory

pytest_plugins = ["pytester"]

CACHE = cache_directory().parent

NARROW = ("--harness-cc=gcc", "--harness-opt=O2", "--harness-build=plain", "--harness-suite=short")
CONTRACT = """
from harness.contract import each, every, op

twice = op(
    "void twice(float *x, size_t n)",
    inout="x[n]",
    reference=lambda x: 2 * x,
    passes=[each("x", lambda x: 2 * x, roundings=1)],
    suites={"short": every(0, 9)},
)
"""
MANIFEST = """
contracts = ["contract.py"]
[defaults]
op = "twice"
isa = "scalar"
[[kernel]]
name = "right"
sources = ["right.c"]
symbol = "kernel"
[[kernel]]
name = "wrong"
sources = ["wrong.c"]
symbol = "kernel"
[[kernel]]
name = "known"
sources = ["wrong.c"]
symbol = "kernel"
expected = {outcome = "MISMATCH", reason = "its tail is missing"}
[[kernel]]
name = "mended"
sources = ["right.c"]
symbol = "kernel"
expected = {outcome = "MISMATCH", reason = "it was wrong once"}
[[kernel]]
isa = "sve"
sources = ["right.c"]
symbol = "kernel"
targets = ["sve", "a64fx"]
"""
RIGHT = """#include <stddef.h>
void kernel(float *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        x[i] *= 2;
}
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    # What else is installed costs a second at each start.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("CI", "BUILD_NUMBER"):  # there pytest repeats whole failures in its summary
        monkeypatch.delenv(name, raising=False)
    # pytester has a home of its own, where nothing would be known of this machine.
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))
    wrong = RIGHT.replace("i < n", "i < n / 4 * 4")
    for name, text in (("right.c", RIGHT), ("wrong.c", wrong), ("contract.py", CONTRACT), ("harness.toml", MANIFEST)):
        (pytester.path / name).write_text(text)
    pytester.makeini("[pytest]\naddopts = --strict-markers\n")
    return pytester


def start(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Start pytest with our plugin as an installation brings it."""
    return project.runpytest_subprocess("-p", "harness", *arguments)


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Validate one build of each kernel."""
    return start(project, *NARROW, *arguments)


def test_every_outcome_is_told_by_its_own_word(project: pytest.Pytester) -> None:
    done = run(project, "-rA", "--junitxml=r.xml", "--svl=128", "-p", "xdist", "-n2")
    done.assert_outcomes(passed=4, failed=2, xfailed=1, skipped=1, errors=0)
    text = done.stdout.str()
    assert "PASSED harness.toml::twice/right[scalar-gcc O2 plain]" in text
    assert "PASSED harness.toml::twice/sve[sve-128-gcc O2 plain]" in text
    assert "XFAIL harness.toml::twice/known[scalar-gcc O2 plain]" in text
    assert "its tail is missing" in text
    assert "FAILED harness.toml::twice/mended[scalar-expected MISMATCH]" in text
    assert "MISMATCH was expected (it was wrong once), and all cases passed" in text
    assert re.search(r"SKIPPED.*NOT_APPLICABLE: a64fx has no vectors of 128 bits", text)
    # Seven failing cases have one cause: the one that teaches, and what repeats it.
    assert "FAILED harness.toml::twice/wrong[scalar-gcc O2 plain]" in text
    assert "7 of 10 cases failed" in text
    assert text.count("\nMISMATCH  twice/wrong on scalar") == 1
    assert "and 6 more failures of this cause (-vv shows all)" in text
    (line,) = re.findall(r"reproduce: (.*--case short/n1)\n", text)
    assert "run twice/wrong --target scalar --cc gcc --opt O2 --build plain" in line
    properties = {
        case.get("name"): {p.get("name"): p.get("value") for p in case.iter("property")}
        for case in ET.parse(project.path / "r.xml").iter("testcase")
    }
    sve = properties["twice/sve[sve-128-gcc O2 plain]"]
    assert (sve["attested_vector_bits"], sve["cases"], sve["headroom"]) == ("128", "10", "1.0")
    assert sve["scalar_ulp"] == "0.0", "it was compared with the scalar kernel, whichever worker ran that"
    assert "UNAVAILABLE" not in text


def test_items_are_chosen_as_pytest_does(project: pytest.Pytester) -> None:
    arguments = ("-k", "scalar and not known")
    done = run(project, *arguments, "-x")
    done.assert_outcomes(passed=1, failed=1, deselected=8)
    done = run(project, *arguments, "--lf")
    done.assert_outcomes(failed=1)
    done = run(project, "harness.toml::twice/right[scalar-gcc O2 plain]", "-m", "harness")
    done.assert_outcomes(passed=1)


def test_what_is_named_and_not_there_fails(project: pytest.Pytester) -> None:
    done = run(project, "-k", "sve", "--harness-emulator=bochs", "--svl=128")
    done.assert_outcomes(failed=1, skipped=1, deselected=4)
    done.stdout.fnmatch_lines(["*UNAVAILABLE: *(it was named, so that this is a failure)*"])


def test_a_contract_that_misbehaves_is_an_error(project: pytest.Pytester) -> None:
    path = project.path / "contract.py"
    path.write_text(CONTRACT.replace("reference=lambda x: 2 * x", "reference=lambda x: 1 / 0"))
    done = run(project, "-k", "right")
    done.assert_outcomes(errors=1, deselected=11)
    assert "CONTRACT_ERROR" in done.stdout.str()
    path.write_text("nonsense")
    done = run(project)
    assert "NameError: name 'nonsense' is not defined" in done.stdout.str()
    assert done.ret == pytest.ExitCode.INTERRUPTED


def test_nothing_happens_unless_it_is_asked_for(project: pytest.Pytester) -> None:
    code = "import sys\ndef test(): assert not {'numpy', 'harness.pipeline'} & set(sys.modules)\n"
    tests = project.mkdir("tests")
    (tests / "test_one.py").write_text(code)
    project.makeini("[pytest]\ntestpaths = tests\n")
    start(project).assert_outcomes(passed=1)
    start(project, ".").assert_outcomes(passed=1)
    done = project.runpytest_subprocess("-p", "no:harness", "--svl=128")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    # Although testpaths leads elsewhere.
    done = start(project, "--harness", "--collect-only", "-q", *NARROW)
    assert "tests/test_one.py::test" in done.outlines
    assert "harness.toml::twice/right[scalar-gcc O2 plain]" in done.outlines
    project.makeini("[pytest]\ntestpaths = tests\nharness = true\n")
    done = start(project, "--collect-only", "-q")
    assert "harness.toml::twice/right[scalar-gcc O0 hostile]" in done.outlines
    assert "harness.toml" not in start(project, "--collect-only", "-q", "tests").stdout.str()
    done = start(project, "--harness-opt=O9")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--opt O9: expected one of*"])


def test_a_table_of_pyproject_is_a_manifest_too(project: pytest.Pytester) -> None:
    text = MANIFEST.replace("[defaults]", "[tool.harness.defaults]").replace("[[kernel]]", "[[tool.harness.kernel]]")
    (project.path / "pyproject.toml").write_text(text.replace("contracts =", "[tool.harness]\ncontracts ="))
    assert "harness.toml::" in run(project, "--collect-only", "-q").stdout.str()
    Path("harness.toml").unlink()
    run(project, "pyproject.toml", "-k", "right").assert_outcomes(passed=1, deselected=11)


FIXTURE = """
import pytest

ONE = {"cc": "gcc", "opt": "O2", "build": "plain"}

def test_right(validate_kernel):
    result = validate_kernel("twice/right", suite="short", **ONE)
    assert result.summary == "10 of 10 cases passed"

def test_wrong(validate_kernel):
    validate_kernel("twice/wrong", **ONE)

def test_misspelt(validate_kernel):
    validate_kernel("twice/wrnog", **ONE)
"""


def test_the_fixture_validates_and_returns_the_result(project: pytest.Pytester) -> None:
    project.makepyfile(test_own=FIXTURE)
    done = start(project, "-rA")
    done.assert_outcomes(passed=1, failed=2)
    text = done.stdout.str()
    assert "exit code 1" in text
    assert "Failures, worst first:" in text
    assert "unknown kernel 'twice/wrnog' (perhaps you meant 'twice/wrong')" in text
