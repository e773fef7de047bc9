"""Which of the places that may make undefined values are in code that was compiled, and that the kernel reaches."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.build.shims.diagnosis import Advice, diagnose, without_comments_and_strings

_MACRO = re.compile(r"(?m)^[ \t]*#[ \t]*define[ \t]+(\w+)((?:\\\n|[^\n])*)")
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class _Macro:
    name: str
    path: Path
    lines: range
    body: str


def suspects(
    texts: Mapping[Path, str], reached: Mapping[Path, Collection[int]], defined: Mapping[str, str] | None = None
) -> list[tuple[Path, Advice]]:
    """Return the places in reached lines where lanes may be undefined, the most suspicious of each file first.

    A place in the body of a macro counts if the macro is used in a reached line, or in another such macro.

    Args:
        texts: the kernel's sources and headers.
        reached: of these files, the lines that code which the kernel reaches was made from.
        defined: the bodies of all macros as the preprocessor has them, by name; None where that is not known.
    """
    live = list(_live_macros(texts, reached, defined))
    return [
        (path, advice)
        for path, text in texts.items()
        for advice in diagnose(text)
        if any(advice.line <= line <= advice.last_line for line in reached.get(path, ()))
        or any(macro.path == path and advice.line in macro.lines for macro in live)
    ]


def _live_macros(
    texts: Mapping[Path, str], reached: Mapping[Path, Collection[int]], defined: Mapping[str, str] | None
) -> Iterator[_Macro]:
    """Yield the macros that reached lines use, directly or through one another."""
    waiting = [macro for path, text in texts.items() for macro in _macros(path, text) if _is_current(macro, defined)]
    words: set[str] = set()
    for path, lines in reached.items():
        code = without_comments_and_strings(texts[path]).splitlines() if path in texts else []
        words.update(word for line in lines if 0 < line <= len(code) for word in _WORD.findall(code[line - 1]))
    while used := [macro for macro in waiting if macro.name in words]:
        waiting = [macro for macro in waiting if macro.name not in words]
        for macro in used:
            words.update(_WORD.findall(macro.body))
            yield macro


def _macros(path: Path, text: str) -> Iterator[_Macro]:
    code = without_comments_and_strings(text)
    for found in _MACRO.finditer(code):
        first = code.count("\n", 0, found.start()) + 1
        yield _Macro(found[1], path, range(first, first + found[0].count("\n") + 1), found[2])


def _is_current(macro: _Macro, defined: Mapping[str, str] | None) -> bool:
    """True if a definition is the one that the preprocessor has, and not that of another branch."""
    return defined is None or _squeezed(macro.body) == _squeezed(defined.get(macro.name, ""))


def _squeezed(body: str) -> str:
    return re.sub(r"[\s\\]+|\"[^\"]*\"|'[^']*'", "", body)
