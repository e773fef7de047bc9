"""What to tell the author of a kernel whose output depends on undefined lanes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from harness.build.shims.sve_table import DontCare, dont_care_intrinsics, first_fault_loads

_COMMENTS_AND_STRINGS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
_CALL = re.compile(r"\b((?:sv|_mm|_bit_scan_|__riscv_v(?:undefined|lmul_ext)_)\w+)\s*\(")
_UNDEFINED = re.compile(r"svundef[234]?_\w+|_mm(?:256|512)?_undefined(?:_\w+)?|__riscv_vundefined_\w+")
_EXTENDED_GROUP = re.compile(r"__riscv_vlmul_ext_\w+")
_RVV_CALL = re.compile(r"\b(__riscv_v\w+)\s*\(")
_MASKED = re.compile(r"_m(_|$)|_tum(_|$)")
_KEEPS_TAIL = re.compile(r"_tum?u?$")
_KEEPS_MASKED = re.compile(r"_(tu)?mu$")
_WIDENING_CAST = re.compile(r"_mm(256|512)_cast(ps|pd|si|ph)(128|256)_(?:ps|pd|si|ph)\1")
_BIT_SCAN = re.compile(r"_bit_scan_(forward|reverse)")
_ALL_TRUE = re.compile(r"svptrue_b(?:8|16|32|64)\s*\(\s*\)")


@dataclass(frozen=True, slots=True)
class Advice:
    """One place where a kernel's source makes undefined values, and what to use there instead."""

    line: int
    last_line: int
    """Where the call ends, which may have its arguments in lines of their own."""
    intrinsic: str
    advice: str
    accumulates: bool
    """Whether the result replaces one of its own operands: a later reduction then meets the undefined lanes."""


def diagnose(source: str) -> list[Advice]:
    """Return the places in a C or C++ source where lanes may be undefined, the most suspicious first.

    Those are accumulations, then the rest, in the order of the source. A place is no proof of a fault: undefined lanes
    are harmless where nothing uses them. Operations whose predicate is evidently all true have none and are left out.
    Names that macros paste together are not found.
    """
    code = without_comments_and_strings(source)
    found = []
    for call in _CALL.finditer(code):
        name, (arguments, end) = call[1], _arguments(code, call.end())
        advice = _advice(name)
        if advice is not None and not (name.endswith("_x") and _is_all_true(arguments[0], code)):
            accumulates = _target(code[: call.start()]) in arguments
            first, last = (code.count("\n", 0, at) + 1 for at in (call.start(), end))
            found.append(Advice(first, last, name, advice, accumulates))
    return sorted(found, key=lambda entry: not entry.accumulates)


def without_comments_and_strings(source: str) -> str:
    """Blank what is no code, keeping lines."""
    return _COMMENTS_AND_STRINGS.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)


def diagnose_agnostic(source: str, kind: str) -> list[Advice]:
    """Return the places in a C or C++ source where RVV intrinsics add to a vector whose lanes they leave agnostic.

    `kind` is "tail" or "mask". Those are calls without a policy in their names that are assigned to one of their own
    arguments: what that held behind vl, or where the mask is false, is meant to stay.
    """
    code = without_comments_and_strings(source)
    found = []
    for call in _RVV_CALL.finditer(code):
        name = call[1]
        is_kept = (_KEEPS_TAIL if kind == "tail" else _KEEPS_MASKED).search(name)
        is_overloaded = name.count("_") < _PARTS_OF_A_TYPED_NAME
        is_open = not is_kept and (kind == "tail" or is_overloaded or _MASKED.search(name))
        arguments, end = _arguments(code, call.end())
        if is_open and _target(code[: call.start()]) in arguments:
            first, last = (code.count("\n", 0, at) + 1 for at in (call.start(), end))
            found.append(Advice(first, last, name, _advice_on_agnostic(name, kind), accumulates=True))
    return found


_PARTS_OF_A_TYPED_NAME = 5
"""Underscores in such as __riscv_vfadd_vv_f32m1."""


def _advice_on_agnostic(name: str, kind: str) -> str:
    plain = re.sub(r"_(m|tum|tu|mu)$", "", name)
    is_masked = name != plain and not name.endswith("_tu")
    policy = ("_tumu" if is_masked else "_tu") if kind == "tail" else "_mu"
    lanes = "lanes behind vl" if kind == "tail" else "masked-off lanes"
    keeps = (
        "which keeps those of its first vector"
        if re.search(r"v\w*(mac|msac|madd|msub)", name)
        else ("whose first vector supplies them")
    )
    return f"{lanes} of {name} are agnostic; use {plain}{policy}, {keeps}"


def _arguments(code: str, start: int) -> tuple[list[str], int]:
    """Split the argument list that opens in front of `start` at its own commas; return where it ends, too."""
    arguments, depth, begin, position = [], 0, start, start
    for position in range(start, len(code)):
        character = code[position]
        if character in "([{":
            depth += 1
        elif character in ")]}" and depth:
            depth -= 1
        elif character in ",)" and not depth:
            arguments.append(code[begin:position].strip())
            begin = position + 1
            if character == ")":
                break
    return arguments or [""], position


def _is_all_true(predicate: str, code: str) -> bool:
    """Whether a predicate is svptrue_b32() and the like, or a variable that the source sets to nothing else."""
    if _ALL_TRUE.fullmatch(predicate):
        return True
    if not predicate.isidentifier():
        return False
    values = re.findall(rf"\b{predicate}\s*=(?!=)\s*([^;,]*)", code)
    is_parameter = re.search(rf"\bsvbool_t\s+(?:const\s+)?{predicate}\s*[,)]", code)
    return bool(values) and not is_parameter and all(_ALL_TRUE.fullmatch(value.strip()) for value in values)


def _target(code_before: str) -> str | None:
    """Return what a call's result is assigned to: the left-hand side at the end of `code_before`."""
    match = re.search(r"([A-Za-z_]\w*(?:\s*\[[^\[\]]*\])?)\s*=\s*$", code_before[-200:])
    return match[1] if match else None


def _advice(name: str) -> str | None:
    intrinsic = _by_name().get(name)
    if intrinsic is not None:
        return _advice_on_dont_care(intrinsic)
    if name in _first_fault():
        return f"active lanes of {name} are undefined where the FFR is clear; use only those of svrdffr_z(pg)"
    if _UNDEFINED.fullmatch(name):
        zeros = "svdup_n" if name.startswith("sv") else "setzero" if name.startswith("_mm") else "vmv_v_x or vfmv_v_f"
        return f"{name} is undefined in every lane; start from zero ({zeros}) or from the value that is meant"
    cast = _WIDENING_CAST.fullmatch(name)
    if cast is not None:
        return f"the bits of {name} above {cast[3]} are undefined; use {name.replace('_cast', '_zext')}"
    if _EXTENDED_GROUP.fullmatch(name):
        return f"the registers that {name} adds are undefined; use vset on a whole group, or reduce the shorter one"
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
    return f"inactive lanes of {name} are undefined; {merging}{zeroing}"


@cache
def _by_name() -> dict[str, DontCare]:
    return {intrinsic.name: intrinsic for intrinsic in dont_care_intrinsics()}


@cache
def _first_fault() -> frozenset[str]:
    return frozenset(first_fault_loads())
