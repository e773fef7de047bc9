"""Report formats: one module each, which is all that a new one takes.

A module's name is its option (`junit` is --junit), the first line of its docstring the option's help. It has

    def render(run: Run) -> str

and, where it needs more than this package, `def check() -> None`, which raises InstallationError if that is missing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from harness.report.run import RunResult
from harness.resources import REPORT_FORMATS, module_name, modules_of


class Format(Protocol):
    """What the module of a format offers."""

    def render(self, run: RunResult) -> str:
        """Return the report of a run."""


def names() -> tuple[str, ...]:
    """Return the names of all formats, in alphabetical order."""
    return tuple(modules_of(REPORT_FORMATS))


def format_of(name: str) -> Format:
    """Return the module of a format; it is imported now, since some take long to.

    Raises:
        InstallationError: a package that it needs is missing.
    """
    module = import_module(module_name(REPORT_FORMATS, name))
    if hasattr(module, "check"):
        module.check()
    return cast(Format, module)
