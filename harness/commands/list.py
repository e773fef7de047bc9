"""The verb list: the kernels of a project, the suites of their ops, and all targets."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from harness.commands.tables import plain_table
from harness.errors import ExitCode
from harness.model import Contract, Target
from harness.project import load_project


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness list`."""
    project = load_project(Path(parsed.config) if parsed.config else None, Path.cwd())
    kernels = [[k.id, k.isa, k.symbol, _suites(project.contracts[k.op])] for k in project.kernels]
    print(plain_table(kernels, ("kernel", "ISA", "symbol", "suites")))
    print()
    targets = [[t.name, ", ".join(t.isas), _bits(t), t.description] for t in project.targets.values()]
    print(plain_table(targets, ("target", "runs", "bits", "description")))
    return ExitCode.PASSED


def _suites(contract: Contract) -> str:
    suites = contract.suites.items()
    return ", ".join(f"{name} (on request)" if suite.is_on_request else name for name, suite in suites)


def _bits(target: Target) -> str:
    on_request = (
        f" (on request: multiples of 128 up to {target.vector_bits[-1]})" if target.vector_bits_on_request else ""
    )
    return ", ".join(map(str, target.vector_bits)) + on_request if target.vector_bits else "-"
