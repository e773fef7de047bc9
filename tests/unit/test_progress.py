"""The line that says what a run is doing."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest

from harness.execution.progress import Progress, meanwhile
from harness.model import Selection
from harness.report.text import visible
from tests.unit import sample_runs
from tests.unit.samples import bundled_project
from tests.unit.test_plan import planned


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def progress(**how: Any) -> tuple[Progress, Clock, io.StringIO]:
    clock, stream = Clock(), io.StringIO()
    jobs = [job for job in planned(bundled_project(), Selection(kernels=("sum_f32/*",))).jobs if len(job.cases) > 1][:4]
    return Progress(jobs, stream, clock=clock, **{"is_live": True, "is_silent": False, **how}), clock, stream


def test_it_says_what_is_running_how_far_it_is_and_how_long_it_will_take() -> None:
    shown, clock, _ = progress()
    first, second = shown.jobs[:2]
    shown.begin(first)
    assert (
        shown.line(0.0) == f"0 of 4 jobs done; running {first.kernel.id} {first.target.name} {first.build.label} (0 s)"
    )
    clock.now = 100.0
    shown.end(first)
    shown.judged(first, 3)
    shown.begin(second)
    left_s = 100 * sum(len(job.cases) for job in shown.jobs[1:]) / len(first.cases)
    line = shown.line(107.0)
    assert line.startswith("1 of 4 jobs done, 3 failures, about ")
    assert f"about {round(107 / 100 * left_s / 60)} min left" in line
    assert "(7 s)" in line


@pytest.mark.parametrize("text", sample_runs.NASTY, ids=lambda text: ascii(text)[:20])
def test_a_name_does_nothing_to_the_terminal(text: str) -> None:
    shown, _, stream = progress()
    job = replace(shown.jobs[0], kernel=replace(shown.jobs[0].kernel, name=text))
    shown.begin(job)
    shown.tick()
    assert "running" in stream.getvalue()
    assert visible(stream.getvalue().removeprefix("\r\x1b[K")) == stream.getvalue().removeprefix("\r\x1b[K")


def test_a_terminal_has_one_line_that_is_gone_at_the_end() -> None:
    shown, _, stream = progress()
    shown.tick()
    shown.tick()
    shown.close()
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_pipe_gets_a_plain_line_now_and_then() -> None:
    shown, clock, stream = progress(is_live=False)
    shown.tick()
    assert stream.getvalue() == ""
    clock.now = 31.0
    shown.tick()
    shown.tick()
    assert stream.getvalue() == "harness: 0 of 4 jobs done\n"
    shown.close()
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize(
    ("is_terminal", "is_silent", "written"),
    [(True, False, "\r\x1b[Klooking\r\x1b[K"), (True, True, ""), (False, False, "")],
)
def test_what_comes_before_and_after_is_told_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, is_silent: bool, written: str
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: is_terminal)
    with pytest.raises(KeyboardInterrupt), meanwhile("looking", stream, is_silent=is_silent):
        raise KeyboardInterrupt
    assert stream.getvalue() == written


def test_nothing_is_said_where_nothing_was_asked_for() -> None:
    shown, clock, stream = progress(is_silent=True)
    clock.now = 100.0
    shown.tick()
    shown.close()
    assert stream.getvalue() == ""
