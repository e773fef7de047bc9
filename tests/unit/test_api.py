"""The Python API: the command line's options and no others, and what a library must not do."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import get_type_hints

import pytest

import harness
from harness.api import RENAMED, Options, settings_for
from harness.cli import make_parser
from harness.errors import UsageError
from harness.settings import options_of, read_settings

ONE = "rms_norm_f32/scalar"
NOT_IN_PYTHON = {"dry_run", "baseline"}  # functions of their own


def test_the_options_are_those_of_the_command_line() -> None:
    expected = {option.name for option in options_of("run") if option.group != "reports"} - NOT_IN_PYTHON
    assert {RENAMED.get(name, name) for name in get_type_hints(Options)} == expected


@pytest.mark.parametrize(
    ("kernels", "options"),
    [
        ((), {}),
        (("a/*", "b/c"), {"svl": [128, 256], "target": "sve,sve2", "seed": 3, "j": 2, "x": True}),
        ((), {"svl": "all", "backend": "docker", "opt": ["O2"], "size": 7, "timeout": 1.5, "shard": "1/4", "x": False}),
        ((), {"config": Path("h.toml"), "suite": ("a", "b"), "last_failed": True, "svl": 256}),
    ],
)
def test_options_mean_what_they_mean_on_the_command_line(kernels: tuple[str, ...], options: Options) -> None:
    settings, command = settings_for(kernels, options)
    assert settings == read_settings(make_parser().parse_args([*command[1:], "-q"]), {})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"svll": 128}, "no option 'svll' \\(perhaps you meant 'svl'\\)"),
        ({"in": "host"}, "no option 'in'"),
        ({"quiet": True}, "no option 'quiet'"),
        ({"svl": "wide"}, "--svl wide: expected a vector length in bits"),
        ({"opt": ["O9"]}, "--opt O9: expected one of"),
        ({"backend": "dokcer"}, "--in dokcer: .*perhaps you meant 'docker'"),
        ({"x": "yes"}, "-x 'yes': expected True or False"),
        ({"seed": [1, 2]}, "--seed .*: expected one value"),
        ({"seed": -1}, "--seed -1: expected at least 0"),
    ],
)
def test_a_wrong_option_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        settings_for((), options)


def test_the_environment_sets_no_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_SVL", "512")
    assert settings_for((), {})[0].selection.vector_bits == (128, 256, 512)


def test_the_import_is_cheap() -> None:
    code = "import sys, harness; print([m for m in sys.modules if m.split('.')[0] in ('numpy', 'argparse', 'harness')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['harness']"


def test_everything_that_is_offered_is_there() -> None:
    assert all(getattr(harness, name) for name in harness.__all__)
    modules = {path.stem for path in Path(harness.__path__[0]).iterdir()}
    assert not set(harness.__all__) & modules, "a module of that name would hide it"
    with pytest.raises(AttributeError):
        harness.runn  # noqa: B018


def test_a_run_is_told_in_every_way_and_nothing_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    handlers = {number: signal.getsignal(number) for number in signal.valid_signals()}
    narrow = Options(cc="gcc", opt="O2", build="plain", suite="boundary")
    results: list[harness.Result] = []
    threads = [threading.Thread(target=lambda: results.append(harness.run(ONE, **narrow))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result, other = results
    assert result.exit_code is harness.ExitCode.PASSED
    assert result.has_passed
    assert {verdict.outcome for verdict in result.verdicts} == {harness.Outcome.PASS}
    assert result.summary == "100 of 100 cases passed"
    assert result.table().endswith(result.summary)
    assert ONE in result.report("markdown")
    assert "<testsuites" in result.report("junit")
    assert "<html" in result.report("html")
    assert result.record["summary"]["PASS"] == 100
    assert shlex.split(result.record["reproduce"])[-10:] == shlex.split(
        f"run {ONE} --cc gcc --opt O2 --build plain --suite boundary"
    )
    assert harness.read_run("last").record["verdicts"] in (result.record["verdicts"], other.record["verdicts"])
    assert not harness.diff(result, other).is_regression
    assert len(harness.dry_run(["rms_norm_f32/sc*"], **narrow).jobs) == 1
    assert {number: signal.getsignal(number) for number in signal.valid_signals()} == handlers
    assert capfd.readouterr() == ("", "")


def test_what_cannot_run_is_an_exception_with_the_exit_code(tmp_path: Path) -> None:
    with pytest.raises(harness.HarnessError, match="unknown kernel") as raised:
        harness.dry_run("rms_norm_f32/avx3")
    assert raised.value.exit_code is harness.ExitCode.USAGE
    with pytest.raises(harness.HarnessError, match="no run 'tomorrow'"):
        harness.read_run("tomorrow")
