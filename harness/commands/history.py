"""The verb history: how kernels fared in the stored runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import ExitCode, NothingFoundError, UsageError, counted, perhaps
from harness.model import is_selected
from harness.project import runs_root
from harness.report import history
from harness.report.formats import html
from harness.report.run import read_record
from harness.report.store import RUNS_DIRECTORY, stored_records
from harness.settings import STDOUT
from harness.storage.files import replace_file


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness history`: print a line per kernel, and draw it on a page if one is asked for."""
    patterns, page = parsed.kernel, parsed.html
    root = runs_root(Path.cwd())
    records = {path.parent.name: read_record(path) for path in stored_records(root)}
    if not records:
        raise NothingFoundError(f"no run is stored in {root / RUNS_DIRECTORY}: 'harness run' stores each one")
    judged = history.points(records)
    for pattern in patterns:
        if not any(is_selected(kernel, pattern) for kernel in judged):
            hint = perhaps(pattern, judged) or f"; they judged {', '.join(judged) or 'nothing'}"
            raise UsageError(f"no run of the {len(records)} stored here judged {pattern!r}{hint}")
    kernels = {
        kernel: points
        for kernel, points in judged.items()
        if not patterns or any(is_selected(kernel, pattern) for pattern in patterns)
    }
    if not kernels:
        raise NothingFoundError(f"none of the {counted(len(records), 'run')} stored here judged a kernel")
    rest = sys.stdout
    if page and Path(page) == STDOUT:
        print(html.render_history(kernels))
        rest = sys.stderr
    elif page:
        replace_file(Path(page), html.render_history(kernels))
    print(history.render(kernels, plain=(rest.encoding or "").lower() not in ("utf-8", "utf8")), file=rest)
    return ExitCode.PASSED
