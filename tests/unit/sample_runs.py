"""Runs to tell of, made up: what renderers are tested on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.model import Finding, Outcome, Verdict, Window, Worst
from harness.report.identity import identified
from harness.report.record import Recorder, verdict_row
from harness.report.run import RunResult, run_of

NASTY = (
    "<script>alert(1)</script>",
    "]]></failure><x a='1' b=\"2\">&amp;",
    "x\x1b[2Jy\x07\x00z\x9b1m\x7f",
    "line\none\r\ntwo\u2028three\u202egnirts",
    "::error file=a::b%0A::stop-commands::t",
    "| cell | [link](javascript:alert(1)) `code` @someone #1 https://example.org/ ```",
    "größer-als-5-漢字-\U0001f600",
    "n" * 300,
    "\ud800 alone",
    "{{ 7*7 }} {% raw %}",
    "<!-- <script ",
)
"""What a kernel, a contract or a guest may say, and no format may obey."""


def passed(case: str = "len33", size: int = 33, **changes: Any) -> Verdict:
    finding = Finding(Outcome.PASS, max_ulp=1.25, mean_ulp=0.5, headroom=0.75, tolerance_ulp=5.0, seconds=0.001)
    verdict = Verdict(
        kernel="sum_f32/sve",
        target="sve",
        build="gcc O2 plain",
        vector_bits=256,
        attested_vector_bits=256,
        element_bits=32,
        emulator="qemu-user 7.2.22, CPU max,sve256=on",
        suite="boundary",
        case=case,
        finding=finding,
        reproduce="harness run sum_f32/sve --svl 256",
        named=False,
        sizes=(("len", size),),
    )
    return replace(verdict, **changes)


def failed(detail: str = "3 of 33 elements beyond tolerance", got: float = math.nan, **changes: Any) -> Verdict:
    window = Window(8, (1.0, got, math.inf), (1.0, 2.0, 3.0), (0.1, 0.1, 0.1))
    worst = Worst("row", 9, got, 2.0, math.inf, 0.1, window)
    finding = Finding(Outcome.MISMATCH, detail, math.inf, math.inf, -math.inf, 5.0, worst, source_line="sve.c:12")
    return replace(passed(finding=finding), **changes)


def absent(reason: str = "no qemu-aarch64; install it", **changes: Any) -> Verdict:
    finding = Finding(Outcome.UNAVAILABLE, reason)
    nothing: dict[str, Any] = {"attested_vector_bits": None, "suite": None, "case": None, "build": None, "sizes": ()}
    return replace(passed(finding=finding), **nothing, **changes)


def nasty(text: str) -> list[Verdict]:
    """Verdicts in which everything that can be said says this."""
    names: dict[str, Any] = dict.fromkeys(("kernel", "target", "build", "emulator", "suite", "case", "reproduce"), text)
    bad = failed(text, **names)
    assert bad.finding.worst
    bad = replace(
        bad, finding=replace(bad.finding, worst=replace(bad.finding.worst, output=text), source_line=f"{text}:3")
    )
    return [bad, absent(text, kernel=text, target=text), passed(**names)]


def many(count: int, kernels: int = 10) -> list[Verdict]:
    """Verdicts of several kernels at five widths, some of which failed."""
    base, wrong = passed(), failed()
    verdicts = []
    for number in range(count):
        size, job = number % (count // (5 * kernels) + 1), number * 5 * kernels // count
        facts: dict[str, Any] = {
            "kernel": f"op{job // 5}_f32/sve",
            "vector_bits": 128 << job % 5,
            "attested_vector_bits": 128 << job % 5,
        }
        one = wrong if number % 997 == 0 else base
        verdicts.append(replace(one, case=f"len{size}", sizes=(("len", size * 7),), **facts))
    return verdicts


def nasty_run(text: str) -> RunResult:
    """A run in which everything that can be said says this."""
    plain = run(nasty(text), notes=[f"Conventions of {text}"], reproduce=text, harness=text, started=text)
    job = {**plain.jobs[0], "kernel": text, "target": text, "build": text, "sources": [f"/home/user/{text}.c", text]}
    job["compiler"] = {"name": text, "version": text, "triple": text}
    job["emulator"] = {"name": text, "version": text, "cpu": text, "lacks": [text]}
    return RunResult({**plain.facts, "jobs": [job, *plain.jobs]}, plain.verdicts)


def odd(number: float) -> list[Verdict]:
    """A failure and a pass of which every number is this one."""
    window = Window(8, (number,) * 3, (number,) * 3, (number,) * 3)
    worst = Worst("row", 9, number, number, number, number, window)
    numbers: dict[str, Any] = {"max_ulp": number, "mean_ulp": number, "headroom": number, "tolerance_ulp": number}
    bad = Finding(Outcome.MISMATCH, "beyond tolerance", worst=worst, scalar_ulp=number, **numbers)
    good = Finding(Outcome.PASS, worst=worst, scalar_ulp=number, **numbers)
    return [passed(finding=bad), passed("len34", 34, finding=good), passed("len0", 0, finding=good)]


def run(verdicts: list[Verdict], **facts: Any) -> RunResult:
    """A run as it is told at its own end."""
    recorder = Recorder((), ["harness", "run"], {"kind": "host"}, 0, None, reproduce="harness run 'sum_f32/*'")
    job = {
        "rank": 0,
        "kernel": "sum_f32/sve",
        "target": "sve",
        "build": "gcc O2 plain",
        "vector_bits": 256,
        "sources": ["/home/user/kernels/sve.c"],
        "compiler": {"name": "gcc", "version": "14.2.0", "triple": "aarch64-linux-gnu"},
        "emulator": {"name": "qemu-user", "version": "10.0.13", "cpu": "max", "lacks": []},
    }
    return RunResult({**recorder.facts(finished=True, exit_code=1), "jobs": [job], **facts}, identified(verdicts, 0))


def record(reported: RunResult) -> dict[str, Any]:
    """The same as a record that was written and read."""
    rows = [verdict_row(verdict, 0) for verdict in reported.verdicts]
    whole: dict[str, Any] = json.loads(json.dumps({**reported.facts, "summary": {}, "verdicts": rows}, allow_nan=False))
    return whole


def retold(reported: RunResult) -> RunResult:
    return run_of(record(reported))


RECORD_1 = Path(__file__).parents[1] / "data" / "record-1.json"
"""Written by a harness that wrote version 1, with paths and most cases cut."""
RECORD_2 = RECORD_1.with_name("record-2.json")
