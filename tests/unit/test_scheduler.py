"""What a run leaves when it is interrupted before anything was at work."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from harness.build import Builder
from harness.execution import scheduler
from harness.model import Absence, Outcome, Plan, Verdict
from harness.report.record import Recorder
from harness.settings import Settings


def test_an_interruption_of_the_set_up_ends_the_run_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(scheduler, "Judging", interrupted)
    added: list[Verdict] = []
    recorder = cast(Recorder, SimpleNamespace(add=lambda _rank, verdicts: added.extend(verdicts)))
    absence = Absence("sum_f32/sve", "sve", None, None, Outcome.UNAVAILABLE, "no qemu-aarch64", named=False)
    plan = Plan((), (absence,))
    result = scheduler.execute(plan, cast(Builder, None), recorder, cast(Settings, cast(Any, None)), "harness")
    assert result.interrupted
    assert [verdict.outcome for verdict in result.verdicts] == [Outcome.UNAVAILABLE]
    assert added == list(result.verdicts)
