"""Validates SIMD kernels against their contracts, at every vector length and on every core they claim.

As a library it offers what __all__ names; docs/python.md shows how. Importing it costs nothing: what a name needs is
imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.api import Options, Result, diff, dry_run, load_project, read_run, run
    from harness.errors import ExitCode, HarnessError
    from harness.model import Outcome, Plan, Project, Verdict
    from harness.report.difference import Difference

__version__ = "0.1.0"

__all__ = [
    "Difference",
    "ExitCode",
    "HarnessError",
    "Options",
    "Outcome",
    "Plan",
    "Project",
    "Result",
    "Verdict",
    "diff",
    "dry_run",
    "load_project",
    "read_run",
    "run",
]

_WHERE = {
    "Difference": "harness.report.difference",
    "ExitCode": "harness.errors",
    "HarnessError": "harness.errors",
    "Outcome": "harness.model",
    "Plan": "harness.model",
    "Project": "harness.model",
    "Verdict": "harness.model",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_WHERE.get(name, "harness.api")), name)
