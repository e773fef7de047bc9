"""The proof that a run's inputs have no blind spots, remembered by the digest of everything that it depends on."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harness.errors import counted
from harness.model import Case, Contract
from harness.model.guarded import in_time
from harness.numerics.inputs import InputStream
from harness.sensitivity.gaps import find_gaps
from harness.storage.cache import key_of
from harness.storage.code_digest import code_digest, imports_digest

ROOTS = ("harness.contract", "harness.numerics.inputs", "harness.sensitivity.gaps")
"""The modules that, with all that they import, make a proof out of a contract and its cases."""
_SHOWN_GAPS = 3


@dataclass(frozen=True, slots=True)
class Proof:
    """What is proven of one op: how many sizes were promised, and where a defect would not show."""

    op: str
    sizes: int
    gaps: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        if not self.sizes:
            return f"{self.op}: nothing is proven about its inputs (no suite 'sensitivity')"
        if not self.gaps:
            return f"{self.op}: every element shown to affect the result, at all of {counted(self.sizes, 'size')}"
        shown = "; ".join(self.gaps[:_SHOWN_GAPS])
        more = f"; and {len(self.gaps) - _SHOWN_GAPS} more" if len(self.gaps) > _SHOWN_GAPS else ""
        return f"{self.op}: {counted(self.sizes, 'size')}, of these only sampled: {shown}{more}"


def prove(contract: Contract, cases: Sequence[Case], memory: Path) -> Proof:
    """Return the proof for these cases of an op, from `memory` (a directory) where it was made before.

    Raises:
        ContractError: the contract's functions misbehave.
    """
    its_code = [contract.source_digest, imports_digest(contract.origin)]
    numbers = f"numpy {np.__version__}"
    key = key_of([*its_code, code_digest(*ROOTS), numbers, *(f"{case.id} {case.key}" for case in cases)])
    path = memory / f"{key}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        known = json.loads(path.read_text(encoding="utf-8"))
        return Proof(contract.op, int(known["sizes"]), tuple(known["gaps"]))
    stream = InputStream()
    sizes, gaps = in_time(lambda: find_gaps(contract, cases, lambda case: stream.inputs(contract, case)))
    proof = Proof(contract.op, sizes, tuple(map(str, gaps)))
    with contextlib.suppress(OSError):  # without a writable cache it is made again
        memory.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"sizes": proof.sizes, "gaps": proof.gaps}), encoding="utf-8")
    return proof
