"""Which ISA code is written for: by its intrinsics, types, headers, or by the registers and mnemonics of assembly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.discovery.source import (
    Function,
    directives,
    functions,
    includes,
    reachable,
    without_comments,
    without_strings,
)
from harness.errors import ConfigurationError

ARM, X86, RISCV = "AArch64", "x86-64", "RISC-V"
SSE = "sse"
"""Code of x86-64 below AVX2, which no target is for."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An ISA, and what in the code speaks for it."""

    isa: str
    because: str


@dataclass(frozen=True, slots=True)
class _Sign:
    isa: str
    machine: str
    pattern: re.Pattern[str]


def _signs(*rows: tuple[str, str, str]) -> tuple[_Sign, ...]:
    return tuple(_Sign(isa, machine, re.compile(pattern)) for isa, machine, pattern in rows)


# Of each machine the strongest first. SVE2's are those intrinsics of ACLE that need it.
_SVE2_ONLY = (
    r"svn?match|svhist(?:cnt|seg)|svaba|svq?dml[as]l|sv(?:add|sub|mul|mla|mls|aba|abd)l[bt]|svtbl2|svtbx|svwhile(?:g[et]|rw|wr)|"
    r"svq?r?dmulh|svqrdml[as]h|svcvt(?:lt|nt|x)|sveor3|svbcax|svbsl|svnbsl|svxar|svrecpe_u32|svlogb|svldnt1\w*_gather|"
    r"svpmull|svr?hadd|svhsub|svuqadd|svsqadd|svcadd|svcmla_lane_[su]|svqc?add_[sux]|svqabs|svqneg|svr?shr[nx]|svqx"
)
_CODE = _signs(
    (
        "sme",
        ARM,
        r"\b__arm_(?:locally_streaming|streaming_compatible|streaming|new|inout|in|out|preserves)\b",
    ),
    ("sme", ARM, r"\bsvmop[as]\w*|\bsv\w+_za\d*\w*"),
    ("sve2", ARM, rf"\b(?:{_SVE2_ONLY})\w*"),
    (
        "sve",
        ARM,
        r"\bsv(?:float|int|uint|bfloat)\d+_t\b|\bsvbool_t\b|\bsv(?!e)[a-z]\w*_[fsubz]\d+\w*|\bsvcnt[bhwd]\b",
    ),
    ("neon", ARM, r"\b(?:float|int|uint|poly|bfloat)\d+x\d+(?:x\d)?_t\b|\bv(?!ec|al|ar)[a-z]\w*_(?:[fsup]|bf)\d+\b"),
    (
        "avx512",
        X86,
        r"\b_mm512_\w+|\b__m512[di]?\b|\b__mmask\d+\b|\b_mm(?:256)?_maskz?_\w+",
    ),
    ("avx2", X86, r"\b_mm256_\w+|\b__m256[di]?\b|\b_mm_fn?m(?:add|sub)\w+"),
    (SSE, X86, r"\b_mm_\w+|\b__m128[di]?\b"),
    ("rvv", RISCV, r"\b__riscv_v\w+|\bv(?:float|int|uint)\d+mf?\d+_t\b|\bvbool\d+_t\b"),
)
_HEADERS = {
    "arm_sme.h": "sme",
    "arm_sve.h": "sve",
    "arm_neon.h": "neon",
    "riscv_vector.h": "rvv",
}
"""Headers that nothing but their ISA's code includes; immintrin.h is for all of x86."""
_ASSEMBLY = _signs(
    ("sme", ARM, r"(?i)\bsmst(?:art|op)\b|\bza\d*[hv]?\.[bhsdq]\b|\bza\s*\[|\bfmop[as]\b"),
    ("sve", ARM, r"(?i)\bz\d+\.[bhsdq]\b|\bp\d+/[mz]\b|\bp\d+\.[bhsd]\b|\bwhilel[eots]\b|\bcnt[bhwd]\b\s+x"),
    ("neon", ARM, r"(?i)\bv\d+\.(?:\d+[bhsd]|[bhsd]\[?)|\bld[1-4]\s*\{\s*v\d+|\b(?:ldr|str|ldp|stp)\s+q\d+"),
    ("avx512", X86, r"(?i)%?\bzmm\d+|\{%?k[1-7]\}"),
    ("avx2", X86, r"(?i)%?\bymm\d+|\bvfn?m(?:add|sub)\d+[ps][sd]\b"),
    (SSE, X86, r"(?i)%?\bxmm\d+"),
    ("rvv", RISCV, r"(?i)\bvseti?vli?\b|\bv[ls]s?e\d+\.v\b|\bv\w+\.v[vfxi]\b"),
)


def isa_of_c(text: str, name: str, headers: Sequence[str] = ()) -> Evidence | None:
    """Tell the ISA of a function of a C or C++ source.

    What the function and all that it calls in this text use decides, then what macros and the source's headers hold.
    None: nothing vectorised.

    Args:
        text: the source.
        name: the function.
        headers: texts of the project's headers that the source includes.

    Raises:
        ConfigurationError: it holds code for more than one machine.
    """
    own = functions(text)
    if name not in {function.name for function in own}:  # a macro makes it
        return _strongest(without_comments(text), _CODE, name) or _by_header(text)
    among = [*own, *(function for header in headers for function in functions(header))]
    names = "|".join(sorted({re.escape(function.name) for function in among}))
    if found := _strongest(re.sub(rf"\b(?:{names})\b", "", reachable(name, among)), _CODE, name):
        return found
    if any(_found(function.body, _CODE) for function in own):
        return None  # another function of the file is the vectorised one
    macros = "\n".join(directives(piece) for piece in (text, *headers))
    if found := _strongest(macros, _CODE, name):
        return found
    return _by_header(text)


def _by_header(text: str) -> Evidence | None:
    included = includes(text)
    return next((Evidence(isa, f"it includes {name}") for name, isa in _HEADERS.items() if name in included), None)


def isa_of_assembly(text: str) -> Evidence | None:
    """Tell the ISA of assembly, or of a disassembly; None: nothing vectorised.

    Raises:
        ConfigurationError: it holds code for more than one machine.
    """
    return _strongest(assembly_code(text), _ASSEMBLY, "it")


def assembly_code(text: str) -> str:
    """Return assembly without its comments."""
    code = without_comments(text)
    return re.sub(r"(?m)^\s*[#@].*$|;.*$", "", code)


def is_vectorised(functions_of_file: Iterable[Function]) -> bool:
    """Whether any of these functions uses vectors."""
    return any(_found(function.body, _CODE) for function in functions_of_file)


def _strongest(code: str, signs: Sequence[_Sign], name: str) -> Evidence | None:
    """Return the strongest ISA that code speaks for, inline assembly included."""
    is_c = signs is _CODE
    found = _found(without_strings(code) if is_c else code, signs)
    if is_c and re.search(r"\b(?:__)?asm(?:__)?\b", code):
        found += _found(code, _ASSEMBLY)
    machines = list(dict.fromkeys(sign.machine for sign, _ in found))
    if len(machines) > 1:
        isas = ", ".join(dict.fromkeys(sign.isa for sign, _ in found))
        raise ConfigurationError(f"{name} holds code for {' and '.join(machines)} ({isas})")
    if not found:
        return None
    order = [sign.isa for sign in signs]
    sign, text = min(found, key=lambda pair: order.index(pair[0].isa))
    return Evidence(sign.isa, f"it uses {text}")


def _found(code: str, signs: Sequence[_Sign]) -> list[tuple[_Sign, str]]:
    hits = ((sign, sign.pattern.search(code)) for sign in signs)
    return [(sign, " ".join(hit[0].split())) for sign, hit in hits if hit]
