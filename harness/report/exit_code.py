"""What a run comes to, as an exit code."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import ExitCode
from harness.model import Outcome, Verdict


def exit_code(verdicts: Sequence[Verdict], *, has_jobs: bool = False) -> ExitCode:
    """Return the exit code: the first of contract, harness, kernel, unavailable, nothing selected, passed.

    `has_jobs` says of a dry run, which has no verdicts on what would run, that something would.
    """
    outcomes = {verdict.outcome for verdict in verdicts}
    if Outcome.CONTRACT_ERROR in outcomes:
        return ExitCode.USAGE
    if Outcome.HARNESS_ERROR in outcomes:
        return ExitCode.HARNESS
    if any(outcome.is_kernel_fault for outcome in outcomes):
        return ExitCode.KERNEL_FAILED
    if any(verdict.named and verdict.outcome is Outcome.UNAVAILABLE for verdict in verdicts):
        return ExitCode.UNAVAILABLE
    ran = has_jobs or any(outcome.is_accepted for outcome in outcomes)
    return ExitCode.PASSED if ran else ExitCode.NOTHING_SELECTED
