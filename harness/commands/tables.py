"""Tables of what commands found out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tabulate import tabulate

from harness.report.text import visible


def plain_table(rows: Iterable[Iterable[object]], headers: Sequence[str]) -> str:
    """Return a table that is safe to look at: names of files and words of compilers are other people's."""
    return tabulate([[visible(str(cell)) for cell in row] for row in rows], headers, disable_numparse=True)
