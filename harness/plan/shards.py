"""A share of a plan: what one of several machines runs, so that their records together are that of the whole run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from harness.model import Plan, Shard, scalar_ranks


@dataclass(frozen=True, slots=True)
class Share:
    """Places in the plan, in order."""

    own: tuple[int, ...]
    """Jobs that are judged and recorded here."""
    helpers: tuple[int, ...]
    """Scalar jobs of other shards, which run here too because what is judged here is compared with them."""


def share_of(plan: Plan, shard: Shard | None) -> Share:
    """Deal the jobs out in turn, all builds of a kernel, target and width together: some verdicts are about all."""
    ranks = range(len(plan.jobs))
    if shard is None:
        return Share(tuple(ranks), ())
    points: dict[tuple[str, str, int | None], int] = {}
    dealt = [points.setdefault((j.kernel.id, j.target.name, j.vector_bits), len(points)) for j in plan.jobs]
    own = tuple(rank for rank in ranks if dealt[rank] % shard.count == shard.index - 1)
    ops = {plan.jobs[rank].kernel.op for rank in own}
    scalar = (rank for op, rank in scalar_ranks(plan.jobs).items() if op in ops)
    return Share(own, tuple(rank for rank in scalar if rank not in own))


def digest(plan: Plan, sources: Mapping[str, str]) -> str:
    """Return what is equal for shards of one plan only; `sources` has a digest of each kernel's sources."""
    jobs = [
        (
            job.kernel.id,
            sources[job.kernel.id],
            job.contract.source_digest,
            job.target.name,
            job.build.label,
            job.build.compiler.version,
            job.vector_bits,
            # A processor runs the same instructions whatever the version of its system.
            (job.executor.how, job.executor.cpu, "" if job.executor.how == "native" else job.executor.version),
            [case.key for case in job.cases],
        )
        for job in plan.jobs
    ]
    absences = [(a.kernel, a.target, a.vector_bits, a.build, a.outcome.value) for a in plan.absences]
    return hashlib.sha256(json.dumps([jobs, absences]).encode()).hexdigest()
