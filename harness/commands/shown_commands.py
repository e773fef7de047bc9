"""The commands that -v shows before they run."""

from __future__ import annotations

import logging
import sys

from harness.report.text import visible


class _Visible(logging.Formatter):
    """Commands as they are, but for what a terminal would obey: a file may have any name."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(record.getMessage())


def show_commands() -> None:
    """Print every command of tools and guests on standard error from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Visible())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
