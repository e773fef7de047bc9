"""Tells of a run in every way that was asked for: what `run` does at its end and `report` at any time later."""

from __future__ import annotations

from pathlib import Path

from harness.files import replace_file
from harness.report import annotations as github
from harness.report import html, junit, markdown, table
from harness.report.run import Run
from harness.settings import Reports


def check(reports: Reports) -> None:
    """Find out before a long run, instead of after it, that something cannot be written.

    Raises:
        InstallationError: a package is missing.
    """
    if reports.html:
        html.environment()


def tell(run: Run, reports: Reports) -> None:
    """Write the files and print the rest.

    Raises:
        HarnessError: a file cannot be written.
    """
    if reports.markdown:
        replace_file(reports.markdown, markdown.render(run))
    if reports.html:
        replace_file(reports.html, html.render(run))
    if reports.junit:
        replace_file(reports.junit, junit.render(run))
    texts = [table.render(run, verbose=reports.verbose, quiet=reports.quiet)]
    if reports.annotations:
        texts.append(github.render(run, Path.cwd()))
    for text in filter(None, texts):
        print(text)
