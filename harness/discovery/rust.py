"""Functions that Rust sources export to C."""

from __future__ import annotations

import re

from harness.discovery.isas import Evidence
from harness.discovery.source import Function, without_comments

_EXPORTED = re.compile(
    r"#\[(?:unsafe\()?no_mangle\)?\](?P<attributes>(?:\s*#\[[^\n]*\])*)\s*pub\s+(?:unsafe\s+)?extern\s+\"C\"\s+fn\s+"
    r"(?P<name>\w+)\s*\((?P<parameters>[^()]*)\)\s*(?:->\s*(?P<result>\w+)\s*)?\{"
)
_TYPES = {
    "f32": "float",
    "f64": "double",
    "f16": "_Float16",
    "usize": "size_t",
    "isize": "ptrdiff_t",
    "bool": "bool",
    "c_int": "int",
    "c_float": "float",
    **{f"{sign}{bits}": f"{'u' if sign == 'u' else ''}int{bits}_t" for sign in "iu" for bits in (8, 16, 32, 64)},
}
_ISAS = (
    ("avx512", r"_mm512_\w+|avx512\w*"),
    ("avx2", r"_mm256_\w+|\"avx2"),
    ("sve", r"\bsvcnt\w+|\bsvld1\w*|target_feature\(enable = \"sve"),
    ("neon", r"\bv(?:ld|st)\dq?_\w+|\bfloat32x4_t\b|\"neon\"|arch::aarch64"),
)
_MACHINES = {"neon": "aarch64", "sve": "aarch64", "avx2": "x86_64", "avx512": "x86_64"}


def exported(text: str) -> list[Function]:
    """Find the functions with `#[no_mangle] pub extern "C"`, declared as C sees them."""
    code = without_comments(text)
    found = []
    for match in _EXPORTED.finditer(code):
        parameters = [_parameter(piece) for piece in match["parameters"].split(",") if piece.strip()]
        result = _TYPES.get(match["result"] or "", match["result"] or "void")
        declaration = f"{result} {match['name']}({', '.join(parameters) or 'void'})"
        line = code.count("\n", 0, match.start("name")) + 1
        found.append(Function(match["name"], declaration, line, True, True, (), "{}"))
    return found


def _parameter(piece: str) -> str:
    name, _, kind = (part.strip() for part in piece.partition(":"))
    pointer = re.fullmatch(r"\*(const|mut)\s+(\w+(?:::\w+)*)", kind)
    element = (pointer[2] if pointer else kind).split("::")[-1]
    spelled = _TYPES.get(element, element)
    if not pointer:
        return f"{spelled} {name}"
    return f"{'const ' if pointer[1] == 'const' else ''}{spelled} *{name}"


def isas_of_rust(text: str) -> dict[str, Evidence]:
    """Return the strongest ISA of each machine that a source has code for, by machine."""
    code = without_comments(text)
    found: dict[str, Evidence] = {}
    for isa, pattern in _ISAS:
        if (hit := re.search(pattern, code)) and _MACHINES[isa] not in found:
            found[_MACHINES[isa]] = Evidence(isa, f"it uses {hit[0].strip(chr(34))}")
    return found


def library_name(cargo: str) -> str:
    """Return the name of a crate's library, as its file has it; empty where Cargo.toml tells none."""
    named = re.search(r"(?ms)^\[lib\](?:(?!^\[).)*?^name\s*=\s*\"([\w-]+)\"", cargo)
    named = named or re.search(r"(?ms)^\[package\](?:(?!^\[).)*?^name\s*=\s*\"([\w-]+)\"", cargo)
    return named[1].replace("-", "_") if named else ""


def makes_static_library(cargo: str) -> bool:
    """Whether a crate says that it is (also) a static library."""
    return re.search(r"(?m)^crate-type\s*=\s*\[[^\]]*\"staticlib\"", cargo) is not None
