"""What exists: from a manifest, or from the bundled convention, to a Project.

The active project is the one whose manifest is found upwards from the current directory, else the bundled one, which
is nothing special: csrc/kernels/<op>/<isa>.c with the symbol <op>_<isa>, and cases/<op>.py, is its manifest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.model import Contract, Project, is_selected
from harness.project.bundled import bundled_contract, bundled_ops, bundled_project
from harness.project.lanes import match_lanes
from harness.project.manifest import (
    IN_PYPROJECT,
    PYPROJECT_NAME,
    kernels_without_contract,
    manifest_project,
    own_contracts,
)
from harness.project.matching import match_parameters
from harness.project.single import project_of
from harness.project.targets import load_target, load_targets
from harness.resources import targets_directory

__all__ = [
    "MANIFEST_NAME",
    "bundled_contract",
    "bundled_ops",
    "contracts_around",
    "find_manifest",
    "holds_manifest",
    "kernels_without_contract",
    "load_project",
    "load_target",
    "load_targets",
    "match_lanes",
    "match_parameters",
    "runs_root",
    "single_kernel_project",
]

MANIFEST_NAME = "harness.toml"


def load_project(config: Path | None, start: Path, patterns: Sequence[str] = ()) -> Project:
    """Read the project given by `config`, else the one found upwards from `start`, else the bundled one.

    With `patterns` the bundled project is limited to the ops of kernels that match one of them: contracts are code,
    and running all of them costs a short run a good part of its time. If none matches, nothing is left out.

    Raises:
        UsageError: a pattern is no kernel of the project, and a directory.
        ConfigurationError: the manifest or a target file is malformed.
        ContractError: a contract it needs cannot be loaded.
    """
    manifest = config or find_manifest(start)
    targets = load_targets(targets_directory())
    project = manifest_project(manifest.absolute(), targets) if manifest else bundled_project(targets, patterns)
    for pattern in patterns:
        if Path(pattern).is_dir() and not any(is_selected(kernel.id, pattern) for kernel in project.kernels):
            raise UsageError(f"{pattern}: a directory; {_instead_of_directory(pattern)}")
    return project


def _instead_of_directory(name: str) -> str:
    """Say what a person can do who wants the kernels of a directory."""
    manifest = find_manifest(Path(name).absolute())
    if manifest and manifest.parent == Path(name).absolute():
        return f"its manifest is named like this: --config {Path(name) / manifest.name}"
    return f"name the files of one kernel in it, or let 'harness init {name}' write a manifest for all that it holds"


def contracts_around(config: Path | None, start: Path) -> tuple[Path | None, dict[str, Contract]]:
    """Return the manifest that load_project would read, if there is one, and the contracts that it names.

    Raises:
        ConfigurationError: the manifest cannot be read.
        ContractError: a contract cannot be loaded.
    """
    manifest = config or find_manifest(start)
    if manifest is None:
        return None, {}
    return manifest.absolute(), own_contracts(manifest.absolute())


def single_kernel_project(
    values: Mapping[str, Any],
    told_by: Path,
    manifest: Path | None,
    contracts: Mapping[str, Contract],
    words: Sequence[str],
) -> Project:
    """Return a project of one kernel that no manifest names, see harness.project.single."""
    return project_of(values, told_by, manifest, contracts, load_targets(targets_directory()), words)


def find_manifest(start: Path) -> Path | None:
    """Return the nearest manifest in `start` or above it: harness.toml, else a pyproject.toml that holds one."""
    for directory in (start, *start.parents):
        if (directory / MANIFEST_NAME).is_file():
            return directory / MANIFEST_NAME
        if holds_manifest(directory / PYPROJECT_NAME):
            return directory / PYPROJECT_NAME
    return None


def runs_root(start: Path, config: Path | None = None) -> Path:
    """Return the directory whose `.harness` stores the runs of the project around `start`."""
    manifest = config or find_manifest(start)
    return manifest.absolute().parent if manifest else start


def holds_manifest(path: Path) -> bool:
    """Whether a pyproject.toml is there and has the table of a manifest."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    dotted = r"\s*\.\s*".join(IN_PYPROJECT)
    return re.search(rf"(?m)^\s*\[\[?\s*{dotted}\b", text) is not None
