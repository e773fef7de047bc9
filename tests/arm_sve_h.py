"""The SVE intrinsics that a compiler declares: what the table of don't-care intrinsics is held against.

Of the two compilers only clang has a list: its arm_sve.h declares every intrinsic, typed and overloaded, whatever the
target's features. gcc's arm_sve.h is a pragma.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_DECLARATION = re.compile(
    r"__clang_arm_builtin_alias\(__builtin_sve_(?P<builtin>\w+)\)\)\)\s*"
    r"(?P<result>\w+) (?P<name>sv\w+)\((?P<parameters>[^)]*)\);"
)
_ALIAS = re.compile(r"^#define (?P<name>sv\w+)\s+(?P<target>sv\w+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration; an overloaded name has several, told apart by the typed intrinsic that each stands for."""

    name: str
    typed_name: str
    result: str
    parameters: tuple[str, ...]

    @property
    def is_dont_care(self) -> bool:
        """Whether its inactive lanes are undefined (ACLE, "SVE naming convention", predication)."""
        return self.name.endswith("_x")


def declarations(header: Path) -> list[Declaration]:
    """Return every intrinsic that clang's arm_sve.h declares."""
    text = header.read_text(encoding="utf-8")
    return [
        Declaration(
            name=match["name"],
            typed_name=match["builtin"],
            result=match["result"],
            parameters=tuple(part.strip() for part in match["parameters"].split(",")),
        )
        for match in _DECLARATION.finditer(text)
    ]


def aliases(header: Path) -> dict[str, str]:
    """Return the names that clang's arm_sve.h defines as other names: svcvtnt_f16_x as svcvtnt_f16_m."""
    return {match["name"]: match["target"] for match in _ALIAS.finditer(header.read_text(encoding="utf-8"))}
