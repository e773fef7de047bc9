"""Contract files: Python that is run, with errors that say where."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import ContractError
from harness.model import Contract


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
    try:
        exec(compile(source, str(path), "exec"), namespace)
    except ContractError as error:
        raise ContractError(f"{path}:{_line_in(path, error)}: {error}") from None
    except Exception as error:
        raise ContractError(f"{path}:{_line_in(path, error)}: {type(error).__name__}: {error}") from None
    digest = hashlib.sha256(source).hexdigest()
    found = {
        value.op: replace(value, origin=path, source_digest=digest)
        for value in namespace.values()
        if isinstance(value, Contract)
    }
    if not found:
        raise ContractError(f"{path}: defines no contract; assign the result of harness.contract.op to a name")
    return found


def _line_in(path: Path, error: BaseException) -> int:
    """Return the line of `path` that the error came through, deepest first."""
    if isinstance(error, SyntaxError) and error.lineno:
        return error.lineno
    line = 1
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
