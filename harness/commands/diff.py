"""The verb diff: what changed from one run to another."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.errors import ExitCode
from harness.project import runs_root
from harness.report.difference import difference, render
from harness.report.run import read_record, run_of
from harness.report.store import record_path


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness diff`; a regression is a failure."""
    root = runs_root(Path.cwd())
    found = difference(*(run_of(read_record(record_path(name, root))) for name in (parsed.a, parsed.b)))
    print(render(found, verbose=parsed.verbose))
    return ExitCode.KERNEL_FAILED if found.is_regression else ExitCode.PASSED
