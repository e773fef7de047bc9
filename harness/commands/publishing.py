"""Writes and prints a run in every format that was asked for: at the end of `run`, and for `report` at any time."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.report import annotations as github
from harness.report import table
from harness.report.formats import format_of
from harness.report.run import RunResult
from harness.settings import STDOUT, Reports
from harness.storage.files import replace_file


def check(reports: Reports) -> None:
    """Find out before a long run, instead of after it, that something cannot be written.

    Raises:
        InstallationError: a package is missing.
    """
    for name in reports.files:
        format_of(name)


def publish(run: RunResult, reports: Reports, record: Mapping[str, Any] | None = None) -> None:
    """Write the files and print the rest.

    A report that goes to standard output has it to itself, so that another program can read it: everything else is
    printed to standard error then.

    Args:
        run: the run.
        reports: the formats and where they go.
        record: the run's, where its JSON is still to be written.

    Raises:
        HarnessError: a file cannot be written.
    """
    rest = sys.stderr if reports.on_stdout else sys.stdout
    if reports.json and record is not None:
        _write(reports.json, as_json(record))
    for name, path in reports.files.items():
        _write(path, format_of(name).render(run))
    texts = [table.render(run, verbose=reports.verbose, quiet=reports.quiet)]
    if reports.annotations:
        texts.append(github.render(run, Path.cwd()))
    for text in filter(None, texts):
        print(text, file=rest)


def _write(path: Path, text: str) -> None:
    if path == STDOUT:
        print(text.rstrip("\n"))
    else:
        replace_file(path, text)


def as_json(record: Mapping[str, Any] | None) -> str:
    """Return a record as one line of JSON."""
    return json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"
