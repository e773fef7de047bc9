"""The bundled project: csrc/kernels/<op>/<isa>.c with the symbol <op>_<isa>, and cases/<op>.py, is its manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from harness.contract.loading import load_contracts
from harness.errors import ConfigurationError, perhaps
from harness.model import Contract, Kernel, Project, Target, is_selected
from harness.resources import bundled_root


def bundled_project(targets: Mapping[str, Target], patterns: Sequence[str]) -> Project:
    """Collect the bundled kernels; with `patterns` that all match, only the ops of those that match."""
    root = bundled_root()
    ops = bundled_ops()
    names = {op: [path.stem for path in (root / "csrc" / "kernels" / op).glob("*.c")] for op in ops}
    wanted = {op for op in ops for name in names[op] for pattern in patterns if is_selected(f"{op}/{name}", pattern)}
    matched = all(any(is_selected(f"{op}/{n}", p) for op in ops for n in names[op]) for p in patterns)
    contracts = {op: bundled_contract(op) for op in ops if not (patterns and matched) or op in wanted}
    kernels = [
        _bundled_kernel(contract, path)
        for op, contract in contracts.items()
        for path in sorted((root / "csrc" / "kernels" / op).glob("*.c"))
    ]
    return Project(root, None, tuple(kernels), contracts, targets)


def _bundled_kernel(contract: Contract, path: Path) -> Kernel:
    symbol = f"{contract.op}_{path.stem}"
    prototype = replace(contract.prototype, name=symbol)
    names = tuple(parameter.name for parameter in prototype.parameters)
    return Kernel(contract.op, path.stem, path.stem, (path,), symbol, prototype, names, contract.conventions)


def bundled_ops() -> list[str]:
    """Return the names of the bundled contracts."""
    return [path.stem for path in sorted((bundled_root() / "cases").glob("*.py"))]


def bundled_contract(op: str) -> Contract:
    """Load cases/<op>.py of the bundled project."""
    path = bundled_root() / "cases" / f"{op}.py"
    if not path.is_file():
        known = bundled_ops()
        raise ConfigurationError(f"no contract for the op {op!r}{perhaps(op, known)}; bundled: {', '.join(known)}")
    return load_contracts(path)[op]
