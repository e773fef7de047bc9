"""The verb merge: puts the shards of a run together."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.commands.report import publish_record
from harness.errors import ExitCode
from harness.project import runs_root
from harness.report import merging
from harness.report.run import read_record
from harness.report.store import record_path
from harness.settings import read_reports


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness merge`: write the reports of the whole run."""
    root = runs_root(Path.cwd())
    records = {name: read_record(record_path(name, root)) for name in parsed.runs}
    return publish_record(merging.merge(records), read_reports(parsed))
