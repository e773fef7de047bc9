"""Python API: what the command line does, with the same options, and nothing more.

`import harness` offers everything here. Nothing is printed, the environment sets no option, and no signal is handled;
threads may call it at the same time. Errors are exceptions of harness/errors.py.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, TypeGuard, Unpack

from harness.causes import Cause
from harness.errors import ExitCode, UsageError, perhaps
from harness.model import Plan, Project, Verdict
from harness.pipeline import dry_run as plan_of
from harness.pipeline import validate
from harness.project import load_project as read_project
from harness.project import runs_root
from harness.report import formats, table
from harness.report.difference import Difference, difference
from harness.report.run import RunResult, read_record, run_of
from harness.report.store import record_path
from harness.settings import Option, Settings, options_of, read_settings

Several = str | Iterable[str]


class Options(TypedDict, total=False):
    """Options of `harness run`, each under its name on the command line; `backend` is --in, which Python reserves."""

    op: str
    symbol: str
    isa: str
    prototype: str
    svl: int | str | Iterable[int | str]
    target: Several
    backend: str
    emulator: str | None
    cc: Several
    opt: Several
    build: Several
    suite: Several
    case: Several
    size: int | Iterable[int]
    seed: int
    require: Several
    last_failed: bool
    j: int
    timeout: float
    x: bool
    shard: str | None
    budget: float
    config: str | Path | None


RENAMED = {"backend": "in"}
"""Options whose name on the command line is a keyword of Python."""


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a run: its verdicts, the record, and the texts of the reports."""

    _run: RunResult
    record: Mapping[str, Any]
    """The record that --json writes, as dictionaries and lists; record-2.json is its schema."""

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """All verdicts in the order of the plan: one per case of each job, and one for each job that did not run."""
        return self._run.verdicts

    @property
    def failures(self) -> Sequence[Verdict]:
        """Verdicts that fail the run, the worst first; expected failures and what did not run are not among them."""
        return self._run.failures

    @property
    def causes(self) -> Sequence[Cause]:
        """Failures grouped by cause, the worst first, with what the failures of a cause have in common."""
        return self._run.causes

    @property
    def exit_code(self) -> ExitCode:
        """Exit code that `harness run` would have returned."""
        code = self._run.facts["exit_code"]
        return ExitCode.INTERRUPTED if code is None else ExitCode(code)

    @property
    def has_passed(self) -> bool:
        """True if the exit code is 0: something ran, all of it passed, and nothing that was named is missing."""
        return self.exit_code is ExitCode.PASSED

    @property
    def summary(self) -> str:
        """Last line of the table: how many cases passed, and at which attested vector lengths."""
        return table.verdict_line(self._run)

    @property
    def notes(self) -> Sequence[str]:
        """Caveats printed below the table: what the inputs are proven to show, and which checks are waived."""
        return self._run.notes

    @property
    def left_out(self) -> Sequence[str]:
        """Lines on what options deselected, each with the option that did."""
        return self._run.left_out

    def table(self, *, verbose: bool = False) -> str:
        """Return what the command line prints."""
        return table.render(self._run, verbose=verbose)

    def report(self, name: str) -> str:
        """Return the report that the option of a name writes, such as "markdown", "junit" or "html".

        Raises:
            UsageError: there is no such format.
            InstallationError: what the format needs is missing, such as Jinja2.
        """
        if name not in formats.names():
            raise UsageError(f"unknown format {name!r}; expected one of {', '.join(formats.names())}")
        return formats.format_of(name).render(self._run)


def run(kernels: Several = (), **options: Unpack[Options]) -> Result:
    """Validate kernels and return the result, as `harness run` does. A kernel that fails raises nothing.

    Args:
        kernels: ids or globs, such as "rms_norm_f32/*", or the files of one kernel; none for all of the project.
        **options: options of `harness run`, see Options.

    Raises:
        HarnessError: an option, a manifest or a contract is wrong, or something that was named is not available;
            the message is the line that `harness run` prints, `exit_code` is what it returns.
        KeyboardInterrupt: the run was interrupted; the record holds what was finished.
    """
    settings, command = settings_for(_listed(kernels), options)
    result = Result(*validate(settings, command))
    if result.exit_code is ExitCode.INTERRUPTED:
        raise KeyboardInterrupt
    return result


def dry_run(kernels: Several = (), **options: Unpack[Options]) -> Plan:
    """Return the plan of a run without running it: jobs, and what would not run and why (`harness run --dry-run`).

    Raises:
        HarnessError: for the same reasons as `run`.
    """
    return plan_of(settings_for(_listed(kernels), options)[0])


def load_project(config: str | Path | None = None, start: str | Path | None = None) -> Project:
    """Return the project of a manifest, by default of the nearest one in `start` or above it.

    `start` is the current directory unless it is passed. Without any manifest it is the bundled project.

    Raises:
        ConfigurationError: the manifest or a target file is malformed.
        ContractError: a contract cannot be loaded.
    """
    return read_project(Path(config) if config else None, Path(start) if start else Path.cwd())


def read_run(run: str | Path) -> Result:
    """Return the result of an earlier run: a record, the directory or name of a stored run, or "last".

    Raises:
        UsageError: there is no such run, or it cannot be read.
    """
    record = read_record(record_path(str(run), runs_root(Path.cwd())))
    return Result(run_of(record), record)


def diff(before: Result | str | Path, after: Result | str | Path) -> Difference:
    """Return what changed from one run to another (`harness diff`); either is a result, or names one for `read_run`.

    Raises:
        UsageError: one of them cannot be read.
    """
    return difference(*((one if isinstance(one, Result) else read_run(one))._run for one in (before, after)))


def settings_for(kernels: Sequence[str], chosen: Mapping[str, Any]) -> tuple[Settings, list[str]]:
    """Turn options by name into settings, and into the command line that says the same.

    Raises:
        UsageError: an option that does not exist, or a value that it cannot have.
    """
    options = {option.name: option for option in options_of("run")}
    values: dict[str, Any] = {**dict.fromkeys(options), "quiet": True}
    words = [_program(), "run", *kernels]
    for name, value in chosen.items():
        if name not in Options.__annotations__:
            raise UsageError(f"no option {name!r}{perhaps(name, Options.__annotations__)}")
        option = options[RENAMED.get(name, name)]
        values[option.name] = _as_written(option, value)
        if values[option.name] is not None:
            words += _words(option, values[option.name])
    return read_settings(argparse.Namespace(kernel=list(kernels), **values), {}), words


def _as_written(option: Option, value: object) -> Any:
    """Return a value as a parsed command line has it."""
    if value is None or (option.read is None and value is False):
        return None
    if option.read is None:
        if value is not True:
            raise UsageError(f"{option.flags[0]} {value!r}: expected True or False")
        return True
    if option.is_list:
        return [str(item) for item in value] if _is_several(value) else [str(value)]
    if _is_several(value):
        raise UsageError(f"{option.flags[0]} {value!r}: expected one value")
    return str(value)


def _is_several(value: object) -> TypeGuard[Iterable[object]]:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _words(option: Option, written: Any) -> list[str]:
    if option.read is None:
        return [option.flags[0]]
    return [option.flags[0], ",".join(written) if option.is_list else written]


def _listed(kernels: Several) -> list[str]:
    return [kernels] if isinstance(kernels, str) else list(kernels)


def _program() -> str:
    """Return how a person calls what this process has imported."""
    installed = Path(sys.executable).with_name("harness")
    return str(installed) if installed.exists() else "-m"
