"""The verbs that work on kept runs instead of running kernels: report, merge, diff, history."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import ExitCode, NothingFoundError, UsageError, counted, perhaps
from harness.files import replace_file
from harness.model import is_selected
from harness.project import find_manifest
from harness.report import history, html, merging
from harness.report.difference import difference, render
from harness.report.record import RUNS_DIRECTORY
from harness.report.run import read_record, run_of
from harness.settings import STDOUT, Reports
from harness.telling import tell

LAST = "last"
"""The name of the newest kept run."""


def report(name: str, reports: Reports) -> ExitCode:
    """Tell of a run again; the exit code is that of the run, so that a failure cannot be reported away."""
    return _tell(read_record(record_path(name)), reports)


def merge(names: Sequence[str], reports: Reports) -> ExitCode:
    """Put the shards of a run together and tell of the whole."""
    return _tell(merging.merge({name: read_record(record_path(name)) for name in names}), reports)


def _tell(record: Mapping[str, Any], reports: Reports) -> ExitCode:
    tell(run_of(record), reports, record)
    return ExitCode(record["exit_code"]) if record["exit_code"] is not None else ExitCode.INTERRUPTED


def diff(before: str, after: str, *, verbose: bool) -> ExitCode:
    """Say what changed from one run to another."""
    found = difference(*(run_of(read_record(record_path(name))) for name in (before, after)))
    print(render(found, verbose=verbose))
    return ExitCode.KERNEL_FAILED if found.is_regression else ExitCode.PASSED


def show_history(patterns: Sequence[str], page: str | None) -> ExitCode:
    """Say how kernels fared in the runs kept here, and draw it on a page if one is asked for."""
    records = {path.parent.name: read_record(path) for path in kept_records()}
    if not records:
        raise NothingFoundError(f"no run is kept in {kept_in() / RUNS_DIRECTORY}: 'harness run' keeps each one")
    judged = history.points(records)
    for pattern in patterns:
        if not any(is_selected(kernel, pattern) for kernel in judged):
            hint = perhaps(pattern, judged) or f"; they judged {', '.join(judged) or 'nothing'}"
            raise UsageError(f"no run of the {len(records)} kept here judged {pattern!r}{hint}")
    kernels = {
        kernel: told
        for kernel, told in judged.items()
        if not patterns or any(is_selected(kernel, pattern) for pattern in patterns)
    }
    if not kernels:
        raise NothingFoundError(f"none of the {counted(len(records), 'run')} kept here judged a kernel")
    rest = sys.stdout
    if page and Path(page) == STDOUT:
        print(html.render_history(kernels))
        rest = sys.stderr
    elif page:
        replace_file(Path(page), html.render_history(kernels))
    print(history.render(kernels, plain=(rest.encoding or "").lower() not in ("utf-8", "utf8")), file=rest)
    return ExitCode.PASSED


def record_path(name: str, manifest: Path | None = None) -> Path:
    """Return the record that a file, a directory, the name of a kept run, or "last" stands for.

    Kept runs are those of the manifest's project, by default of the one found upwards.

    Raises:
        UsageError: there is none.
    """
    given = Path(name)
    if given.is_dir():
        given = given / "record.json"
    if given.exists():
        return given
    kept = kept_records(manifest)
    found = kept[-1:] if name == LAST else [path for path in kept if path.parent.name.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{name}: {len(found)} kept runs have names that start like this")
    known = [path.parent.name for path in kept]
    told = f"kept are {', '.join(known[-3:])}" if known else "none is kept here"
    raise UsageError(f"no run {name!r}{perhaps(name, known)}; {told}")


def newest_with(identity: str, manifest: Path | None = None) -> Path | None:
    """Return the newest record kept for a project that has a failure with this id, or one that begins so."""
    mark = f'"id":"{identity.lower()}'
    for path in reversed(kept_records(manifest)):
        if mark in path.read_text(encoding="utf-8"):  # records are large, and few need to be parsed
            return path
    return None


def kept_records(manifest: Path | None = None) -> list[Path]:
    """Return the records of the runs kept for a project, the oldest first."""
    return sorted((kept_in(manifest) / RUNS_DIRECTORY).glob("*/record.json"))


def kept_in(manifest: Path | None = None) -> Path:
    """Return the directory whose .harness keeps the runs of a project."""
    manifest = manifest or find_manifest(Path.cwd())
    return manifest.parent if manifest else Path.cwd()
