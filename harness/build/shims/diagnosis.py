"""What to tell the author of a kernel whose output depends on undefined lanes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from harness.build.shims.sve_table import DontCare, dont_care_intrinsics, first_fault_loads

_COMMENTS_AND_STRINGS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_IDENTIFIER = re.compile(r"\b(?:sv|_mm|_bit_scan_)\w+")
_UNDEFINED = re.compile(r"svundef[234]?_\w+|_mm(?:256|512)?_undefined(?:_\w+)?")
_WIDENING_CAST = re.compile(r"_mm(256|512)_cast(ps|pd|si|ph)(128|256)_(?:ps|pd|si|ph)\1")
_BIT_SCAN = re.compile(r"_bit_scan_(forward|reverse)")
_ALL_TRUE = re.compile(r"\(\s*svptrue_b(?:8|16|32|64)\s*\(\s*\)\s*,")


@dataclass(frozen=True, slots=True)
class Advice:
    """One place where a kernel's source makes undefined values, and what to use there instead."""

    line: int
    intrinsic: str
    advice: str


def diagnose(source: str) -> list[Advice]:
    """Return the places in a C or C++ source where lanes may be undefined, in order.

    A place is no proof of a fault: undefined lanes are harmless where nothing uses them. Operations whose predicate
    is literally all true have none and are left out. Names that macros paste together are not found.
    """
    code = _COMMENTS_AND_STRINGS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)
    found = []
    for match in _IDENTIFIER.finditer(code):
        advice = _advice(match[0])
        if advice is not None and not _is_all_true(match[0], code[match.end() :]):
            found.append(Advice(code.count("\n", 0, match.start()) + 1, match[0], advice))
    return found


def _is_all_true(name: str, rest: str) -> bool:
    return name.endswith("_x") and _ALL_TRUE.match(rest.lstrip()) is not None


def _advice(name: str) -> str | None:
    intrinsic = _by_name().get(name)
    if intrinsic is not None:
        return _advice_on_dont_care(intrinsic)
    if name in _first_fault():
        return f"active lanes of {name} are unknown where the FFR is clear; use only those of svrdffr_z(pg)"
    if _UNDEFINED.fullmatch(name):
        zeros = "svdup_n" if name.startswith("sv") else "setzero"
        return f"{name} is undefined in every lane; start from zero ({zeros}) or from the value that is meant"
    cast = _WIDENING_CAST.fullmatch(name)
    if cast is not None:
        return f"the bits of {name} above {cast[3]} are undefined; use {name.replace('_cast', '_zext')}"
    if _BIT_SCAN.fullmatch(name):
        return f"{name} is undefined for 0; test for 0 first, or use _tzcnt_u32 or _lzcnt_u32"
    return None


def _advice_on_dont_care(intrinsic: DontCare) -> str:
    name, base = intrinsic.name, intrinsic.name.removesuffix("_x")
    merging = f"use {base}_m, " + (
        "whose first argument, in front of the predicate, supplies them"
        if intrinsic.is_unary
        else "which keeps those of its first vector"
    )
    zeroing = f", or {base}_z, which zeroes them" if "z" in intrinsic.alternatives else ""
    return f"inactive lanes of {name} are unknown; {merging}{zeroing}"


@cache
def _by_name() -> dict[str, DontCare]:
    return {intrinsic.name: intrinsic for intrinsic in dont_care_intrinsics()}


@cache
def _first_fault() -> frozenset[str]:
    return frozenset(first_fault_loads())
