"""A project of one kernel that no manifest names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.model import Contract, Project, Target
from harness.project.layers import Layers
from harness.project.manifest import kernel_of
from harness.project.toml import Table


def project_of(
    values: Mapping[str, Any],
    told_by: Path,
    manifest: Path | None,
    contracts: Mapping[str, Contract],
    targets: Mapping[str, Target],
    words: Sequence[str],
) -> Project:
    """Make a project of one kernel, whose table of a manifest `values` would be.

    Args:
        values: the keys of a [[kernel]], with absolute paths.
        told_by: what errors name.
        manifest: that of the project around it, where runs are stored; None if there is none.
        contracts: the project's own.
        targets: all of them.
        words: what names the kernel on the command line.

    Raises:
        ConfigurationError: a value that cannot be.
    """
    known = dict(contracts)
    table = Table(told_by, (), values, {})
    kernel = kernel_of(Layers(table, Table(told_by, (), {}, {})), known, targets)
    root = manifest.parent if manifest else Path.cwd()
    return Project(root, manifest, (replace(kernel, words=tuple(words)),), known, targets)
