"""The verb run: validates kernels and writes the reports."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from harness.commands.publishing import check, publish
from harness.commands.shown_commands import show_commands
from harness.errors import ExitCode, counted
from harness.execution.verdicts import absent
from harness.model import Plan
from harness.pipeline import dry_run, validate
from harness.report.difference import difference
from harness.report.difference import render as difference_text
from harness.report.exit_code import exit_code
from harness.report.run import RunResult, read_record, run_of
from harness.report.text import visible
from harness.settings import STDOUT, Settings, read_settings


def main(parsed: argparse.Namespace, command: Sequence[str]) -> ExitCode:
    """Carry out `harness run`."""
    settings = read_settings(parsed)
    if settings.reports.verbose:
        show_commands()
    check(settings.reports)
    baseline = run_of(read_record(settings.baseline)) if settings.baseline else None
    say = _say_nothing if settings.reports.quiet else _say
    if settings.dry_run:
        plan = dry_run(settings, say)
        print(_planned(plan))
        return exit_code([absent(absence) for absence in plan.absences], has_jobs=bool(plan.jobs))
    run, record = validate(settings, command, say)
    publish(run, settings.reports, record if settings.reports.json == STDOUT else None)
    code = ExitCode(run.facts["exit_code"])
    return _held_against(baseline, run, code, settings) if baseline else code


def _say(text: str) -> None:
    print(visible(text), file=sys.stderr)


def _say_nothing(_text: str) -> None:
    pass


def _held_against(baseline: RunResult, run: RunResult, code: ExitCode, settings: Settings) -> ExitCode:
    """Say what changed since the baseline; a regression fails a run that passed."""
    found = difference(baseline, run)
    text = difference_text(found, verbose=settings.reports.verbose)
    rest = sys.stderr if settings.reports.on_stdout else sys.stdout
    print(f"\nAgainst {visible(str(settings.baseline))}:\n\n{text}", file=rest)
    return ExitCode.KERNEL_FAILED if found.is_regression and code is ExitCode.PASSED else code


def _planned(plan: Plan) -> str:
    lines = [
        f"{job.kernel.id} on {job.target.name}"
        + (f" at {job.vector_bits} bits" if job.vector_bits else "")
        + f" ({job.build.label}, {job.executor.how} {job.executor.version}): {counted(job.verdict_count, 'case')}"
        for job in plan.jobs
    ]
    lines += [
        f"{absence.outcome.value} {absence.kernel} on {absence.target}: {absence.reason}" for absence in plan.absences
    ]
    return "\n".join(map(visible, lines))
