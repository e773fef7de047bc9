"""TOML files, whose errors name the line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError, perhaps

Where = tuple[str | int, ...]
"""A key or table: the names that lead to it, with numbers for the elements of arrays of tables."""

_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"^\s*(\[\[?)\s*({_DOTTED})\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"^\s*({_DOTTED})\s*=")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a TOML file."""

    path: Path
    where: Where
    values: Mapping[str, Any]
    lines: Mapping[Where, int]
    """Of everything in the file."""

    def table(self, key: str) -> Table:
        """Return the table of that name; an empty one if there is none."""
        return Table(self.path, (*self.where, key), self.values.get(key, {}), self.lines)

    def tables(self, key: str) -> list[Table]:
        """Return the array of tables of that name."""
        values = self.values.get(key, [])
        return [Table(self.path, (*self.where, key, n), value, self.lines) for n, value in enumerate(values)]

    def fault(self, message: str, key: str = "") -> ConfigurationError:
        """Return an error at the line where `key` is set, else at that of the table or what holds it."""
        return ConfigurationError(f"{self.location(key)}: {message}")

    def location(self, key: str = "") -> str:
        """Return the file and the line where `key` is set, else that of the table or what holds it."""
        where = (*self.where, key)
        while where and where not in self.lines:
            where = where[:-1]
        return f"{self.path}:{self.lines[where]}" if where else str(self.path)

    def check_keys(self, known: Mapping[str, str], what: str) -> None:
        """Refuse unknown keys and values that are not what `known` says they are."""
        for key, value in self.values.items():
            if key not in known:
                hint = perhaps(key, known) or f"; known: {', '.join(known)}"
                raise self.fault(f"unknown key {key!r} in {what}{hint}", key)
            if not _IS_A[known[key]](value):
                raise self.fault(f"{key!r} in {what} must be {known[key]}, not {value!r}", key)


def read_toml(path: Path) -> Table:
    """Read a file.

    Raises:
        ConfigurationError: it cannot be read, or is no TOML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot read it: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8 text") from None
    try:
        return Table(path, (), tomllib.loads(text), _lines_of(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from None


def _lines_of(text: str) -> dict[Where, int]:
    """Find the line of every table and key, as they are usually written; of what an inline table holds, the table's."""
    lines: dict[Where, int] = {}
    elements: dict[Where, int] = {}
    at: Where = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            at = ()
            for part in _parts(header[2]):
                at = (*at, elements[at] - 1, part) if at in elements else (*at, part)
            if header[1] == "[[":
                lines.setdefault(at, number)
                elements[at] = elements.get(at, 0) + 1
                at = (*at, elements[at] - 1)
            lines.setdefault(at, number)
        elif key := _KEY.match(line):
            parts = _parts(key[1])
            for count in range(1, len(parts) + 1):
                lines.setdefault((*at, *parts[:count]), number)
    return lines


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_PART, dotted)]


def _are(kind: type, values: Any) -> bool:
    return all(type(value) is kind for value in values)


_IS_A: dict[str, Callable[[Any], bool]] = {
    "a string": lambda value: isinstance(value, str),
    "true or false": lambda value: isinstance(value, bool),
    "a list of strings": lambda value: isinstance(value, list) and _are(str, value),
    "a list of targets and of widths in bits": lambda value: (
        isinstance(value, list) and all(type(item) in (str, int) for item in value)
    ),
    "a list of widths in bits": lambda value: (
        isinstance(value, list) and _are(int, value) and all(item > 0 and item % 8 == 0 for item in value)
    ),
    "a table of numbers": lambda value: isinstance(value, dict) and _are(int, value.values()),
    "a table of strings": lambda value: isinstance(value, dict) and _are(str, value.values()),
    "a table": lambda value: isinstance(value, dict),
    "an array of tables": lambda value: isinstance(value, list) and _are(dict, value),
}
