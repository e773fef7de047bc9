"""Contract files: Python that is run, with errors that say where."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import ContractError
from harness.model import Contract
from harness.model.guarded import Line, guarded, in_time, line_in_trace


def load_contracts(path: Path) -> dict[str, Contract]:
    """Run a contract file and return the contracts that it defines, by op.

    Raises:
        ContractError: the file cannot be read or run, or defines no contract.
    """
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ContractError(f"{path}: cannot read the contract: {error.strerror}") from None
    namespace: dict[str, Any] = {"__name__": f"harness_contract_{path.stem}", "__file__": str(path)}
    in_time(lambda: guarded(lambda: _run(source, path, namespace), "the contract", Line(str(path), 1)))
    digest = hashlib.sha256(source).hexdigest()
    found = {
        value.op: replace(value, origin=path, source_digest=digest)
        for value in namespace.values()
        if isinstance(value, Contract)
    }
    for contract in found.values():
        _check_complete(contract)
    if not found:
        raise ContractError(f"{path}: defines no contract; assign the result of harness.contract.op to a name")
    return found


def _check_complete(contract: Contract) -> None:
    """A contract of a file is there to check something."""
    if not contract.output_names:
        what = "has no output: no pointer is in outputs or inout, and nothing is returned"
        raise ContractError(f"{contract.op} {what}", contract.line)
    if not contract.suites:
        raise ContractError(f'{contract.op} has no suites, as in suites={{"boundary": every(1, 33)}}', contract.line)


def _run(source: bytes, path: Path, namespace: dict[str, Any]) -> None:
    """Run a contract file. The filters of warnings that it sets are its own.

    Raises:
        ContractError: a part of a contract is not what it should be; the message says where.
    """
    with warnings.catch_warnings():
        try:
            exec(compile(source, str(path), "exec"), namespace)
        except SyntaxError as error:
            if error.filename != str(path):  # of something that it imports
                raise
            raise ContractError(f"SyntaxError: {error.msg}", f"{path}:{error.lineno or 1}") from None
        except ContractError as error:
            if error.line:
                raise
            raise ContractError(error.message, line_in_trace(error.__traceback__, Line(str(path), 1))) from None
