"""What an option is, and how one value of it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError, perhaps

if TYPE_CHECKING:
    from harness.model import Shard

ENVIRONMENT_PREFIX = "HARNESS_"
_LARGEST_SIZE = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Option:
    """One option of `harness run`: its flags, how one value is read, and what the user reads about it."""

    name: str
    flags: tuple[str, ...]
    help: str
    read: Callable[[str], Any] | None = str
    """Reads one value; None for a switch."""
    metavar: str = ""
    is_list: bool = False
    default: Any = None
    group: str = "what to run"
    verbs: tuple[str, ...] = ("run",)

    @property
    def environment(self) -> str:
        """The variable that sets it."""
        return ENVIRONMENT_PREFIX + self.name.upper()


def width(text: str) -> int | str:
    """Read a vector length in bits, or "all"."""
    if text == "all":
        return text
    try:
        bits = int(text)
    except ValueError:
        raise UsageError(f"--svl {text}: expected a vector length in bits, or all") from None
    if bits <= 0:
        raise UsageError(f"--svl {text}: a vector length is positive")
    return bits


def size(text: str) -> int:
    """Read a size, which is not negative."""
    try:
        number = int(text)
    except ValueError:
        raise UsageError(f"--size {text}: expected an integer") from None
    if number < 0:
        raise UsageError(f"--size {text}: a size is not negative")
    if number > _LARGEST_SIZE:
        raise UsageError(f"--size {text[:20]}...: no size argument holds more than {_LARGEST_SIZE}")
    return number


def seconds(flag: str, *, or_zero: bool = False) -> Callable[[str], float]:
    """Return a reader of a time between a millisecond and a day, or of 0 where that has a meaning."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise UsageError(f"{flag} {text}: expected seconds") from None
        if not 0.001 <= number <= 86400 and not (or_zero and number == 0):
            raise UsageError(f"{flag} {text}: expected {'0, or ' if or_zero else ''}seconds between 0.001 and 86400")
        return number

    return read


def shard(text: str) -> Shard:
    """Read which part of a run is meant: "1/4"."""
    from harness.model import Shard  # here, because --help shall not pay for it

    index, _, parts = text.partition("/")
    if not (index.isascii() and index.isdigit() and parts.isascii() and parts.isdigit()):
        raise UsageError(f"--shard {text}: expected i/n, such as 1/4")
    if not 1 <= int(index) <= int(parts):
        raise UsageError(f"--shard {text}: the first is 1/{parts}, the last {parts}/{parts}")
    return Shard(int(index), int(parts))


def count(flag: str, low: int) -> Callable[[str], int]:
    """Return a reader of an integer of at least `low`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise UsageError(f"{flag} {text}: expected an integer") from None
        if number < low:
            raise UsageError(f"{flag} {text}: expected at least {low}")
        return number

    return read


def one_of(flag: str, known: Sequence[str]) -> Callable[[str], str]:
    """Return a reader of one of the known words."""

    def read(text: str) -> str:
        if text not in known:
            raise UsageError(f"{flag} {text}: expected one of {', '.join(known)}{perhaps(text, known)}")
        return text

    return read
