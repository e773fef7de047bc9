"""The shell command that runs a case again."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from harness.model import (
    Case,
    Job,
    Role,
)
from harness.plan.cases import GATE_SUITE, SIZE_SUITE

SCALABLE_FACTS = ("sve_bits", "sme_bits", "rvv_bits")
"""What guests attest about lengths that --svl selects."""


def reproducer(
    program: str, job: Job, seed: int, config: Path | None, backend: str, emulator: str | None = None
) -> Callable[[Case | None], str]:
    """Return a function that writes the shell command which runs one case of a job again (None: all of them).

    `emulator` is what the user asked for, who gets the one that the job ran on.
    """
    scalable = job.width_fact in SCALABLE_FACTS
    width = [f"--svl {job.vector_bits}"] if job.vector_bits and scalable else []
    build = f"--cc {shlex.quote(job.build.compiler.spec)} --opt {job.build.opt} " if job.build.opt else ""
    build += f"--build {job.build.variant}"
    kernel = shlex.join(job.kernel.words or (job.kernel.id,))
    start = " ".join((program, "run", kernel, "--target", shlex.quote(job.target.name), *width, build))
    end = f" --emulator {job.executor.how}" if emulator and job.role is not Role.GATE else ""
    end += f" --in {backend}" if backend != "host" else ""
    end += f" --seed {seed}" if seed else ""
    end += f" --config {shlex.quote(str(config))}" if config else ""

    def line(case: Case | None) -> str:
        if case is None:
            return start + end
        if case.suite == GATE_SUITE:
            return f"{start} --suite {GATE_SUITE}{end}"
        if case.suite == SIZE_SUITE:
            return f"{start} --size {case.sizes[0][1]}{end}"
        return f"{start} --case {shlex.quote(case.id)}{end}"

    return line
