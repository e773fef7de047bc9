"""What a run is doing and how long it will take: one line that is kept up to date, or now and then a plain one."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from harness.errors import counted
from harness.model import Job
from harness.report.text import clipped, visible

_PLAIN_INTERVAL_S = 30.0
_ESTIMATE_AFTER_S = 5.0
_NAMED_JOBS = 2


@contextlib.contextmanager
def meanwhile(what: str, stream: TextIO, *, is_silent: bool) -> Iterator[None]:
    """Say on a terminal what takes a while before jobs run or after; a pipe hears nothing of it."""
    is_shown = stream.isatty() and not is_silent
    if is_shown:
        stream.write(f"\r\x1b[K{what}")
        stream.flush()
    try:
        yield
    finally:
        if is_shown:
            stream.write("\r\x1b[K")
            stream.flush()


@dataclass(slots=True)
class Progress:
    """Told by workers what they begin and end, and by the main thread what was judged; `tick` shows it."""

    jobs: Sequence[Job]
    """Those that will run."""
    stream: TextIO
    is_live: bool
    """Whether the stream is a terminal, where one line is written again and again."""
    is_silent: bool
    clock: Callable[[], float] = time.monotonic
    _begun: float = 0.0
    _told: float = 0.0
    _running: dict[int, tuple[Job, float]] = field(default_factory=dict)
    _judged: int = 0
    _judged_cases: int = 0
    _failures: int = 0

    def __post_init__(self) -> None:
        self._begun = self._told = self.clock()

    def begin(self, job: Job) -> None:
        """A worker has taken a job."""
        self._running[id(job)] = (job, self.clock())

    def end(self, job: Job) -> None:
        """A worker is done with it."""
        self._running.pop(id(job), None)

    def judged(self, job: Job, failures: int) -> None:
        """A job's verdicts are there."""
        self._judged += 1
        self._judged_cases += job.verdict_count
        self._failures += failures
        self.tick()

    def tick(self) -> None:
        """Show it, if it is time."""
        now = self.clock()
        if self.is_silent or (not self.is_live and now - self._told < _PLAIN_INTERVAL_S):
            return
        self._told = now
        if self.is_live:
            columns = shutil.get_terminal_size().columns
            self._write(f"\r\x1b[K{clipped(self.line(now), columns - 1)}")
        else:
            self._write(f"harness: {self.line(now)}\n")

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self.is_live and not self.is_silent:
            self._write("\r\x1b[K")

    def line(self, now: float) -> str:
        """Return the text: how far, how long still, and what is running, the longest first."""
        parts = [f"{self._judged} of {len(self.jobs)} jobs done"]
        if self._failures:
            parts.append(counted(self._failures, "failure"))
        left_s = self._left_s(now)
        if left_s is not None:
            parts.append(f"about {round(left_s / 60)} min left" if left_s >= 90 else f"about {round(left_s)} s left")
        running = sorted(self._running.copy().values(), key=lambda item: item[1])
        names = [f"{_name(job)} ({now - since:.0f} s)" for job, since in running[:_NAMED_JOBS]]
        if len(running) > _NAMED_JOBS:
            names.append(f"{len(running) - _NAMED_JOBS} more")
        return ", ".join(parts) + (f"; running {', '.join(names)}" if names else "")

    def _left_s(self, now: float) -> float | None:
        """Estimate from the cases judged so far; jobs differ in how many they have."""
        elapsed_s = now - self._begun
        if not self._judged_cases or elapsed_s < _ESTIMATE_AFTER_S:
            return None
        cases = sum(job.verdict_count for job in self.jobs)
        return elapsed_s * (cases - self._judged_cases) / self._judged_cases

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()


def _name(job: Job) -> str:
    width = f" {job.vector_bits} bits" if job.vector_bits else ""
    return visible(f"{job.kernel.id} {job.target.name}{width} {job.build.label}")
