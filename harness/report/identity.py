"""Short names of failures, which `harness replay` takes: equal in every run that fails alike."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from harness.model import Outcome, Verdict

ID_CHARACTERS = 6
"""Of an id at least; those that begin alike get more."""
_DIGEST_BYTES = 20
_WITHOUT = {Outcome.PASS, Outcome.UNAVAILABLE, Outcome.NOT_APPLICABLE}
"""There is nothing to replay."""

Identity = tuple[str, str, str | None, int | None, str | None, str | None]
"""Kernel, target, build, vector length, suite and case: what failed, however it did."""


def identified(verdicts: Iterable[Verdict], seed: int) -> list[Verdict]:
    """Return the verdicts of a run, failures of a job with their ids."""
    every = list(verdicts)
    ids = short_ids((_identity(verdict) for verdict in every if _has_one(verdict.outcome, verdict.build)), seed)
    return [
        replace(verdict, id=ids[_identity(verdict)]) if _has_one(verdict.outcome, verdict.build) else verdict
        for verdict in every
    ]


def identified_rows(rows: Iterable[Mapping[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Return the verdicts of a record with their ids, which are null where there is nothing to replay."""
    every = list(rows)
    having = [_has_one(Outcome(row["outcome"]), row["build"]) for row in every]
    ids = short_ids((_row_identity(row) for row, has in zip(every, having, strict=True) if has), seed)
    return [{**row, "id": ids[_row_identity(row)] if has else None} for row, has in zip(every, having, strict=True)]


def _has_one(outcome: Outcome, build: str | None) -> bool:
    """Whether it is a failure of one job, not of all builds together."""
    return outcome not in _WITHOUT and build is not None


def _identity(verdict: Verdict) -> Identity:
    return verdict.kernel, verdict.target, verdict.build, verdict.vector_bits, verdict.suite, verdict.case


def _row_identity(row: Mapping[str, Any]) -> Identity:
    return row["kernel"], row["target"], row["build"], row["vector_bits"], row["suite"], row["case"]


def short_ids(identities: Iterable[Identity], seed: int) -> dict[Identity, str]:
    """Return an id for each: the beginning of a digest in base 32, as long as it takes to tell them all apart."""
    left = {identity: _digest(identity, seed) for identity in identities}
    ids: dict[Identity, str] = {}
    length = ID_CHARACTERS
    while left:
        count = Counter(text[:length] for text in left.values())
        ids |= {identity: text[:length] for identity, text in left.items() if count[text[:length]] == 1}
        left = {identity: text for identity, text in left.items() if count[text[:length]] > 1}
        length += 1
    return ids


def _digest(identity: Identity, seed: int) -> str:
    texts = repr((*identity, seed)).encode("utf-8", "surrogatepass")
    return base64.b32encode(hashlib.blake2b(texts, digest_size=_DIGEST_BYTES).digest()).decode().lower()


def matching(ids: Sequence[str], wanted: str) -> list[str]:
    """Return the ids that one stands for: itself, or all that begin with it."""
    asked = wanted.lower()
    return [asked] if asked in ids else [one for one in ids if one.startswith(asked)]
