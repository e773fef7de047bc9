"""The verb report: writes the reports of a stored run again."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.commands.publishing import publish
from harness.errors import ExitCode
from harness.project import runs_root
from harness.report.run import read_record, run_of
from harness.report.store import record_path
from harness.settings import Reports, read_reports


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness report`; the exit code is that of the run, so that a failure cannot be reported away."""
    return publish_record(read_record(record_path(parsed.run, runs_root(Path.cwd()))), read_reports(parsed))


def publish_record(record: Mapping[str, Any], reports: Reports) -> ExitCode:
    """Write the reports of a record, and return the exit code of its run."""
    publish(run_of(record), reports, record)
    return ExitCode(record["exit_code"]) if record["exit_code"] is not None else ExitCode.INTERRUPTED
