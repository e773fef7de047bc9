"""What --last-failed runs again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.errors import UsageError
from harness.model import Outcome, Selection, Target

_FAILED_NAMES = {
    outcome.value
    for outcome in Outcome
    if outcome.is_kernel_fault or outcome in (Outcome.HARNESS_ERROR, Outcome.CONTRACT_ERROR)
}


def narrowed_to_failures(
    selection: Selection, record: Mapping[str, Any] | None, targets: Mapping[str, Target]
) -> Selection:
    """Return a selection of the kernels, targets, widths and cases that a record has failures of.

    Raises:
        UsageError: there is no record, or nothing failed in it.
    """
    if record is None:
        raise UsageError("--last-failed: no run is stored here yet")
    failed = [row for row in record["verdicts"] if row["outcome"] in _FAILED_NAMES]
    if not failed:
        raise UsageError("--last-failed: nothing failed in the last run")
    cases = tuple(dict.fromkeys(f"{row['suite']}/{row['case']}" for row in failed if row["case"]))
    widths = tuple(dict.fromkeys(row["vector_bits"] for row in failed if row["vector_bits"]))
    scalable = {
        bits
        for target in targets.values()
        if target.is_scalable
        for bits in (*target.vector_bits, *target.vector_bits_on_request)
    }
    return replace(
        selection,
        kernels=tuple(dict.fromkeys(row["kernel"] for row in failed)),
        targets=tuple(dict.fromkeys(row["target"] for row in failed)),
        vector_bits=tuple(bits for bits in widths if bits in scalable),
        cases=cases,
        seed=record["seed"],
    )
