"""One condition of a rule: what it says, where it holds, and how much there is to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from harness.causes.table import Mask


class Part(Enum):
    """Which part of the sentence a condition belongs to, in the order of the sentence."""

    BUILD = "build"
    TARGET = "target"
    WIDTH = "width"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is true of some cases, or of some jobs."""

    about: str
    """A rule has one condition at most about one thing."""
    holds: Mask
    """By case; by job where `part` is BUILD or TARGET."""
    cost: float
    """Bits that it takes to say it, roughly: a rule that costs less is simpler."""
    text: str
    opposite: str
    """What is true where it does not hold."""
    part: Part = Part.CASE

    @property
    def is_of_jobs(self) -> bool:
        """Whether it is true or not of a job, whatever the case."""
        return self.part in (Part.BUILD, Part.TARGET)


LISTED = 4
"""Values that a condition names one by one."""


def either(values: Iterable[object]) -> str:
    """Return a list in words: "1, 2 or 3"."""
    words = [str(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def neither(values: Sequence[object]) -> str:
    """Return what is left out, in words: "neither 1 nor 2"."""
    return f"not {values[0]}" if len(values) == 1 else f"neither {' nor '.join(map(str, values))}"
